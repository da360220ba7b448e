// More topics than there is time to ask for, as a topic for each of a source's tables makes them: what was
// asked counts, and the rest is said not to have been asked. Against a real Kafka.
#include "tracker/sink/topic_probe.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/kafka_broker.h"
#include "tracker/sink/kafka_rights.h"

namespace rowtide::sink {
namespace {

using std::chrono::milliseconds;
using test::KafkaBroker;

constexpr milliseconds kTime{1500};
constexpr int kTooMany = 50'000;

class TopicProbe : public testing::Test {
 protected:
  void SetUp() override {
    broker.create_topic(first);
    kafka.bootstrap_servers = {broker.bootstrap()};
    add(first);
  }
  void TearDown() override { broker.delete_topic(first); }
  TopicSpec& add(std::string name) {
    topics.emplace_back().name = std::move(name);
    return topics.back();
  }
  void add_missing(int count) {
    for (int i = 0; i < count; ++i) add("shop.table-" + std::to_string(i));
  }

  KafkaBroker& broker = KafkaBroker::shared();
  task::SecretReader secrets{""};
  task::KafkaSink kafka;
  std::string first = "probe-checkpoints";
  std::vector<TopicSpec> topics;
};

TEST_F(TopicProbe, OfTooManyTheFirstAreSeen) {
  add_missing(kTooMany);
  const auto seen = see_topics(kafka, secrets, topics, kTime);
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_GT(seen->size(), 10U);
  EXPECT_LT(seen->size(), topics.size());
  EXPECT_EQ(seen->front().presence, TopicPresence::There);
  EXPECT_FALSE(seen->front().info.retention_ms.empty());
  for (std::size_t i = 1; i < seen->size(); ++i) {
    ASSERT_EQ((*seen)[i].presence, TopicPresence::Missing) << i;
    ASSERT_TRUE((*seen)[i].creatable.ok()) << i << " " << (*seen)[i].creatable;
  }
}

TEST_F(TopicProbe, OfTooManyTheFirstAreAskedForRights) {
  add_missing(kTooMany);
  const auto asked = ask_topic_rights(kafka, secrets, topics, kTime);
  ASSERT_TRUE(asked.ok()) << asked.status();
  ASSERT_EQ(asked->size(), topics.size());
  EXPECT_EQ(asked->front().write, Right::Granted);
  EXPECT_EQ((*asked)[1].create, Right::Granted);
  EXPECT_EQ(asked->back().describe, Right::NotAsked);
  EXPECT_EQ(asked->back().create, Right::NotAsked);
}

/// The brokers take no more than 10,000 topics, partitions and settings at once.
TEST_F(TopicProbe, TopicsOfManyPartitionsAreTriedInRequestsThatBrokersTake) {
  add_missing(40);
  add("shop.no-such-setting").config = {{"no.such.setting", "1"}};
  for (TopicSpec& spec : topics) spec.partitions = 900;
  const auto seen = see_topics(kafka, secrets, topics, milliseconds{30'000});
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_EQ(seen->size(), topics.size());
  for (std::size_t i = 1; i + 1 < seen->size(); ++i)
    EXPECT_TRUE((*seen)[i].creatable.ok()) << (*seen)[i].creatable;
  EXPECT_FALSE(seen->back().creatable.ok()) << "each has an answer of its own";
}

}  // namespace
}  // namespace rowtide::sink
