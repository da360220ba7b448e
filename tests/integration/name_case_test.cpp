// Names are compared as the source's server compares them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "common/names/name_case.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string name_of(const testing::TestParamInfo<SqlFlavor>& info) {
  return flavor_name(info.param);
}

class EveryServer : public testing::TestWithParam<SqlFlavor> {
 protected:
  MysqlServer& server_ = tracked_server(GetParam());
  std::string database_ = server_.fresh_database();
};

TEST_P(EveryServer, HasOurSmallLetters) {
  SqlClient client = server_.connect(database_);
  client.exec(
      "CREATE TABLE letters (n INT PRIMARY KEY, letter VARCHAR(1) CHARACTER SET utf8 COLLATE "
      "utf8_general_ci)");
  std::string values;
  for (unsigned n = 1; n <= 0xffff; ++n) {
    const bool is_surrogate = n >= 0xd800 && n < 0xe000;
    if (!is_surrogate)
      values += fmt::format("{}({}, CONVERT(x'{:04x}' USING ucs2))", values.empty() ? "" : ",", n, n);
    if (values.size() < 100'000 && n != 0xffff) continue;
    client.exec("INSERT INTO letters VALUES " + values);
    values.clear();
  }
  client.exec("SET NAMES utf8mb4");
  std::size_t capitals = 0;
  for (const auto& row : client.query("SELECT letter, LOWER(letter) FROM letters ORDER BY n")) {
    EXPECT_EQ(names::to_lower(row.at(0).value()), row.at(1).value()) << row.at(0).value();
    if (row.at(0) != row.at(1)) ++capitals;
  }
  EXPECT_GT(capitals, 600U);
}

TEST_P(EveryServer, ColumnsHaveNoCase) {
  json task = kafka_task(server_, database_, KafkaBroker::shared().bootstrap());
  task["spec"]["objects"]["columns"] = json::array(
      {{{"table", database_ + ".people"}, {"exclude", {"SECRET"}}, {"mask", {"größe"}}, {"hash", {"mail"}}}});
  SqlClient client = server_.connect(database_);
  client.exec("SET NAMES utf8mb4");
  client.exec("CREATE TABLE people (Id INT PRIMARY KEY, Secret INT, GRÖßE INT, Mail VARCHAR(9))");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  client.exec("INSERT INTO people VALUES (1, 2, 3, NULL)");
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  EXPECT_EQ(wait_for_rows(reader, 1)[0]["after"].size(), 3U);
  EXPECT_THAT(row_changes(reader.records())[0]["after"].dump(),
              AllOf(HasSubstr(R"("GRÖßE":"****")"), HasSubstr(R"("Mail":null)"), Not(HasSubstr("Secret"))));
}

// A statement stands in the binlog as its client sent it.
TEST_P(EveryServer, NamesAreReadInTheClientsCharacterSet) {
  json task = kafka_task(server_, database_, KafkaBroker::shared().bootstrap());
  task["spec"]["objects"]["include"] =
      json::array({{{"database", database_}, {"tables", {"größe", "订单"}}}});
  SqlClient client = server_.connect(database_);
  client.exec("SET NAMES utf8mb4");
  client.exec("CREATE TABLE größe (id INT PRIMARY KEY)");
  client.exec("CREATE TABLE 订单 (id INT PRIMARY KEY)");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  client.exec("SET NAMES latin1");
  client.exec(
      "ALTER TABLE gr\xF6\xDF"
      "e ADD c INT");
  client.exec("SET NAMES gbk");
  client.exec("ALTER TABLE \xB6\xA9\xB5\xA5 ADD c INT");
  client.exec("INSERT INTO \xB6\xA9\xB5\xA5 VALUES (1, 2)");
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  EXPECT_EQ(wait_for_rows(reader, 1)[0]["after"], (json{{"id", 1}, {"c", 2}}));
  std::vector<std::string> changed;
  for (const KafkaRecord& record : reader.records()) {
    const json change = json::parse(record.value.value_or("{}"));
    if (change.contains("ddl")) changed.push_back(change["source"]["table"]);
  }
  EXPECT_THAT(changed, ElementsAre("größe", "订单"));
}

INSTANTIATE_TEST_SUITE_P(Servers, EveryServer, testing::ValuesIn(kEverySqlFlavor), name_of);

/// Servers that write "shop" wherever a statement says "Shop".
class LowerCaseNames : public testing::TestWithParam<SqlFlavor> {
 protected:
  static MysqlServer& server_of(SqlFlavor flavor) {
    static std::map<SqlFlavor, std::unique_ptr<MysqlServer>> servers;
    std::unique_ptr<MysqlServer>& server = servers[flavor];
    if (server == nullptr) {
      server =
          std::make_unique<MysqlServer>(flavor, ServerOptions{.options = {"--lower-case-table-names=1"}});
      server->create_user(kTrackerUser, kTrackerPassword);
    }
    return *server;
  }

  LowerCaseNames() {
    client_.exec("SET NAMES utf8mb4");
    client_.exec("CREATE TABLE Orders (Id INT PRIMARY KEY, Secret INT)");
    task_["spec"]["objects"]["include"] = json::array({{{"database", capitals_}}});
  }

  KafkaReader reader() { return KafkaBroker::shared().reader(topic_of(task_)); }
  /// "table after" of each change of a row.
  std::vector<std::string> rows(KafkaReader& reader, std::size_t count) {
    std::vector<std::string> found;
    for (const json& change : wait_for_rows(reader, count)) {
      found.push_back(change["source"]["table"].get<std::string>() + " " + change["after"].dump());
    }
    return found;
  }

  MysqlServer& server_ = server_of(GetParam());
  std::string database_ = server_.fresh_database();
  std::string capitals_ = upper(database_);
  SqlClient client_ = server_.connect(database_);
  json task_ = kafka_task(server_, database_, KafkaBroker::shared().bootstrap());

 private:
  static std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
  }
};

