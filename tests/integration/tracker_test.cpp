// The tracker as its users run it: a process, a task file, real servers at both ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <sstream>
#include <thread>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Tracker : public testing::Test {
 protected:
  Tracker() : mysql_(tracked_server(SqlFlavor::Mysql8)), database_(mysql_.fresh_database()) {}

  [[nodiscard]] json kafka_task() const {
    return test::kafka_task(mysql_, database_, KafkaBroker::shared().bootstrap());
  }
  [[nodiscard]] json at_least_once(const KafkaBroker& broker) const {
    json task = test::kafka_task(mysql_, database_, broker.bootstrap());
    task["spec"]["sink"]["kafka"]["delivery"] = "AtLeastOnce";
    return task;
  }
  void sql(const std::string& statement) {
    mysql_.exec("USE " + database_);
    mysql_.exec(statement);
  }
  /// Ids of the rows that were inserted, in the order of arrival.
  static std::vector<int> inserted(const std::vector<json>& changes) {
    std::vector<int> ids;
    for (const json& change : changes) {
      if (change.at("op") == "c") ids.push_back(change.at("after").at("id").get<int>());
    }
    return ids;
  }
  static std::vector<int> numbers(int first, int last) {
    std::vector<int> all;
    for (int i = first; i <= last; ++i) all.push_back(i);
    return all;
  }

  MysqlServer& mysql_;
  std::string database_;
};

std::string insert_of(int first, int last) {
  std::string sql = "INSERT INTO t VALUES ";
  for (int id = first; id <= last; ++id) {
    sql += (id == first ? "(" : ",(") + std::to_string(id) + ",'n" + std::to_string(id) + "')";
  }
  return sql;
}

/// Commits the rows 1..count of table t, one by one, on a connection and a thread of its own.
class Writer {
 public:
  Writer(MysqlServer& server, const std::string& database, int count)
      : thread_([this, &server, database, count] {
          SqlClient client = server.connect(database);
          for (int id = 1; id <= count; ++id) client.exec(insert_of(id, id)), committed_ = id;
        }) {}
  void wait_for(int count) const {
    wait_until("the writer's row " + std::to_string(count), [&] { return committed_ >= count; });
  }
  void join() { thread_.join(); }

 private:
  std::atomic<int> committed_{0};
  std::jthread thread_;
};

TEST_F(Tracker, DeliversATransactionOfTenThousandRowsInOrderAndCountsThem) {
  constexpr int kRows = 10'000;
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  const json task = kafka_task();
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql("START TRANSACTION");
  sql(insert_of(1, kRows / 2));
  sql(insert_of(kRows / 2 + 1, kRows));
  sql("COMMIT");

  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  const std::vector<json> changes = wait_for_rows(reader, kRows);
  EXPECT_EQ(inserted(changes), numbers(1, kRows));
  const json& gtid = changes.front().at("source").at("gtid");
  EXPECT_TRUE(std::all_of(changes.begin(), changes.end(),
                          [&](const json& change) { return change.at("source").at("gtid") == gtid; }));

  EXPECT_EQ(tracker.get("/healthz").status, 200);
  wait_until(
      "no lag while nobody writes", [&] { return tracker.status().value("lagSeconds", json()) == json(0.0); },
      seconds{20}, [&] { return tracker.get("/status").body; });
  EXPECT_EQ(tracker.metric("rowtide_tracker_events_total", "op=\"insert\""), kRows);
  EXPECT_EQ(tracker.metric("rowtide_tracker_events_total", "op=\"update\""), 0);
  EXPECT_EQ(tracker.metric("rowtide_tracker_sink_records_total"), kRows);
  wait_until(
      "the latency of its one transaction",
      [&] { return tracker.metric("rowtide_tracker_end_to_end_latency_seconds_count") == 1; }, seconds{10},
      [&] { return tracker.get("/metrics").body; });
  EXPECT_GT(tracker.metric("rowtide_tracker_end_to_end_latency_seconds_sum"), 0);
  EXPECT_EQ(tracker.metric("rowtide_tracker_end_to_end_latency_seconds_bucket", "le=\"+Inf\""), 1);
  wait_until("an end that is reached", [&] {
    return tracker.get("/metrics").body.find("\nrowtide_tracker_binlog_behind_bytes{") != std::string::npos &&
           tracker.metric("rowtide_tracker_binlog_behind_bytes") == 0;
  });
  EXPECT_GT(tracker.metric("rowtide_tracker_binlog_purge_headroom_seconds"), 3600);
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_F(Tracker, KeysTombstonesAndChangedKeys) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  const json task = kafka_task();
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql(insert_of(1, 2));
  sql("UPDATE t SET id = 9 WHERE id = 1");
  sql("DELETE FROM t WHERE id = 2");

  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  const std::vector<KafkaRecord>& records = reader.wait_for_count(7);
  ASSERT_EQ(records.size(), 7U);
  std::vector<std::string> seen;
  for (const KafkaRecord& record : records) {
    seen.push_back(record.key.value() + " " +
                   (record.value ? json::parse(*record.value).at("op").get<std::string>() : "tombstone"));
  }
  EXPECT_THAT(seen, ElementsAre(R"({"id":1} c)", R"({"id":2} c)", R"({"id":1} d)", R"({"id":1} tombstone)",
                                R"({"id":9} c)", R"({"id":2} d)", R"({"id":2} tombstone)"));
  EXPECT_EQ(records[2].header("__debezium.newkey"), R"({"id":9})");
  EXPECT_EQ(records[4].header("__debezium.oldkey"), R"({"id":1})");
}

