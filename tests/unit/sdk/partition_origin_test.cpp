#include "sdk/src/partition_origin.h"

#include <gtest/gtest.h>

namespace rowtide::test {
namespace {

TEST(PartitionOrigin, AnEarlierBeginningOrAnotherFirstRecordIsOfAnotherTopic) {
  EXPECT_TRUE(is_made_anew("0@100", "0@200"));
  EXPECT_TRUE(is_made_anew("7@100", "0@200"));
  EXPECT_TRUE(is_made_anew("7@100", "6@100"));
  EXPECT_FALSE(is_made_anew("7@100", "7@100"));
  EXPECT_FALSE(is_made_anew(text_of_origin(7, 100), "7@100"));
}

TEST(PartitionOrigin, RetentionAndWhatIsNotKnownSayNothing) {
  EXPECT_FALSE(is_made_anew("0@100", "7@200"));
  EXPECT_FALSE(is_made_anew("", "7@200"));
  EXPECT_FALSE(is_made_anew("7@200", ""));
  EXPECT_FALSE(is_made_anew("7", "0@1"));
  EXPECT_FALSE(is_made_anew("7@x", "0@1"));
}

}  // namespace
}  // namespace rowtide::test
