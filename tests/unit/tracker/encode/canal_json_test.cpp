#include "tracker/encode/canal/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "tracker/encode/canal/value.h"
#include "tracker/types/families.h"

namespace rowtide::encode {
namespace {

using types::Column;
using types::Value;
using types::ValueKind;
using types::WireType;

Value number(std::int64_t content) {
  Value value;
  value.kind = ValueKind::Int;
  value.integer = content;
  return value;
}

Value unsigned_number(std::uint64_t content, ValueKind kind = ValueKind::UInt) {
  Value value;
  value.kind = kind;
  value.unsigned_integer = content;
  return value;
}

Value text(std::string_view content, ValueKind kind = ValueKind::Text) {
  Value value;
  value.kind = kind;
  value.text = content;
  return value;
}

Value null() {
  Value value;
  value.kind = ValueKind::Null;
  return value;
}

Column column(std::string name, ValueKind kind, WireType type) {
  Column column;
  column.name = std::move(name);
  column.kind = kind;
  column.wire_type = static_cast<std::uint8_t>(type);
  column.length = 20;
  return column;
}

const ChangeOrigin kOrigin{.server_id = 5,
                           .gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:23",
                           .file = "mysql-bin.000003",
                           .offset = 484,
                           .row = 0,
                           .thread_id = 7,
                           .commit_timestamp_us = 1'700'000'000'123'456,
                           .processed_timestamp_us = 1'700'000'001'654'321};

class CanalJson : public testing::Test {
 protected:
  void encode(binlog::RowOperation operation, std::vector<Value> before, std::vector<Value> after) {
    bound_ = *encoder_->bind(plan_, "orders-topic");
    bound_->encode({operation, before, after}, kOrigin, batch_);
  }

  std::unique_ptr<Encoder> encoder_ = *make_encoder(
      "canal-json",
      {.source_name = "default.orders", .connector = "mysql", .schema_topic = "default.orders-schema"});
  binlog::TablePlan plan_{.database = "shop",
                          .table = "orders",
                          .columns = {column("id", ValueKind::Int, WireType::Long),
                                      column("na\"me", ValueKind::Text, WireType::Varchar)},
                          .key_columns = {0}};
  std::unique_ptr<TableEncoder> bound_;
  record::RecordBatch batch_;
};

constexpr std::string_view kTypes = R"x("isDdl":false,"mysqlType":{"id":"int","na\"me":"varchar(20)"},)x";
constexpr std::string_view kEnd =
    R"("pkNames":["id"],"sql":"","sqlType":{"id":4,"na\"me":12},"table":"orders","ts":1700000001654,)";

std::string head(std::string_view data, std::int64_t id) {
  return R"({"data":[)" + std::string(data) +
         R"(],"database":"shop","es":1700000000123,"gtid":"3e11fa47-71ca-11e1-9e33-c80aa9429562:23","id":)" +
         std::to_string(id) + ",";
}

TEST_F(CanalJson, Insert) {
  encode(binlog::RowOperation::Insert, {}, {number(1), text("x\"y")});
  ASSERT_EQ(batch_.size(), 1U);
  const record::Record record = batch_.record(0);
  EXPECT_EQ(record.topic, "orders-topic");
  EXPECT_EQ(record.table, "shop.orders");
  EXPECT_EQ(record.key, R"({"id":"1"})");
  EXPECT_EQ(record.value, head(R"({"id":"1","na\"me":"x\"y"})", 1'700'000'001'654'321) + std::string(kTypes) +
                              R"("old":null,)" + std::string(kEnd) + R"("type":"INSERT"})");
}

TEST_F(CanalJson, UpdateTellsWhatWasChanged) {
  encode(binlog::RowOperation::Update, {number(1), null()}, {number(1), text("new")});
  EXPECT_EQ(batch_.record(0).value, head(R"({"id":"1","na\"me":"new"})", 1'700'000'001'654'321) +
                                        std::string(kTypes) + R"("old":[{"na\"me":null}],)" +
                                        std::string(kEnd) + R"("type":"UPDATE"})");
}

TEST_F(CanalJson, UpdateOfTheKeyIsOneMessageWithTheNewKey) {
  encode(binlog::RowOperation::Update, {number(1), text("a")}, {number(2), text("a")});
  ASSERT_EQ(batch_.size(), 1U);
  EXPECT_EQ(batch_.record(0).key, R"({"id":"2"})");
  EXPECT_NE(batch_.record(0).value->find(R"("old":[{"id":"1"}])"), std::string_view::npos);
}

TEST_F(CanalJson, DeleteHasNoTombstone) {
  encode(binlog::RowOperation::Delete, {number(1), null()}, {});
  ASSERT_EQ(batch_.size(), 1U);
  EXPECT_EQ(batch_.record(0).value, head(R"({"id":"1","na\"me":null})", 1'700'000'001'654'321) +
                                        std::string(kTypes) + R"("old":null,)" + std::string(kEnd) +
                                        R"("type":"DELETE"})");
}

