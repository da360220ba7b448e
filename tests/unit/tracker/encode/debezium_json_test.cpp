#include "tracker/encode/debezium/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/version.h"
#include "tracker/sql/names.h"

namespace rowtide::encode {
namespace {

using types::Column;
using types::Value;
using types::ValueKind;

Value number(std::int64_t content) {
  Value value;
  value.kind = ValueKind::Int;
  value.integer = content;
  return value;
}

Value text(std::string_view content) {
  Value value;
  value.kind = ValueKind::Text;
  value.text = content;
  return value;
}

Column column(std::string name, ValueKind kind) {
  Column column;
  column.name = std::move(name);
  column.kind = kind;
  return column;
}

binlog::TablePlan orders(std::vector<std::uint32_t> key) {
  return {.database = "shop",
          .table = "orders",
          .columns = {column("id", ValueKind::Int), column("na\"me", ValueKind::Text)},
          .key_columns = std::move(key)};
}

const ChangeOrigin kOrigin{.server_id = 5,
                           .gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:23",
                           .file = "mysql-bin.000003",
                           .offset = 484,
                           .row = 2,
                           .thread_id = 7,
                           .commit_timestamp_us = 1'700'000'000'123'456,
                           .processed_timestamp_us = 1'700'000'001'654'321};

std::string source() {
  return R"({"version":")" + std::string(kVersion) +
         R"(","connector":"mysql","name":"default.orders","ts_ms":1700000000123,"snapshot":"false","db":"shop",)"
         R"("sequence":null,"ts_us":1700000000123456,"ts_ns":1700000000123456000,"table":"orders","server_id":5,)"
         R"("gtid":"3e11fa47-71ca-11e1-9e33-c80aa9429562:23","file":"mysql-bin.000003","pos":484,"row":2,)"
         R"("thread":7,"query":null})";
}

std::string envelope(const std::string& before, const std::string& after, const std::string& operation) {
  return R"({"before":)" + before + R"(,"after":)" + after + R"(,"source":)" + source() +
         R"(,"transaction":null,"op":")" + operation +
         R"(","ts_ms":1700000001654,"ts_us":1700000001654321,"ts_ns":1700000001654321000})";
}

class DebeziumJson : public testing::Test {
 protected:
  void encode(binlog::RowOperation operation, std::vector<Value> before, std::vector<Value> after) {
    bound_ = *encoder_->bind(plan_, "orders-topic");
    bound_->encode({operation, before, after}, kOrigin, batch_);
  }

  std::unique_ptr<Encoder> encoder_ = *make_encoder(
      "debezium-json",
      {.source_name = "default.orders", .connector = "mysql", .schema_topic = "default.orders-schema"});
  binlog::TablePlan plan_ = orders({0});
  std::unique_ptr<TableEncoder> bound_;
  record::RecordBatch batch_;
};

TEST_F(DebeziumJson, Insert) {
  encode(binlog::RowOperation::Insert, {}, {number(1), text("x\"y")});
  ASSERT_EQ(batch_.size(), 1U);
  const record::Record record = batch_.record(0);
  EXPECT_EQ(record.topic, "orders-topic");
  EXPECT_EQ(record.table, "shop.orders");
  EXPECT_EQ(record.timestamp_ms, 1'700'000'001'654);
  EXPECT_EQ(record.key, R"({"id":1})");
  EXPECT_EQ(record.value, envelope("null", R"({"id":1,"na\"me":"x\"y"})", "c"));
  EXPECT_TRUE(record.headers.empty());
  EXPECT_FALSE(record.is_schema_change);
}

TEST_F(DebeziumJson, UpdateThatKeepsTheKey) {
  encode(binlog::RowOperation::Update, {number(1), text("old")}, {number(1), text("new")});
  ASSERT_EQ(batch_.size(), 1U);
  EXPECT_EQ(batch_.record(0).key, R"({"id":1})");
  EXPECT_EQ(batch_.record(0).value,
            envelope(R"({"id":1,"na\"me":"old"})", R"({"id":1,"na\"me":"new"})", "u"));
}

