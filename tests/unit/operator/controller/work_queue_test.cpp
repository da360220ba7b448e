#include "operator/controller/work_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace rowtide::op::controller {
namespace {

using std::chrono::milliseconds;
using Key = WorkQueue::Key;

const Key kOrders{"shop", "orders"};
const Key kUsers{"shop", "users"};

/// A queue whose time stands still until the test moves it.
class WorkQueueTest : public testing::Test {
 protected:
  WorkQueueOptions options() {
    WorkQueueOptions result;
    result.jitter = 0;
    result.now = [this] { return now_; };
    return result;
  }

  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
  WorkQueue queue_{options()};
};

TEST_F(WorkQueueTest, GivesKeysInTheOrderTheyCame) {
  queue_.add(kOrders);
  queue_.add(kUsers);
  EXPECT_EQ(queue_.try_get(), kOrders);
  EXPECT_EQ(queue_.try_get(), kUsers);
  EXPECT_EQ(queue_.try_get(), std::nullopt);
}

TEST_F(WorkQueueTest, AKeyWaitsOnce) {
  queue_.add(kOrders);
  queue_.add(kOrders);
  EXPECT_EQ(queue_.stats().depth, 1u);
  EXPECT_EQ(queue_.stats().adds, 1u);
  EXPECT_EQ(queue_.try_get(), kOrders);
  queue_.done(kOrders);
  EXPECT_EQ(queue_.try_get(), std::nullopt);
}

TEST_F(WorkQueueTest, AKeyBeingWorkedOnIsNotGivenOutAgainBeforeDone) {
  queue_.add(kOrders);
  ASSERT_EQ(queue_.try_get(), kOrders);
  queue_.add(kOrders);
  queue_.add(kOrders);
  EXPECT_EQ(queue_.try_get(), std::nullopt);
  queue_.done(kOrders);
  EXPECT_EQ(queue_.try_get(), kOrders);
  queue_.done(kOrders);
  EXPECT_EQ(queue_.try_get(), std::nullopt);
}

TEST_F(WorkQueueTest, ADelayedKeyComesWhenItIsDue) {
  queue_.add_after(kOrders, milliseconds(500));
  EXPECT_EQ(queue_.stats().delayed, 1u);
  now_ += milliseconds(499);
  EXPECT_EQ(queue_.try_get(), std::nullopt);
  now_ += milliseconds(1);
  EXPECT_EQ(queue_.try_get(), kOrders);
  EXPECT_EQ(queue_.stats().delayed, 0u);
}

TEST_F(WorkQueueTest, TheEarlierDelayWins) {
  queue_.add_after(kOrders, milliseconds(500));
  queue_.add_after(kOrders, milliseconds(100));
  queue_.add_after(kOrders, milliseconds(900));
  now_ += milliseconds(100);
  EXPECT_EQ(queue_.try_get(), kOrders);
  queue_.done(kOrders);
  now_ += milliseconds(5000);
  EXPECT_EQ(queue_.try_get(), std::nullopt) << "the later delays must be gone";
}

TEST_F(WorkQueueTest, AnAddSupersedesTheDelay) {
  queue_.add_after(kOrders, milliseconds(500));
  queue_.add(kOrders);
  EXPECT_EQ(queue_.try_get(), kOrders);
  queue_.done(kOrders);
  now_ += milliseconds(1000);
  EXPECT_EQ(queue_.try_get(), std::nullopt);
}

TEST_F(WorkQueueTest, ADelayWhileTheKeyIsWorkedOnHolds) {
  queue_.add(kOrders);
  ASSERT_EQ(queue_.try_get(), kOrders);
  queue_.add_after(kOrders, milliseconds(100));
  now_ += milliseconds(200);
  EXPECT_EQ(queue_.try_get(), std::nullopt) << "still worked on";
  queue_.done(kOrders);
  EXPECT_EQ(queue_.try_get(), kOrders);
}

TEST_F(WorkQueueTest, FailuresBackOffFrom200MillisecondsDoublingTo5Minutes) {
  const std::array<std::int64_t, 13> expected{200,   400,   800,    1600,   3200,   6400,  12800,
                                              25600, 51200, 102400, 204800, 300000, 300000};
  for (const std::int64_t wait : expected) {
    queue_.add_rate_limited(kOrders);
    now_ += milliseconds(wait - 1);
    ASSERT_EQ(queue_.try_get(), std::nullopt) << wait;
    now_ += milliseconds(1);
    ASSERT_EQ(queue_.try_get(), kOrders) << wait;
    queue_.done(kOrders);
  }
  EXPECT_EQ(queue_.failures(kOrders), 13);
  EXPECT_EQ(queue_.stats().retries, 13u);
}

TEST_F(WorkQueueTest, ForgetBeginsTheBackoffAnew) {
  for (int i = 0; i < 5; ++i) queue_.add_rate_limited(kOrders);
  queue_.add(kOrders);
  ASSERT_EQ(queue_.try_get(), kOrders);
  queue_.forget(kOrders);
  queue_.done(kOrders);
  queue_.add_rate_limited(kOrders);
  now_ += milliseconds(200);
  EXPECT_EQ(queue_.try_get(), kOrders);
}

TEST_F(WorkQueueTest, ABackoffIsNoLongerThanItIsToBe) {
  for (int i = 0; i < 5; ++i) queue_.add_rate_limited(kUsers);
  queue_.add_rate_limited(kOrders, std::chrono::minutes(1), milliseconds(300));
  now_ += milliseconds(299);
  EXPECT_EQ(queue_.try_get(), kUsers) << "the first of its delays is the earliest";
  EXPECT_EQ(queue_.try_get(), std::nullopt);
  now_ += milliseconds(1);
  EXPECT_EQ(queue_.try_get(), kOrders);
}

TEST_F(WorkQueueTest, WhatIsNoNewsToAFailedKeyWaitsForItsDelay) {
  queue_.add(kOrders);
  ASSERT_EQ(queue_.try_get(), kOrders);
  queue_.add_unless_failed(kOrders);
  queue_.add_rate_limited(kOrders);
  queue_.done(kOrders);
  queue_.add_unless_failed(kOrders);
  EXPECT_EQ(queue_.try_get(), std::nullopt);
  now_ += milliseconds(200);
  ASSERT_EQ(queue_.try_get(), kOrders);
  queue_.add_unless_failed(kOrders);
  queue_.forget(kOrders);  // this time it succeeds
  queue_.done(kOrders);
  ASSERT_EQ(queue_.try_get(), kOrders) << "and once more";
  queue_.done(kOrders);
  EXPECT_EQ(queue_.try_get(), std::nullopt);
  queue_.add_unless_failed(kOrders);
  EXPECT_EQ(queue_.try_get(), kOrders);
}

TEST_F(WorkQueueTest, OneKeysBackoffDoesNotHoldAnother) {
  queue_.add_rate_limited(kOrders);
  queue_.add_rate_limited(kOrders);
  queue_.add_rate_limited(kUsers);
  now_ += milliseconds(200);
  EXPECT_EQ(queue_.failures(kUsers), 1);
  queue_.add(kUsers);
  EXPECT_TRUE(queue_.try_get().has_value());
}

TEST_F(WorkQueueTest, AfterShutdownNothingComesOrGoes) {
  queue_.add(kOrders);
  queue_.shutdown();
  EXPECT_EQ(queue_.try_get(), std::nullopt);
  EXPECT_EQ(queue_.get(), std::nullopt);
  queue_.add(kUsers);
  EXPECT_EQ(queue_.stats().adds, 1u);
}

TEST_F(WorkQueueTest, TellsHowLongKeysWaitedAndWereWorkedOn) {
  queue_.add(kOrders);
  now_ += milliseconds(70);
  ASSERT_EQ(queue_.try_get(), kOrders);
  now_ += milliseconds(3000);
  EXPECT_DOUBLE_EQ(queue_.stats().longest_running_seconds, 3.0);
  EXPECT_DOUBLE_EQ(queue_.stats().unfinished_seconds, 3.0);
  queue_.done(kOrders);
  const WorkQueueStats stats = queue_.stats();
  EXPECT_DOUBLE_EQ(stats.unfinished_seconds, 0.0);
  EXPECT_EQ(stats.queue_duration.count, 1u);
  EXPECT_NEAR(stats.queue_duration.sum, 0.07, 1e-9);
  EXPECT_EQ(stats.queue_duration.counts[4], 1u) << "0.05 s < 0.07 s <= 0.1 s";
  EXPECT_NEAR(stats.work_duration.sum, 3.0, 1e-9);
}

// By the real clock from here on.

TEST(WorkQueueThreads, GetWaitsForADelayAndForAnAdd) {
  WorkQueue queue;
  queue.add_after(kOrders, milliseconds(30));
  EXPECT_EQ(queue.get(), kOrders);
  std::jthread adder([&] { queue.add(kUsers); });
  EXPECT_EQ(queue.get(), kUsers);
}

TEST(WorkQueueThreads, ShutdownEndsAWaitingGet) {
  WorkQueue queue;
  std::atomic<bool> ended = false;
  {
    std::jthread worker([&] {
      EXPECT_EQ(queue.get(), std::nullopt);
      ended = true;
    });
    queue.shutdown();
  }
  EXPECT_TRUE(ended);
}

/// Four workers, four that add, eight keys: never two workers on a key, and no add is lost: each key runs
/// once more after its last add.
TEST(WorkQueueThreads, OneWorkerAKeyAndNoLostAdd) {
  constexpr std::size_t kKeys = 8;
  constexpr int kAdds = 2000;
  WorkQueue queue;
  std::array<std::atomic<int>, kKeys> added{};
  std::array<std::atomic<int>, kKeys> seen{};
  std::array<std::atomic<int>, kKeys> running{};
  std::atomic<bool> overlapped = false;

  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      while (const auto key = queue.get()) {
        const auto index = static_cast<std::size_t>(std::stoi(key->name));
        if (running[index]++ != 0) overlapped = true;
        seen[index] = added[index].load();
        --running[index];
        queue.done(*key);
      }
    });
  }
  {
    std::vector<std::jthread> adders;
    for (int i = 0; i < 4; ++i) {
      adders.emplace_back([&, i] {
        for (int n = 0; n < kAdds; ++n) {
          const auto index = static_cast<std::size_t>(n + i) % kKeys;
          ++added[index];
          const Key key{"ns", std::to_string(index)};
          if (n % 3 == 0) {
            queue.add_after(key, milliseconds(1));
          } else {
            queue.add(key);
          }
        }
      });
    }
  }
  const auto all_seen = [&] {
    for (std::size_t i = 0; i < kKeys; ++i) {
      if (seen[i] != added[i]) return false;
    }
    return true;
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!all_seen() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(all_seen());
  EXPECT_FALSE(overlapped);
  queue.shutdown();
}

}  // namespace
}  // namespace rowtide::op::controller