TEST_F(CanalJson, AbsentColumnsAreLeftOutEverywhere) {
  encode(binlog::RowOperation::Update, {number(1), Value{}}, {Value{}, text("new")});
  const std::string value(*batch_.record(0).value);
  EXPECT_NE(value.find(R"("data":[{"na\"me":"new"}])"), std::string::npos) << value;
  EXPECT_NE(value.find(R"x("mysqlType":{"na\"me":"varchar(20)"},"old":[{}])x"), std::string::npos) << value;
  EXPECT_NE(value.find(R"("sqlType":{"na\"me":12})"), std::string::npos) << value;
  EXPECT_EQ(batch_.record(0).key, R"({"id":"1"})") << "an unchanged key column stands in the before image";
}

TEST_F(CanalJson, IdsAscendWithinAMicrosecondToo) {
  encode(binlog::RowOperation::Insert, {}, {number(1), text("a")});
  encode(binlog::RowOperation::Insert, {}, {number(2), text("b")});
  EXPECT_NE(batch_.record(1).value->find(R"("id":1700000001654322,)"), std::string_view::npos);
}

TEST_F(CanalJson, TableWithoutAKey) {
  plan_.key_columns.clear();
  encode(binlog::RowOperation::Insert, {}, {number(1), text("a")});
  EXPECT_EQ(batch_.record(0).key, std::nullopt);
  EXPECT_NE(batch_.record(0).value->find(R"("pkNames":null)"), std::string_view::npos);
}

TEST_F(CanalJson, SchemaChange) {
  encoder_->encode_schema_change({.database = "shop",
                                  .table = "orders",
                                  .sql = "ALTER TABLE orders\n ADD note TEXT",
                                  .verb = sql::DdlVerb::Alter,
                                  .object = sql::DdlObject::Table},
                                 kOrigin, batch_);
  const record::Record record = batch_.record(0);
  EXPECT_EQ(record.topic, "default.orders-schema");
  EXPECT_TRUE(record.is_schema_change);
  EXPECT_EQ(record.key, std::nullopt);
  EXPECT_EQ(record.value,
            R"({"data":null,"database":"shop","es":1700000000123,)"
            R"("gtid":"3e11fa47-71ca-11e1-9e33-c80aa9429562:23","id":1700000001654321,"isDdl":true,)"
            R"("mysqlType":null,"old":null,"pkNames":null,"sql":"ALTER TABLE orders\n ADD note TEXT",)"
            R"("sqlType":null,"table":"orders","ts":1700000001654,"type":"ALTER"})");
}

// Canal has a table's name in each: of several the first.
TEST_F(CanalJson, SchemaChangeOfSeveralTables) {
  const std::vector<sql::StatementTable> tables{
      {"shop", "orders"}, {"archive", "orders_old"}, {"shop", "next"}};
  encoder_->encode_schema_change({.database = "shop",
                                  .table = "",
                                  .sql = "RENAME TABLE orders TO archive.orders_old, next TO orders",
                                  .verb = sql::DdlVerb::Rename,
                                  .object = sql::DdlObject::Table,
                                  .first_database = "archive",
                                  .first_table = "orders_old",
                                  .tables = tables},
                                 kOrigin, batch_);
  EXPECT_THAT(batch_.record(0).tables,
              testing::ElementsAre("shop.orders", "archive.orders_old", "shop.next"));
  const auto message = nlohmann::json::parse(batch_.record(0).value.value());
  EXPECT_EQ(message["type"], "RENAME");
  EXPECT_EQ(message["database"], "archive");
  EXPECT_EQ(message["table"], "orders_old");
}

TEST(CanalDdlType, FollowsTheStatement) {
  const std::vector<std::pair<std::string_view, std::string_view>> statements{
      {"create table t (a int)", "CREATE"},
      {"CREATE OR REPLACE TEMPORARY TABLE t (a int)", "CREATE"},
      {"/* x */ ALTER TABLE t ADD b INT", "ALTER"},
      {"ALTER ONLINE TABLE t ADD b INT", "ALTER"},
      {"ALTER ONLINE IGNORE TABLE t ADD b INT", "ALTER"},
      {"DROP TABLE IF EXISTS t", "ERASE"},
      {"DROP TABLES t", "ERASE"},
      {"TRUNCATE t", "TRUNCATE"},
      {"DELETE FROM `d`.`t`", "TRUNCATE"},  // a MEMORY table after a restart
      {"RENAME TABLE a TO b", "RENAME"},
      {"CREATE UNIQUE INDEX i ON t (a)", "CINDEX"},
      {"DROP INDEX i ON t", "DINDEX"},
      {"CREATE DATABASE d", "QUERY"},
      {"CREATE VIEW v AS SELECT * FROM t", "QUERY"},
      {"ALTER DATABASE d CHARACTER SET utf8mb4", "QUERY"},
  };
  for (const auto& [sql, type] : statements) {
    const sql::Statement statement = sql::classify_statement(sql, {});
    EXPECT_EQ(canal_ddl_type(statement.verb, statement.object), type) << sql;
  }
}

