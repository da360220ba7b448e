#include "common/names/name_case.h"

#include <gtest/gtest.h>

namespace rowtide::names {
namespace {

TEST(NameCase, SmallLettersAreTheServers) {
  EXPECT_EQ(to_lower("Shop_1"), "shop_1");
  EXPECT_EQ(to_lower("ÄRZTE ŸΩЖİK"), "ärzte ÿωжik");
  EXPECT_EQ(to_lower("ẞßſ"), "ẞßſ") << "its tables are older than the capital sharp s";
  EXPECT_EQ(to_lower("Ⴀ Ａ"), "Ⴀ ａ");
  EXPECT_EQ(to_lower("\U00010400"), "\U00010400");
  EXPECT_EQ(to_lower("\u212a"), "k");
}

TEST(NameCase, WhatIsNoUtf8StaysAsItIs) {
  for (const std::string_view text : {"\xc3", "\xc4 x", "\xe2\x84", "\xff\xfe", "\xf0\x90"}) {
    EXPECT_EQ(to_lower(text), text);
  }
  EXPECT_EQ(to_lower("\xc3"
                     "A"),
            "\xc3"
            "a");
}

TEST(NameCase, AccentsCount) {
  EXPECT_TRUE(is_same_name("Größe", "GRÖßE"));
  EXPECT_FALSE(is_same_name("Größe", "Grosse"));
  EXPECT_FALSE(is_same_name("a", "ä"));
  EXPECT_FALSE(is_same_name("ab", "a"));
  EXPECT_TRUE(holds_name({"Id", "Secret"}, "SECRET"));
  EXPECT_FALSE(holds_name({}, "SECRET"));
}

}  // namespace
}  // namespace rowtide::names
