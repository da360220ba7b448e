// No format takes memory for a row once it has written the first ones: not for any kind of value, operation
// or option.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "tests/unit/allocations.h"
#include "tracker/encode/column_rules.h"
#include "tracker/encode/encoder.h"
#include "tracker/types/families.h"

namespace rowtide::encode {
namespace {

using types::Column;
using types::Value;
using types::ValueKind;
using types::WireType;

constexpr std::string_view kLongText =
    "a text that is longer than what a string holds inline: \"中文\", 漢字\n";

/// A table with a column of each kind, and its rows. Every value is long, where its kind can be.
class AllKinds {
 public:
  AllKinds() {
    plan_.database = "shop";
    plan_.table = "orders";
    add(ValueKind::Int, WireType::LongLong).integer = -9'223'372'036'854'775'807;
    add(ValueKind::UInt, WireType::LongLong).unsigned_integer = 18'446'744'073'709'551'615U;
    add(ValueKind::Float, WireType::Float).float32 = -1.17549435e-38F;
    add(ValueKind::Double, WireType::Double).float64 = -2.2250738585072014e-308;
    add(ValueKind::Double, WireType::Double).float64 = -1234567.8901234567;
    add(ValueKind::Decimal, WireType::NewDecimal).text =
        "-99999999999999999999999999999999999.999999999999999999999999999999";
    add(ValueKind::Text, WireType::Varchar).text = kLongText;
    add(ValueKind::Text, WireType::Enum).text = kLongText;
    add(ValueKind::Text, WireType::Set).text = kLongText;
    add(ValueKind::Bytes, WireType::Blob).text = kLongText;
    add(ValueKind::Bits, WireType::Bit).unsigned_integer = ~std::uint64_t{0};
    add(ValueKind::Date, WireType::Date).civil = kTime;
    add(ValueKind::Time, WireType::Time2).integer = -3'020'399'123'456;
    add(ValueKind::DateTime, WireType::DateTime2).civil = kTime;
    add(ValueKind::Timestamp, WireType::Timestamp2).integer = 1'700'000'000'123'456;
    add(ValueKind::Year, WireType::Year).integer = 2024;
    add(ValueKind::Json, WireType::Json).text = kLongText;
    add(ValueKind::Geometry, WireType::Geometry).text = kLongText;
    add(ValueKind::Vector, WireType::Vector).text = kLongText.substr(0, 32);
    add(ValueKind::Null, WireType::Long);
    add(ValueKind::Absent, WireType::Long);
    plan_.key_columns = {0, 6, 5};
    after_ = before_;
    after_[6].text = "another text of the key that is longer than what a string holds inline";
  }

  [[nodiscard]] const binlog::TablePlan& plan() const { return plan_; }

  void encode_all(TableEncoder& encoder, record::RecordBatch& batch) const {
    ChangeOrigin origin;
    origin.gtid = origin.transaction_id = "b9ef2436-e712-11f1-826b-02fc00000001:123456";
    origin.file = origin.transaction_file = "mysql-bin.000003";
    origin.offset = origin.transaction_offset = 1'234'567'890;
    origin.commit_timestamp_us = origin.processed_timestamp_us = 1'700'000'000'123'456;
    for (int i = 0; i < 100; ++i) {
      encoder.encode({binlog::RowOperation::Insert, {}, after_}, origin, batch);
      encoder.encode({binlog::RowOperation::Update, before_, before_}, origin, batch);
      encoder.encode({binlog::RowOperation::Update, before_, after_}, origin, batch);  // of the key
      encoder.encode({binlog::RowOperation::Delete, before_, {}}, origin, batch);
    }
    for (std::size_t i = 0; i < batch.size(); ++i) bytes_read_ += batch.record(i).headers.size();
    batch.clear();
  }

 private:
  static constexpr types::CivilTime kTime{2024, 2, 29, 23, 59, 58, 123456};

  Value& add(ValueKind kind, WireType type) {
    Column column;
    column.name = "column_of_a_long_name_" + std::to_string(plan_.columns.size());
    column.kind = kind;
    column.wire_type = static_cast<std::uint8_t>(type);
    column.width = 8;
    column.bits = 64;
    column.fsp = 6;
    plan_.columns.push_back(column);
    Value& value = before_.emplace_back();
    value.kind = kind;
    return value;
  }

  binlog::TablePlan plan_;
  std::vector<Value> before_;
  std::vector<Value> after_;
  mutable std::size_t bytes_read_ = 0;
};

struct Writer {
  const char* name;
  const char* format;
  task::DebeziumOptions debezium = {};
  task::ColumnRule rule = {};

  friend void PrintTo(const Writer& writer, std::ostream* out) { *out << writer.name; }
};

class EncoderAllocations : public testing::TestWithParam<Writer> {};

TEST_P(EncoderAllocations, NoneARow) {
  const auto encoder = *make_encoder(GetParam().format, {.source_name = "default.orders",
                                                         .connector = "mysql",
                                                         .schema_topic = "schema",
                                                         .source_version = "8.0.15",
                                                         .debezium = GetParam().debezium});
  const AllKinds rows;
  const auto bound = *bind_with_rule(*encoder, rows.plan(), GetParam().rule, "topic");
  record::RecordBatch batch;
  encoder->begin_transaction({}, batch);
  rows.encode_all(*bound, batch);
  const std::size_t before = test::allocations();
  rows.encode_all(*bound, batch);
  EXPECT_EQ(test::allocations(), before);
  EXPECT_GT(before, 0U);
}

using enum task::DebeziumDecimals;

INSTANTIATE_TEST_SUITE_P(
    Formats, EncoderAllocations,
    testing::Values(Writer{.name = "Debezium", .format = "debezium-json"},
                    Writer{.name = "DebeziumPrecise",
                           .format = "debezium-json",
                           .debezium = {.decimals = Precise,
                                        .time = task::DebeziumTime::Connect,
                                        .binary = task::DebeziumBinary::Hex,
                                        .unsigned_bigint = task::DebeziumUnsignedBigint::Precise,
                                        .tombstones = false,
                                        .truncates = true,
                                        .transaction_metadata = true}},
                    Writer{.name = "DebeziumDouble",
                           .format = "debezium-json",
                           .debezium = {.decimals = Double,
                                        .binary = task::DebeziumBinary::Base64UrlSafe,
                                        .unsigned_bigint = task::DebeziumUnsignedBigint::Long}},
                    Writer{.name = "Canal", .format = "canal-json"},
                    Writer{.name = "Dts", .format = "dts-avro"},
                    Writer{.name = "ColumnRules",
                           .format = "debezium-json",
                           .rule = {.exclude = {"column_of_a_long_name_1"},
                                    .mask = {"column_of_a_long_name_2"},
                                    .hash = {"column_of_a_long_name_6", "column_of_a_long_name_3"}}}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace rowtide::encode
