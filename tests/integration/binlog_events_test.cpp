// The ways in which servers write one and the same change into their binlog: each arrives as the same record.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class Events {
 protected:
  explicit Events(SqlFlavor flavor)
      : server_(tracked_server(flavor)),
        database_(server_.fresh_database()),
        client_(server_.connect(database_)) {
    task_ = kafka_task(server_, database_, KafkaBroker::shared().bootstrap());
  }

  void sql(const std::string& statement) { client_.exec(statement); }
  [[nodiscard]] std::vector<json> changes(std::size_t count) {
    KafkaReader reader = KafkaBroker::shared().reader(topic_of(task_));
    return wait_for_rows(reader, count);
  }
  /// The last statements' event types, as the server names them.
  [[nodiscard]] std::string logged() {
    const Row status = server_.query("SHOW MASTER STATUS").at(0);
    std::string types;
    for (const Row& event : server_.query("SHOW BINLOG EVENTS IN '" + status.at(0).value() + "'")) {
      types += event.at(2).value() + "\n";
    }
    return types;
  }

  MysqlServer& server_;
  std::string database_;
  SqlClient client_;
  json task_;
};

class MysqlEvents : public Events, public testing::Test {
 protected:
  MysqlEvents() : Events(SqlFlavor::Mysql8) {}
};
class MariadbEvents : public Events, public testing::Test {
 protected:
  MariadbEvents() : Events(SqlFlavor::Mariadb) {}
};
class AllEvents : public Events, public testing::TestWithParam<SqlFlavor> {
 protected:
  AllEvents() : Events(GetParam()) {}
};
INSTANTIATE_TEST_SUITE_P(Sources, AllEvents, testing::ValuesIn(kEverySqlFlavor),
                         [](const auto& one) { return flavor_name(one.param); });

/// A random change of a JSON column that the server can write as a diff.
std::string random_json_update(std::mt19937& random) {
  const auto pick = [&random](std::initializer_list<const char*> choices) {
    return std::string(choices.begin()[random() % choices.size()]);
  };
  const std::string value =
      pick({"1", "'x'", "NULL", "2.50", "TRUE", "CAST('[1,{\"k\":2}]' AS JSON)", "CAST('{\"z\":1}' AS JSON)",
            "REPEAT('y', 300)", "CAST('2024-01-02' AS DATE)"});
  const std::string path =
      pick({"$.a", "$.b[0]", "$.b[1].c", "$.\"quoted key\"", "$.new", "$.b[7]", "$.d.e", "$.ü", "$.b[last]",
            "$.b[last-1].c", "$.b[last-9]", "$.d.e[last]", "$.a[last]"});
  return pick({"JSON_SET", "JSON_REPLACE", "JSON_SET", "JSON_REMOVE"}) == "JSON_REMOVE"
             ? "JSON_REMOVE(j, '" + path + "')"
             : pick({"JSON_SET", "JSON_REPLACE"}) + "(j, '" + path + "', " + value + ")";
}

TEST_F(MysqlEvents, PartialJsonUpdatesGiveTheWholeDocument) {
  constexpr int kUpdates = 200;
  sql("CREATE TABLE t (id INT PRIMARY KEY, other JSON, j JSON, n INT)");
  sql("SET SESSION binlog_row_value_options = 'PARTIAL_JSON'");
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  sql("INSERT INTO t VALUES (1, '{\"o\": [1]}', '{\"a\": 1, \"b\": [1, {\"c\": 2}, 3], \"quoted key\": null, "
      "\"d\": {\"e\": [], "
      "\"f\": 1.5}, \"filler\": \"" +
      std::string(600, 'f') + "\"}', 0)");
  std::mt19937 random(20);  // NOLINT: the same at each run
  std::vector<std::string> expected;
  for (int i = 1; i <= kUpdates; ++i) {
    sql("UPDATE t SET n = " + std::to_string(i) + ", j = " + random_json_update(random));
    expected.push_back(client_.value("SELECT j FROM t"));
  }
  EXPECT_THAT(logged(), HasSubstr("Update_rows_partial"));

  const std::vector<json> records = changes(kUpdates + 1);
  std::string before = records[0].at("after").at("j").get<std::string>();
  for (int i = 1; i <= kUpdates; ++i) {
    const json& record = records[static_cast<std::size_t>(i)];
    ASSERT_EQ(record.at("after").at("n"), i);
    EXPECT_EQ(record.at("before").at("j"), before);
    const std::string after = record.at("after").at("j").get<std::string>();
    EXPECT_EQ(json::parse(after), json::parse(expected[static_cast<std::size_t>(i - 1)])) << "update " << i;
    EXPECT_EQ(record.at("after").at("other"), R"({"o":[1]})");
    before = after;
  }
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(AllEvents, IncompleteRowImagesStopATaskThatDoesNotTakeThem) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, a INT, b TEXT)");
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  sql("INSERT INTO t VALUES (1, 1, 'one')");
  sql("SET SESSION binlog_row_image = 'MINIMAL'");
  sql("UPDATE t SET a = 2");
  EXPECT_FALSE(tracker.wait_exit().ok());
  EXPECT_THAT(tracker.failure(),
              testing::AllOf(HasSubstr(database_ + ".t"), HasSubstr("binlog_row_image=FULL"),
                             HasSubstr("rowImages: AsLogged")));
  EXPECT_EQ(changes(1).size(), 1U);
}

