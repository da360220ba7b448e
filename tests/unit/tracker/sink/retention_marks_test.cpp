#include "tracker/sink/retention_marks.h"

#include <gtest/gtest.h>

namespace rowtide::sink {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class RetentionMarksOfADay : public testing::Test {
 protected:
  const RetentionMarks::Time begin_{hours(1000)};
  RetentionMarks marks_{hours(24)};
};

TEST_F(RetentionMarksOfADay, WhatWasThereAtTheStartCountsFromThen) {
  marks_.note(begin_, 100);
  EXPECT_EQ(marks_.expired(begin_), std::nullopt);
  EXPECT_EQ(marks_.expired(begin_ + hours(24) - minutes(1)), std::nullopt);
  EXPECT_EQ(marks_.expired(begin_ + hours(24)), 100);
}

TEST_F(RetentionMarksOfADay, EachRecordStaysForTheRetentionAndNotMuchLonger) {
  // One record a minute, looked at every five.
  for (int minute = 0; minute <= 60 * 72; minute += 5) {
    marks_.note(begin_ + minutes(minute), minute);
    const auto expired = marks_.expired(begin_ + minutes(minute));
    if (minute < 60 * 24) {
      EXPECT_EQ(expired, std::nullopt);
      continue;
    }
    ASSERT_TRUE(expired.has_value()) << minute;
    EXPECT_LE(*expired, minute - 60 * 24);
    EXPECT_GE(*expired, minute - 60 * 24 - 10);
  }
}

TEST_F(RetentionMarksOfADay, ATopicMadeAnewBeginsAnew) {
  marks_.note(begin_, 100);
  marks_.note(begin_ + hours(23), 5);
  EXPECT_EQ(marks_.expired(begin_ + hours(25)), std::nullopt);
  EXPECT_EQ(marks_.expired(begin_ + hours(47)), 5);
}

}  // namespace
}  // namespace rowtide::sink
