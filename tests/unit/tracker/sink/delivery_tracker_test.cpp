#include "tracker/sink/delivery_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace rowtide::sink {
namespace {

binlog::Position at(std::uint64_t offset) {
  binlog::Position position;
  position.file = "b.000001";
  position.offset = offset;
  return position;
}

TEST(DeliveryTracker, NothingIsDurableAtFirst) {
  DeliveryTracker tracker;
  EXPECT_EQ(tracker.durable(), std::nullopt);
  static_cast<void>(tracker.add("t"));
  EXPECT_EQ(tracker.outstanding(), 1U);
  EXPECT_EQ(tracker.durable(), std::nullopt);
}

TEST(DeliveryTracker, TransactionWithoutRecordsIsDurableAtOnce) {
  DeliveryTracker tracker;
  tracker.end_transaction(at(10), 0);
  EXPECT_EQ(tracker.durable(), at(10));
}

TEST(DeliveryTracker, TransactionWithoutRecordsWaitsForTheOnesBefore) {
  DeliveryTracker tracker;
  const auto group = tracker.add("t");
  tracker.end_transaction(at(10), 0);
  tracker.end_transaction(at(20), 0);
  EXPECT_EQ(tracker.durable(), std::nullopt);
  tracker.delivered(group);
  EXPECT_EQ(tracker.durable(), at(20));
}

TEST(DeliveryTracker, CommitsAreCountedOnceTheyAreDurable) {
  DeliveryTracker tracker;
  const auto first = tracker.add("t");
  tracker.end_transaction(at(10), 1000);
  tracker.end_transaction(at(11), 0);  // none of the task's
  const auto second = tracker.add("t");
  tracker.end_transaction(at(20), 3000);
  tracker.delivered(second);
  EXPECT_TRUE(tracker.take_durable_commits().empty());
  tracker.delivered(first);
  std::uint32_t count = 0;
  for (const DeliveryTracker::Commits& each : tracker.take_durable_commits()) {
    if (count == 0) EXPECT_EQ(each.oldest_us, 1000);
    count += each.count;
  }
  EXPECT_EQ(count, 2U);
  EXPECT_TRUE(tracker.take_durable_commits().empty());
}

TEST(DeliveryTracker, RecordsOfAGroupMayBeReportedTogether) {
  DeliveryTracker tracker;
  DeliveryTracker::Group group = 0;
  for (int i = 0; i < 3; ++i) group = tracker.add("t");
  tracker.end_transaction(at(10), 0);
  tracker.delivered(group, 2);
  EXPECT_EQ(tracker.outstanding(), 1U);
  EXPECT_EQ(tracker.durable(), std::nullopt);
  tracker.delivered(group);
  EXPECT_EQ(tracker.outstanding(), 0U);
  EXPECT_EQ(tracker.durable(), at(10));
}

TEST(DeliveryTracker, AnUnfinishedTransactionIsNeverDurable) {
  DeliveryTracker tracker;
  tracker.end_transaction(at(10), 0);
  const auto first = tracker.add("t");
  tracker.delivered(first);
  EXPECT_EQ(tracker.durable(), at(10));
  const auto second = tracker.add("t");
  EXPECT_EQ(second, first);
  tracker.end_transaction(at(20), 0);
  EXPECT_EQ(tracker.durable(), at(10));
  tracker.delivered(second);
  EXPECT_EQ(tracker.durable(), at(20));
}

TEST(DeliveryTracker, LaterAcknowledgementsDoNotOvertake) {
  DeliveryTracker tracker;
  constexpr std::uint64_t kCount = DeliveryTracker::kRecordsPerPosition;
  std::vector<DeliveryTracker::Group> first;
  std::vector<DeliveryTracker::Group> second;
  for (std::uint64_t i = 0; i < kCount; ++i) first.push_back(tracker.add("t"));
  tracker.end_transaction(at(10), 0);
  for (std::uint64_t i = 0; i < kCount; ++i) second.push_back(tracker.add("t"));
  tracker.end_transaction(at(20), 0);
  for (const auto group : second) tracker.delivered(group);
  EXPECT_EQ(tracker.durable(), std::nullopt);
  EXPECT_EQ(tracker.outstanding(), kCount);
  for (const auto group : first) tracker.delivered(group);
  EXPECT_EQ(tracker.durable(), at(20));
  EXPECT_EQ(tracker.outstanding(), 0U);
}

TEST(DeliveryTracker, FirstOfTwoLargeTransactionsIsDurableAlone) {
  DeliveryTracker tracker;
  std::vector<DeliveryTracker::Group> first;
  for (std::uint32_t i = 0; i < DeliveryTracker::kRecordsPerPosition; ++i) first.push_back(tracker.add("t"));
  tracker.end_transaction(at(10), 0);
  const auto second = tracker.add("t");
  tracker.end_transaction(at(20), 0);
  for (const auto group : first) tracker.delivered(group);
  EXPECT_EQ(tracker.durable(), at(10));
  tracker.delivered(second);
  EXPECT_EQ(tracker.durable(), at(20));
}

TEST(DeliveryTracker, KnowsTheTableOfARecord) {
  DeliveryTracker tracker;
  const auto orders = tracker.add("shop.orders");
  const auto lines = tracker.add("shop.lines");
  const auto orders_again = tracker.add("shop.orders");
  EXPECT_NE(orders, lines);
  EXPECT_NE(orders, orders_again);
  EXPECT_EQ(tracker.table(lines), "shop.lines");
  tracker.delivered(orders);
  EXPECT_EQ(tracker.table(orders_again), "shop.orders");
}

TEST(DeliveryTracker, ARecordTakenBackIsNotWaitedFor) {
  DeliveryTracker tracker;
  const auto sent = tracker.add("t");
  const auto unsent = tracker.add("t");
  tracker.take_back(unsent);
  EXPECT_EQ(tracker.outstanding(), 1U);
  tracker.delivered(sent);
  EXPECT_EQ(tracker.outstanding(), 0U);
  EXPECT_EQ(tracker.durable(), std::nullopt);
}

/// Against a model that knows every record: whatever the order of acknowledgements, durable() is never ahead
/// of the newest safe position, never goes back, and ends at the last one.
TEST(DeliveryTracker, HoldsForEveryOrderOfAcknowledgements) {
  std::mt19937 random(20240102);
  for (int round = 0; round < 50; ++round) {
    DeliveryTracker tracker;
    struct Sent {
      DeliveryTracker::Group group;
      std::uint64_t transaction;
    };
    std::vector<Sent> waiting;
    std::vector<std::uint64_t> left(101, 0);  // records of a transaction that are not acknowledged
    std::uint64_t ended = 0;
    std::uint64_t seen = 0;

    const auto check = [&] {
      std::uint64_t safe = 0;
      while (safe < ended && left[safe + 1] == 0) ++safe;
      const std::uint64_t durable = tracker.durable() ? tracker.durable()->offset : 0;
      EXPECT_LE(durable, safe);
      EXPECT_GE(durable, seen);
      seen = durable;
    };
    const auto acknowledge_one = [&] {
      std::swap(waiting[random() % waiting.size()], waiting.back());
      tracker.delivered(waiting.back().group);
      --left[waiting.back().transaction];
      waiting.pop_back();
      check();
    };

    for (std::uint64_t transaction = 1; transaction <= 100; ++transaction) {
      const std::uint64_t records = random() % 4 == 0 ? random() % 200 : random() % 3;
      for (std::uint64_t i = 0; i < records; ++i) {
        waiting.push_back({tracker.add(random() % 2 == 0 ? "a" : "b"), transaction});
        ++left[transaction];
        if (random() % 2 == 0) acknowledge_one();
      }
      tracker.end_transaction(at(transaction), 0);
      ended = transaction;
      check();
    }
    while (!waiting.empty()) acknowledge_one();
    EXPECT_EQ(tracker.durable(), at(100));
    EXPECT_EQ(tracker.outstanding(), 0U);
  }
}

}  // namespace
}  // namespace rowtide::sink
