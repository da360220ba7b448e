#include "sdk/src/read_ahead.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide {
namespace {

using testing::ElementsAre;
using Partitions = std::vector<ReadAheadPartition>;

constexpr ReadAheadPartition kMarks{.has_marks = true};
constexpr ReadAheadPartition kBehind{.may_hold_awaited = true};
constexpr ReadAheadPartition kAhead{.has_unended = true};
constexpr ReadAheadPartition kUnknown{.may_hold_awaited = true, .has_unended = true};
constexpr ReadAheadPartition kIdle{.is_at_end = true, .may_hold_awaited = true};
constexpr ReadAheadPartition kMarksAtEnd{.has_marks = true, .is_at_end = true};

TEST(ReadAhead, GoesOnWithThePartitionsThatAreBehind) {
  EXPECT_THAT(partitions_to_read_on(Partitions{kMarks, kBehind, kAhead, kUnknown, kIdle}, true),
              ElementsAre(false, true, false, false, true));
}

TEST(ReadAhead, TheMarksSayWhereTransactionsStand) {
  EXPECT_THAT(partitions_to_read_on(Partitions{kMarks, ReadAheadPartition{}, kAhead}, false),
              ElementsAre(true, false, false));
  EXPECT_THAT(partitions_to_read_on(Partitions{kMarks, kUnknown, kAhead, kIdle}, true),
              ElementsAre(true, false, false, true));
}

TEST(ReadAhead, BehindTheLastMarkChangesOfUnknownTransactionsAreReadOn) {
  EXPECT_THAT(partitions_to_read_on(Partitions{kMarksAtEnd, kUnknown, kAhead, kIdle}, true),
              ElementsAre(true, true, false, true));
}

}  // namespace
}  // namespace rowtide
