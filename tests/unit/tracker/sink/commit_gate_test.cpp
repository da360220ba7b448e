#include "tracker/sink/commit_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace rowtide::sink {
namespace {

binlog::Position at(std::uint64_t offset) {
  return {.gtids = {}, .file = "b.000001", .offset = offset};
}

TEST(CommitGate, GivesTheLastEndOnceAndNothingWithoutOne) {
  CommitGate gate;
  EXPECT_EQ(gate.close({}), std::nullopt);
  ASSERT_TRUE(gate.enter({}));
  gate.leave(at(10));
  EXPECT_EQ(gate.close({}), at(10));
  gate.open(true);
  EXPECT_EQ(gate.committed(), at(10));
  EXPECT_EQ(gate.close({}), std::nullopt);
}

TEST(CommitGate, AFailedCommitIsGivenAgain) {
  CommitGate gate;
  gate.leave(at(10));
  EXPECT_EQ(gate.close({}), at(10));
  gate.open(false);
  EXPECT_EQ(gate.committed(), std::nullopt);
  EXPECT_EQ(gate.close({}), at(10));
}

// A transaction without records never enters.
TEST(CommitGate, AnEndInsideACommitIsOfTheNext) {
  CommitGate gate;
  gate.leave(at(10));
  ASSERT_EQ(gate.close({}), at(10));
  gate.leave(at(20));
  gate.open(true);
  EXPECT_EQ(gate.committed(), at(10));
  EXPECT_EQ(gate.close({}), at(20));
  gate.open(true);
  EXPECT_EQ(gate.committed(), at(20));
}

TEST(CommitGate, ACommitWaitsForTheEndOfATransaction) {
  CommitGate gate;
  ASSERT_TRUE(gate.enter({}));
  std::atomic<bool> closed = false;
  std::jthread committer([&](const std::stop_token& stop) {
    EXPECT_EQ(gate.close(stop), at(20));
    closed = true;
    gate.open(true);
  });
  // More of the same transaction passes a closing gate.
  for (int batch = 0; batch < 100; ++batch) {
    ASSERT_TRUE(gate.enter({}));
    ASSERT_FALSE(closed);
  }
  gate.leave(at(20));
  committer.join();
  EXPECT_TRUE(closed);
}

TEST(CommitGate, TheNextTransactionWaitsForTheCommit) {
  CommitGate gate;
  ASSERT_TRUE(gate.enter({}));
  gate.leave(at(10));
  ASSERT_EQ(gate.close({}), at(10));
  std::atomic<bool> entered = false;
  std::jthread writer([&](const std::stop_token& stop) { entered = gate.enter(stop); });
  EXPECT_FALSE(entered);
  gate.open(true);
  writer.join();
  EXPECT_TRUE(entered);
}

TEST(CommitGate, AStopEndsEveryWait) {
  CommitGate gate;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(gate.wait_until_due(stop.get_token()));
  ASSERT_TRUE(gate.enter({}));
  EXPECT_EQ(gate.close(stop.get_token()), std::nullopt) << "inside a transaction";
  gate.leave(at(10));
  EXPECT_EQ(gate.close(stop.get_token()), at(10)) << "between two: the last commit of a stop";
  EXPECT_FALSE(gate.enter(stop.get_token()));
}

TEST(CommitGate, IsDueSoonAfterTheLastRecord) {
  CommitGate gate;
  ASSERT_TRUE(gate.enter({}));
  gate.leave(at(10));
  EXPECT_TRUE(gate.wait_until_due({}));
  EXPECT_EQ(gate.close({}), at(10));
}

// Brokers that were away for a minute must not hold the commits of the next ten back.
TEST(CommitGate, ACommitThatTookLongDoesNotPutTheNextOffForLong) {
  CommitGate gate(std::chrono::milliseconds(300));
  ASSERT_TRUE(gate.enter({}));
  gate.leave(at(10));
  ASSERT_EQ(gate.close({}), at(10));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  gate.open(true);
  std::jthread writer([&](const std::stop_token& stop) {
    while (!stop.stop_requested() && gate.enter(stop)) {
    }
  });
  const auto begun = CommitGate::Clock::now();
  EXPECT_TRUE(gate.wait_until_due({}));
  EXPECT_LT(CommitGate::Clock::now() - begun, std::chrono::milliseconds(2'000))
      << "ten times the cost is 3 s";
}

TEST(CommitGate, RollingBackForgetsWhatIsNotCommitted) {
  CommitGate gate;
  gate.leave(at(10));
  ASSERT_EQ(gate.close({}), at(10));
  gate.open(true);
  ASSERT_TRUE(gate.enter({}));
  gate.leave(at(20));
  ASSERT_TRUE(gate.enter({}));
  EXPECT_FALSE(gate.at_transaction_boundary());
  gate.roll_back();
  EXPECT_TRUE(gate.at_transaction_boundary());
  EXPECT_EQ(gate.committed(), at(10));
  EXPECT_EQ(gate.close({}), std::nullopt);
}

TEST(CommitGate, AfterRollingBackTheSameEndIsCommittedAgain) {
  CommitGate gate;
  gate.leave(at(10));
  ASSERT_EQ(gate.close({}), at(10));
  gate.open(true);
  gate.roll_back();
  gate.leave(at(10));
  ASSERT_EQ(gate.close({}), at(10));
  gate.open(false);
  EXPECT_TRUE(gate.wait_until_due({}));
  EXPECT_EQ(gate.close({}), at(10));
  gate.open(true);
  EXPECT_EQ(gate.close({}), std::nullopt);
}

}  // namespace
}  // namespace rowtide::sink
