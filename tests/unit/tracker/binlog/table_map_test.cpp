#include "tracker/binlog/table_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/binlog/table_map_bytes.h"

namespace rowtide::binlog {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using types::WireType;
using namespace std::string_literals;

absl::StatusOr<TableMap> parse(const TableMapBytes& bytes, bool is_mariadb = false) {
  return parse_table_map(as_bytes(bytes.str()), is_mariadb);
}

TEST(TableMaps, ColumnsWithoutMetadata) {
  const auto map = parse(TableMapBytes("shop", "orders")
                             .column(WireType::LongLong)
                             .column(WireType::Varchar, {0x90, 0x01})
                             .column(WireType::NewDecimal, {10, 2})
                             .column(WireType::Blob, {2})
                             .column(WireType::Date)
                             .column(WireType::Time2, {3})
                             .column(WireType::String, {0xfe, 40})
                             .column(WireType::Bit, {3, 1})
                             .column(WireType::Json, {4}, true));
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->table_id, 0x010203040506U);
  EXPECT_FALSE(map->is_mariadb);
  EXPECT_TRUE(parse(TableMapBytes("shop", "orders").column(WireType::Long), true)->is_mariadb);
  EXPECT_EQ(map->database, "shop");
  EXPECT_EQ(map->table, "orders");
  EXPECT_EQ(map->column_count(), 9U);
  EXPECT_THAT(map->wire_metadata, ElementsAre(0, 400, 0x020a, 2, 0, 3, 0x28fe, 0x0103, 4));
  EXPECT_TRUE(map->is_nullable[8]);
  EXPECT_FALSE(map->is_nullable[0]);
  EXPECT_FALSE(map->has_names());
  EXPECT_FALSE(map->is_unsigned.has_value());
  EXPECT_FALSE(map->primary_key.has_value());
  EXPECT_THAT(map->collations, testing::Each(0));
}

TEST(TableMaps, HeadAlone) {
  const TableMapBytes bytes = TableMapBytes("shop", "orders").column(WireType::Long);
  const std::string body = bytes.str();
  const auto head = parse_table_map_head(as_bytes(body));
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->table_id, 0x010203040506U);
  EXPECT_EQ(head->database, "shop");
  EXPECT_EQ(head->table, "orders");
  EXPECT_FALSE(parse_table_map_head(as_bytes(body).first(15)).ok());
}

/// YEAR, INT UNSIGNED, TEXT, INT, DECIMAL UNSIGNED, BIT
TableMapBytes numbers() {
  return TableMapBytes("d", "t")
      .column(WireType::Year)
      .column(WireType::Long)
      .column(WireType::Blob, {2})
      .column(WireType::Long)
      .column(WireType::NewDecimal, {10, 2})
      .column(WireType::Bit, {1, 0});
}

TEST(TableMaps, SignednessCountsNumericColumnsOnly) {
  // Seen on MySQL 8.0.15: YEAR has no bit.
  const auto mysql = parse(numbers().field(1, "\xa0"));
  ASSERT_TRUE(mysql.ok()) << mysql.status();
  EXPECT_EQ(*mysql->is_unsigned, (std::vector<bool>{false, true, false, false, true, false}));
  // Seen on MariaDB 10.11: YEAR is an unsigned number.
  const auto mariadb = parse(numbers().field(1, "\xd0"), true);
  EXPECT_EQ(*mariadb->is_unsigned, (std::vector<bool>{true, true, false, false, true, false}));
}

/// INT, VARCHAR, ENUM, TEXT, GEOMETRY, CHAR, SET
TableMapBytes texts() {
  return TableMapBytes("d", "t")
      .column(WireType::Long)
      .column(WireType::Varchar, {10, 0})
      .column(WireType::String, {0xf7, 1})
      .column(WireType::Blob, {2})
      .column(WireType::Geometry, {4})
      .column(WireType::String, {0xfe, 40})
      .column(WireType::String, {0xf8, 1});
}

TEST(TableMaps, DefaultCharsetAndItsExceptionsCountCharacterColumns) {
  // 255 for all but the second (63) and third (8) of them.
  const std::string field = "\xfc\xff\0\x01\x3f\x02\x08"s;
  const auto mysql = parse(texts().field(2, field));
  ASSERT_TRUE(mysql.ok()) << mysql.status();
  EXPECT_THAT(mysql->collations, ElementsAre(0, 255, 0, 63, 0, 8, 0));
  // MariaDB counts GEOMETRY too.
  const auto mariadb = parse(texts().field(2, field), true);
  EXPECT_THAT(mariadb->collations, ElementsAre(0, 255, 0, 63, 8, 255, 0));
}

TEST(TableMaps, VectorsCountAmongTheTexts) {
  // MySQL 9: is_character_type() in sql/log_event.cc has VECTOR; VECTOR_DIMENSIONALITY is field 13.
  const auto map = parse(TableMapBytes("d", "t")
                             .column(WireType::Vector, {4})
                             .column(WireType::Varchar, {40, 0})
                             .field(3, "\x3f\x08")
                             .field(13, "\3"));
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_THAT(map->collations, ElementsAre(63, 8));
}

