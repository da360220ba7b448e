// debezium-json with schemas through what a sink in Kafka Connect puts in front of itself: Connect's
// JsonConverter and Debezium's ExtractNewRecordState, unmodified. The rows that come out are the table's.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/tracker_process.h"
#include "tests/support/debezium_connector.h"
#include "tests/support/kafka_broker.h"

namespace rowtide::test {
namespace {

/// What is left when each line is applied: by key, "NAME=VALUE<tab>...".
std::map<std::string, std::string> rows_of(const std::string& output) {
  std::map<std::string, std::string> rows;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t tab = line.find('\t');
    const std::string key = line.substr(0, tab);
    const std::string row = line.substr(tab + 1);
    if (row == "gone") {
      rows.erase(key);
    } else {
      rows[key] = row;
    }
  }
  return rows;
}

class ConnectTransform : public testing::TestWithParam<SqlFlavor> {};

TEST_P(ConnectTransform, GivesTheTablesRows) {
  MysqlServer& server = tracked_server(GetParam());
  const std::string database = server.fresh_database();
  KafkaBroker& broker = KafkaBroker::shared();
  nlohmann::json task = kafka_task(server, database, broker.bootstrap());
  task["spec"]["sink"]["kafka"]["debezium"] = {
      {"schemas", true}, {"decimals", "precise"}, {"unsignedBigint", "precise"}};
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient client = server.connect(database);
  client.exec("SET time_zone = '+00:00'");
  client.exec(
      "CREATE TABLE t (id INT PRIMARY KEY, u BIGINT UNSIGNED NOT NULL, d DECIMAL(30,4), n INT DEFAULT 5, "
      "v VARCHAR(20) CHARACTER SET latin1 NOT NULL DEFAULT 'x', b VARBINARY(9), e ENUM('a','b,c'), y YEAR, "
      "da DATE, tm TIME, at TIMESTAMP(3) NULL)");
  client.exec(
      "INSERT INTO t VALUES (1, 18446744073709551615, -12345678901234567890.5, NULL, 'Zoë', X'00FF', 'a', 2024, "
      "'2024-02-29', '-01:02:03', '2024-01-02 03:04:05.120'), (2, 0, NULL, 7, '', NULL, NULL, NULL, NULL, "
      "NULL, NULL), (3, 3, 3, 3, 'gone', NULL, NULL, NULL, NULL, NULL, NULL), (4, 4, 0, 4, 'moves', NULL, NULL, "
      "NULL, NULL, NULL, NULL)");
  client.exec("UPDATE t SET id = 40 WHERE id = 4");
  client.exec("DELETE FROM t WHERE id = 3");
  client.exec("ALTER TABLE t ADD COLUMN added DOUBLE");
  client.exec("UPDATE t SET added = 0.5 WHERE id = 2");
  client.exec("UPDATE t SET added = 1.5 WHERE id IN (1, 40)");
  KafkaReader reader = broker.reader(topic_of(task));
  reader.wait_for_count(2 + 4 + 3 + 2 + 3);  // two DDL; a changed key is three, a delete two

  const RunResult result =
      run({.argv = debezium_java_command(source_root() / "tests/integration/ConnectReader.java",
                                         {broker.bootstrap(), topic_of(task)}),
           .env = {},
           .working_dir = {}},
          std::chrono::seconds{120});
  ASSERT_TRUE(result.status.ok()) << result.err;
  std::map<std::string, std::string> expected;
  for (const auto& row : client.query(
           "SELECT CONCAT('id=', id), CONCAT_WS('\\t', CONCAT('id=', id), CONCAT('u=', u), CONCAT('d=', "
           "IFNULL(d, '\\\\N')), CONCAT('n=', IFNULL(n, '\\\\N')), CONCAT('v=', CONVERT(v USING utf8mb4)), "
           "CONCAT('b=', IFNULL(HEX(b), '\\\\N')), CONCAT('e=', IFNULL(e, '\\\\N')), CONCAT('y=', IFNULL(y, "
           "'\\\\N')), CONCAT('da=', IFNULL(DATEDIFF(da, '1970-01-01'), '\\\\N')), CONCAT('tm=', "
           "IFNULL(CAST(TIME_TO_SEC(tm) * 1000000 AS SIGNED), '\\\\N')), "
           "CONCAT('at=', IFNULL(DATE_FORMAT(at, '%Y-%m-%dT%H:%i:%s.120Z'), '\\\\N')), CONCAT('added=', "
           "IFNULL(added, '\\\\N'))) FROM t")) {
    expected[row[0].value()] = row[1].value();
  }
  EXPECT_EQ(rows_of(result.out), expected) << result.err;
}

INSTANTIATE_TEST_SUITE_P(Servers, ConnectTransform, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         [](const auto& parameter) {
                           return parameter.param == SqlFlavor::Mysql8 ? "Mysql8" : "Mariadb";
                         });

}  // namespace
}  // namespace rowtide::test
