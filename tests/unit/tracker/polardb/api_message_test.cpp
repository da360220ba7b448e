#include "tracker/polardb/api_message.h"

#include <gtest/gtest.h>

namespace rowtide::polardb {
namespace {

const Parameters kSent{{"AccessKeyId", "LTAI5test"}, {"SecurityToken", "CAIS/a+b=="}};

TEST(PolarDbApiMessage, TheStringThatWasSignedIsNotTold) {
  EXPECT_EQ(
      told_of("Specified signature is not matched with our calculation. server string to sign is:POST&%2F&"
              "AccessKeyId%3DLTAI5test%26SecurityToken%3DCAIS%252Fa%252Bb%253D%253D",
              kSent),
      "Specified signature is not matched with our calculation.");
  EXPECT_EQ(told_of("no. String To Sign: POST", kSent), "no.");
}

TEST(PolarDbApiMessage, NothingOfTheKeyIsToldWhereverItStands) {
  EXPECT_EQ(told_of("LTAI5test has CAIS/a+b==, CAIS%2Fa%2Bb%3D%3D and CAIS%252Fa%252Bb%253D%253D, LTAI5test",
                    kSent),
            "*** has ***, *** and ***, ***");
  EXPECT_EQ(told_of("as it is", {}), "as it is");
  EXPECT_EQ(told_of("as it is", {{"SecurityToken", ""}}), "as it is");
}

TEST(PolarDbApiMessage, IsShortAndOnOneLine) {
  EXPECT_EQ(told_of("a\nb\x1b[1m ", kSent), "a b [1m");
  EXPECT_EQ(told_of(std::string(299, 'x') + "\xE2\x82\xAC" + std::string(99, 'y'), kSent),
            std::string(299, 'x'));
}

}  // namespace
}  // namespace rowtide::polardb
