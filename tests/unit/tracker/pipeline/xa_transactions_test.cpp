#include "tracker/pipeline/xa_transactions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/binlog/event_bytes.h"

namespace rowtide::pipeline {
namespace {

using Step = XaTransactions::Step;

class XaGroups : public testing::Test {
 protected:
  /// A group with so many bytes of rows, up to its PREPARE.
  void prepare(const std::string& xid, std::size_t bytes) {
    open(xid, bytes);
    xa_.prepare(xid, position_);
  }
  void open(const std::string& xid, std::size_t bytes) {
    xa_.begin(xid, position_, "binlog.000001");
    if (bytes == 0) return;
    const std::string body(bytes, 'x');
    xa_.note_rows();
    held_.hold({.header = {}, .body = as_bytes(body), .start_offset = 500}, {}, "map");
  }
  std::optional<XaTransactions::Outcome> finish(const std::string& xid, bool is_commit) {
    return xa_.finish(xid, is_commit, kEnd, position_);
  }

  const binlog::BinlogCoordinates kEnd{"binlog.000002", 900};
  binlog::Position position_{.gtids = {}, .file = "binlog.000001", .offset = 400};
  HeldRows held_;
  XaTransactions xa_{held_};
};

TEST_F(XaGroups, RowsComeWhenTheyAreCommitted) {
  prepare("one", 10);
  prepare("two", 10);
  EXPECT_THAT(position_.prepared, testing::SizeIs(2)) << "a restart knows them";
  const auto two = finish("two", true);
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(two->step, Step::Deliver);
  EXPECT_THAT(two->held.events, testing::SizeIs(2)) << "a table map and its rows";
  EXPECT_THAT(position_.prepared, testing::SizeIs(2)) << "until its rows have come";
  XaTransactions::delivered("two", position_);
  EXPECT_EQ(finish("one", false)->step, Step::Done) << "rolled back";
  EXPECT_THAT(position_.prepared, testing::IsEmpty());
  EXPECT_FALSE(finish("one", true).has_value()) << "nobody has seen it";
}

TEST_F(XaGroups, WithoutTrackedRowsThereIsNothingToDo) {
  prepare("one", 0);
  EXPECT_EQ(finish("one", true)->step, Step::Done);
  open("two", 0);
  EXPECT_EQ(xa_.commit_in_one_phase("two", kEnd).step, Step::Done);
}

TEST_F(XaGroups, OnePhaseCommitsAtOnce) {
  open("one", 10);
  EXPECT_TRUE(xa_.is_open("one"));
  const XaTransactions::Outcome outcome = xa_.commit_in_one_phase("one", kEnd);
  EXPECT_EQ(outcome.step, Step::Deliver);
  EXPECT_FALSE(xa_.is_open());
  EXPECT_THAT(position_.prepared, testing::IsEmpty());
}

TEST_F(XaGroups, WhatIsTooLargeOrOfBeforeARestartIsReadAgain) {
  prepare("large", HeldRows::kMaxTransactionBytes + 1);
  held_.clear();
  EXPECT_EQ(finish("large", true)->step, Step::ReadAgain);
  ASSERT_TRUE(xa_.is_reading_again());
  EXPECT_EQ(xa_.read_from().offset, 400U);
  EXPECT_THAT(position_.prepared, testing::SizeIs(1)) << "until its rows have come";

  xa_.enter("another");
  EXPECT_FALSE(xa_.is_in_group());
  xa_.enter("large");
  EXPECT_TRUE(xa_.is_in_group());
  EXPECT_FALSE(xa_.is_second_reading());
  xa_.read_once_more();
  EXPECT_FALSE(xa_.is_in_group());
  EXPECT_TRUE(xa_.is_second_reading());
  EXPECT_EQ(xa_.end_reading(position_), kEnd);
  EXPECT_FALSE(xa_.is_reading_again());
  EXPECT_THAT(position_.prepared, testing::IsEmpty());
}

}  // namespace
}  // namespace rowtide::pipeline
