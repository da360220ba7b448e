#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tracker/encode/debezium/value.h"
#include "tracker/encode/encoder.h"
#include "tracker/types/families.h"

namespace rowtide::encode {
namespace {

using testing::HasSubstr;
using types::Column;
using types::Value;
using types::ValueKind;
using types::WireType;

Column column(ValueKind kind) {
  Column column;
  column.name = "c";
  column.kind = kind;
  column.width = 8;
  column.is_nullable = false;
  return column;
}

std::string cell(const Column& of, const Value& value, const task::DebeziumOptions& options) {
  std::string out;
  append_debezium_value(out, of, value, options);
  return out;
}

std::string decimal(std::string_view digits, task::DebeziumDecimals mode) {
  Value value;
  value.kind = ValueKind::Decimal;
  value.text = digits;
  return cell(column(ValueKind::Decimal), value, {.decimals = mode});
}

// Base64 of what new BigDecimal(...).unscaledValue().toByteArray() gives.
TEST(DebeziumOptions, PreciseDecimalsAreJavasBigIntegers) {
  using enum task::DebeziumDecimals;
  EXPECT_EQ(decimal("0", Precise), R"("AA==")");
  EXPECT_EQ(decimal("0.00", Precise), R"("AA==")");
  EXPECT_EQ(decimal("1.27", Precise), R"("fw==")") << "127";
  EXPECT_EQ(decimal("1.28", Precise), R"("AIA=")") << "128 needs a byte for its sign";
  EXPECT_EQ(decimal("-1.28", Precise), R"("gA==")");
  EXPECT_EQ(decimal("-1.29", Precise), R"("/38=")");
  EXPECT_EQ(decimal("-0.01", Precise), R"("/w==")");
  EXPECT_EQ(decimal("-256", Precise), R"("/wA=")");
  EXPECT_EQ(decimal("123456789012345678901234567890", Precise), R"("AY7pD/bDc+DuTj8K0g==")");
  EXPECT_EQ(decimal("12.50", Double), "12.5");
  EXPECT_EQ(decimal("12.50", String), R"("12.50")");
}

TEST(DebeziumOptions, UnsignedBigints) {
  using enum task::DebeziumUnsignedBigint;
  Value value;
  value.kind = ValueKind::UInt;
  value.unsigned_integer = 18446744073709551615U;
  const Column bigint = column(ValueKind::UInt);
  EXPECT_EQ(cell(bigint, value, {.unsigned_bigint = Number}), "18446744073709551615");
  EXPECT_EQ(cell(bigint, value, {.unsigned_bigint = Long}), "-1");
  EXPECT_EQ(cell(bigint, value, {.unsigned_bigint = Precise}), R"("AP//////////")");
  Column smaller = bigint;
  smaller.width = 4;
  value.unsigned_integer = 4294967295U;
  EXPECT_EQ(cell(smaller, value, {.unsigned_bigint = Precise}), "4294967295")
      << "INT UNSIGNED stays a number";
}

TEST(DebeziumOptions, BinaryAndTime) {
  Value bytes;
  bytes.kind = ValueKind::Bytes;
  bytes.text = "\xfb\xef\xff";
  EXPECT_EQ(cell(column(ValueKind::Bytes), bytes, {}), R"("++//")");
  EXPECT_EQ(cell(column(ValueKind::Bytes), bytes, {.binary = task::DebeziumBinary::Base64UrlSafe}),
            R"("--__")");
  EXPECT_EQ(cell(column(ValueKind::Bytes), bytes, {.binary = task::DebeziumBinary::Hex}), R"("fbefff")");
  Value time;
  time.kind = ValueKind::Time;
  time.integer = 1'234'567;
  EXPECT_EQ(cell(column(ValueKind::Time), time, {}), "1234567");
  EXPECT_EQ(cell(column(ValueKind::Time), time, {.time = task::DebeziumTime::Connect}), "1234");
  Value before_1970;
  before_1970.kind = ValueKind::DateTime;
  before_1970.civil = {
      .year = 1969, .month = 12, .day = 31, .hour = 23, .minute = 59, .second = 59, .microsecond = 999'500};
  types::Column micros = column(ValueKind::DateTime);
  micros.fsp = 6;
  EXPECT_EQ(cell(micros, before_1970, {.time = task::DebeziumTime::Connect}), "-1");
  EXPECT_EQ(cell(micros, before_1970, {}), "-500");
}

class DebeziumWith : public testing::Test {
 protected:
  void make(task::DebeziumOptions options) {
    encoder_ = *make_encoder("debezium-json",
                             {.source_name = "default.orders",
                              .connector = "mysql",
                              .schema_topic = "schema",
                              .debezium = options,
                              .topic_for = [](const std::string& database, const std::string& table) {
                                return database + "-" + table;
                              }});
  }
  void encode(binlog::RowOperation operation, const std::vector<Value>& before,
              const std::vector<Value>& after) {
    const binlog::TablePlan plan{
        .database = "shop", .table = "orders", .columns = {column(ValueKind::Int)}, .key_columns = {0}};
    if (bound_ == nullptr) bound_ = *encoder_->bind(plan, "topic");
    bound_->encode({operation, before, after}, origin_, batch_);
  }
  static Value number(std::int64_t content) {
    Value value;
    value.kind = ValueKind::Int;
    value.integer = content;
    return value;
  }
  std::string value(std::size_t index) { return std::string(batch_.record(index).value.value_or("(none)")); }

  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<TableEncoder> bound_;
  record::RecordBatch batch_;
  ChangeOrigin origin_ = [] {
    ChangeOrigin origin;
    origin.commit_timestamp_us = 1'700'000'000'123'456;
    origin.transaction_id = "uuid:7";
    return origin;
  }();
};

TEST_F(DebeziumWith, TransactionMetadata) {
  make({.transaction_metadata = true});
  encoder_->begin_transaction(origin_, batch_);
  encode(binlog::RowOperation::Insert, {}, {number(1)});
  encode(binlog::RowOperation::Update, {number(1)}, {number(2)});  // a changed key: delete, tombstone, create
  encoder_->end_transaction(origin_, batch_);
  ASSERT_EQ(batch_.size(), 6U);
  EXPECT_EQ(batch_.record(0).topic, "default.orders.transaction");
  EXPECT_EQ(batch_.record(0).key, R"({"id":"uuid:7"})");
  EXPECT_EQ(
      value(0),
      R"({"status":"BEGIN","id":"uuid:7","event_count":null,"data_collections":null,"ts_ms":1700000000123})");
  EXPECT_THAT(value(1),
              HasSubstr(R"("transaction":{"id":"uuid:7","total_order":1,"data_collection_order":1},)"));
  EXPECT_THAT(
      value(2),
      HasSubstr(R"("transaction":{"id":"uuid:7","total_order":2,"data_collection_order":2},"op":"d")"));
  EXPECT_EQ(value(3), "(none)");
  EXPECT_THAT(value(4), HasSubstr(R"("total_order":3,"data_collection_order":3},"op":"c")"));
  EXPECT_EQ(value(5), R"({"status":"END","id":"uuid:7","event_count":3,"data_collections":)"
                      R"([{"data_collection":"shop.orders","event_count":3}],"ts_ms":1700000000123})");

  batch_.clear();
  encoder_->begin_transaction(origin_, batch_);
  encode(binlog::RowOperation::Insert, {}, {number(3)});
  EXPECT_THAT(value(1), HasSubstr(R"("total_order":1,"data_collection_order":1})")) << "each counts from 1";
}

TEST_F(DebeziumWith, Schemas) {
  make({.transaction_metadata = true, .schemas = true});
  encoder_->begin_transaction(origin_, batch_);
  encode(binlog::RowOperation::Update, {number(1)}, {number(2)});
  encoder_->encode_schema_change({.database = "shop", .table = "orders", .sql = "DROP TABLE orders"}, origin_,
                                 batch_);
  const std::string key_head =
      R"({"schema":{"type":"struct","fields":[{"type":"int64","optional":false,"field":"c"}],)"
      R"("optional":false,"name":"default.orders.shop.orders.Key"},"payload":)";
  ASSERT_EQ(batch_.size(), 5U);
  EXPECT_THAT(std::string(batch_.record(0).key.value_or("")),
              testing::EndsWith(R"(TransactionMetadataKey","version":1},"payload":{"id":"uuid:7"}})"));
  EXPECT_THAT(value(0), HasSubstr(R"(TransactionMetadataValue","version":1},"payload":{"status":"BEGIN")"));
  EXPECT_EQ(batch_.record(1).key, key_head + R"({"c":1}})");
  EXPECT_EQ(batch_.record(1).headers[0].value, R"({"c":2})") << "headers have no schema";
  EXPECT_THAT(
      value(1),
      testing::StartsWith(
          R"({"schema":{"type":"struct","fields":[{"type":"struct","fields":[{"type":"int64",)"
          R"("optional":false,"field":"c"}],"optional":true,"name":"default.orders.shop.orders.Value",)"
          R"("field":"before"},)"));
  EXPECT_THAT(
      value(1),
      HasSubstr(R"("name":"default.orders.shop.orders.Envelope","version":2},"payload":{"before":{)"));
  EXPECT_EQ(batch_.record(2).key, key_head + R"({"c":1}})") << "a tombstone's too";
  EXPECT_EQ(value(2), "(none)");
  EXPECT_THAT(value(4), HasSubstr(R"(SchemaChangeValue","version":1},"payload":{"source":{)"));
}

TEST_F(DebeziumWith, SchemasOfTruncatesKnowTheColumnsOfTheLastRow) {
  make({.truncates = true, .schemas = true});
  const SchemaChange truncate{
      .database = "shop", .table = "orders", .sql = "TRUNCATE orders", .verb = sql::DdlVerb::Truncate};
  encoder_->encode_schema_change(truncate, origin_, batch_);
  encode(binlog::RowOperation::Insert, {}, {number(1)});
  encoder_->encode_schema_change(truncate, origin_, batch_);
  ASSERT_EQ(batch_.size(), 5U);
  EXPECT_THAT(value(0),
              HasSubstr(R"("fields":[],"optional":true,"name":"default.orders.shop.orders.Value")"));
  const auto head = [](const std::string& text) { return text.substr(0, text.find("payload")); };
  EXPECT_EQ(head(value(3)), head(value(2)));
  EXPECT_THAT(value(3), HasSubstr(R"("payload":{"before":null,"after":null,)"));
}

TEST_F(DebeziumWith, NoTombstones) {
  make({.tombstones = false});
  encode(binlog::RowOperation::Delete, {number(1)}, {});
  encode(binlog::RowOperation::Update, {number(1)}, {number(2)});
  EXPECT_EQ(batch_.size(), 3U) << "delete; delete and create";
  for (std::size_t i = 0; i < batch_.size(); ++i) EXPECT_TRUE(batch_.record(i).value.has_value());
}

TEST_F(DebeziumWith, TruncatesOfMemoryTablesAfterARestart) {
  make({.truncates = true});
  encoder_->encode_schema_change({.database = "shop",
                                  .table = "orders",
                                  .sql = "DELETE FROM `shop`.`orders`",
                                  .verb = sql::DdlVerb::Truncate},
                                 origin_, batch_);
  ASSERT_EQ(batch_.size(), 2U);
  EXPECT_THAT(value(0), HasSubstr(R"("op":"t",)"));
}

TEST_F(DebeziumWith, Truncates) {
  make({.truncates = true});
  encoder_->encode_schema_change(
      {.database = "shop", .table = "orders", .sql = "TRUNCATE TABLE orders", .verb = sql::DdlVerb::Truncate},
      origin_, batch_);
  ASSERT_EQ(batch_.size(), 2U);
  EXPECT_EQ(batch_.record(0).topic, "shop-orders");
  EXPECT_EQ(batch_.record(0).key, std::nullopt);
  EXPECT_THAT(value(0), testing::StartsWith(R"({"before":null,"after":null,"source":{)"));
  EXPECT_THAT(value(0), HasSubstr(R"("transaction":null,"op":"t",)"));
  EXPECT_EQ(batch_.record(1).topic, "schema");
  make({});
  batch_.clear();
  encoder_->encode_schema_change(
      {.database = "shop", .table = "orders", .sql = "TRUNCATE TABLE orders", .verb = sql::DdlVerb::Truncate},
      origin_, batch_);
  EXPECT_EQ(batch_.size(), 1U) << "left out by default";
}

}  // namespace
}  // namespace rowtide::encode
