#include "tracker/encode/dts/avro.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tracker/encode/dts/avro_writer.h"
#include "tracker/encode/dts/value.h"
#include "tracker/types/families.h"

namespace rowtide::encode {
namespace {

using types::Column;
using types::Value;
using types::ValueKind;
using types::WireType;

std::string long_bytes(std::int64_t value) {
  std::string out;
  avro::append_long(out, value);
  return out;
}

// The examples of the Avro specification, and the ends of the range.
TEST(AvroWriter, LongsAreZigzag) {
  EXPECT_EQ(long_bytes(0), std::string(1, '\0'));
  EXPECT_EQ(long_bytes(-1), "\x01");
  EXPECT_EQ(long_bytes(1), "\x02");
  EXPECT_EQ(long_bytes(-64), "\x7f");
  EXPECT_EQ(long_bytes(64), "\x80\x01");
  EXPECT_EQ(long_bytes(INT64_MAX), "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  EXPECT_EQ(long_bytes(INT64_MIN), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

Column column(ValueKind kind, WireType type) {
  Column column;
  column.name = "c";
  column.kind = kind;
  column.wire_type = static_cast<std::uint8_t>(type);
  column.width = 4;
  return column;
}

std::string cell(const Column& column, const Value& value) {
  std::string out;
  append_dts_value(out, column, value);
  return out;
}

TEST(DtsValue, NullAndAbsentAreDifferent) {
  Value null;
  null.kind = ValueKind::Null;
  EXPECT_EQ(cell(column(ValueKind::Int, WireType::Long), null), std::string(1, '\0')) << "the null branch";
  EXPECT_EQ(cell(column(ValueKind::Int, WireType::Long), Value{}), "\x18\x02") << "EmptyObject NONE";
}

TEST(DtsValue, IntegersAreTheirDigits) {
  Value value;
  value.kind = ValueKind::Int;
  value.integer = -42;
  EXPECT_EQ(cell(column(ValueKind::Int, WireType::Long), value), "\x02\x08\x06-42");
}

TEST(DtsValue, AFloatIsTheDoubleThatPrintsTheSame) {
  Value value;
  value.kind = ValueKind::Float;
  value.float32 = 0.1F;
  std::string expected = "\x08";
  avro::append_double(expected, 0.1);
  expected += std::string(2, '\0');
  EXPECT_EQ(cell(column(ValueKind::Float, WireType::Float), value), expected);
}

TEST(DtsValue, AllPartsOfANegativeTimeAreNegative) {
  Column time = column(ValueKind::Time, WireType::Time2);
  time.fsp = 3;
  Value value;
  value.kind = ValueKind::Time;
  value.integer = -3'723'000'004;  // -01:02:03.000004
  std::string expected = "\x0c" + std::string(3, '\0');
  for (const std::int64_t part : {-1, -2, -3, -4}) expected += "\x02" + long_bytes(part);
  EXPECT_EQ(cell(time, value), expected);
}

TEST(DtsValue, TheTypeNumberTellsTheBranch) {
  EXPECT_EQ(dts_type_number(column(ValueKind::Timestamp, WireType::Timestamp2)), 7);
  EXPECT_EQ(dts_type_number(column(ValueKind::Time, WireType::Time2)), 11);
  EXPECT_EQ(dts_type_number(column(ValueKind::DateTime, WireType::DateTime2)), 12);
  EXPECT_EQ(dts_type_number(column(ValueKind::Text, WireType::Varchar)), 15);
  EXPECT_EQ(dts_type_number(column(ValueKind::Text, WireType::Blob)), 253) << "TEXT is a Character";
  EXPECT_EQ(dts_type_number(column(ValueKind::Text, WireType::Enum)), 247);
  EXPECT_EQ(dts_type_number(column(ValueKind::Bytes, WireType::String)), 252) << "BINARY is a BinaryObject";
}

TEST(DtsAvro, ADotInANameIsNotTheOneBetweenNames) {
  const auto encoder = *make_encoder(
      "dts-avro",
      {.source_name = "n", .connector = "mysql", .schema_topic = "topic", .source_version = "8.0.15"});
  const binlog::TablePlan plan{.database = "my.shop",
                               .table = "orders",
                               .columns = {column(ValueKind::Int, WireType::Long)},
                               .key_columns = {}};
  const auto bound = *encoder->bind(plan, "topic");
  Value value;
  value.kind = ValueKind::Int;
  value.integer = 1;
  const std::vector<Value> row{value};
  record::RecordBatch batch;
  ChangeOrigin origin;
  origin.commit_timestamp_us = 1'700'000'000'999'999;
  bound->encode({binlog::RowOperation::Insert, {}, row}, origin, batch);
  const record::Record record = batch.record(0);
  EXPECT_NE(record.value->find("my\\u002Eshop.orders"), std::string_view::npos);
  EXPECT_EQ(record.timestamp_ms, 1'700'000'000) << "seconds";
  EXPECT_EQ(record.key, std::nullopt);
}

TEST(DtsAvro, NoStringIsAnythingButUtf8) {
  const auto encoder = *make_encoder(
      "dts-avro",
      {.source_name = "n", .connector = "mysql", .schema_topic = "topic", .source_version = "8.0\xff"});
  binlog::TablePlan plan{.database = "sh\xff",
                         .table = "ord\xff",
                         .columns = {column(ValueKind::Text, WireType::Enum)},
                         .key_columns = {0}};
  plan.columns[0].name = "na\xff";
  Value member;
  member.kind = ValueKind::Text;
  member.text = "mem\xff";
  const std::vector<Value> row{member};
  ChangeOrigin origin;
  origin.file = "binlog\xff";
  origin.transaction_file = "start\xff";
  origin.transaction_id = "id\xff";
  record::RecordBatch batch;
  (*encoder->bind(plan, "topic"))->encode({binlog::RowOperation::Insert, {}, row}, origin, batch);
  encoder->encode_schema_change({.database = "sh\xff", .table = "ord\xff", .sql = "DROP\xff"}, origin, batch);
  std::string records;
  for (std::size_t i = 0; i < batch.size(); ++i) records += *batch.record(i).value;
  for (const char* text :
       {"8.0", "sh", "ord", "na", "mem", "binlog", "start", "id", R"({"PRIMARY":["na)", "DROP"}) {
    EXPECT_NE(records.find(std::string(text) + "\uFFFD"), std::string::npos) << text;
    EXPECT_EQ(records.find(std::string(text) + '\xff'), std::string::npos) << text;
  }
}

TEST(DtsAvro, OnlyItHasTimestampsInSeconds) {
  EXPECT_EQ(timestamp_unit("dts-avro"), record::TimestampUnit::Seconds);
  EXPECT_EQ(timestamp_unit("canal-json"), record::TimestampUnit::Milliseconds);
}

}  // namespace
}  // namespace rowtide::encode
