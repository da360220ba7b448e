// canal-json through the program, of every type, compared with what the server itself selects.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/integration/format_cases.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"

namespace rowtide::test {
namespace {

using nlohmann::json;

/// Canal's bytes: a text of the code points 0 to 255.
std::string hex_of_latin1(const std::string& utf8) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string hex;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    auto code = static_cast<unsigned char>(utf8[i]);
    if (code >= 0x80) {
      ++i;
      code =
          static_cast<unsigned char>(((code & 0x1fU) << 6U) | (static_cast<unsigned char>(utf8[i]) & 0x3fU));
    }
    hex += kHex[code >> 4U];
    hex += kHex[code & 15U];
  }
  return hex;
}

void expect_value(const FormatCase& column, const json& actual, const std::optional<std::string>& expected) {
  SCOPED_TRACE(column.type);
  if (!expected) {
    EXPECT_TRUE(actual.is_null()) << actual;
    return;
  }
  ASSERT_TRUE(actual.is_string()) << actual;
  const auto text = actual.get<std::string>();
  switch (column.compare) {
    case FormatCase::Compare::Text:
      EXPECT_EQ(text, *expected);
      break;
    case FormatCase::Compare::Hex:
      EXPECT_EQ(hex_of_latin1(text), *expected);
      break;
    case FormatCase::Compare::Real:
      if (column.type == "FLOAT") {
        EXPECT_EQ(std::strtof(text.c_str(), nullptr), std::strtof(expected->c_str(), nullptr)) << text;
      } else {
        EXPECT_EQ(std::strtod(text.c_str(), nullptr), std::strtod(expected->c_str(), nullptr)) << text;
      }
      break;
    case FormatCase::Compare::Json:
      EXPECT_EQ(json::parse(text), json::parse(*expected));
      break;
  }
}

/// Canal writes the numbers that ENUM and SET are stored as.
std::vector<FormatCase> canal_cases(SqlFlavor flavor) {
  std::vector<FormatCase> cases = format_cases(flavor);
  for (FormatCase& column : cases) {
    if (column.name == "en" || column.name == "se") column.expected = "X+0";
  }
  return cases;
}

class CanalFormat : public testing::TestWithParam<SqlFlavor> {};

TEST_P(CanalFormat, EveryTypeIsWhatTheServerSelects) {
  MysqlServer& server = tracked_server(GetParam());
  const std::string database = server.fresh_database();
  SqlClient client = server.connect(database);

  json task = kafka_task(server, database, KafkaBroker::shared().bootstrap());
  task["spec"]["sink"]["kafka"]["format"] = "canal-json";
  TrackerProcess tracker(task);
  tracker.start_streaming();
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));

  const std::vector<FormatCase> cases = canal_cases(GetParam());
  const auto rows = static_cast<std::size_t>(write_format_rows(client, "everything", cases));
  const Rows expected = expected_format_rows(client, "everything", cases);
  client.exec("UPDATE everything SET vc = 'new', i64 = NULL WHERE id = 0");
  client.exec("DELETE FROM everything WHERE id = 1");
  client.exec("TRUNCATE TABLE everything");

  const std::size_t in_all = 1 + rows + 3;
  std::vector<json> messages;
  for (const KafkaRecord& record : reader.wait_for_count(in_all)) {
    messages.push_back(json::parse(record.value.value()));
  }
  ASSERT_EQ(messages.size(), in_all);
  EXPECT_EQ(messages.front()["type"], "CREATE");
  EXPECT_EQ(messages.front()["isDdl"], true);
  EXPECT_EQ(messages.front()["table"], "everything");

  for (std::size_t row = 0; row < rows; ++row) {
    const json& message = messages[row + 1];
    SCOPED_TRACE(message.dump().substr(0, 200));
    EXPECT_EQ(message["type"], "INSERT");
    EXPECT_EQ(message["database"], database);
    EXPECT_EQ(message["pkNames"], json::array({"id"}));
    ASSERT_EQ(message["data"].size(), 1U);
    for (std::size_t i = 0; i < cases.size(); ++i) {
      ASSERT_TRUE(message["data"][0].contains(cases[i].name)) << cases[i].name;
      expect_value(cases[i], message["data"][0][cases[i].name], expected[row][i + 1]);
    }
  }
  const json& update = messages[1 + rows];
  EXPECT_EQ(update["type"], "UPDATE");
  EXPECT_EQ(update["old"], json::array({{{"i64", *expected[0][9]}, {"vc", *expected[0][16]}}}));
  EXPECT_EQ(update["data"][0]["vc"], "new");
  EXPECT_EQ(messages[2 + rows]["type"], "DELETE");
  EXPECT_EQ(messages[2 + rows]["data"][0]["id"], "1");
  EXPECT_EQ(messages[3 + rows]["type"], "TRUNCATE");

  // Types as the server itself names them, but for display widths, which do not stand in a binlog.
  const json& types = messages[1]["mysqlType"];
  const bool is_mysql = GetParam() == SqlFlavor::Mysql8;
  for (const Row& column :
       client.query("SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE "
                    "TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'everything'")) {
    std::string type = *column[1];
    const bool has_width = type.find("int(") != std::string::npos || type.starts_with("year(");
    if (has_width) type.erase(type.find('('), type.find(')') - type.find('(') + 1);
    EXPECT_EQ(types[*column[0]], type) << (is_mysql ? "MySQL" : "MariaDB");
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, CanalFormat, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         [](const auto& parameter) {
                           return parameter.param == SqlFlavor::Mysql8 ? "Mysql8" : "Mariadb";
                         });

}  // namespace
}  // namespace rowtide::test
