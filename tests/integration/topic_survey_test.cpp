// What a survey of topics costs and says, against a real Kafka.
#include "tracker/groups/topic_survey.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::groups {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::KafkaBroker;

constexpr int kMany = 1000;

Deadline soon() {
  return std::chrono::steady_clock::now() + seconds{60};
}

TopicReader reader_of(const KafkaBroker& broker) {
  task::KafkaSink kafka;
  kafka.bootstrap_servers = {broker.bootstrap()};
  return TopicReader::open(kafka, task::SecretReader("")).value();
}

int records_in(int partition) {
  return partition % 4;
}

/// None to three records in each partition.
void fill(const KafkaBroker& broker, const std::string& topic, int partitions) {
  std::array<char, 512> error{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  ASSERT_EQ(
      rd_kafka_conf_set(conf, "bootstrap.servers", broker.bootstrap().c_str(), error.data(), error.size()),
      RD_KAFKA_CONF_OK);
  const std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> producer(
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size()), &rd_kafka_destroy);
  const std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)> handle(
      rd_kafka_topic_new(producer.get(), topic.c_str(), nullptr), &rd_kafka_topic_destroy);
  std::string value = "v";
  for (int i = 0; i < partitions; ++i) {
    for (int n = 0; n < records_in(i); ++n) {
      ASSERT_EQ(rd_kafka_produce(handle.get(), i, RD_KAFKA_MSG_F_COPY, value.data(), value.size(), nullptr, 0,
                                 nullptr),
                0);
    }
  }
  ASSERT_EQ(rd_kafka_flush(producer.get(), 60'000), RD_KAFKA_RESP_ERR_NO_ERROR);
}

class TopicSurveyTest : public testing::Test {
 protected:
  std::vector<PartitionView> look(const std::vector<std::string>& topics) {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<PartitionView> views = survey.look(reader, topics, soon()).value();
    took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
    return views;
  }
  const KafkaBroker& broker = KafkaBroker::shared();
  TopicReader reader = reader_of(broker);
  TopicSurvey survey{record::TimestampUnit::Milliseconds};
  milliseconds took{};
};

TEST_F(TopicSurveyTest, OfAThousandPartitionsTakesLittleTime) {
  const std::string topic = KafkaBroker::shared().fresh_topic(kMany);
  fill(broker, topic, kMany);
  std::vector<PartitionView> views = look({topic});
  EXPECT_LT(took, seconds{20});
  ASSERT_EQ(views.size(), kMany);
  for (int i = 0; i < kMany; ++i) {
    const PartitionView& view = views[static_cast<std::size_t>(i)];
    EXPECT_EQ(view.partition, (Partition{topic, i}));
    EXPECT_EQ(view.ends.begin, 0);
    EXPECT_EQ(view.ends.end, records_in(i));
    EXPECT_EQ(view.first_ms.has_value(), records_in(i) > 0) << i;
    EXPECT_EQ(view.last_ms.has_value(), records_in(i) > 0) << i;
  }
  views = look({topic});
  EXPECT_LT(took, seconds{2});
  EXPECT_EQ(views.size(), kMany);
}

TEST_F(TopicSurveyTest, ATopicThatIsNotThereOrMadeAnewIsSeenAsItIs) {
  KafkaBroker& kafka = KafkaBroker::shared();
  const std::string one = kafka.fresh_topic(2);
  const std::string other = kafka.fresh_topic(4);
  fill(kafka, other, 4);
  std::vector<PartitionView> views = look({one, "never-made", other});
  ASSERT_EQ(views.size(), 6U);
  EXPECT_EQ(views[1].partition, (Partition{one, 1}));
  EXPECT_EQ(views[5].ends.end, 3);
  EXPECT_TRUE(views[5].last_ms);

  kafka.delete_topic(other);
  kafka.create_topic(other, 4);
  test::wait_until("the new topic's leaders are known", [&] {
    return survey.look(reader, {one, other}, soon()).ok();
  });
  views = look({one, other});
  ASSERT_EQ(views.size(), 6U);
  EXPECT_EQ(views[5].ends.end, 0);
  EXPECT_FALSE(views[5].first_ms);
  EXPECT_FALSE(views[5].last_ms);
}

}  // namespace
}  // namespace rowtide::groups