TEST_P(LowerCaseNames, ObjectsAndColumnRulesMeanThemHoweverTheyAreWritten) {
  json& objects = task_["spec"]["objects"];
  objects["include"].push_back({{"databasePattern", "NO_SUCH"}, {"tablePattern", "X"}});
  objects["exclude"] = json::array({{{"database", capitals_}, {"tables", {"AUDIT", "Ärzte"}}},
                                    {{"databasePattern", capitals_}, {"tablePattern", "TMP_Ä.*"}}});
  objects["columns"] = json::array({{{"table", capitals_ + ".ORDERS"}, {"exclude", {"SECRET"}}}});
  client_.exec("CREATE TABLE Audit (a INT)");
  client_.exec("CREATE TABLE ÄRZTE (a INT)");
  client_.exec("CREATE TABLE Tmp_ä1 (a INT)");
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  for (const char* table : {"Audit", "ÄRZTE", "TMP_Ä1"})
    client_.exec(fmt::format("INSERT INTO {} VALUES (1)", table));
  client_.exec("INSERT INTO ORDERS VALUES (1, 2)");
  KafkaReader records = reader();
  EXPECT_THAT(rows(records, 1), ElementsAre(R"(orders {"Id":1})"));
}

TEST_P(LowerCaseNames, SchemaChangesAreToldHoweverTheyAreWritten) {
  client_.exec("CREATE TABLE ÄRZTE (a INT)");
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  client_.exec(fmt::format("ALTER TABLE {}.ORDERS ADD More INT", capitals_));
  client_.exec(fmt::format("ALTER TABLE {}.ÄRZTE ADD b INT", capitals_));
  client_.exec("INSERT INTO Orders VALUES (1, 2, 3)");
  client_.exec("INSERT INTO ärzte VALUES (1, 2)");
  KafkaReader records = reader();
  EXPECT_THAT(rows(records, 2),
              ElementsAre(R"(orders {"Id":1,"More":3,"Secret":2})", R"(ärzte {"a":1,"b":2})"));
  std::vector<std::string> changes;
  for (const KafkaRecord& record : records.records()) {
    const json value = json::parse(record.value.value());
    if (value.contains("ddl"))
      changes.push_back(value["source"]["db"].get<std::string>() + " " +
                        value["source"]["table"].get<std::string>());
  }
  EXPECT_THAT(changes, ElementsAre(database_ + " orders", database_ + " ärzte"));
}

