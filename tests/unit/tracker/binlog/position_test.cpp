#include "tracker/binlog/position.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide::binlog {
namespace {

constexpr const char* kSet = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5";

Position mysql_position() {
  return {*MysqlGtidSet::parse(kSet), "binlog.000003", 0x1'0000'0004U};
}

TEST(Positions, JsonAndBack) {
  Position with_xa = mysql_position();
  with_xa.prepared = {{"X'61',X'',1", *MysqlGtidSet::parse(kSet), "binlog.000002", 99, true}};
  const Position positions[] = {
      with_xa,
      mysql_position(),
      {*MariadbGtidSet::parse("0-1-42"), "m.000001", 4},
      {{}, "f.000009", 4711},
      {.gtids = {}, .file = "f.000009", .offset = 4, .server = "5f0c7f5e-0000", .file_created = 1795971586},
      {.gtids = *MysqlGtidSet::parse(kSet),
       .file = "binlog.000003",
       .offset = 4,
       .midway = Midway{"3e11fa47-71ca-11e1-9e33-c80aa9429562:6", {{"shop.orders", 4000}}, 1}},
      {}};
  for (const Position& position : positions) {
    const auto parsed = position_from_json(to_json(position));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, position) << to_json(position);
  }
  EXPECT_EQ(to_json(mysql_position()), std::string(R"({"flavor":"mysql","gtidSet":")") + kSet +
                                           R"(","file":"binlog.000003","offset":4294967300})");
  // An empty set of a flavor is not the same as no GTIDs.
  EXPECT_TRUE(std::holds_alternative<MysqlGtidSet>(
      position_from_json(R"({"flavor":"mysql","gtidSet":"","file":"","offset":0})")->gtids));
}

TEST(Positions, BadJson) {
  for (const std::string_view bad :
       {"", "[]", "{", R"({"flavor":"mysql"})", R"({"flavor":"oracle","gtidSet":"","file":"","offset":4})",
        R"({"flavor":"mysql","gtidSet":"x","file":"","offset":4})",
        R"({"flavor":"file","gtidSet":"0-1-2","file":"f","offset":4})",
        R"({"flavor":"file","gtidSet":"","file":7,"offset":4})",
        R"({"flavor":"file","gtidSet":"","file":"f","offset":-4})",
        R"({"flavor":"file","gtidSet":"","file":"f","offset":"4"})",
        R"({"flavor":"file","gtidSet":"","file":"f","offset":4,"midway":[]})",
        R"({"flavor":"file","gtidSet":"","file":"f","offset":4,"midway":{"transaction":"t"}})",
        R"({"flavor":"file","gtidSet":"","file":"f","offset":4,
            "midway":{"transaction":"t","rows":{"a.b":-1},"schemaChanges":0}})"})
    EXPECT_EQ(position_from_json(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
}

TEST(Positions, BeforeIsWhereLessIsDone) {
  const auto mysql = [](const char* gtids, std::uint64_t offset, const char* server = "one") {
    return Position{
        .gtids = *MysqlGtidSet::parse(gtids), .file = "b.000001", .offset = offset, .server = server};
  };
  const auto file = [](const char* name, std::uint64_t offset, const char* server = "one") {
    return Position{.gtids = {}, .file = name, .offset = offset, .server = server};
  };
  const auto mariadb = [](const char* gtids) { return Position{.gtids = *MariadbGtidSet::parse(gtids)}; };
  const auto mariadb_at = [](const char* gtids, std::uint64_t offset) {
    return Position{
        .gtids = *MariadbGtidSet::parse(gtids), .file = "m.000001", .offset = offset, .server = "one"};
  };
  const auto midway = [](Position position, std::uint64_t rows) {
    position.midway = Midway{"the next", {{"shop.orders", rows}}, 0};
    return position;
  };
  constexpr const char* kLess = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-4";
  constexpr const char* kOther = "4e11fa47-71ca-11e1-9e33-c80aa9429562:1-9";
  const std::pair<Position, Position> ordered[] = {
      {mysql(kLess, 900), mysql(kSet, 4, "another, after a failover")},
      {mysql(kSet, 4), mysql(kSet, 90)},
      {mysql(kSet, 4), midway(mysql(kSet, 4), 10)},
      {midway(mysql(kSet, 4), 10), midway(mysql(kSet, 4), 20)},
      {mariadb("0-1-41"), mariadb("0-2-42,1-7-9")},
      {mariadb_at("0-1-500", 900), mariadb_at("0-2-101", 1000)},
      {file("b.000009", 90), file("b.000010", 4)},
      {file("b.000009", 4), file("b.000009", 90)}};
  for (const auto& [a, b] : ordered) {
    EXPECT_TRUE(is_before(a, b)) << to_string(a) << " before " << to_string(b);
    EXPECT_FALSE(is_before(b, a)) << to_string(b) << " after " << to_string(a);
    EXPECT_FALSE(is_before(a, a)) << to_string(a);
  }
  EXPECT_FALSE(is_before(mysql(kSet, 4), mysql(kOther, 90))) << "each has what the other has not";
  EXPECT_FALSE(is_before(mariadb("0-1-41,2-1-1"), mariadb("0-1-42")));
  EXPECT_FALSE(is_before(file("b.000001", 4), file("b.000001", 90, "another"))) << "not comparable";
}

TEST(Positions, ForPeople) {
  EXPECT_EQ(to_string(mysql_position()), std::string("binlog.000003:4294967300 (GTIDs ") + kSet + ")");
  EXPECT_EQ(to_string(Position{{}, "f.000009", 4711}), "f.000009:4711");
  EXPECT_EQ(to_string(Position{*MariadbGtidSet::parse("0-1-42"), "", 0}), "GTIDs 0-1-42");
  std::string grown = "0-1-42";
  for (int domain = 1; domain < 500; ++domain) grown += "," + std::to_string(domain) + "-1-42";
  EXPECT_LT(to_string(Position{*MariadbGtidSet::parse(grown), "", 0}).size(), 300U);
  EXPECT_EQ(to_string(Position{}), "the beginning");
  EXPECT_EQ(to_string(Position{.gtids = {},
                               .file = "f.000009",
                               .offset = 4711,
                               .midway = Midway{"0-1-7", {{"a.b", 1000}, {"a.c", 20}}, 0}}),
            "f.000009:4711, after 1020 rows of transaction 0-1-7");
}

}  // namespace
}  // namespace rowtide::binlog