TEST_P(AllEvents, IncompleteRowImagesLeaveOutWhatIsNotThere) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, a INT DEFAULT 5, b TEXT, c INT)");
  task_["spec"]["rowImages"] = "AsLogged";
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  sql("SET SESSION binlog_row_image = 'MINIMAL'");
  sql("INSERT INTO t (id, c) VALUES (1, NULL)");
  sql("UPDATE t SET a = 2 WHERE id = 1");
  sql("UPDATE t SET id = 3 WHERE id = 1");
  sql("DELETE FROM t WHERE id = 3");
  sql("SET SESSION binlog_row_image = 'NOBLOB'");
  sql("INSERT INTO t VALUES (7, 1, 'blob', 2)");
  sql("UPDATE t SET a = 2 WHERE id = 7");

  const std::vector<json> records = changes(7);  // a changed key is a delete and an insert
  const auto before = [&](std::size_t i) { return records.at(i).at("before"); };
  const auto after = [&](std::size_t i) { return records.at(i).at("after"); };
  EXPECT_EQ(after(0).at("id"), 1);
  EXPECT_TRUE(after(0).contains("c") && after(0).at("c").is_null()) << after(0);
  EXPECT_FALSE(after(0).contains("a")) << "the default was not written: " << after(0);
  EXPECT_EQ(before(1), json({{"id", 1}}));
  EXPECT_EQ(after(1), json({{"id", 1}, {"a", 2}}));
  EXPECT_EQ(records.at(2).at("op"), "d");
  EXPECT_EQ(before(2), json({{"id", 1}}));
  EXPECT_EQ(records.at(3).at("op"), "c");
  EXPECT_EQ(after(3), json({{"id", 3}}));
  EXPECT_EQ(before(4), json({{"id", 3}}));
  EXPECT_EQ(after(5), json({{"id", 7}, {"a", 1}, {"b", "blob"}, {"c", 2}}));
  EXPECT_EQ(before(6), json({{"id", 7}, {"a", 1}, {"c", 2}}));
  EXPECT_EQ(after(6), json({{"id", 7}, {"a", 2}, {"c", 2}}));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(AllEvents, ARowOfNothingButDefaults) {
  sql("CREATE TABLE t (a INT DEFAULT 5, b TEXT)");
  sql("SET SESSION binlog_row_image = 'MINIMAL'");
  task_["spec"]["rowImages"] = "AsLogged";
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  sql("INSERT INTO t () VALUES ()");
  sql("INSERT INTO t (a) VALUES (7)");
  const std::vector<json> records = changes(2);
  // MariaDB logs inserts in full.
  EXPECT_EQ(records[0].at("after"),
            !is_mariadb(GetParam()) ? json::object() : json({{"a", 5}, {"b", nullptr}}));
  EXPECT_EQ(records[1].at("after").at("a"), 7);
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_F(MariadbEvents, CompressedEvents) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, a TEXT)");
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  server_.exec("SET GLOBAL log_bin_compress_min_len = 10");
  server_.exec("SET GLOBAL log_bin_compress = ON");
  SqlClient writer = server_.connect(database_);
  writer.exec("INSERT INTO t VALUES (1, REPEAT('compress me ', 5000)), (2, REPEAT('x', 100))");
  writer.exec("UPDATE t SET a = CONCAT(a, ' changed')");
  writer.exec("ALTER TABLE t ADD COLUMN " + std::string(60, 'c') + " INT COMMENT '" + std::string(500, 'c') +
              "'");
  writer.exec("DELETE FROM t");
  EXPECT_THAT(logged(), testing::AllOf(HasSubstr("Write_rows_compressed"), HasSubstr("Query_compressed")));
  server_.exec("SET GLOBAL log_bin_compress = OFF");

  const std::vector<json> records = changes(6);
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "compress me ";
  EXPECT_EQ(records[0].at("after").at("a"), text);
  EXPECT_EQ(records[1].at("after").at("a"), std::string(100, 'x'));
  EXPECT_EQ(records[2].at("before").at("a"), text);
  EXPECT_EQ(records[2].at("after").at("a"), text + " changed");
  EXPECT_EQ(records[4].at("before").at("a"), text + " changed");
  EXPECT_TRUE(records[5].at("before").contains(std::string(60, 'c'))) << "the ALTER was seen";
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_F(MariadbEvents, WhatAnUpdateDidNotChangeIsKnownFromTheImageBefore) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, a INT, b TEXT)");
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  if (client_.query("SHOW VARIABLES LIKE 'binlog_row_image'").empty()) FAIL();
  try {
    sql("SET SESSION binlog_row_image = 'FULL_NODUP'");
  } catch (const std::exception&) {
    sql("SET SESSION binlog_row_image = 'FULL'");  // a server before 11.4
  }
  sql("INSERT INTO t VALUES (1, 1, 'one')");
  sql("UPDATE t SET a = 2");
  const std::vector<json> records = changes(2);
  EXPECT_EQ(records[1].at("after"), json({{"id", 1}, {"a", 2}, {"b", "one"}}));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

