// Transactions that the source writes into its binlog although they, or a part of them, were rolled back:
// those that made or dropped a temporary table. What is delivered is what the tables hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;

constexpr int kLast = 999'999'999;
/// An INSERT of 6 MB of rows, more than the tracker holds, with ids from after `first` on.
std::string many_rows(int first) {
  return "INSERT INTO t SELECT @n := @n + 1, REPEAT('x', 10000) FROM (SELECT @n := " + std::to_string(first) +
         ") n, information_schema.COLLATIONS a, information_schema.COLLATIONS b LIMIT 600";
}

class Rollback {
 protected:
  Rollback(MysqlServer& server, const std::string& delivery) : server_(server) {
    database_ = server_.fresh_database();
    client_.emplace(server_.connect(database_));
    is_stdout_ = delivery == "Stdout";
    task_ = is_stdout_ ? stdout_task(server_, database_)
                       : kafka_task(server_, database_, KafkaBroker::shared().bootstrap());
    if (!is_stdout_) task_["spec"]["sink"]["kafka"]["delivery"] = delivery;
    tables_ = {"t"};
    sql({"CREATE TABLE t (id INT PRIMARY KEY, filler MEDIUMTEXT)"});
    tracker_.emplace(task_);
    tracker_->start_streaming();
  }

  void sql(const std::vector<std::string>& statements) {
    for (const std::string& each : statements) client_->exec(each);
  }
  /// The statement fails, as it must.
  void fails(const std::string& statement) { EXPECT_ANY_THROW(client_->exec(statement)) << statement; }
  [[nodiscard]] std::string binlog() {
    const std::string file = server_.query("SHOW MASTER STATUS").at(0).at(0).value();
    std::string said;
    for (const Row& event : server_.query("SHOW BINLOG EVENTS IN '" + file + "'")) {
      said += event.at(2).value() + " " + event.at(5).value_or("") + "\n";
    }
    return said;
  }

