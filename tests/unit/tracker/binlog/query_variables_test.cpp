#include "tracker/binlog/query_variables.h"
#include "tracker/sql/sql_mode.h"

#include <gtest/gtest.h>

#include <string>

namespace rowtide::binlog {
namespace {

using std::string_literals::operator""s;

QueryVariables parse(const std::string& bytes, bool is_mariadb = false) {
  return parse_query_variables(as_bytes(bytes), is_mariadb);
}

// flags2, sql_mode ANSI_QUOTES, catalog "std", character sets 33, 8, 255, a time zone, one updated database,
// explicit_defaults_for_timestamp, default utf8mb4 255: as MySQL 8.0 orders them.
const std::string kMysql =
    "\x00\x00\x00\x00\x00\x01\x04\x00\x00\x00\x00\x00\x00\x00\x06\x03std\x04\x21\x00\x08\x00\xff\x00\x05\x03U"
    "TC"
    "\x0c\x01shop\x00\x10\x00\x12\xff\x00"s;

TEST(QueryVariables, AllThatDecidesADdlIsRead) {
  const QueryVariables variables = parse(kMysql);
  EXPECT_EQ(variables.sql_mode, sql::kSqlModeAnsiQuotes);
  EXPECT_EQ(variables.client_collation, 33);
  EXPECT_EQ(variables.server_collation, 255);
  EXPECT_EQ(variables.explicit_defaults_for_timestamp, false);
  EXPECT_EQ(variables.default_utf8mb4_collation, 255);
}

TEST(QueryVariables, MariadbTellsItsDefaultsElsewhere) {
  EXPECT_EQ(parse("\x00\x00\x00\x00\x01"s, true).explicit_defaults_for_timestamp, true);
  EXPECT_EQ(parse("\x00\x00\x00\x00\x00"s, true).explicit_defaults_for_timestamp, false);
  const QueryVariables variables = parse("\x83\x01\x2d\x00\xff\x08"s, true);
  ASSERT_EQ(variables.charset_collations.size(), 1U);
  EXPECT_EQ(variables.charset_collations[0], (std::pair<std::uint16_t, std::uint16_t>{45, 0x8ff}));
}

TEST(QueryVariables, WhatIsCutOffOrUnknownIsNotTold) {
  for (std::size_t size = 0; size < kMysql.size(); ++size) {
    EXPECT_EQ(parse(kMysql.substr(0, size)).default_utf8mb4_collation, 0) << size;
  }
  EXPECT_EQ(parse("\x7f\x01\x04\x00\x00\x00\x00\x00\x00\x00"s).sql_mode, 0U);
}

}  // namespace
}  // namespace rowtide::binlog
