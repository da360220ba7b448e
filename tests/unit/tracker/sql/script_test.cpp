#include "tracker/sql/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide::sql {
namespace {

using testing::ElementsAre;

std::vector<std::string> split(std::string_view script) {
  std::vector<std::string> statements;
  for (const ScriptStatement& each : split_script(script)) {
    statements.push_back(std::to_string(each.line) + ":" + std::string(each.sql));
  }
  return statements;
}

TEST(Script, StatementsEndAtSemicolonsOutsideQuotesAndComments) {
  EXPECT_THAT(split("A 1;\nB ';' \";\" `;` /* ; */ 2; C"),
              ElementsAre("1:A 1", "2:B ';' \";\" `;` /* ; */ 2", "2:C"));
  EXPECT_THAT(split("A 'it''s; ' '\\';' ; B"), ElementsAre("1:A 'it''s; ' '\\';'", "1:B"));
  EXPECT_THAT(split("A `\\`; B"), ElementsAre("1:A `\\`", "1:B")) << "no escape in a quoted name";
  EXPECT_THAT(split("A -- ;\n b; C # ;\n d"), ElementsAre("1:A -- ;\n b", "2:C # ;\n d"));
  EXPECT_THAT(split("A 1--2; B"), ElementsAre("1:A 1--2", "1:B")) << "no comment without a blank";
}

TEST(Script, CommentsBetweenStatementsAreLeftOutAndExecutableOnesAreNot) {
  EXPECT_THAT(split("-- x;\n# y;\n/* z; */\n--\nA;"), ElementsAre("5:A"));
  EXPECT_THAT(split("/*!40101 SET NAMES utf8 */;\n/*M!100203 B */;"),
              ElementsAre("1:/*!40101 SET NAMES utf8 */", "2:/*M!100203 B */"));
}

TEST(Script, DelimitersChange) {
  EXPECT_THAT(split("A;\nDELIMITER ;;\nB; C ;;\nDELIMITER ;\nD;"), ElementsAre("1:A", "3:B; C", "5:D"));
}

TEST(Script, DelimitersStandBesideWords) {
  EXPECT_THAT(split("DELIMITER $$\nBEGIN; END$$\n\ndelimiter //\nC//D // \n E\r\n//"),
              ElementsAre("2:BEGIN; END", "5:C", "5:D", "6:E"));
  EXPECT_THAT(split("DELIMITER ab\nA 'ab' `ab` /* ab */ xabC"),
              ElementsAre("2:A 'ab' `ab` /* ab */ x", "2:C"));
  EXPECT_THAT(split("A; DELIMITER_1; B"), ElementsAre("1:A", "1:DELIMITER_1", "1:B"));
  EXPECT_THAT(split("/*! DELIMITER x */; B"), ElementsAre("1:/*! DELIMITER x */", "1:B"));
}

TEST(Script, ADelimiterCommandThatNamesNothingChangesNothing) {
  EXPECT_THAT(split("DELIMITER \nA; B"), ElementsAre("2:A", "2:B"));
  EXPECT_THAT(split("DELIMITER"), ElementsAre());
}

TEST(Script, UseNamesADatabase) {
  EXPECT_EQ(parse_use("USE `shop`"), "shop");
  EXPECT_EQ(parse_use("use  `a``b c`"), "a`b c");
  EXPECT_EQ(parse_use("USE shop"), "shop");
  EXPECT_EQ(parse_use("USE my-shop \n"), "my-shop");
  EXPECT_EQ(parse_use("USE"), std::nullopt);
  EXPECT_EQ(parse_use("USED x"), std::nullopt);
  EXPECT_EQ(parse_use("CREATE TABLE `use` (a INT)"), std::nullopt);
}

TEST(Script, WhatIsCutOffIsAStatementToo) {
  EXPECT_THAT(split(""), ElementsAre());
  EXPECT_THAT(split(" ;; ; "), ElementsAre());
  EXPECT_THAT(split("A 'x"), ElementsAre("1:A 'x"));
  EXPECT_THAT(split("A /* x"), ElementsAre("1:A /* x"));
  EXPECT_THAT(split("A 'x\\"), ElementsAre("1:A 'x\\"));
}

}  // namespace
}  // namespace rowtide::sql