TEST_F(DebeziumJson, DeleteIsFollowedByATombstone) {
  encode(binlog::RowOperation::Delete, {number(1), text("old")}, {});
  ASSERT_EQ(batch_.size(), 2U);
  EXPECT_EQ(batch_.record(0).value, envelope(R"({"id":1,"na\"me":"old"})", "null", "d"));
  EXPECT_EQ(batch_.record(1).key, R"({"id":1})");
  EXPECT_EQ(batch_.record(1).value, std::nullopt);
  EXPECT_TRUE(batch_.record(1).headers.empty());
}

TEST_F(DebeziumJson, ChangedKeyIsDeleteTombstoneCreate) {
  plan_ = orders({1, 0});
  encode(binlog::RowOperation::Update, {number(1), text("a")}, {number(1), text("A")});
  ASSERT_EQ(batch_.size(), 3U);
  const std::string old_key = R"({"na\"me":"a","id":1})";
  const std::string new_key = R"({"na\"me":"A","id":1})";

  const record::Record removed = batch_.record(0);
  EXPECT_EQ(removed.key, old_key);
  EXPECT_EQ(removed.value, envelope(R"({"id":1,"na\"me":"a"})", "null", "d"));
  ASSERT_EQ(removed.headers.size(), 1U);
  EXPECT_EQ(removed.headers[0].name, "__debezium.newkey");
  EXPECT_EQ(removed.headers[0].value, new_key);

  EXPECT_EQ(batch_.record(1).key, old_key);
  EXPECT_EQ(batch_.record(1).value, std::nullopt);

  const record::Record created = batch_.record(2);
  EXPECT_EQ(created.key, new_key);
  EXPECT_EQ(created.value, envelope("null", R"({"id":1,"na\"me":"A"})", "c"));
  ASSERT_EQ(created.headers.size(), 1U);
  EXPECT_EQ(created.headers[0].name, "__debezium.oldkey");
  EXPECT_EQ(created.headers[0].value, old_key);
}

TEST_F(DebeziumJson, TableWithoutAKeyHasNullKeys) {
  plan_ = orders({});
  encode(binlog::RowOperation::Update, {number(1), text("a")}, {number(2), text("a")});
  encode(binlog::RowOperation::Delete, {number(2), text("a")}, {});
  ASSERT_EQ(batch_.size(), 3U);
  EXPECT_EQ(batch_.record(0).key, std::nullopt);
  EXPECT_THAT(std::string(*batch_.record(0).value), testing::HasSubstr(R"("op":"u")"));
  EXPECT_EQ(batch_.record(2).key, std::nullopt);
  EXPECT_EQ(batch_.record(2).value, std::nullopt);
}

TEST_F(DebeziumJson, AbsentColumnsAreLeftOut) {
  encode(binlog::RowOperation::Update, {number(1), Value{}}, {number(1), text("new")});
  EXPECT_EQ(batch_.record(0).value, envelope(R"({"id":1})", R"({"id":1,"na\"me":"new"})", "u"));
  batch_.clear();
  plan_ = orders({1});
  encode(binlog::RowOperation::Insert, {}, {Value{}, text("first")});
  EXPECT_EQ(batch_.record(0).value, envelope("null", R"({"na\"me":"first"})", "c"));
}

TEST_F(DebeziumJson, WhatTheServerDoesNotSayIsNull) {
  bound_ = *encoder_->bind(plan_, "orders-topic");
  const std::vector<Value> row{number(1), text("x")};
  ChangeOrigin origin;
  origin.file = "b.000001";
  bound_->encode({binlog::RowOperation::Insert, {}, row}, origin, batch_);
  EXPECT_THAT(
      std::string(*batch_.record(0).value),
      testing::HasSubstr(R"("server_id":0,"gtid":null,"file":"b.000001","pos":0,"row":0,"thread":null,)"));
}

TEST_F(DebeziumJson, RecordsOutliveTheBindingOfTheirTable) {
  encode(binlog::RowOperation::Insert, {}, {number(1), text("x")});
  bound_.reset();
  EXPECT_EQ(batch_.record(0).topic, "orders-topic");
  EXPECT_EQ(batch_.record(0).table, "shop.orders");
}