TEST_P(LowerCaseNames, AReaderOfTheStreamMeansATableHoweverItIsWritten) {
  task_["spec"]["sink"] = {{"stream", json::object()}};
  client_.exec("CREATE TABLE Other (a INT)");
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  Process lines({.argv = {"curl", "-sSN",
                          fmt::format("http://127.0.0.1:{}/changes?heartbeat=1&table={}.ORDERS",
                                      tracker.port(), capitals_)},
                 .env = {},
                 .working_dir = {}});
  wait_until("it streams", [&] { return lines.out().find("\"position\"") != std::string::npos; });
  client_.exec("INSERT INTO Other VALUES (1)");
  client_.exec("INSERT INTO Orders VALUES (1, 2)");
  wait_until("its change", [&] { return lines.out().find("\"commit\"") != std::string::npos; });
  EXPECT_THAT(lines.out(), AllOf(HasSubstr(R"("after":{"Id":1)"), Not(HasSubstr("\"other\""))));
}

TEST_P(LowerCaseNames, AChangeWrittenAsAStatementStopsTheTask) {
  task_["spec"]["objects"]["include"] = json::array({{{"database", database_}, {"tables", {"orders"}}}});
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  client_.exec("SET SESSION binlog_format = STATEMENT");
  client_.exec(fmt::format("INSERT INTO {}.ORDERS VALUES (1, 2)", capitals_));
  EXPECT_EQ(tracker.wait_exit().code, 1);
  EXPECT_THAT(tracker.failure(), HasSubstr("written as a statement"));
}

TEST_P(LowerCaseNames, AnOnlineSchemaChangeIsToldAsOne) {
  task_["spec"]["onlineSchemaChangeTables"] = {{"ghost", "_(.+)_SHADOW"}};
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  client_.exec("CREATE TABLE _Orders_Shadow LIKE Orders");
  client_.exec(fmt::format("ALTER TABLE {}._ORDERS_SHADOW ADD More INT", capitals_));
  client_.exec("RENAME TABLE Orders TO _ORDERS_Old, _ORDERS_SHADOW TO ORDERS");
  client_.exec("INSERT INTO orders VALUES (1, 2, 3)");
  KafkaReader records = reader();
  EXPECT_THAT(rows(records, 1), ElementsAre(R"(orders {"Id":1,"More":3,"Secret":2})"));
  ASSERT_EQ(records.records().size(), 2U);
  EXPECT_EQ(json::parse(records.records()[0].value.value())["ddl"],
            fmt::format("ALTER TABLE `{}`.`orders` ADD More INT", database_));
}

TEST_P(LowerCaseNames, ThePrecheckMeansTheSameTables) {
  json& objects = task_["spec"]["objects"];
  objects["include"] = json::array({{{"database", capitals_}, {"tables", {"ORDERS"}}}});
  objects["exclude"] = json::array({{{"database", capitals_}, {"tables", {"ORDERS2"}}}});
  objects["columns"] = json::array({{{"table", capitals_ + ".ORDERS"}, {"hash", {"SECRET"}}}});
  client_.exec("CREATE TABLE orders2 (a INT)");
  const RunResult result = run_tracker("precheck", task_);
  EXPECT_EQ(result.status.code, 0) << result.out;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("1 tables and views selected"), HasSubstr("1 tables and views readable")));
}

INSTANTIATE_TEST_SUITE_P(Servers, LowerCaseNames, testing::Values(SqlFlavor::Mysql57, SqlFlavor::Mariadb),
                         name_of);

TEST(NameCase, IsTheServersOfEachConnection) {
  MysqlServer server(SqlFlavor::Mariadb, ServerOptions{.options = {"--lower-case-table-names=0"}});
  server.create_user(kTrackerUser, kTrackerPassword);
  server.exec("CREATE DATABASE shop");
  server.exec("CREATE TABLE shop.orders (Id INT PRIMARY KEY)");
  json task = kafka_task(server, "SHOP", KafkaBroker::shared().bootstrap());
  TrackerProcess tracker(task);
  tracker.start_streaming();
  server.exec("INSERT INTO shop.orders VALUES (1)");
  wait_until("that is read", [&] { return tracker.metric("rowtide_tracker_transactions_total") >= 1; });
  server.restart(std::vector<std::string>{"--lower-case-table-names=1"});
  tracker.wait_streaming();
  server.exec("INSERT INTO Shop.Orders VALUES (2)");
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  EXPECT_EQ(wait_for_rows(reader, 1)[0]["after"]["Id"], 2);
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

}  // namespace
}  // namespace rowtide::test
