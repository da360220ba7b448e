// What fails when a member of the group is given its partitions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>

#include "tests/integration/sdk_fixture.h"

namespace rowtide::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Nothing was saved; looking for it does something first.
class StoreThatDoes final : public CheckpointStore {
 public:
  explicit StoreThatDoes(std::function<void()> what) : what_(std::move(what)) {}
  std::optional<std::int64_t> load(const std::string& /*topic*/, std::int32_t /*partition*/) override {
    what_();
    return std::nullopt;
  }
  void save(std::span<const PartitionOffset> /*offsets*/) override {}

 private:
  std::function<void()> what_;
};

TEST(SdkAssignment, AStoreThatFailsOnceIsAskedAgainAndReadingBegins) {
  const std::string topic = topic_with(2);
  int asked = 0;
  Options options = options_for(topic, topic);
  options.checkpoint_store = std::make_shared<StoreThatDoes>([&] {
    if (++asked == 1) throw std::runtime_error("the database restarts");
  });
  Consumer consumer(options);
  const Error error = error_of(consumer);
  EXPECT_EQ(error.code(), ErrorCode::Checkpoint) << error.what();
  EXPECT_THAT(error.what(), HasSubstr("the database restarts"));
  EXPECT_THAT(ids(take(consumer, 2)), ElementsAre(1, 2));
}

TEST(SdkAssignment, AStoreThatGoesOnFailingIsSaidOnceForEachAttempt) {
  const std::string topic = topic_with(1);
  int asked = 0;
  Options options = options_for(topic, topic);
  options.checkpoint_store = std::make_shared<StoreThatDoes>([&] {
    ++asked;
    throw std::runtime_error("the database is away");
  });
  Consumer consumer(options);
  int said = 0;
  wait_until("three attempts", [&] {
    try {
      EXPECT_FALSE(consumer.poll(100ms).has_value());
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("the database is away"));
      ++said;
    }
    return asked >= 3;
  });
  EXPECT_EQ(said, asked);
  consumer.commit();
  consumer.close();
}

TEST(SdkAssignment, ABrokerThatIsAwayMeanwhileIsAskedAgain) {
  KafkaBroker broker;
  broker.create_topic("orders", 2);
  for (int id = 1; id <= 2; ++id) broker.produce("orders", std::nullopt, insert_of(id), id - 1);
  bool is_to_be_away = true;
  Options options = options_for("orders", "g");
  options.bootstrap_servers = broker.bootstrap();
  options.connect_timeout = 3s;
  options.checkpoint_store = std::make_shared<StoreThatDoes>([&] {
    if (std::exchange(is_to_be_away, false)) broker.suspend();
  });
  Consumer consumer(options);
  const Error error = error_of(consumer);
  EXPECT_EQ(error.code(), ErrorCode::Unreachable) << error.what();
  broker.resume();
  std::vector<std::int64_t> seen;
  wait_until("both changes", [&] {
    try {
      for (const std::int64_t id : ids(consumer.poll_batch(9, 100ms))) seen.push_back(id);
    } catch (const Error& again) {
      EXPECT_EQ(again.code(), ErrorCode::Unreachable) << again.what();
    }
    return seen.size() >= 2;
  });
  EXPECT_THAT(seen, testing::UnorderedElementsAre(1, 2));
}

TEST(SdkAssignment, AMemberThatCannotBeginTakesPartInTheGroupsNextDivision) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic(2);
  for (int id = 1; id <= 2; ++id) broker.produce(topic, std::nullopt, insert_of(id), id - 1);
  Options failing = options_for(topic, topic);
  failing.checkpoint_store =
      std::make_shared<StoreThatDoes>([] { throw std::runtime_error("the database is away"); });
  Consumer first(failing);
  EXPECT_EQ(error_of(first).code(), ErrorCode::Checkpoint);
  Consumer second(options_for(topic, topic));
  wait_until(
      "the second has a part",
      [&] {
        try {
          EXPECT_FALSE(first.poll(50ms).has_value());
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::Checkpoint) << error.what();
        }
        return second.poll(50ms).has_value();
      },
      30s);
}

TEST(SdkAssignment, APositionThatIsLostIsSaidAtEachCall) {
  const std::string topic = topic_with(1);
  Options options = options_for(topic, topic);
  options.start = Start::at_offset(99);
  Consumer consumer(options);
  EXPECT_EQ(error_of(consumer).code(), ErrorCode::PositionLost);
  for (int i = 0; i < 2; ++i) EXPECT_THROW(static_cast<void>(consumer.poll(0ms)), Error);
  consumer.close();
}

}  // namespace
}  // namespace rowtide::test