TEST(TableMaps, GeometryTypesAreKnownOnlyWhereTheyAreSent) {
  EXPECT_THAT(parse(texts().field(7, "\3"))->geometry_types, ElementsAre(0, 0, 0, 0, 3, 0, 0));
  EXPECT_THAT(parse(texts().field(1, std::string(1, '\0')))->geometry_types, ElementsAre());
  EXPECT_FALSE(parse(texts().field(7, "\xfc\0\1"s)).ok());
}

TEST(TableMaps, OneCharsetAColumn) {
  EXPECT_THAT(parse(texts().field(3, "\x08\x3f\x2d"))->collations, ElementsAre(0, 8, 0, 63, 0, 45, 0));
  EXPECT_THAT(parse(texts().field(3, "\x08\x3f\x3f\x2d"), true)->collations,
              ElementsAre(0, 8, 0, 63, 63, 45, 0));
  EXPECT_FALSE(parse(texts().field(3, "\x08\x3f")).ok());
  EXPECT_FALSE(parse(texts().field(3, "\x08\x3f\x2d\x2d")).ok());
}

TEST(TableMaps, EnumsAndSetsHaveCharsetsOfTheirOwn) {
  EXPECT_THAT(parse(texts().field(10, "\x08\x01\x21"))->collations, ElementsAre(0, 0, 8, 0, 0, 0, 33));
  EXPECT_THAT(parse(texts().field(11, "\x21\x08"))->collations, ElementsAre(0, 0, 33, 0, 0, 0, 8));
}

TEST(TableMaps, FullMetadata) {
  const auto map = parse(texts()
                             .field(4, "\2id\1a\1e\1b\1g\1c\1s")
                             .field(5, "\2\1x\1y")        // SET
                             .field(6, "\3\1\xe9\0\1z"s)  // ENUM, latin1
                             .field(7, "\1")
                             .field(8, "\1\0"s)
                             .field(10, "\x08")
                             .field(12, "\xfe")    // visibility
                             .field(200, "abc"));  // of a server to come
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_TRUE(map->has_names());
  EXPECT_THAT(map->column_names, ElementsAre("id", "a", "e", "b", "g", "c", "s"));
  EXPECT_THAT(map->members[2], ElementsAre("é", "", "z"));
  EXPECT_THAT(map->members[6], ElementsAre("x", "y"));
  EXPECT_EQ(map->geometry_types[4], 1);
  EXPECT_THAT(*map->primary_key, ElementsAre(1, 0));
}

TEST(TableMaps, KeysWithPrefixes) {
  EXPECT_THAT(*parse(texts().field(9, "\1\3\0\0"s))->primary_key, ElementsAre(1, 0));
  // FULL metadata without a key field: the table has none.
  EXPECT_THAT(*parse(texts().field(4, "\1i\1a\1e\1b\1g\1c\1s"))->primary_key, ElementsAre());
  EXPECT_FALSE(parse(texts().field(8, "\7")).ok());
}

TEST(TableMaps, FieldsThatDoNotFitAreRefused) {
  for (const auto& [field, value] : std::vector<std::pair<std::uint8_t, std::string>>{{1, ""},
                                                                                      {2, ""},
                                                                                      {2, "\x08\x01"},
                                                                                      {2, "\x08\x03\x08"},
                                                                                      {2, "\xfd\1\1\1"},
                                                                                      {4, "\1a"},
                                                                                      {4, "\xfa"},
                                                                                      {6, "\xfc\xff\xff"},
                                                                                      {8, "\xfb"},
                                                                                      {10, "\x08\x02\x08"}}) {
    const auto map = parse(texts().field(field, value));
    EXPECT_EQ(map.status().code(), absl::StatusCode::kDataLoss) << int{field};
    EXPECT_THAT(std::string(map.status().message()), HasSubstr("`d`.`t`"));
  }
}

TEST(TableMaps, MetadataOfTheWrongLengthIsRefused) {
  EXPECT_FALSE(parse(TableMapBytes("d", "t").column(WireType::Long, {1})).ok());
  EXPECT_FALSE(parse(TableMapBytes("d", "t").column(WireType::Varchar, {1})).ok());
}

TEST(TableMaps, EveryPrefixEndsWithoutHarm) {
  const std::string body =
      texts().field(1, std::string(1, '\0')).field(4, "\2id\1a\1e\1b\1g\1c\1s").field(6, "\1\1z").str();
  const std::size_t columns_end = texts().str().size();
  for (std::size_t size = 0; size < body.size(); ++size) {
    const std::vector<char> prefix(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    const auto map = parse_table_map(as_bytes({prefix.data(), size}), false);
    EXPECT_TRUE(size >= columns_end || map.status().code() == absl::StatusCode::kDataLoss) << size;
  }
}

}  // namespace
}  // namespace rowtide::binlog
