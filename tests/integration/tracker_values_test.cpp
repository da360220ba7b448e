// Every common type through the program: what arrives in Kafka is what the server itself computes of the same
// rows, in Debezium's shapes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"

namespace rowtide::test {
namespace {

using nlohmann::json;

enum class Shape { Number, Real, Real32, Text, Json, Boolean };

/// `expected` is SQL for the value as Debezium writes it, of column X; `samples` are SQL literals.
struct TypeCase {
  std::string name;
  std::string type;
  Shape shape;
  std::string expected;
  std::vector<std::string> samples;
};

std::string base64_of(const std::string& bytes) {
  return "REPLACE(TO_BASE64(" + bytes + "), '\\n', '')";
}

const std::string kBase64 = base64_of("X");
const std::string kMicrosOfTime =
    "IF(LEFT(X,1)='-',-1,1)*((HOUR(X)*3600+MINUTE(X)*60+SECOND(X))*1000000+MICROSECOND(X))";
const std::string kMicros = "TIMESTAMPDIFF(MICROSECOND,'1970-01-01',X)";
const std::string kMillis = "TIMESTAMPDIFF(MICROSECOND,'1970-01-01',X) DIV 1000";
const std::string kInstant = "DATE_FORMAT(X,'%Y-%m-%dT%H:%i:%sZ')";
const std::string kInstant3 =
    "CONCAT(DATE_FORMAT(X,'%Y-%m-%dT%H:%i:%s.'),LPAD(MICROSECOND(X) DIV 1000,3,'0'),'Z')";

std::vector<TypeCase> type_cases() {
  return {
      {"i8", "TINYINT", Shape::Number, "X", {"-128", "127", "0", "FLOOR(RAND()*255)-128"}},
      {"u8", "TINYINT UNSIGNED", Shape::Number, "X", {"0", "255", "FLOOR(RAND()*255)"}},
      {"i16", "SMALLINT", Shape::Number, "X", {"-32768", "32767", "FLOOR(RAND()*65535)-32768"}},
      {"u16", "SMALLINT UNSIGNED", Shape::Number, "X", {"0", "65535", "FLOOR(RAND()*65535)"}},
      {"i24", "MEDIUMINT", Shape::Number, "X", {"-8388608", "8388607", "FLOOR(RAND()*16777215)-8388608"}},
      {"u24", "MEDIUMINT UNSIGNED", Shape::Number, "X", {"0", "16777215", "FLOOR(RAND()*16777215)"}},
      {"i32",
       "INT",
       Shape::Number,
       "X",
       {"-2147483648", "2147483647", "FLOOR(RAND()*4294967295)-2147483648"}},
      {"u32", "INT UNSIGNED", Shape::Number, "X", {"0", "4294967295", "FLOOR(RAND()*4294967295)"}},
      {"i64",
       "BIGINT",
       Shape::Number,
       "X",
       {"-9223372036854775808", "9223372036854775807", "FLOOR(RAND()*1e18)"}},
      {"u64", "BIGINT UNSIGNED", Shape::Number, "X", {"0", "18446744073709551615", "FLOOR(RAND()*1e18)"}},
      {"de",
       "DECIMAL(20,6)",
       Shape::Text,
       "X",
       {"-99999999999999.999999", "99999999999999.999999", "0", "-0.000001", "RAND()*1000000-500000"}},
      {"d0",
       "DECIMAL(65,30)",
       Shape::Text,
       "X",
       {"-99999999999999999999999999999999999.999999999999999999999999999999", "0", "RAND()"}},
      {"fl", "FLOAT", Shape::Real32, "X+0e0", {"0", "-1.5", "3.25e38", "1.17549e-38", "RAND()"}},
      {"db",
       "DOUBLE",
       Shape::Real,
       "X",
       {"0", "-1.7976931348623157e308", "2.2250738585072014e-308", "RAND()*1e9"}},
      {"ch",
       "CHAR(20) CHARACTER SET utf8mb4",
       Shape::Text,
       "X",
       {"''", "'Zoë 🌊'", "'  left'", "LEFT(MD5(RAND()),20)"}},
      {"vc",
       "VARCHAR(300) CHARACTER SET utf8mb4",
       Shape::Text,
       "X",
       {"''", "'\\'\"\\\\ \\t\\n tab'", "REPEAT('ü',300)", "MD5(RAND())"}},
      {"tx", "TEXT CHARACTER SET utf8mb4", Shape::Text, "X", {"''", "'日本語'", "REPEAT(MD5(RAND()),500)"}},
      {"l1", "VARCHAR(60) CHARACTER SET latin1", Shape::Text, "X", {"''", "'Café €'", "'ÿ'"}},
      {"bi", "BINARY(5)", Shape::Text, kBase64, {"''", "X'00FF000000'", "X'0102030405'"}},
      {"vb", "VARBINARY(300)", Shape::Text, kBase64, {"''", "X'00'", "REPEAT(X'FE00',150)"}},
      {"bl", "BLOB", Shape::Text, kBase64, {"''", "X'C0FFEE'", "REPEAT(X'8000',2000)"}},
      {"da",
       "DATE",
       Shape::Number,
       "TO_DAYS(X)-719528",
       {"'1000-01-01'", "'9999-12-31'", "'1969-12-31'", "'2024-02-29'"}},
      {"t0",
       "TIME",
       Shape::Number,
       kMicrosOfTime,
       {"'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"}},
      {"t3", "TIME(3)", Shape::Number, kMicrosOfTime, {"'-00:00:00.001'", "'23:59:59.999'"}},
      {"t6", "TIME(6)", Shape::Number, kMicrosOfTime, {"'-01:02:03.000004'", "'12:34:56.654321'"}},
      {"dt",
       "DATETIME",
       Shape::Number,
       kMillis,
       {"'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'", "'1969-12-31 23:59:59'"}},
      {"dt3",
       "DATETIME(3)",
       Shape::Number,
       kMillis,
       {"'2024-02-29 12:34:56.789'", "'2038-01-19 03:14:08.001'"}},
      {"dt6",
       "DATETIME(6)",
       Shape::Number,
       kMicros,
       {"'9999-12-31 23:59:59.999999'", "'1970-01-01 00:00:00.000001'"}},
      {"ts",
       "TIMESTAMP NULL",
       Shape::Text,
       kInstant,
       {"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "NOW()"}},
      {"ts3", "TIMESTAMP(3) NULL", Shape::Text, kInstant3, {"'2024-02-29 12:34:56.789'", "NOW(3)"}},
      {"ye", "YEAR", Shape::Number, "X", {"1901", "2155", "2024"}},
      {"en", "ENUM('small','mid size','größe')", Shape::Text, "X", {"'small'", "'größe'", "2"}},
      {"se", "SET('a','b','ç')", Shape::Text, "X", {"''", "'a,ç'", "7"}},
      {"js",
       "JSON",
       Shape::Json,
       "X",
       {"'{\"a\": [1, -2.5, null, true, \"x\\\\u00e4\"], \"b\": {}}'", "'[]'", "'\"s\"'",
        "'9007199254740993'"}},
      {"b1", "BIT(1)", Shape::Boolean, "X+0", {"b'0'", "b'1'"}},
      {"b10",
       "BIT(10)",
       Shape::Text,
       "IF(X IS NULL,NULL," + base64_of("CHAR(X & 255, (X >> 8) & 255)") + ")",
       {"b'0'", "b'1111111111'", "b'1000000001'"}},
  };
}

/// `text` with the column's name for its X; X'..' literals do not stand in the expressions.
std::string for_column(std::string text, const std::string& name) {
  for (std::size_t at = 0; (at = text.find('X', at)) != std::string::npos; at += name.size()) {
    text.replace(at, 1, name);
  }
  return text;
}

bool is_same(Shape shape, const std::optional<std::string>& expected, const json& got) {
  if (!expected) return got.is_null();
  switch (shape) {
    case Shape::Number:
      return got.is_number_integer() && got.dump() == *expected;
    case Shape::Real:
      return got.is_number() && got.get<double>() == std::strtod(expected->c_str(), nullptr);
    case Shape::Real32:
      return got.is_number() &&
             got.get<float>() == static_cast<float>(std::strtod(expected->c_str(), nullptr));
    case Shape::Text:
      return got.is_string() && got.get_ref<const std::string&>() == *expected;
    case Shape::Json:
      return got.is_string() && json::parse(got.get_ref<const std::string&>()) == json::parse(*expected);
    case Shape::Boolean:
      return got.is_boolean() && got.get<bool>() == (*expected == "1");
  }
  return false;
}

/// One row of images is what SELECT said of it.
void expect_row(const std::vector<TypeCase>& types, const Row& row, const json& image) {
  ASSERT_EQ(image.at("id").dump(), row[0].value());
  ASSERT_EQ(image.size(), types.size() + 1);
  for (std::size_t i = 0; i < types.size(); ++i) {
    EXPECT_TRUE(is_same(types[i].shape, row[i + 1], image.at(types[i].name)))
        << "row " << row[0].value() << ", column " << types[i].name << " " << types[i].type << ": "
        << image.at(types[i].name).dump().substr(0, 200) << " instead of "
        << row[i + 1].value_or("NULL").substr(0, 200);
  }
}

struct ValuesCase {
  SqlFlavor flavor;
  std::string metadata;  ///< binlog_row_metadata; empty where there is none
};

void PrintTo(const ValuesCase& one, std::ostream* out) {
  *out << flavor_name(one.flavor) << one.metadata;
}

class Values : public testing::TestWithParam<ValuesCase> {
 protected:
  Values() : server_(tracked_server(GetParam().flavor)) { set_metadata(GetParam().metadata); }
  ~Values() override { set_metadata("FULL"); }

  void set_metadata(const std::string& metadata) {
    if (!GetParam().metadata.empty()) server_.exec("SET GLOBAL binlog_row_metadata = " + metadata);
  }

  [[nodiscard]] Rows select(SqlClient& client) const {
    std::string sql = "SELECT id";
    for (const TypeCase& type : types_) sql += ", " + for_column(type.expected, type.name);
    return client.query(sql + " FROM v ORDER BY id");
  }
  void create(SqlClient& client) const {
    std::string sql = "CREATE TABLE v (id INT PRIMARY KEY";
    for (const TypeCase& type : types_) sql += ", " + type.name + " " + type.type;
    client.exec(sql + ")");
  }
  /// Row 1 is all NULL; then each sample of each type in turn.
  void insert(SqlClient& client, std::size_t rows) const {
    client.exec("INSERT INTO v (id) VALUES (1)");
    for (std::size_t row = 0; row + 1 < rows; ++row) {
      std::string sql = "INSERT INTO v VALUES (" + std::to_string(row + 2);
      for (const TypeCase& type : types_) sql += ", " + type.samples[row % type.samples.size()];
      client.exec(sql + ")");
    }
  }

  MysqlServer& server_;
  std::vector<TypeCase> types_ = type_cases();
};

TEST_P(Values, AreWhatSelectShows) {
  constexpr std::size_t kRows = 31;
  const std::string database = server_.fresh_database();
  SqlClient client = server_.connect(database);
  client.exec("SET time_zone = '+00:00'");
  client.exec("SET sql_mode = 'STRICT_ALL_TABLES'");
  create(client);
  const json task = kafka_task(server_, database, KafkaBroker::shared().bootstrap());
  TrackerProcess tracker(task);
  tracker.start_streaming();

  insert(client, kRows);
  const Rows inserted = select(client);
  client.exec("UPDATE v SET i8 = NULL, vc = CONCAT('new ', id), dt6 = NOW(6) ORDER BY id");
  const Rows updated = select(client);
  client.exec("DELETE FROM v ORDER BY id");

  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  const std::vector<json> changes = wait_for_rows(reader, 3 * kRows);
  ASSERT_EQ(changes.size(), 3 * kRows);
  for (std::size_t i = 0; i < kRows; ++i) {
    const json& created = changes[i];
    ASSERT_EQ(created.at("op"), "c");
    ASSERT_TRUE(created.at("before").is_null());
    expect_row(types_, inserted[i], created.at("after"));
    const json& changed = changes[kRows + i];
    ASSERT_EQ(changed.at("op"), "u");
    expect_row(types_, inserted[i], changed.at("before"));
    expect_row(types_, updated[i], changed.at("after"));
    const json& deleted = changes[2 * kRows + i];
    ASSERT_EQ(deleted.at("op"), "d");
    ASSERT_TRUE(deleted.at("after").is_null());
    expect_row(types_, updated[i], deleted.at("before"));
  }
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

INSTANTIATE_TEST_SUITE_P(
    Sources, Values,
    testing::Values(ValuesCase{SqlFlavor::Mysql8, "FULL"}, ValuesCase{SqlFlavor::Mysql8, "MINIMAL"},
                    ValuesCase{SqlFlavor::Mysql57, ""}, ValuesCase{SqlFlavor::Mariadb, "FULL"},
                    ValuesCase{SqlFlavor::Mariadb, "NO_LOG"}, ValuesCase{SqlFlavor::Mariadb114, "FULL"}),
    [](const auto& one) { return flavor_name(one.param.flavor) + one.param.metadata; });

}  // namespace
}  // namespace rowtide::test