/// Ids of inserted rows, in the order of arrival.
std::vector<int> ids(const std::vector<json>& records) {
  std::vector<int> all;
  for (const json& record : records) all.push_back(record.at("after").at("id").get<int>());
  return all;
}

class XaTransactions : public AllEvents {
 protected:
  void prepare(const std::string& xid, const std::string& statement) {
    SqlClient client = server_.connect(database_);
    client.exec("XA START " + xid);
    client.exec(statement);
    client.exec("XA END " + xid);
    client.exec("XA PREPARE " + xid);
  }
  /// A prepared transaction belongs to nobody when its connection has gone.
  void finish(const std::string& verb, const std::string& xid) {
    wait_until(verb + " of " + xid, [&] {
      try {
        sql("XA " + verb + " " + xid);
        return true;
      } catch (const std::exception&) {
        return false;
      }
    });
  }
  void make_table() { sql("CREATE TABLE t (id INT PRIMARY KEY, a LONGTEXT)"); }
};
INSTANTIATE_TEST_SUITE_P(Sources, XaTransactions, testing::ValuesIn(kEverySqlFlavor),
                         [](const auto& one) { return flavor_name(one.param); });

TEST_P(XaTransactions, RowsComeWhenAndIfTheyAreCommitted) {
  make_table();
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  prepare("'one','b',7", "INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  prepare("'two'", "INSERT INTO t VALUES (3, 'never')");
  sql("INSERT INTO t VALUES (4, 'd')");
  finish("ROLLBACK", "'two'");
  finish("COMMIT", "'one','b',7");
  sql("XA START 'three'");
  sql("INSERT INTO t VALUES (5, 'e')");
  sql("XA END 'three'");
  sql("XA COMMIT 'three' ONE PHASE");
  sql("INSERT INTO t VALUES (6, 'f')");

  const std::vector<json> records = changes(5);
  EXPECT_THAT(ids(records), ElementsAre(4, 1, 2, 5, 6));
  EXPECT_NE(records[1].at("source").at("gtid"), records[0].at("source").at("gtid"));
  EXPECT_EQ(records[1].at("source").at("gtid"), records[2].at("source").at("gtid"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(XaTransactions, RowsOfBeforeARestartAreReadAgain) {
  make_table();
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  prepare("'kept'", "INSERT INTO t VALUES (1, 'a')");
  sql("INSERT INTO t VALUES (2, 'b')");
  EXPECT_THAT(ids(changes(1)), ElementsAre(2));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());

  finish("COMMIT", "'kept'");
  sql("INSERT INTO t VALUES (3, 'c')");
  tracker.start_streaming();
  EXPECT_THAT(ids(changes(3)), ElementsAre(2, 1, 3));
  sql("INSERT INTO t VALUES (4, 'd')");
  EXPECT_THAT(ids(changes(4)), ElementsAre(2, 1, 3, 4));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(XaTransactions, WhatIsTooLargeToBeHeldIsReadAgain) {
  make_table();
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  std::string insert = "INSERT INTO t VALUES ";
  for (int id = 1; id <= 40; ++id) {
    insert += (id == 1 ? "(" : ",(") + std::to_string(id) + ", REPEAT('r', 200000))";  // 8 MB
  }
  prepare("'large'", insert);
  sql("INSERT INTO t VALUES (100, 'between')");
  finish("COMMIT", "'large'");
  sql("XA START 'one phase'");
  sql("UPDATE t SET a = CONCAT(a, '!') WHERE id <= 40");
  sql("XA END 'one phase'");
  sql("XA COMMIT 'one phase' ONE PHASE");
  sql("INSERT INTO t VALUES (101, 'after')");

  const std::vector<json> records = changes(82);
  std::vector<int> expected{100};
  for (int round = 0; round < 2; ++round)
    for (int id = 1; id <= 40; ++id) expected.push_back(id);
  expected.push_back(101);
  EXPECT_EQ(ids(records), expected);
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(AllEvents, OneStatementOverSeveralTables) {
  sql("CREATE TABLE a (id INT PRIMARY KEY, n INT)");
  sql("CREATE TABLE b (id INT PRIMARY KEY, n INT)");
  sql("CREATE TABLE other (id INT PRIMARY KEY, n INT)");
  task_["spec"]["objects"]["exclude"] = json::array({{{"database", database_}, {"tables", {"other"}}}});
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  for (const char* table : {"a", "b", "other"})
    sql(std::string("INSERT INTO ") + table + " VALUES (1, 1), (2, 2)");
  sql("UPDATE a JOIN b USING (id) JOIN other USING (id) SET a.n = 10, b.n = 20, other.n = 30");
  sql("DELETE a, b FROM a JOIN b USING (id) WHERE a.id = 1");

  const std::vector<json> records = changes(10);
  int updates_of_a = 0;
  int updates_of_b = 0;
  int deletes = 0;
  for (const json& record : records) {
    const std::string table = record.at("source").at("table");
    if (record.at("op") == "u" && table == "a") updates_of_a += record.at("after").at("n") == 10 ? 1 : 0;
    if (record.at("op") == "u" && table == "b") updates_of_b += record.at("after").at("n") == 20 ? 1 : 0;
    if (record.at("op") == "d") ++deletes;
  }
  EXPECT_EQ(updates_of_a, 2);
  EXPECT_EQ(updates_of_b, 2);
  EXPECT_EQ(deletes, 2);
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

/// The settings that change how every event looks need servers of their own.
class ServerSettings : public testing::TestWithParam<SqlFlavor> {};
INSTANTIATE_TEST_SUITE_P(Sources, ServerSettings, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         [](const auto& one) { return flavor_name(one.param); });

TEST_P(ServerSettings, WithoutChecksumsAndWithARowBeyondSixteenMebibytes) {
  MysqlServer server(GetParam(), {.options = {"--binlog-checksum=NONE", "--max-allowed-packet=67108864",
                                              "--innodb-log-file-size=268435456"}});
  server.create_user(kTrackerUser, kTrackerPassword);
  const std::string database = server.fresh_database();
  SqlClient client = server.connect(database);
  client.exec("CREATE TABLE t (id INT PRIMARY KEY, a LONGTEXT)");
  TrackerProcess tracker(stdout_task(server, database));
  tracker.start_streaming();
  client.exec("INSERT INTO t VALUES (1, REPEAT('x', 20000000))");
  client.exec("INSERT INTO t VALUES (2, 'small')");
  wait_until("both rows", [&] { return tracker.metric("rowtide_tracker_sink_records_total") >= 2; });
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  const std::vector<std::string> lines = tracker.process().new_lines();
  const auto rows = std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("\"op\":\"c\"") != std::string::npos;
  });
  EXPECT_EQ(rows, 2);
  EXPECT_NE(lines.at(0).find(std::string(20'000'000, 'x')), std::string::npos);
}

}  // namespace
}  // namespace rowtide::test
