#include "common/bytes/utf8.h"

#include <gtest/gtest.h>

namespace rowtide {
namespace {

TEST(Utf8, ATextIsCutBetweenCharacters) {
  EXPECT_EQ(cut("naïve", 6), "naïve");
  EXPECT_EQ(cut("naïve", 5), "naïv...");
  EXPECT_EQ(cut("naïve", 3), "na...") << "the third byte is the first of two";
  EXPECT_EQ(cut("😀", 3), "...");
  EXPECT_EQ(cut("", 0), "");
}

}  // namespace
}  // namespace rowtide