TEST_F(DebeziumJson, SchemaChangeOfATable) {
  encoder_->encode_schema_change({"shop", "orders", "ALTER TABLE orders\n ADD note TEXT"}, kOrigin, batch_);
  ASSERT_EQ(batch_.size(), 1U);
  const record::Record record = batch_.record(0);
  EXPECT_EQ(record.topic, "default.orders-schema");
  EXPECT_EQ(record.table, "shop.orders");
  EXPECT_TRUE(record.is_schema_change);
  EXPECT_EQ(record.key, R"({"databaseName":"shop"})");
  EXPECT_EQ(record.value,
            R"({"source":)" + source() +
                R"(,"ts_ms":1700000001654,"ts_us":1700000001654321,"ts_ns":1700000001654321000,)"
                R"("databaseName":"shop","schemaName":null,)"
                R"("ddl":"ALTER TABLE orders\n ADD note TEXT","tableChanges":[]})");
}

TEST_F(DebeziumJson, SchemaChangeOfADatabaseNamesNoTable) {
  encoder_->encode_schema_change({"shop", "", "DROP DATABASE shop"}, kOrigin, batch_);
  EXPECT_TRUE(batch_.record(0).tables.empty());
  EXPECT_EQ(batch_.record(0).table, "shop");
  EXPECT_THAT(std::string(*batch_.record(0).value), testing::HasSubstr(R"("table":null,"server_id")"));
}

TEST_F(DebeziumJson, SchemaChangesTellTheTable) {
  auto table = std::make_shared<schema::CatalogTable>();
  schema::CatalogColumn id;
  id.name = "id";
  id.data_type = "int";
  id.column_type = "int(10) unsigned";
  id.is_unsigned = true;
  id.is_nullable = false;
  id.is_auto_increment = true;
  schema::CatalogColumn state;
  state.name = "state";
  state.data_type = "enum";
  state.column_type = "enum('a','b')";
  state.collation = 8;
  state.members = {"a", "b"};
  state.default_value = "a";
  table->columns = {id, state};
  table->keys = {{.name = "PRIMARY", .kind = schema::CatalogKey::Kind::Primary, .columns = {"id"}}};
  table->collation = 255;
  table->choose_key();
  const sql::TableName name{"shop", "or\"ders"};
  const std::vector<schema::TableChange> changes{
      {schema::TableChange::Kind::Create, name, name, nullptr, table},
      {schema::TableChange::Kind::Truncate, name, name, table, table},
      {schema::TableChange::Kind::Drop, {"shop", "old"}, {"shop", "old"}, table, nullptr}};
  encoder_->encode_schema_change({"shop", "", "CREATE ...", changes}, kOrigin, batch_);
  const std::string value(*batch_.record(0).value);
  const std::string table_json =
      R"("table":{"defaultCharsetName":"utf8mb4","primaryKeyColumnNames":["id"],"columns":[)"
      R"({"name":"id","jdbcType":4,"nativeType":null,"typeName":"INT UNSIGNED","typeExpression":"INT UNSIGNED",)"
      R"("charsetName":null,"length":null,"scale":null,"position":1,"optional":false,"autoIncremented":true,)"
      R"("generated":true,"comment":null,"defaultValueExpression":null,"enumValues":null},)"
      R"({"name":"state","jdbcType":1,"nativeType":null,"typeName":"ENUM","typeExpression":"ENUM",)"
      R"("charsetName":"latin1","length":1,"scale":null,"position":2,"optional":true,"autoIncremented":false,)"
      R"("generated":false,"comment":null,"defaultValueExpression":"a","enumValues":["a","b"]}],"comment":null}})";
  EXPECT_THAT(value, testing::HasSubstr(
                         R"("tableChanges":[{"type":"CREATE","id":"\"shop\".\"or\"\"ders\"",)" + table_json +
                         R"(,{"type":"DROP","id":"\"shop\".\"old\"",)" + table_json + "]}"));
}

TEST(EncoderTable, NamesTheFormatsItKnows) {
  const auto encoder = make_encoder("avro", {});
  ASSERT_FALSE(encoder.ok());
  EXPECT_EQ(encoder.status().message(),
            "format 'avro' is not known; use one of: debezium-json, canal-json, dts-avro");
}

}  // namespace
}  // namespace rowtide::encode
