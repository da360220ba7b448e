// A topic that is deleted and made anew under its name, and a checkpoint of the one before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/sdk_fixture.h"
#include "tests/support/temp_dir.h"

namespace rowtide::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SdkRecreatedTopic : public testing::Test {
 protected:
  void produce(int first, int last) {
    for (int id = first; id <= last; ++id) broker.produce(topic, std::nullopt, insert_of(id));
  }
  void make_anew() {
    broker.delete_topic(topic);
    broker.create_topic(topic);
  }
  [[nodiscard]] Options options() const {
    Options options = options_for(topic, topic);
    options.checkpoint_store = file_checkpoint_store(folder.path() / "checkpoint");
    return options;
  }
  void read_all(std::size_t count) const {
    Consumer consumer(options());
    consumer.acknowledge(take(consumer, count));
    consumer.close();
  }
  void begin_on_the_empty_topic() {
    Consumer consumer(options());
    expect_nothing_more(consumer);
    produce(1, 1);
    consumer.acknowledge(take(consumer, 1));
    consumer.close();
  }
  void expect_lost() const {
    Consumer consumer(options());
    const Error error = error_of(consumer);
    EXPECT_EQ(error.code(), ErrorCode::PositionLost) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("made anew"));
  }
  KafkaBroker& broker = KafkaBroker::shared();
  std::string topic = broker.fresh_topic();
  TempDir folder;
};

TEST_F(SdkRecreatedTopic, ACheckpointInsideOfTheNewTopicIsLost) {
  produce(1, 2);
  read_all(2);
  make_anew();
  produce(1, 4);
  expect_lost();
}

TEST_F(SdkRecreatedTopic, ACheckpointOfATopicThatWasEmptyAtFirstIsLost) {
  begin_on_the_empty_topic();
  make_anew();
  produce(1, 4);
  expect_lost();
}

TEST_F(SdkRecreatedTopic, TheSameTopicIsReadOn) {
  begin_on_the_empty_topic();
  produce(2, 2);
  read_all(1);
  produce(3, 3);
  Consumer consumer(options());
  EXPECT_THAT(ids(take(consumer, 1)), ElementsAre(3));
}

TEST_F(SdkRecreatedTopic, OffsetsInKafkaGoWithTheTopicSoThatReadingBeginsAtItsFirstRecord) {
  produce(1, 2);
  Options in_kafka = options_for(topic, topic);
  {
    Consumer consumer(in_kafka);
    consumer.acknowledge(take(consumer, 2));
    consumer.close();
  }
  make_anew();
  produce(7, 10);
  Consumer consumer(in_kafka);
  EXPECT_THAT(ids(take(consumer, 4)), ElementsAre(7, 8, 9, 10));
}

}  // namespace
}  // namespace rowtide::test
