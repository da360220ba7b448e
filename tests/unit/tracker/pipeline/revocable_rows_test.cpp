#include "tracker/pipeline/revocable_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace rowtide::pipeline {
namespace {

class RevocableRowsTest : public testing::Test {
 protected:
  /// A rows event of the group.
  void rows(std::size_t size = 10) {
    const std::string body(size, 'r');
    rows_.hold({.header = {}, .body = as_bytes(body), .start_offset = 0}, {rows_.count(), std::nullopt},
               "map");
  }
  static sql::SavepointStatement set(const char* name) { return {sql::SavepointVerb::Set, name}; }
  static sql::SavepointStatement back_to(const char* name) { return {sql::SavepointVerb::RollBackTo, name}; }
  static std::size_t rows_events(const HeldRows::Transaction& held) {
    return static_cast<std::size_t>(std::count_if(held.events.begin(), held.events.end(),
                                                  [](const auto& event) { return event.body != "map"; }));
  }

  RevocableRows rows_;
};

TEST_F(RevocableRowsTest, ACommittedGroupHasWhatWasNotTakenBack) {
  ASSERT_TRUE(rows_.begin("0-1-1", "f.000001", 4).ok());
  rows();
  ASSERT_TRUE(rows_.on_savepoint(set("s"), false).ok());
  rows();
  rows();
  ASSERT_TRUE(rows_.on_savepoint(back_to("s"), false).ok());
  rows();
  const auto held = rows_.commit("0-1-1");
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(rows_events(*held), 2U);
  EXPECT_EQ(held->file, "f.000001");
}

TEST_F(RevocableRowsTest, ARolledBackGroupHasNone) {
  ASSERT_TRUE(rows_.begin("0-1-1", "f.000001", 4).ok());
  rows();
  ASSERT_TRUE(rows_.roll_back(false).ok());
  EXPECT_TRUE(rows_.take().events.empty());
}

TEST_F(RevocableRowsTest, ALargeOneIsReadAgainFromItsBeginningWithoutWhatItTookBack) {
  ASSERT_TRUE(rows_.begin("0-1-1", "f.000001", 4711).ok());
  rows();
  ASSERT_TRUE(rows_.on_savepoint(set("s"), false).ok());
  rows(HeldRows::kMaxTransactionBytes);
  ASSERT_TRUE(rows_.on_savepoint(back_to("s"), false).ok());
  rows(HeldRows::kMaxTransactionBytes);
  EXPECT_EQ(rows_.commit("0-1-1"), std::nullopt);
  EXPECT_TRUE(rows_.waits_for_second_reading());
  const binlog::Position from = rows_.read_from({});
  EXPECT_EQ(from.file, "f.000001");
  EXPECT_EQ(from.offset, 4711U);

  ASSERT_TRUE(rows_.begin("0-1-1", "f.000001", 4711).ok());
  EXPECT_FALSE(rows_.waits_for_second_reading());
  EXPECT_TRUE(rows_.is_second_reading());
  EXPECT_FALSE(rows_.is_taken_back(rows_.count()));
  EXPECT_TRUE(rows_.is_taken_back(rows_.count()));
  EXPECT_FALSE(rows_.is_taken_back(rows_.count()));
  rows_.end();
  EXPECT_FALSE(rows_.is_reading_again());
}

TEST_F(RevocableRowsTest, AnotherGroupInItsPlaceBeginsTheStreamAnew) {
  ASSERT_TRUE(rows_.begin("0-1-1", "f.000001", 4).ok());
  rows(HeldRows::kMaxTransactionBytes + 1);
  ASSERT_EQ(rows_.commit("0-1-1"), std::nullopt);
  const absl::Status other = rows_.begin("0-2-1", "f.000001", 4);
  EXPECT_TRUE(absl::IsUnavailable(other)) << other;
}

TEST_F(RevocableRowsTest, WhatIsDeliveredCannotBeTakenBack) {
  ASSERT_TRUE(rows_.begin("0-1-1", "f.000001", 4).ok());
  EXPECT_TRUE(absl::IsUnimplemented(rows_.roll_back(true)));
  ASSERT_TRUE(rows_.on_savepoint(set("s"), true).ok());
  EXPECT_TRUE(rows_.on_savepoint(back_to("s"), true).ok()) << "no rows since";
  rows_.count();
  EXPECT_TRUE(absl::IsUnimplemented(rows_.on_savepoint(back_to("s"), true)));
}

TEST_F(RevocableRowsTest, AnUnknownSavepointLeavesNothing) {
  ASSERT_TRUE(rows_.begin("0-1-1", "f.000001", 4).ok());
  rows();
  const absl::Status status = rows_.on_savepoint(back_to("nowhere"), false);
  EXPECT_TRUE(absl::IsUnimplemented(status));
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("ROLLBACK TO nowhere"));
  EXPECT_TRUE(rows_.take().events.empty());
}

}  // namespace
}  // namespace rowtide::pipeline
