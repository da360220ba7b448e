// What a survey of topics costs and says, against a real Kafka.
#include "tracker/groups/topic_survey.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/kafka_broker.h"
#include "tests/support/kafka_produce_each.h"
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
  test::produce_each(broker, topic, partitions, records_in, [] { return "v"; });
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
