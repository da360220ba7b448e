#include "tracker/groups/record_count.h"

#include <gtest/gtest.h>

namespace rowtide::groups {
namespace {

/// Three records, a mark, two records, a mark: offsets 10 to 16.
RecordCount two_transactions() {
  RecordCount count;
  count.restart(10);
  for (const std::int64_t offset : {10, 11, 12, 14, 15}) count.met(offset);
  count.pass_to(17);
  return count;
}

TEST(RecordCount, MarksAreNotRecords) {
  const RecordCount count = two_transactions();
  EXPECT_EQ(count.end(), 17);
  EXPECT_EQ(count.from(10), 5);
  EXPECT_EQ(count.from(12), 3);
  EXPECT_EQ(count.from(13), 2) << "a group that stands at a mark";
  EXPECT_EQ(count.from(14), 2);
  EXPECT_EQ(count.from(16), 0) << "only a mark is left";
  EXPECT_EQ(count.from(17), 0);
}

TEST(RecordCount, WhatIsForgottenDoesNotCountElsewhere) {
  RecordCount count = two_transactions();
  count.forget_before(14);
  EXPECT_EQ(count.begin(), 14);
  EXPECT_EQ(count.from(14), 2);
  count.met(17);
  EXPECT_EQ(count.from(14), 3);
  count.restart(40);
  count.met(41);
  EXPECT_EQ(count.from(40), 1);
}

TEST(RecordCount, RecordsTakenBackAreOneRunWithTheirMark) {
  RecordCount count;
  count.restart(0);
  count.met(0);
  count.pass_to(100);
  count.pass_to(101);
  count.met(101);
  EXPECT_EQ(count.from(0), 2);
  EXPECT_EQ(count.from(50), 1);
}

/// A record and a mark, again and again, from offset 0 on.
RecordCount many_transactions(std::int64_t transactions, std::size_t max_runs) {
  RecordCount count;
  count.restart(0);
  count.keep_at_most(max_runs);
  for (std::int64_t i = 0; i < transactions; ++i) {
    count.met(2 * i);
    count.pass_to(2 * i + 2);
  }
  return count;
}

TEST(RecordCount, OfVeryManyMarksTheTotalStaysRight) {
  constexpr std::int64_t kTransactions = 200'000;
  RecordCount count = many_transactions(kTransactions, RecordCount::max_runs_among(1));
  EXPECT_EQ(count.from(0), kTransactions);
  EXPECT_EQ(count.from(2 * (kTransactions - 100)), 100) << "near the end it is exact";
  EXPECT_NEAR(static_cast<double>(count.from(kTransactions)), kTransactions / 2.0, 4);
  count.forget_before(kTransactions);
  EXPECT_NEAR(static_cast<double>(count.from(kTransactions)), kTransactions / 2.0, 4);
}

TEST(RecordCount, AThousandPartitionsKeepNoMoreThanOne) {
  constexpr std::int64_t kTransactions = 20'000;
  constexpr std::size_t kPartitions = 1000;
  const RecordCount count = many_transactions(kTransactions, RecordCount::max_runs_among(kPartitions));
  EXPECT_LE(count.runs() * kPartitions, RecordCount::max_runs_among(1));
  EXPECT_EQ(count.from(0), kTransactions);
  EXPECT_EQ(count.from(2 * (kTransactions - 10)), 10);
  EXPECT_GE(RecordCount::max_runs_among(1'000'000), 64U) << "the end stays exact";
}

TEST(RecordCount, KeepsFewerWhenThereAreMorePartitions) {
  constexpr std::int64_t kTransactions = 20'000;
  RecordCount count = many_transactions(kTransactions, RecordCount::max_runs_among(1));
  EXPECT_EQ(count.runs(), kTransactions);
  count.keep_at_most(64);
  EXPECT_LE(count.runs(), 64U);
  EXPECT_EQ(count.from(0), kTransactions);
}

}  // namespace
}  // namespace rowtide::groups