struct Cell {
  Column column;
  Value value;
  std::string_view json;
  int sql_type;
};

TEST(CanalValue, TextAndTypeOfEachFamily) {
  Column blob = column("c", ValueKind::Bytes, WireType::Blob);
  blob.width = 2;
  Column tiny_blob = blob;
  tiny_blob.width = 1;
  Column clob = column("c", ValueKind::Text, WireType::LongBlob);
  Column time = column("c", ValueKind::Time, WireType::Time2);
  time.fsp = 1;
  Column datetime = column("c", ValueKind::DateTime, WireType::DateTime2);
  datetime.fsp = 3;
  Column timestamp = column("c", ValueKind::Timestamp, WireType::Timestamp2);
  timestamp.fsp = 6;
  Value zero_datetime;
  zero_datetime.kind = ValueKind::DateTime;
  zero_datetime.civil = {};
  Value half;
  half.kind = ValueKind::Double;
  half.float64 = 1.5e-5;
  Value single;
  single.kind = ValueKind::Float;
  single.float32 = 0.1F;
  Value member = text("b,c");
  member.unsigned_integer = 6;
  const auto with = [](Value value, ValueKind kind) {
    value.kind = kind;
    return value;
  };
  const std::vector<Cell> cells{
      {column("c", ValueKind::Int, WireType::Tiny), number(-128), R"("-128")", -6},
      {column("c", ValueKind::UInt, WireType::Tiny), unsigned_number(127), R"("127")", -6},
      {column("c", ValueKind::UInt, WireType::Tiny), unsigned_number(128), R"("128")", 5},
      {column("c", ValueKind::UInt, WireType::Short), unsigned_number(32768), R"("32768")", 4},
      {column("c", ValueKind::UInt, WireType::Int24), unsigned_number(16777215), R"("16777215")", 4},
      {column("c", ValueKind::UInt, WireType::Long), unsigned_number(2147483648), R"("2147483648")", -5},
      {column("c", ValueKind::UInt, WireType::LongLong), unsigned_number(18446744073709551615U),
       R"("18446744073709551615")", 3},
      {column("c", ValueKind::Decimal, WireType::NewDecimal), text("-12.50", ValueKind::Decimal),
       R"("-12.50")", 3},
      {column("c", ValueKind::Float, WireType::Float), single, R"("0.1")", 7},
      {column("c", ValueKind::Double, WireType::Double), half, R"("1.5E-5")", 8},
      {column("c", ValueKind::Bits, WireType::Bit), unsigned_number(5, ValueKind::Bits), R"("5")", -7},
      {column("c", ValueKind::Year, WireType::Year), with(number(0), ValueKind::Year), R"("0000")", 12},
      {time, with(number(-500'000), ValueKind::Time), R"("-00:00:00.5")", 92},
      {datetime, zero_datetime, R"("0000-00-00 00:00:00.000")", 93},
      {timestamp, with(number(0), ValueKind::Timestamp), R"("0000-00-00 00:00:00.000000")", 93},
      {timestamp, with(number(500'000), ValueKind::Timestamp), R"("1970-01-01 00:00:00.500000")", 93},
      {timestamp, with(number(1'700'000'000'000'001), ValueKind::Timestamp),
       R"("2023-11-14 22:13:20.000001")", 93},
      {column("c", ValueKind::Text, WireType::Enum), member, R"("6")", 4},
      {column("c", ValueKind::Text, WireType::Set), member, R"("6")", -7},
      {column("c", ValueKind::Text, WireType::Set), null(), "null", -2},
      {column("c", ValueKind::Text, WireType::String), text("é"), R"("é")", 1},
      {column("c", ValueKind::Bytes, WireType::String), text("\xff\n", ValueKind::Bytes), R"("ÿ\n")", 2004},
      {blob, text(std::string_view("\x80\0", 2), ValueKind::Bytes), "\"\xc2\x80\\u0000\"", 2004},
      {blob, null(), "null", -4},
      {tiny_blob, null(), "null", -3},
      {clob, text("t"), R"("t")", 2005},
      {column("c", ValueKind::Json, WireType::Json), text(R"({"a":1})", ValueKind::Json), R"("{\"a\":1}")",
       12},
      {column("c", ValueKind::Json, WireType::Json), null(), "null", 1111},
  };
  for (const Cell& cell : cells) {
    std::string out;
    append_canal_value(out, cell.column, cell.value);
    EXPECT_EQ(out, cell.json);
    EXPECT_EQ(canal_sql_type(cell.column, cell.value), cell.sql_type) << cell.json;
  }
}

}  // namespace
}  // namespace rowtide::encode