  /// What was delivered, "table id" each, when everything was.
  [[nodiscard]] std::vector<std::string> delivered() {
    sql({"INSERT INTO t VALUES (" + std::to_string(kLast) + ", '')"});
    const std::string last = "\"id\":" + std::to_string(kLast);
    std::vector<std::string> rows;
    if (is_stdout_) {
      wait_until(
          "the last row", [&] { return tracker_->process().out().find(last) != std::string::npos; },
          std::chrono::seconds{60}, [&] { return tracker_->process().err(); });
      for (const std::string& line : tracker_->process().new_lines()) note(json::parse(line), rows);
    } else {
      KafkaReader reader = KafkaBroker::shared().reader(topic_of(task_));
      const auto has_last = [&](const std::vector<KafkaRecord>& records) {
        return !records.empty() && records.back().value &&
               records.back().value->find(last) != std::string::npos;
      };
      for (const json& record : row_changes(reader.wait_for("the last row", has_last))) note(record, rows);
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  /// The same of what the tables hold.
  [[nodiscard]] std::vector<std::string> held() {
    std::vector<std::string> rows;
    for (const std::string& table : tables_) {
      for (const Row& row : client_->query("SELECT id FROM " + table)) {
        rows.push_back(table + " " + row.at(0).value());
      }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  void expect_what_the_tables_hold() {
    const std::vector<std::string> got = delivered();
    EXPECT_EQ(got, held());
    EXPECT_EQ(tracker_->metric("rowtide_tracker_events_total", "op=\"insert\""), got.size());
    EXPECT_TRUE(tracker_->stop(SIGTERM).ok()) << tracker_->failure();
  }

  MysqlServer& server_;
  std::string database_;
  std::optional<SqlClient> client_;
  bool is_stdout_ = false;
  json task_;
  std::vector<std::string> tables_;
  std::optional<TrackerProcess> tracker_;

 private:
  static void note(const json& record, std::vector<std::string>& rows) {
    if (!record.contains("op")) return;
    EXPECT_EQ(record.at("op"), "c");
    rows.push_back(record.at("source").at("table").get<std::string>() + " " +
                   record.at("after").at("id").dump());
  }
};

struct RollbackCase {
  SqlFlavor flavor;
  std::string delivery;
};

void PrintTo(const RollbackCase& one, std::ostream* out) {
  *out << flavor_name(one.flavor) << one.delivery;
}

/// MySQL 5.7 writes such groups while it writes no GTIDs.
MysqlServer& writer_of_rolled_back(SqlFlavor flavor) {
  if (is_mariadb(flavor)) return tracked_server(flavor);
  static MysqlServer server(SqlFlavor::Mysql57,
                            {.options = {"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"}});
  static const bool has_account = (server.create_user(kTrackerUser, kTrackerPassword), true);
  (void)has_account;
  return server;
}

class WrittenRollback : public Rollback, public testing::TestWithParam<RollbackCase> {
 protected:
  WrittenRollback() : Rollback(writer_of_rolled_back(GetParam().flavor), GetParam().delivery) {}
};
INSTANTIATE_TEST_SUITE_P(Sources, WrittenRollback,
                         testing::Values(RollbackCase{SqlFlavor::Mariadb, "ExactlyOnce"},
                                         RollbackCase{SqlFlavor::Mariadb, "AtLeastOnce"},
                                         RollbackCase{SqlFlavor::Mariadb, "Stdout"},
                                         RollbackCase{SqlFlavor::Mariadb114, "ExactlyOnce"},
                                         RollbackCase{SqlFlavor::Mysql57, "ExactlyOnce"},
                                         RollbackCase{SqlFlavor::Mysql57, "AtLeastOnce"}),
                         [](const auto& one) { return flavor_name(one.param.flavor) + one.param.delivery; });

class MariadbRollback : public Rollback, public testing::TestWithParam<std::string> {
 protected:
  MariadbRollback() : Rollback(tracked_server(SqlFlavor::Mariadb), GetParam()) {}
};
INSTANTIATE_TEST_SUITE_P(Deliveries, MariadbRollback, testing::Values("ExactlyOnce", "AtLeastOnce", "Stdout"),
                         [](const auto& one) { return one.param; });

TEST_P(WrittenRollback, OfSmallTransactions) {
  // MySQL 5.7 does not write a name with ` so that it could be read again.
  const bool is_mysql = !is_mariadb(GetParam().flavor);
  const std::string quotes = is_mysql ? "\"\"" : "`\"\"";
  sql({"START TRANSACTION",
       "INSERT INTO t VALUES (1, '')",
       "COMMIT",  //
       "START TRANSACTION",
       "INSERT INTO t VALUES (2, '')",
       "CREATE TEMPORARY TABLE z (a INT)",
       "ROLLBACK",
       "INSERT INTO t VALUES (3, '')",  //
       "START TRANSACTION",
       "INSERT INTO t VALUES (4, '')",
       "SAVEPOINT s",
       "INSERT INTO t VALUES (5, '')",
       "DROP TEMPORARY TABLE IF EXISTS z",
       "ROLLBACK TO S",
       "INSERT INTO t VALUES (6, '')",
       "COMMIT",  //
       "START TRANSACTION",
       "INSERT INTO t VALUES (10, '')",
       "SAVEPOINT s",
       "INSERT INTO t VALUES (11, '')",
       "SAVEPOINT inside",
       "INSERT INTO t VALUES (12, '')",
       "SAVEPOINT S",
       "INSERT INTO t VALUES (13, '')",
       "DROP TEMPORARY TABLE IF EXISTS z",
       "ROLLBACK WORK TO SAVEPOINT `s`",
       "INSERT INTO t VALUES (14, '')",
       "RELEASE SAVEPOINT s",
       "ROLLBACK TO inside",
       "INSERT INTO t VALUES (15, '')",
       "COMMIT",  //
       "SET sql_mode = 'ANSI_QUOTES'",
       "START TRANSACTION",
       "INSERT INTO t VALUES (20, '')",
       "SAVEPOINT \"a" + quotes + "b\"",
       "INSERT INTO t VALUES (21, '')",
       "DROP TEMPORARY TABLE IF EXISTS z",
       "ROLLBACK TO \"A" + quotes + "b\"",
       "COMMIT",  //
       "START TRANSACTION",
       "SAVEPOINT first",
       "INSERT INTO t VALUES (30, '')",
       "DROP TEMPORARY TABLE IF EXISTS z",
       "ROLLBACK TO first",
       "INSERT INTO t VALUES (31, '')",
       "COMMIT"});
  EXPECT_THAT(binlog(), testing::AllOf(testing::HasSubstr("Query ROLLBACK\n"),
                                       testing::HasSubstr("Query ROLLBACK TO `inside`"),
                                       testing::HasSubstr(is_mysql ? "Query ROLLBACK TO `A\"b`"
                                                                   : "Query ROLLBACK TO \"A`\"\"b\"")));
  expect_what_the_tables_hold();
}

TEST_P(WrittenRollback, OfXaTransactions) {
  const auto xa = [this](int id, const std::vector<std::string>& ends) {
    sql({"XA START 'x'", "INSERT INTO t VALUES (" + std::to_string(id) + ", '')", "SAVEPOINT s",
         "INSERT INTO t VALUES (" + std::to_string(id + 1) + ", '')", "DROP TEMPORARY TABLE IF EXISTS z",
         "ROLLBACK TO s", "INSERT INTO t VALUES (" + std::to_string(id + 2) + ", '')", "XA END 'x'"});
    sql(ends);
  };
  xa(10, {"XA ROLLBACK 'x'"});
  xa(20, {"XA PREPARE 'x'", "XA ROLLBACK 'x'"});
  xa(30, {"XA PREPARE 'x'", "XA COMMIT 'x'"});
  xa(40, {"XA COMMIT 'x' ONE PHASE"});
  sql({"XA START 'y'", "INSERT INTO t VALUES (50, '')", "SAVEPOINT s", many_rows(1000),
       "DROP TEMPORARY TABLE IF EXISTS z", "ROLLBACK TO s", many_rows(2000), "XA END 'y'", "XA PREPARE 'y'",
       "XA COMMIT 'y'"});
  expect_what_the_tables_hold();
}

TEST_P(WrittenRollback, LeavesTheRowsOfTablesThatCannotRollBack) {
  tables_ = {"t", "m", "a"};
  sql({"CREATE TABLE m (id INT PRIMARY KEY) ENGINE=MyISAM",
       std::string("CREATE TABLE a (id INT PRIMARY KEY) ENGINE=") +
           (is_mariadb(GetParam().flavor) ? "Aria" : "MyISAM"),
       "START TRANSACTION",
       "INSERT INTO t VALUES (1, '')",
       "INSERT INTO m VALUES (1)",
       "INSERT INTO a VALUES (1)",
       "ROLLBACK",  //
       "START TRANSACTION",
       "INSERT INTO m VALUES (2)",
       "INSERT INTO t VALUES (2, '')",
       "ROLLBACK",  //
       "START TRANSACTION",
       "INSERT INTO t VALUES (3, '')",
       "CREATE TEMPORARY TABLE z (a INT)",
       "INSERT INTO m VALUES (3)",
       "INSERT INTO t VALUES (4, '')",
       "ROLLBACK",  //
       "START TRANSACTION",
       "INSERT INTO t VALUES (5, '')",
       "SAVEPOINT s",
       "INSERT INTO m VALUES (5)",
       "INSERT INTO t VALUES (6, '')",
       "ROLLBACK TO s",
       "COMMIT",
       "SET binlog_format = MIXED",
       "START TRANSACTION",
       "INSERT INTO t SELECT 7, UUID()",
       "CREATE TEMPORARY TABLE y (a INT)",
       "INSERT INTO m SELECT 7 FROM (SELECT UUID()) u",
       "ROLLBACK"});
  fails("INSERT INTO m VALUES (8), (9), (8)");
  expect_what_the_tables_hold();
}

TEST_P(WrittenRollback, OfMoreThanIsHeld) {
  sql({"START TRANSACTION",
       many_rows(1000),
       "DROP TEMPORARY TABLE IF EXISTS z",
       "ROLLBACK",  //
       "START TRANSACTION",
       "INSERT INTO t VALUES (1, '')",
       "SAVEPOINT s",
       many_rows(2000),
       "DROP TEMPORARY TABLE IF EXISTS z",
       "ROLLBACK TO s",
       "INSERT INTO t VALUES (2, '')",
       "COMMIT",  //
       "START TRANSACTION",
       many_rows(3000),
       "SAVEPOINT s",
       "INSERT INTO t VALUES (3, '')",
       "DROP TEMPORARY TABLE IF EXISTS z",
       "ROLLBACK TO s",
       many_rows(4000),
       "COMMIT",  //
       "CREATE TABLE c SELECT * FROM t"});
  tables_ = {"t", "c"};
  EXPECT_EQ(delivered(), held());
  EXPECT_EQ(tracker_->metric("rowtide_tracker_events_total", "op=\"schema\""), 1) << "of c, read twice";
  EXPECT_TRUE(tracker_->stop(SIGTERM).ok()) << tracker_->failure();
}

// It is made durable in parts: no part may hold what is taken back later.
TEST_P(MariadbRollback, OfAVeryLargeTransaction) {
  sql({"START TRANSACTION", "INSERT INTO t SELECT seq + 10000, REPEAT('x', 100000) FROM seq_1_to_900",
       "SAVEPOINT s", "INSERT INTO t VALUES (1, '')", "DROP TEMPORARY TABLE IF EXISTS z", "ROLLBACK TO s",
       "INSERT INTO t VALUES (2, '')", "COMMIT",  //
       "START TRANSACTION", "INSERT INTO t SELECT seq + 20000, REPEAT('x', 100000) FROM seq_1_to_900",
       "DROP TEMPORARY TABLE IF EXISTS z", "ROLLBACK"});
  expect_what_the_tables_hold();
}

TEST(FileRollback, OfWhatIsNotHeldIsDecodedLikeTheRest) {
  MysqlServer server(SqlFlavor::Mariadb);
  const std::string database = server.fresh_database();
  SqlClient client = server.connect(database);
  for (const std::string& each :
       {std::string("CREATE TABLE t (id INT PRIMARY KEY, filler MEDIUMTEXT)"), std::string("FLUSH LOGS"),
        std::string("START TRANSACTION"), std::string("INSERT INTO t VALUES (1, '')"),
        std::string("SAVEPOINT s"), many_rows(1000), std::string("DROP TEMPORARY TABLE IF EXISTS z"),
        std::string("ROLLBACK TO s"), many_rows(2000), std::string("COMMIT"),
        std::string("INSERT INTO t VALUES (3, '')"), std::string("FLUSH LOGS")}) {
    client.exec(each);
  }
  const Rows logs = server.query("SHOW BINARY LOGS");
  const std::string file = server.value("SELECT @@datadir") + logs.at(logs.size() - 2).at(0).value();
  const RunResult run =
      test::run({.argv = {test::tracker_program(), "decode", file}, .env = {}, .working_dir = {}},
                std::chrono::seconds{60});
  ASSERT_EQ(run.status.code, 0) << run.err;
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 602);
}

// The MySQL of after 5.7 does not write such groups: here only that what is read again is
// found by its place in the file.
TEST(MysqlRollback, IsWaitedForWithoutGtids) {
  MysqlServer server(SqlFlavor::Mysql8, {.options = {"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"}});
  server.create_user(kTrackerUser, kTrackerPassword);
  class Task : public Rollback {
   public:
    explicit Task(MysqlServer& server) : Rollback(server, "AtLeastOnce") {}
    void run() {
      sql({"START TRANSACTION", "INSERT INTO t VALUES (1, '')", "SAVEPOINT s", "INSERT INTO t VALUES (2, '')",
           "CREATE TEMPORARY TABLE z (a INT)", "ROLLBACK TO s", "COMMIT",                   //
           "START TRANSACTION", "INSERT INTO t VALUES (3, '')", many_rows(1000), "COMMIT",  //
           "XA START 'x'", "INSERT INTO t VALUES (4, '')", "XA END 'x'", "XA COMMIT 'x' ONE PHASE"});
      expect_what_the_tables_hold();
    }
  };
  Task(server).run();
}

}  // namespace
}  // namespace rowtide::test
