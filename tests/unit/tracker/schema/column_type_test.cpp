#include "tracker/schema/column_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide::schema {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ColumnTypeText parsed(std::string_view text) {
  const absl::StatusOr<ColumnTypeText> result = parse_column_type(text);
  EXPECT_TRUE(result.ok()) << text << ": " << result.status();
  return result.ok() ? *result : ColumnTypeText{};
}

TEST(ColumnType, Signedness) {
  EXPECT_FALSE(parsed("int").is_unsigned);
  EXPECT_FALSE(parsed("int(11)").is_unsigned);
  EXPECT_TRUE(parsed("int unsigned").is_unsigned);
  EXPECT_TRUE(parsed("bigint(20) unsigned").is_unsigned);
  EXPECT_TRUE(parsed("decimal(10,2) unsigned zerofill").is_unsigned);
  EXPECT_TRUE(parsed("int(5) zerofill").is_unsigned);
}

TEST(ColumnType, Decimals) {
  EXPECT_EQ(temporal_decimals("time(3) /* mariadb-5.3 */"), 3);
  EXPECT_EQ(temporal_decimals("datetime(6)"), 6);
  EXPECT_EQ(temporal_decimals("timestamp /* mariadb-5.3 */"), 0);
  EXPECT_EQ(temporal_decimals("time("), 0);
}

TEST(ColumnType, Members) {
  EXPECT_THAT(parsed("enum('small','large')").members, ElementsAre("small", "large"));
  EXPECT_THAT(parsed("set('a')").members, ElementsAre("a"));
  EXPECT_THAT(parsed("varchar(10)").members, IsEmpty());
}

TEST(ColumnType, MembersWithQuotesCommasBracketsAndNothing) {
  EXPECT_THAT(parsed("enum('it''s','a,b',')','')").members, ElementsAre("it's", "a,b", ")", ""));
  EXPECT_THAT(parsed("enum('''')").members, ElementsAre("'"));
  EXPECT_THAT(parsed(R"sql(enum('back\\slash','a\nb\0'))sql").members,
              ElementsAre("back\\slash", std::string("a\nb\0", 4)));
  EXPECT_THAT(parsed("set('größe','\xE5\xB0\x8F')").members, ElementsAre("größe", "\xE5\xB0\x8F"));
}

TEST(ColumnType, AMemberCalledUnsignedMakesNothingUnsigned) {
  EXPECT_FALSE(parsed("enum('is unsigned')").is_unsigned);
}

TEST(ColumnType, RefusesAListThatDoesNotEnd) {
  for (const std::string_view text : {"enum('a", "enum('a'", "enum('a',b)", "enum(", "set('a''"}) {
    const absl::StatusOr<ColumnTypeText> result = parse_column_type(text);
    EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << text;
    EXPECT_NE(std::string(result.status().message()).find(text), std::string::npos);
  }
}

}  // namespace
}  // namespace rowtide::schema
