#include "tracker/commands/schema_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide::commands {
namespace {

using testing::ElementsAre;

std::vector<std::string> split(std::string_view script) {
  std::vector<std::string> statements;
  for (const SqlText& each : split_script(script)) {
    statements.push_back(std::to_string(each.line) + ":" + std::string(each.sql));
  }
  return statements;
}

TEST(SchemaFile, StatementsEndAtSemicolonsOutsideQuotesAndComments) {
  EXPECT_THAT(split("A 1;\nB ';' \";\" `;` /* ; */ 2; C"),
              ElementsAre("1:A 1", "2:B ';' \";\" `;` /* ; */ 2", "2:C"));
  EXPECT_THAT(split("A 'it''s; ' '\\';' ; B"), ElementsAre("1:A 'it''s; ' '\\';'", "1:B"));
  EXPECT_THAT(split("A `\\`; B"), ElementsAre("1:A `\\`", "1:B")) << "no escape in a quoted name";
  EXPECT_THAT(split("A -- ;\n b; C # ;\n d"), ElementsAre("1:A -- ;\n b", "2:C # ;\n d"));
  EXPECT_THAT(split("A 1--2; B"), ElementsAre("1:A 1--2", "1:B")) << "no comment without a blank";
}

TEST(SchemaFile, CommentsBetweenStatementsAreLeftOutAndExecutableOnesAreNot) {
  EXPECT_THAT(split("-- x;\n# y;\n/* z; */\n--\nA;"), ElementsAre("5:A"));
  EXPECT_THAT(split("/*!40101 SET NAMES utf8 */;\n/*M!100203 B */;"),
              ElementsAre("1:/*!40101 SET NAMES utf8 */", "2:/*M!100203 B */"));
}

TEST(SchemaFile, DelimitersChange) {
  EXPECT_THAT(split("A;\nDELIMITER ;;\nB; C ;;\nDELIMITER ;\nD;"), ElementsAre("1:A", "3:B; C", "5:D"));
}

TEST(SchemaFile, WhatIsCutOffIsAStatementToo) {
  EXPECT_THAT(split(""), ElementsAre());
  EXPECT_THAT(split(" ;; ; "), ElementsAre());
  EXPECT_THAT(split("A 'x"), ElementsAre("1:A 'x"));
  EXPECT_THAT(split("A /* x"), ElementsAre("1:A /* x"));
  EXPECT_THAT(split("A 'x\\"), ElementsAre("1:A 'x\\"));
}

}  // namespace
}  // namespace rowtide::commands
