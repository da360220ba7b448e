// canal-json read by Canal's client and converted by the code of its adapters, both unmodified
// (scripts/canal-client.sh): what they get is the table's, also in a group that goes on where it was.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/tracker_process.h"
#include "tests/support/java_command.h"
#include "tests/support/kafka_broker.h"

namespace rowtide::test {
namespace {

using nlohmann::json;

/// Types, and SQL for what an adapter gets of them. Its java.sql.Time has no fraction, its dates are right
/// from 1582 on.
struct AdapterColumn {
  std::string name;
  std::string type;
  std::string expected;
};

const std::vector<AdapterColumn>& adapter_columns() {
  static const std::vector<AdapterColumn> columns = {
      {"id", "INT PRIMARY KEY", "id"},
      {"i8", "TINYINT", "i8"},
      {"u8", "TINYINT UNSIGNED", "u8"},
      {"u32", "INT UNSIGNED", "u32"},
      {"u64", "BIGINT UNSIGNED", "u64"},
      {"de", "DECIMAL(30,4)", "de"},
      {"db", "DOUBLE", "db"},
      {"da", "DATE", "da"},
      {"ti", "TIME", "ti"},
      {"dt", "DATETIME(6)", "dt"},
      {"ts", "TIMESTAMP(3) NULL", "ts"},
      {"ye", "YEAR", "ye"},
      {"vc", "VARCHAR(60) CHARACTER SET utf8mb4", "vc"},
      {"l1", "CHAR(9) CHARACTER SET latin1", "l1"},
      {"tx", "TEXT CHARACTER SET utf8mb4", "tx"},
      {"vb", "VARBINARY(20)", "HEX(vb)"},
      {"bl", "BLOB", "HEX(bl)"},
      {"b1", "BIT(1)", "b1+0"},
      {"bi", "BIT(64)", "bi+0"},
      {"en", "ENUM('a','b,c')", "en+0"},
      {"se", "SET('x','y','z')", "se+0"},
      {"js", "JSON", "js"},
  };
  return columns;
}

constexpr int kMoreRows = 120;  // more than the client takes at once

void change_tables(SqlClient& client) {
  client.exec("SET time_zone = '+00:00'");
  std::string types;
  for (const AdapterColumn& column : adapter_columns()) types += ", " + column.name + " " + column.type;
  client.exec("CREATE TABLE t (" + types.substr(2) + ")");
  client.exec(
      R"(INSERT INTO t VALUES (1, -128, 255, 4294967295, 18446744073709551615, -12345678901234567890.5, 0.5,
         '2024-02-29', '12:34:56', '9999-12-31 23:59:59.999999', '2024-01-02 03:04:05.120', 2155,
         'Zoë 🌊 "\\', 'Café', '日本語', X'00FF80', X'C0FFEE00', b'1', 0xFFFFFFFFFFFFFFFF, 'b,c', 'x,z',
         '{"a": [1, null, "x"]}'),
         (2, 1, 2, 3, 0, 0, -1.5, '1970-01-01', '00:00:00', '1000-01-01 00:00:00', '1970-01-01 00:00:01', 1901,
         '', '', '', X'20', X'00', b'0', 0, 'a', '', '[]'))");
  client.exec("INSERT INTO t (id) VALUES (3), (4), (5)");
  std::string more;
  for (int i = 0; i < kMoreRows; ++i) more += ", (" + std::to_string(100 + i) + ")";
  client.exec("INSERT INTO t (id) VALUES " + more.substr(2));
  client.exec("UPDATE t SET vc = 'new', bl = NULL WHERE id = 1");
  client.exec("UPDATE t SET id = 40 WHERE id = 4");
  client.exec("DELETE FROM t WHERE id = 3");
  client.exec("ALTER TABLE t ADD COLUMN added BIGINT");
  client.exec("UPDATE t SET added = 7 WHERE id IN (1, 2)");
  client.exec("CREATE INDEX by_added ON t (added)");
  client.exec("CREATE TABLE other (a INT)");
  client.exec("TRUNCATE TABLE other");
  client.exec("RENAME TABLE other TO another");
  client.exec("CREATE TABLE other (a INT)");
  client.exec("DROP TABLE another, other");
}
constexpr std::size_t kMessages = 2 + 3 + kMoreRows + 3 + 2 + 8;

using TextRow = std::map<std::string, json>;
using TextRows = std::map<int, TextRow>;

json comparable(const std::string& column, const json& text) {
  return column == "js" && !text.is_null() ? json::parse(text.get<std::string>()) : text;
}

TextRows selected(SqlClient& client) {
  std::vector<std::string> names;
  std::string select;
  for (const AdapterColumn& column : adapter_columns()) {
    names.push_back(column.name);
    select += ", " + column.expected;
  }
  names.emplace_back("added");
  TextRows rows;
  for (const auto& row : client.query("SELECT " + select.substr(2) + ", added FROM t")) {
    TextRow& texts = rows[std::stoi(*row[0])];
    for (std::size_t i = 0; i < names.size(); ++i) {
      texts[names[i]] = comparable(names[i], row[i] ? json(*row[i]) : json());
    }
  }
  return rows;
}

/// What is left when the lines are applied as a consumer does. Rows of before an added column get it.
TextRows applied(const std::vector<json>& lines) {
  TextRows rows;
  for (const json& line : lines) {
    const json& message = line["message"];
    if (message["isDdl"] == true) continue;
    EXPECT_EQ(line["rows"].size(), 1U) << message;
    TextRow row{{"added", json()}};
    for (const auto& [name, text] : line["rows"][0].items()) row[name] = comparable(name, text);
    const int id = std::stoi(row["id"].get<std::string>());
    if (message["type"] == "UPDATE" && message["old"][0].contains("id")) {
      rows.erase(std::stoi(message["old"][0]["id"].get<std::string>()));
    }
    if (message["type"] == "DELETE") {
      rows.erase(id);
    } else {
      rows[id] = row;
    }
  }
  return rows;
}

class CanalClient : public testing::TestWithParam<SqlFlavor> {};

TEST_P(CanalClient, AndItsAdaptersReadTheTable) {
  MysqlServer& server = tracked_server(GetParam());
  const std::string database = server.fresh_database();
  KafkaBroker& broker = KafkaBroker::shared();
  json task = kafka_task(server, database, broker.bootstrap());
  task["spec"]["sink"]["kafka"]["format"] = "canal-json";
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient client = server.connect(database);
  change_tables(client);
  std::vector<json> written;
  KafkaReader reader = broker.reader(topic_of(task));
  for (const KafkaRecord& record : reader.wait_for_count(kMessages)) {
    written.push_back(json::parse(record.value.value()));
  }

  const RunResult result =
      run({.argv = java_command(
               {"scripts/canal-client.sh"}, source_root() / "tests/integration/CanalReader.java",
               {broker.bootstrap(), topic_of(task), topic_of(task) + "-canal", std::to_string(kMessages)}),
           .env = {},
           .working_dir = {}},
          std::chrono::seconds{120});
  ASSERT_TRUE(result.status.ok()) << result.err;
  std::vector<json> lines;
  std::istringstream output(result.out);
  for (std::string line; std::getline(output, line);) lines.push_back(json::parse(line));

  ASSERT_EQ(lines.size(), written.size()) << result.err;
  std::vector<std::string> ddl;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const json& message = lines[i]["message"];
    EXPECT_EQ(message, written[i]);
    if (message["isDdl"] == true) {
      ddl.push_back(message["type"].get<std::string>() + " " + message["table"].get<std::string>());
    }
  }
  EXPECT_EQ(ddl,
            (std::vector<std::string>{"CREATE t", "ALTER t", "CINDEX t", "CREATE other", "TRUNCATE other",
                                      "RENAME another", "CREATE other", "ERASE another"}));
  EXPECT_EQ(lines[6 + kMoreRows]["message"]["old"][0]["vc"], "Zoë 🌊 \"\\");
  EXPECT_EQ(lines[6 + kMoreRows]["message"]["old"][0].size(), 2U);
  EXPECT_EQ(applied(lines), selected(client)) << result.err;
}

INSTANTIATE_TEST_SUITE_P(Servers, CanalClient, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         [](const auto& parameter) { return flavor_name(parameter.param); });

}  // namespace
}  // namespace rowtide::test
