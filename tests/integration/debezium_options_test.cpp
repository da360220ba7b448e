// debezium-json's options and the rules for columns, through the program on real servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/integration/format_cases.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class DebeziumOptions : public testing::TestWithParam<SqlFlavor> {};

TEST_P(DebeziumOptions, TransactionsCanBeRebuilt) {
  MysqlServer& server = tracked_server(GetParam());
  const std::string database = server.fresh_database();
  json task = kafka_task(server, database, KafkaBroker::shared().bootstrap());
  task["spec"]["sink"]["kafka"]["debezium"] = {
      {"transactionMetadata", true}, {"tombstones", false}, {"truncates", true}};
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient client = server.connect(database);
  client.exec("CREATE TABLE a (id INT PRIMARY KEY)");
  client.exec("CREATE TABLE b (id INT PRIMARY KEY)");
  client.exec("BEGIN");
  client.exec("INSERT INTO a VALUES (1), (2)");
  client.exec("INSERT INTO b VALUES (1)");
  client.exec("DELETE FROM a WHERE id = 1");
  client.exec("COMMIT");
  client.exec("INSERT INTO b VALUES (2)");
  client.exec("TRUNCATE TABLE b");

  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  const std::vector<KafkaRecord>& records = reader.wait_for_count(2 + 4 + 1 + 2);
  // Made at its first record, so it is there by now.
  KafkaReader marks_reader = KafkaBroker::shared().reader(topic_of(task) + ".transaction");
  std::vector<json> marks;
  for (const KafkaRecord& record : marks_reader.wait_for_count(4))
    marks.push_back(json::parse(*record.value));
  EXPECT_EQ(marks[0]["status"], "BEGIN");
  EXPECT_EQ(marks[1]["status"], "END");
  EXPECT_EQ(marks[1]["event_count"], 4);
  EXPECT_EQ(marks[1]["data_collections"],
            json::array({{{"data_collection", database + ".a"}, {"event_count", 3}},
                         {{"data_collection", database + ".b"}, {"event_count", 1}}}));
  EXPECT_EQ(marks[3]["event_count"], 1);
  EXPECT_NE(marks[1]["id"], marks[3]["id"]);

  const char* const expected[] = {"c 1 1", "c 2 2", "c 3 1", "d 4 3", "c 1 1"};
  for (std::size_t i = 0; i < 5; ++i) {
    const json change = json::parse(records[2 + i].value.value());
    const json& block = change["transaction"];
    EXPECT_EQ(block["id"], marks[i < 4 ? 0 : 2]["id"]);
    EXPECT_EQ(change["op"].get<std::string>() + " " + block["total_order"].dump() + " " +
                  block["data_collection_order"].dump(),
              expected[i]);
  }
  const json truncate = json::parse(records[7].value.value());
  EXPECT_EQ(truncate["op"], "t");
  EXPECT_EQ(truncate["source"]["table"], "b");
  EXPECT_EQ(records[7].key, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Servers, DebeziumOptions, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         [](const auto& parameter) {
                           return parameter.param == SqlFlavor::Mysql8 ? "Mysql8" : "Mariadb";
                         });

TEST(ColumnRules, TheTopicHasWhatTheTaskAllows) {
  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  const std::string database = server.fresh_database();
  json task = kafka_task(server, database, KafkaBroker::shared().bootstrap());
  task["spec"]["objects"]["columns"] = json::array({{{"table", database + ".customers"},
                                                     {"exclude", {"ssn"}},
                                                     {"mask", {"phone"}},
                                                     {"hash", {"email", "born"}}}});
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient client = server.connect(database);
  client.exec(
      "CREATE TABLE customers (ssn VARCHAR(11), id INT PRIMARY KEY, phone VARCHAR(20), "
      "email VARCHAR(50) CHARACTER SET latin1, born DATE)");
  client.exec("INSERT INTO customers VALUES ('123-45-6789', 1, '555-1234', 'zoë@example.com', '1990-02-03')");
  client.exec("INSERT INTO customers VALUES (NULL, 2, NULL, NULL, NULL)");
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  const std::vector<json> rows = wait_for_rows(reader, 2);
  EXPECT_EQ(rows[0]["after"],
            (json{{"id", 1},
                  {"phone", "****"},
                  {"email", client.value("SELECT SHA2(CONVERT('zoë@example.com' USING utf8mb4), 256)")},
                  {"born", client.value("SELECT SHA2('1990-02-03', 256)")}}));
  EXPECT_EQ(rows[1]["after"], (json{{"id", 2}, {"phone", nullptr}, {"email", nullptr}, {"born", nullptr}}));

  // A rule that no longer fits stops the task rather than telling what it should not.
  client.exec("ALTER TABLE customers CHANGE phone telephone VARCHAR(20)");
  client.exec("INSERT INTO customers VALUES ('x', 3, 'secret', NULL, NULL)");
  EXPECT_EQ(tracker.wait_exit().code, 1);
  EXPECT_THAT(tracker.failure(), HasSubstr("column phone of " + database + ".customers"));
  for (const KafkaRecord& record : reader.read_to_end()) {
    EXPECT_EQ(record.value.value_or("").find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace rowtide::test