TEST_F(Tracker, DeliversSelectedTablesOnlyAlsoThoseMadeLater) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  sql("CREATE TABLE audit (id INT PRIMARY KEY)");
  const std::string other = mysql_.fresh_database();
  mysql_.exec("CREATE TABLE " + other + ".t (id INT PRIMARY KEY)");
  json task = kafka_task();
  task["spec"]["objects"]["exclude"] = {{{"database", database_}, {"tables", {"audit"}}}};
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql("INSERT INTO audit VALUES (1)");
  mysql_.exec("INSERT INTO " + other + ".t VALUES (2)");
  sql("CREATE TABLE later (id INT PRIMARY KEY, x INT)");
  sql("INSERT INTO later VALUES (3, 3)");
  sql("ALTER TABLE later DROP COLUMN x");
  sql("INSERT INTO later VALUES (4)");
  sql(insert_of(5, 5));
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  const std::vector<json> changes = wait_for_rows(reader, 3);
  EXPECT_THAT(inserted(changes), ElementsAre(3, 4, 5));
  EXPECT_EQ(changes[0].at("after"), json::parse(R"({"id":3,"x":3})"));
  EXPECT_EQ(changes[1].at("after"), json::parse(R"({"id":4})"));
}

/// "op" of row changes, the statement of schema changes.
std::vector<std::string> summary(const std::string& lines) {
  std::istringstream stream(lines);
  std::vector<std::string> all;
  for (std::string line; std::getline(stream, line);) {
    const json value = json::parse(line);
    all.push_back(value.contains("ddl") ? value.at("ddl") : value.at("op"));
  }
  return all;
}

