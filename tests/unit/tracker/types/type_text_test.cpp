#include "tracker/types/type_text.h"

#include "tests/unit/tracker/types/decoding.h"

namespace rowtide::types {
namespace {

std::string text_of(ColumnDefinition definition) {
  absl::StatusOr<Column> column = compile_column(std::move(definition));
  EXPECT_TRUE(column.ok()) << column.status();
  return column.ok() ? type_text(*column) : "";
}

ColumnDefinition with_collation(ColumnDefinition definition, std::uint16_t collation) {
  definition.collation = collation;
  return definition;
}

TEST(TypeText, IsTheCatalogsWhereItIsKnown) {
  ColumnDefinition definition = define(WireType::Long);
  definition.declared_type = "int(10) unsigned zerofill";
  EXPECT_EQ(text_of(definition), "int(10) unsigned zerofill");
}

TEST(TypeText, AVectorThatTravelsAsBytesIsNoVector) {
  ColumnDefinition definition = with_collation(define(WireType::Varchar, 12), kBinaryCollation);
  definition.declared_type = "vector(3)";
  EXPECT_EQ(text_of(definition), "varbinary(12)");
}

TEST(TypeText, ComesFromTheTableMapOtherwise) {
  ColumnDefinition number = define(WireType::LongLong);
  number.is_unsigned = true;
  EXPECT_EQ(text_of(number), "bigint unsigned");
  EXPECT_EQ(text_of(define(WireType::NewDecimal, metadata(65, 30))), "decimal(65,30)");
  EXPECT_EQ(text_of(define(WireType::Bit, metadata(3, 1))), "bit(11)");
  EXPECT_EQ(text_of(define(WireType::Time2, 0)), "time");
  EXPECT_EQ(text_of(define(WireType::Timestamp2, 3)), "timestamp(3)");
  EXPECT_EQ(text_of(define(WireType::Varchar, 80)), "varchar(20)") << "utf8mb4: four bytes a character";
  EXPECT_EQ(text_of(with_collation(define(WireType::Varchar, 80), 8)), "varchar(80)") << "latin1";
  EXPECT_EQ(text_of(with_collation(define(WireType::Varchar, 80), kBinaryCollation)), "varbinary(80)");
  EXPECT_EQ(text_of(define(WireType::String, metadata(254, 40))), "char(10)");
  EXPECT_EQ(text_of(with_collation(define(WireType::Blob, 3), kBinaryCollation)), "mediumblob");
  EXPECT_EQ(text_of(define(WireType::Blob, 4)), "longtext");
  EXPECT_EQ(text_of(define(WireType::Json, 4)), "json");
  ColumnDefinition members = define(WireType::String, metadata(247, 1));
  members.members = {"a", "it's"};
  EXPECT_EQ(text_of(members), "enum('a','it''s')");
}

}  // namespace
}  // namespace rowtide::types
