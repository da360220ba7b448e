// What a survey of topics costs and says, against a real Kafka.
#include "tracker/groups/topic_survey.h"

#include <gtest/gtest.h>

#include <chrono>
#include <span>
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
  const auto first = took;
  views = look({topic});
  EXPECT_LT(took, first / 2) << "what has not changed is not read again";
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

/// Of groups that each stand `i` records behind the beginnings.
std::vector<TopicSurvey::Places> groups_at_each(std::span<const PartitionView> views, int groups) {
  std::vector<TopicSurvey::Places> all;
  for (int i = 0; i < groups; ++i) all.emplace_back(views.size(), i);
  return all;
}

TEST_F(TopicSurveyTest, TimesOfPlacesAreSoughtOnceHoweverManyThereAre) {
  constexpr int kGroups = 6;
  const std::string topic = KafkaBroker::shared().fresh_topic(kMany);
  test::produce_each(
      broker, topic, kMany, [](int) { return kGroups + 1; }, [] { return "v"; });
  const std::vector<PartitionView> views = look({topic});
  auto groups = groups_at_each(views, kGroups);
  for (int round = 0; round < 2; ++round) {
    // The second time there is no time to seek.
    const Deadline deadline = round == 0 ? soon() : std::chrono::steady_clock::now();
    ASSERT_TRUE(survey.count(reader, views, groups, deadline).ok());
    for (const TopicSurvey::Places& places : groups) {
      const auto unconsumed = survey.unconsumed(reader, views, places, deadline);
      ASSERT_TRUE(unconsumed.ok()) << unconsumed.status();
      EXPECT_TRUE(unconsumed->first_ms);
    }
  }
  const TopicSurvey::Places left = groups.front();
  groups.erase(groups.begin());
  ASSERT_TRUE(survey.count(reader, views, groups, soon()).ok());
  EXPECT_FALSE(survey.unconsumed(reader, views, left, std::chrono::steady_clock::now()).ok())
      << "of a place where no group stands nothing is kept";
}

TEST_F(TopicSurveyTest, CountingGoesOnWhereTheLastLookStopped) {
  constexpr int kGrowing = 200;
  const std::string topic = KafkaBroker::shared().fresh_topic(kGrowing);
  TopicSurvey::Places last_alone(kGrowing);
  last_alone.back() = 0;
  int records = 0;
  test::wait_until("the last partition is counted while all of them grow", [&] {
    test::produce_each(
        broker, topic, kGrowing, [](int) { return 1; }, [] { return "v"; });
    ++records;
    const std::vector<PartitionView> views = look({topic});
    const auto until = std::chrono::steady_clock::now() + milliseconds{40};
    EXPECT_TRUE(survey.count(reader, views, groups_at_each(views, 1), until).ok());
    const Unconsumed last = survey.unconsumed(reader, views, last_alone, soon()).value();
    EXPECT_EQ(last.records, records);
    return last.is_exact;
  });
}

}  // namespace
}  // namespace rowtide::groups