TEST_F(Tracker, WritesJsonLinesAndGoesOnFromItsCheckpointFile) {
  const TempDir folder;
  TrackerProcess tracker(stdout_task(mysql_, database_), {"--checkpoint", folder.path() / "checkpoint"});
  tracker.start_streaming();
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  sql(insert_of(1, 1));
  sql("ALTER TABLE t ADD COLUMN x INT");
  sql("UPDATE t SET x = 2");
  const auto lines = [&] { return summary(tracker.process().out()); };
  wait_until(
      "four lines", [&] { return lines().size() == 4; }, seconds{30});
  EXPECT_THAT(lines(), ElementsAre("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))", "c",
                                   "ALTER TABLE t ADD COLUMN x INT", "u"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());

  sql("DELETE FROM t");  // while it is down
  tracker.start_streaming();
  sql("DROP TABLE t");
  wait_until(
      "the delete and the drop", [&] { return lines().size() >= 2; }, seconds{30});
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  ASSERT_EQ(lines().size(), 2U);
  EXPECT_EQ(lines()[0], "d");
  EXPECT_THAT(lines()[1], HasSubstr("DROP TABLE"));
}

TEST_F(Tracker, StoppedAndStartedAgainLosesAndRepeatsNothing) {
  constexpr int kRows = 1500;
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  const json task = kafka_task();
  TrackerProcess tracker(task);
  tracker.start_streaming();
  Writer writer(mysql_, database_, kRows);
  for (const int at : {200, 700}) {
    writer.wait_for(at);
    EXPECT_TRUE(tracker.stop(SIGTERM).ok());
    writer.wait_for(at + 200);
    tracker.start_streaming();
  }
  writer.join();
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  wait_for_rows(reader, kRows);
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  EXPECT_EQ(inserted(row_changes(reader.read_to_end())), numbers(1, kRows));
}

/// First arrivals only: what may come twice must still come in order the first time.
std::vector<int> without_repeats(const std::vector<int>& ids) {
  std::set<int> seen;
  std::vector<int> first;
  for (const int id : ids) {
    if (seen.insert(id).second) first.push_back(id);
  }
  return first;
}

TEST_F(Tracker, AStartByGtidsOnAnIdleSourceHasNoLag) {
  mysql_.exec("CREATE TABLE " + database_ + ".t (id INT PRIMARY KEY)");
  json task = stdout_task(mysql_, database_);
  task["spec"]["startPosition"] = {{"mode", "GTIDSet"}, {"gtidSet", mysql_.value("SELECT @@gtid_executed")}};
  TrackerProcess tracker(task);
  tracker.start_streaming();
  wait_until(
      "the source's end has been seen and nothing is missing",
      [&] {
        const json status = tracker.status();
        return status.contains("lagSeconds") && status["lagSeconds"] == 0;
      },
      std::chrono::seconds(20), [&] { return tracker.status().dump(); });
}

TEST_F(Tracker, KilledWhileRowsAreCommittedLosesNone) {
  constexpr int kRows = 2000;
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  const json task = kafka_task();
  TrackerProcess tracker(task);
  tracker.start_streaming();
  Writer writer(mysql_, database_, kRows);
  for (const int at : {300, 800, 1300}) {
    writer.wait_for(at);
    EXPECT_EQ(tracker.stop(SIGKILL).signal, SIGKILL);
    tracker.start_streaming();
  }
  writer.join();
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  const auto arrived = [&] { return without_repeats(inserted(row_changes(reader.read_to_end()))); };
  wait_until(
      "every row", [&] { return arrived().size() == kRows; }, seconds{60});
  EXPECT_EQ(arrived(), numbers(1, kRows));
}

/// As many as docs/sources.md says: three stay, one more is for moments, a precheck beside it takes two.
TEST_F(Tracker, AnAccountMayBeHeldToFewConnections) {
  constexpr const char* kFew = "few";
  mysql_.create_user(kFew, kTrackerPassword);
  json task = kafka_task();
  task["spec"]["source"]["credentials"]["username"] = kFew;
  const auto allow = [&](int connections) {
    mysql_.exec(std::string("ALTER USER '") + kFew + "'@'%' WITH MAX_USER_CONNECTIONS " +
                std::to_string(connections));
  };
  allow(4);
  sql("CREATE TABLE t (id INT PRIMARY KEY, name TEXT)");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql(insert_of(1, 2));
  KafkaReader reader(KafkaBroker::shared().bootstrap(), topic_of(task));
  EXPECT_EQ(inserted(wait_for_rows(reader, 2)), numbers(1, 2));
  std::string count;
  wait_until(
      "three connections are left",
      [&] {
        count = mysql_
                    .query(std::string("SELECT COUNT(*) FROM information_schema.processlist WHERE user = '") +
                           kFew + "'")
                    .at(0)
                    .at(0)
                    .value();
        return count == "3";
      },
      seconds{30}, [&] { return count; });
  EXPECT_THAT(tracker.process().err(), Not(HasSubstr("max_user_connections")));
  allow(5);
  const RunResult checked = run_tracker("precheck", task);
  EXPECT_EQ(checked.status.code, 0) << checked.out;
  EXPECT_EQ(tracker.stop(SIGTERM).code, 0);
}

TEST_F(Tracker, OutlivesRestartsOfBothServersAndRotation) {
  MysqlServer server(SqlFlavor::Mysql8);
  server.create_user(kTrackerUser, kTrackerPassword);
  server.exec("CREATE DATABASE shop");
  server.exec("CREATE TABLE shop.t (id INT PRIMARY KEY, name VARCHAR(40))");
  KafkaBroker broker;
  const json task = test::kafka_task(server, "shop", broker.bootstrap());
  TrackerProcess tracker(task);
  tracker.start_streaming();
  const auto insert = [&](int id) {
    server.exec("USE shop");
    server.exec(insert_of(id, id));
  };
  insert(1);
  server.exec("FLUSH LOGS");
  insert(2);
  KafkaReader reader = broker.reader(topic_of(task));
  wait_for_rows(reader, 2);

  server.restart();
  insert(3);
  tracker.wait_streaming();
  wait_for_rows(reader, 3);
  EXPECT_GE(tracker.metric("rowtide_tracker_reconnects_total"), 1);

  broker.stop();
  insert(4);
  server.exec("FLUSH LOGS");
  insert(5);
  EXPECT_EQ(tracker.get("/healthz").status, 200);
  broker.start();
  EXPECT_EQ(inserted(wait_for_rows(reader, 5)), numbers(1, 5));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

// The server says so by a statement of its own, whatever its binlog_format.
class MemoryTables : public testing::TestWithParam<SqlFlavor> {};

TEST_P(MemoryTables, AreToldAsEmptyAfterARestart) {
  MysqlServer server(GetParam());
  server.create_user(kTrackerUser, kTrackerPassword);
  server.exec("CREATE DATABASE shop");
  server.exec("CREATE TABLE shop.m (id INT PRIMARY KEY) ENGINE = MEMORY");
  const json task = test::kafka_task(server, "shop", KafkaBroker::shared().bootstrap());
  TrackerProcess tracker(task);
  tracker.start_streaming();
  server.exec("INSERT INTO shop.m VALUES (1)");
  server.restart();
  EXPECT_EQ(server.value("SELECT COUNT(*) FROM shop.m"), "0");
  server.exec("INSERT INTO shop.m VALUES (2)");
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  EXPECT_EQ(wait_for_rows(reader, 2).size(), 2U);
  std::vector<std::string> order;
  for (const KafkaRecord& record : reader.records()) {
    const json value = json::parse(record.value.value());
    order.push_back(value.contains("op") ? value.at("after").at("id").dump()
                                         : value.at("ddl").get<std::string>());
  }
  ASSERT_EQ(order.size(), 3U);
  EXPECT_THAT(order[1], testing::HasSubstr("`shop`.`m`"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

INSTANTIATE_TEST_SUITE_P(Servers, MemoryTables, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         [](const auto& info) {
                           return info.param == SqlFlavor::Mysql8 ? "Mysql8" : "Mariadb";
                         });

TEST_F(Tracker, ABrokerThatIsAwayIsWaitedForAndSaid) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  KafkaBroker broker;
  broker.stop();
  for (const char* delivery : {"AtLeastOnce", "ExactlyOnce"}) {
    json task = test::kafka_task(mysql_, database_, broker.bootstrap());
    task["spec"]["sink"]["kafka"]["delivery"] = delivery;
    TrackerProcess tracker(task);
    const auto waits = [&] {
      const HttpAnswer status = tracker.get("/status");
      return status.status == 200 && tracker.status().at("reason") == "SinkUnavailable";
    };
    const auto log = [&] { return tracker.process().err(); };
    tracker.start();
    wait_until("SinkUnavailable", waits, seconds{40}, log);
    EXPECT_EQ(tracker.get("/readyz").status, 503);
    EXPECT_TRUE(tracker.stop(SIGTERM).ok()) << "while it waits";

    tracker.start();
    wait_until("SinkUnavailable again", waits, seconds{40}, log);
    broker.start();
    tracker.wait_streaming();
    sql("REPLACE INTO t VALUES (1, 'x')");
    KafkaReader reader = broker.reader(topic_of(task));
    EXPECT_EQ(inserted(wait_for_rows(reader, 1)), numbers(1, 1));

    broker.stop();
    sql("REPLACE INTO t VALUES (2, 'x')");
    wait_until("SinkUnavailable while it streams", waits, seconds{40}, log);
    EXPECT_EQ(tracker.get("/readyz").status, 503);
    EXPECT_EQ(tracker.metric("rowtide_tracker_source_connected"), 1);
    broker.start();
    tracker.wait_streaming();
    EXPECT_EQ(inserted(wait_for_rows(reader, 2)), numbers(1, 2));
    EXPECT_THAT(log(), testing::HasSubstr("Kafka takes records again"));
    EXPECT_TRUE(tracker.stop(SIGTERM).ok());
    sql("DELETE FROM t");
    broker.stop();
  }
}

TEST_F(Tracker, ANameThatIsMisspeltIsSaid) {
  sql("CREATE TABLE orders (id INT PRIMARY KEY)");
  json task = test::kafka_task(mysql_, database_, KafkaBroker::shared().bootstrap());
  task["spec"]["objects"]["include"] = {{{"database", database_}, {"tables", {"ordres"}}}};
  TrackerProcess tracker(task);
  tracker.start_streaming();
  wait_until("it is said", [&] { return tracker.process().err().find(".ordres") != std::string::npos; });
  EXPECT_THAT(tracker.process().err(), testing::HasSubstr("rowtide-tracker precheck looks at everything"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

// Brokers make topics by default, with cleanup.policy=delete: checkpoints would go on into one of these, and
// be deleted by age.
TEST_F(Tracker, ALostCheckpointTopicIsNotMadeByTheBrokers) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  KafkaBroker broker({.bind = "127.0.0.1", .port = 0, .options = {"auto.create.topics.enable=true"}});
  const json task = at_least_once(broker);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  broker.delete_topic("__rowtide_checkpoints");
  sql("INSERT INTO t VALUES (1, 'x')");
  KafkaReader reader = broker.reader(topic_of(task));
  EXPECT_EQ(inserted(wait_for_rows(reader, 1)), numbers(1, 1));
  tracker.stop(SIGTERM);
  // It refuses a topic that is not compacted.
  tracker.start_streaming();
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

// spec.startPosition is Latest: without a checkpoint, what is committed while no tracker runs would be passed
// over.
TEST_F(Tracker, ACheckpointLostUnderTheTrackerIsSavedAgain) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  KafkaBroker broker;
  const json task = at_least_once(broker);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  broker.delete_topic("__rowtide_checkpoints");
  sql("INSERT INTO t VALUES (1, 'x')");
  KafkaReader reader = broker.reader(topic_of(task));
  EXPECT_EQ(inserted(wait_for_rows(reader, 1)), numbers(1, 1));
  const auto log = [&] { return tracker.process().err(); };
  wait_until(
      "the topic", [&] { return broker.partitions("__rowtide_checkpoints") > 0; }, seconds{60}, log);
  KafkaReader checkpoints = broker.reader("__rowtide_checkpoints");
  const auto is_saved = [&] {
    const std::vector<KafkaRecord>& records = checkpoints.read_to_end();
    return !records.empty() && records.back().key->find('#') == std::string::npos;
  };
  wait_until("a checkpoint", is_saved, seconds{60}, log);
  EXPECT_EQ(tracker.stop(SIGKILL).signal, SIGKILL);
  sql("INSERT INTO t VALUES (2, 'x')");
  tracker.start_streaming();
  EXPECT_EQ(inserted(wait_for_rows(reader, 2)), numbers(1, 2)) << tracker.process().err();
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

// Each task that is kept in a topic must be able to save there.
TEST_F(Tracker, ACheckpointThatIsTooLargeEndsTheTrackerWithTheRepair) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  KafkaBroker broker;
  const json task = at_least_once(broker);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  broker.run_commands(
      "kafka-configs.sh --bootstrap-server X --alter --entity-type topics --entity-name "
      "__rowtide_checkpoints --add-config max.message.bytes=300");
  sql("INSERT INTO t VALUES (1, 'x')");
  EXPECT_FALSE(tracker.wait_exit().ok());
  EXPECT_THAT(tracker.failure(),
              AllOf(HasSubstr("RecordTooLarge"), HasSubstr("--entity-name __rowtide_checkpoints")));
}

/// What the tracker must not read over: each ends it, when it concerns a tracked table.
struct Refusal {
  std::string name;
  std::vector<std::string> statements;
  std::string repair;  ///< part of the message
};

void PrintTo(const Refusal& one, std::ostream* out) {
  *out << one.name;
}

class Refuses : public Tracker, public testing::WithParamInterface<Refusal> {};

TEST_P(Refuses, OnATrackedTableOnly) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  sql(insert_of(1, 1));
  const std::string other = mysql_.fresh_database();
  mysql_.exec("CREATE TABLE " + other + ".t LIKE " + database_ + ".t");
  mysql_.exec("INSERT INTO " + other + ".t SELECT * FROM " + database_ + ".t");
  TrackerProcess tracker(stdout_task(mysql_, database_));
  tracker.start_streaming();
  const auto run_in = [&](const std::string& database) {
    SqlClient session = mysql_.connect(database);
    for (const std::string& statement : GetParam().statements) session.exec(statement);
  };
  run_in(other);
  sql(insert_of(2, 2));
  wait_until(
      "a row after the untracked table's change", [&] { return !tracker.process().out().empty(); },
      seconds{30}, [&] { return tracker.process().err(); });

  run_in(database_);
  EXPECT_EQ(tracker.wait_exit().code, 1);
  EXPECT_THAT(tracker.failure(),
              AllOf(HasSubstr(GetParam().repair), testing::ContainsRegex("binlog\\.[0-9]+:[0-9]+")))
      << tracker.process().err();
  EXPECT_THAT(tracker.failure(), testing::AnyOf(HasSubstr(database_ + ".t"), HasSubstr("UPDATE t")));
}

INSTANTIATE_TEST_SUITE_P(Sources, Refuses,
                         testing::Values(Refusal{"Statement",
                                                 {"SET SESSION binlog_format = STATEMENT",
                                                  "UPDATE t SET name = 's' WHERE id = 1"},
                                                 "binlog_format=ROW"},
                                         Refusal{"MinimalImage",
                                                 {"SET SESSION binlog_row_image = MINIMAL",
                                                  "UPDATE t SET name = 'm' WHERE id = 1"},
                                                 "binlog_row_image=FULL"}),
                         [](const auto& one) { return one.param.name; });

/// What it changes stands behind what USE and its first words say.
TEST_F(Tracker, AStatementThatNamesNoTableFirstStopsTheTaskFromAnywhere) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  sql("INSERT INTO t VALUES (1, 'a')");
  TrackerProcess tracker(stdout_task(mysql_, database_));
  tracker.start_streaming();
  SqlClient elsewhere = mysql_.connect(mysql_.fresh_database());
  elsewhere.exec("SET SESSION binlog_format = STATEMENT");
  elsewhere.exec("WITH x AS (SELECT 1 AS id) UPDATE " + database_ + ".t JOIN x USING (id) SET name = 'w'");
  EXPECT_EQ(tracker.wait_exit().code, 1);
  EXPECT_THAT(tracker.failure(),
              AllOf(HasSubstr("what may be tracked data was written as a statement"), HasSubstr("WITH x")));
}

TEST_F(Tracker, APurgedStartPositionIsSaid) {
  MysqlServer server(SqlFlavor::Mysql8);
  server.create_user(kTrackerUser, kTrackerPassword);
  server.exec("CREATE DATABASE shop");
  const std::string first = server.query("SHOW BINARY LOGS").front()[0].value();
  server.exec("FLUSH LOGS");
  server.exec("PURGE BINARY LOGS TO '" + server.query("SHOW BINARY LOGS").back()[0].value() + "'");
  json task = stdout_task(server, "shop");
  task["spec"]["startPosition"] = {{"mode", "BinlogFile"}, {"file", first}, {"offset", 4}};
  TrackerProcess tracker(task);
  tracker.start();
  EXPECT_EQ(tracker.wait_exit().code, 1);
  EXPECT_THAT(tracker.failure(), AllOf(HasSubstr(first), HasSubstr("startPosition")));
}

TEST_F(Tracker, BadTaskFilesAreRefusedWithTheField) {
  json unknown = kafka_task();
  unknown["spec"]["source"]["hots"] = "x";
  RunResult result = run_tracker("run", unknown, {"--listen", "off"});
  EXPECT_EQ(result.status.code, 2);
  EXPECT_THAT(result.err, HasSubstr("spec.source.hots"));

  json type = kafka_task();
  type["spec"]["source"]["port"] = "many";
  result = run_tracker("run", type, {"--listen", "off"});
  EXPECT_EQ(result.status.code, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr("spec.source.port"), HasSubstr("many")));

  json environment = kafka_task();
  environment["spec"]["source"]["credentials"]["password"] = "${env:ROWTIDE_TEST_NOT_SET}";
  result = run_tracker("run", environment, {"--listen", "off"});
  EXPECT_EQ(result.status.code, 2);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("spec.source.credentials.password"), HasSubstr("ROWTIDE_TEST_NOT_SET")));

  json pattern = kafka_task();
  pattern["spec"]["objects"]["include"][0] = {{"databasePattern", "a["}};
  result = run_tracker("run", pattern, {"--listen", "off"});
  EXPECT_NE(result.status.code, 0);
  EXPECT_THAT(result.err, HasSubstr("spec.objects.include[0].databasePattern"));
}

void write_secret(const std::filesystem::path& folder, const std::string& password) {
  std::filesystem::create_directories(folder / "source");
  std::ofstream(folder / "source" / "username") << kTrackerUser;
  std::ofstream(folder / "source" / "password") << password;
}

TEST_F(Tracker, AWrongPasswordIsTriedAgainUntilTheSecretIsMended) {
  constexpr const char* kWrong = "wr0ng-Secret";
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  const TempDir secrets;
  json task = stdout_task(mysql_, database_);
  task["spec"]["source"].erase("credentials");
  task["spec"]["source"]["credentialsSecretRef"] = {{"name", "source"}};

  const RunResult missing = run_tracker("precheck", task, {"--secrets", secrets.path(), "-o", "json"});
  EXPECT_EQ(missing.status.code, 1);
  EXPECT_THAT(missing.out, AllOf(HasSubstr("SecretMissing"), HasSubstr("spec.source.credentialsSecretRef")));

  write_secret(secrets.path(), kWrong);
  TrackerProcess tracker(task, {"--secrets", secrets.path(), "--log-level", "debug"});
  tracker.start();
  wait_until(
      "AccessDenied in /status",
      [&] { return tracker.get("/status").body.find("AccessDenied") != std::string::npos; }, seconds{30},
      [&] { return tracker.process().err(); });
  const HttpAnswer ready = tracker.get("/readyz");
  EXPECT_EQ(ready.status, 503);
  const std::string status = tracker.get("/status").body;

  write_secret(secrets.path(), kTrackerPassword);
  tracker.wait_streaming();
  sql(insert_of(1, 1));
  wait_until(
      "the row", [&] { return !tracker.process().out().empty(); }, seconds{30});
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  for (const char* password : {kWrong, kTrackerPassword}) {
    EXPECT_THAT(tracker.process().err() + tracker.process().out() + status + ready.body + tracker.failure(),
                Not(HasSubstr(password)));
  }
}

TEST_F(Tracker, APrecheckThatTakesLongSaysWhatItAsks) {
  const auto own = MysqlServer::mysql8();
  const json task = test::stdout_task(*own, "shop");
  own->suspend();
  const RunResult result = run_tracker("precheck", task);
  own->resume();
  EXPECT_THAT(result.err, HasSubstr("SourceReachable: asking for 2 s"));
  EXPECT_THAT(result.out, Not(HasSubstr("asking for")));
}

TEST_F(Tracker, PrecheckPassesAGoodSourceAndFailsOneWithoutBinlog) {
  const RunResult good = run_tracker("precheck", kafka_task());
  EXPECT_EQ(good.status.code, 0) << good.out;
  EXPECT_THAT(good.out, AllOf(HasSubstr("BinlogEnabled"), HasSubstr("KafkaReachable")));

  MysqlServer off(SqlFlavor::Mysql8,
                  {.bind = "127.0.0.1",
                   .port = 0,
                   .options = {"--skip-log-bin", "--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"}});
  off.create_user(kTrackerUser, kTrackerPassword);
  off.exec("CREATE DATABASE shop");
  const RunResult bad = run_tracker("precheck", stdout_task(off, "shop"), {"-o", "json"});
  EXPECT_EQ(bad.status.code, 1);
  EXPECT_THAT(bad.out, HasSubstr("BinlogDisabled"));
  EXPECT_THAT(good.out + good.err + bad.out + bad.err, Not(HasSubstr(kTrackerPassword)));
}

}  // namespace
}  // namespace rowtide::test
