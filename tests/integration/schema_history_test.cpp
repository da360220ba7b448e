// Events that name no columns (binlog_row_metadata below FULL) are read with the schema of their time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string name_of(const testing::TestParamInfo<SqlFlavor>& info) {
  return flavor_name(info.param);
}

class SchemaHistory : public testing::TestWithParam<SqlFlavor> {
 protected:
  void SetUp() override {
    server.create_user(kTrackerUser, kTrackerPassword);
    set_metadata(is_mariadb(GetParam()) ? "NO_LOG" : "MINIMAL");
    sql("CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20))");
    task = kafka_task(server, database, KafkaBroker::shared().bootstrap());
  }
  void TearDown() override { set_metadata("FULL"); }

  /// MySQL 5.7 has none to set.
  void set_metadata(const std::string& level) {
    if (GetParam() != SqlFlavor::Mysql57) server.exec("SET GLOBAL binlog_row_metadata = " + level);
  }
  void sql(const std::string& statement) {
    server.exec("USE " + database);
    server.exec(statement);
  }
  /// spec.startPosition of what is written from now on.
  json here() {
    const Row end = server.query("SHOW MASTER STATUS").at(0);
    return {{"mode", "BinlogFile"}, {"file", end.at(0).value()}, {"offset", std::stoul(end.at(1).value())}};
  }
  std::vector<std::string> images(std::size_t count) {
    std::vector<std::string> texts;
    // The topic is there once the tracker has begun.
    if (!reader) reader.emplace(KafkaBroker::shared().reader(topic_of(task)));
    for (const json& change : wait_for_rows(*reader, count)) texts.push_back(change.at("after").dump());
    return texts;
  }

  MysqlServer& server = MysqlServer::shared(GetParam());
  std::string database = server.fresh_database();
  json task;
  std::optional<KafkaReader> reader;
};

TEST_P(SchemaHistory, EventsFromWhileTheTrackerWasDownAreReadWithTheirOwnSchema) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql("INSERT INTO t VALUES (1, 'x')");
  sql("ALTER TABLE t ADD b INT FIRST");
  sql("INSERT INTO t VALUES (7, 2, 'y')");
  EXPECT_THAT(images(2), testing::ElementsAre(R"({"a":"x","id":1})", R"({"a":"y","b":7,"id":2})"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());

  // Now the columns are not what information_schema says when the tracker comes back.
  sql("INSERT INTO t VALUES (8, 3, 'z')");
  sql("ALTER TABLE t CHANGE b c INT, DROP a, ADD d VARCHAR(20)");
  sql("INSERT INTO t VALUES (9, 4, 'v')");
  sql("CREATE TABLE u (id INT PRIMARY KEY, e INT)");
  sql("INSERT INTO u VALUES (5, 5)");
  sql("RENAME TABLE t TO x, u TO t, x TO u");
  sql("INSERT INTO t VALUES (6, 6)");
  sql("DROP TABLE t");
  sql("DROP TABLE u");
  tracker.start_streaming();
  EXPECT_THAT(images(6), testing::ElementsAre(R"({"a":"x","id":1})", R"({"a":"y","b":7,"id":2})",
                                              R"({"a":"z","b":8,"id":3})", R"({"c":9,"d":"v","id":4})",
                                              R"({"e":5,"id":5})", R"({"e":6,"id":6})"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(SchemaHistory, TemporaryTablesOfSessionsThatLogStatementsAreNoTables) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql("SET SESSION binlog_format = STATEMENT");
  for (const char* statement :
       {"CREATE TEMPORARY TABLE t (x INT)", "ALTER TABLE t ADD y INT FIRST", "CREATE INDEX i ON t (x)",
        "TRUNCATE TABLE t", "CREATE TABLE u LIKE t", "DROP TEMPORARY TABLE t"}) {
    sql(statement);
  }
  sql("SET SESSION binlog_format = ROW");
  sql("INSERT INTO t VALUES (1, 'x')");
  sql("INSERT INTO u VALUES (2, 3)");
  EXPECT_THAT(images(2), testing::ElementsAre(R"({"a":"x","id":1})", R"({"x":3,"y":2})"));
  std::vector<std::string> told;
  for (const KafkaRecord& record : reader->records()) {
    if (record.value && json::parse(*record.value).contains("ddl")) told.push_back(*record.value);
  }
  EXPECT_THAT(told, testing::ElementsAre(HasSubstr("CREATE TABLE u LIKE t")));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

/// MariaDB writes what a session with binlog_format=MIXED does to its temporary tables as statements.
class MariadbTemporaryTables : public SchemaHistory {
 protected:
  void SetUp() override {
    SchemaHistory::SetUp();
    client.exec("SET SESSION binlog_format = MIXED");
  }
  SqlClient client = server.connect(database);
};

TEST_P(MariadbTemporaryTables, ChangesOfThemAreNotTold) {
  client.exec("CREATE TEMPORARY TABLE before_the_tracker (a INT)");
  client.exec("INSERT INTO before_the_tracker VALUES (1)");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  for (const char* statement : {"INSERT INTO before_the_tracker VALUES (2)",
                                "CREATE TEMPORARY TABLE z (a INT, u CHAR(36))",
                                "INSERT INTO z VALUES (1, 'x')",
                                "UPDATE z SET a = 2",
                                "REPLACE INTO z VALUES (9, 'q')",
                                "DELETE z FROM z JOIN t",
                                "TRUNCATE z",
                                "ALTER TABLE z ADD w INT",
                                "CREATE TEMPORARY TABLE t (x INT)",
                                "INSERT INTO t VALUES (5)",
                                "UPDATE t SET x = 6",
                                "RENAME TABLE t TO u",
                                "CREATE TEMPORARY TABLE selected SELECT 1 AS a",
                                "CREATE TEMPORARY TABLE t (x INT)",
                                "INSERT INTO t VALUES (7)",
                                "DROP TEMPORARY TABLE t",
                                "INSERT INTO z (u) VALUES (UUID())",
                                "INSERT INTO t VALUES (1, 'real')",
                                "INSERT INTO z (a) VALUES (3)",
                                "BEGIN",
                                "INSERT INTO z (a) VALUES (4)",
                                "INSERT INTO t VALUES (2, LEFT(UUID(), 8))",
                                "COMMIT"}) {
    client.exec(statement);
  }
  sql("UPDATE t SET a = 'last' WHERE id = 2");
  const std::vector<std::string> rows = images(3);
  EXPECT_EQ(rows.front(), R"({"a":"real","id":1})");
  EXPECT_EQ(rows.back(), R"({"a":"last","id":2})");
  for (const KafkaRecord& record : reader->records())
    EXPECT_FALSE(record.value && record.value->find(R"(,"ddl":)") != std::string::npos) << *record.value;
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(MariadbTemporaryTables, WhatTheyBringIntoOtherTablesAsAStatementStopsTheTask) {
  sql("CREATE TABLE other (a INT)");
  for (const char* statement : {"INSERT INTO other SELECT * FROM z", "CREATE TABLE made SELECT * FROM z"}) {
    task["metadata"]["name"] = task["metadata"]["name"].get<std::string>() + "x";
    TrackerProcess tracker(task);
    tracker.start_streaming();
    client.exec("CREATE OR REPLACE TEMPORARY TABLE z (a INT)");
    client.exec("INSERT INTO z VALUES (1)");
    client.exec(statement);
    EXPECT_FALSE(tracker.wait_exit().ok());
    EXPECT_THAT(tracker.failure(), testing::AllOf(HasSubstr("written as a statement"), HasSubstr(statement)));
  }
}

/// What the servers do not differ in.
class SchemaOfAStart : public SchemaHistory {};

TEST_P(SchemaOfAStart, AKilledTrackerReadsOnWithTheSchemaOfItsCheckpoint) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql("INSERT INTO t VALUES (1, 'x')");
  EXPECT_THAT(images(1), testing::SizeIs(1));
  tracker.process().stop(SIGKILL, std::chrono::seconds{10});
  sql("ALTER TABLE t ADD b INT FIRST");
  sql("INSERT INTO t VALUES (7, 2, 'y')");
  tracker.start_streaming();
  sql("ALTER TABLE t DROP a");
  sql("INSERT INTO t VALUES (8, 3)");
  // Those whose checkpoint was not saved come twice.
  reader->wait_for("the last row", [](const std::vector<KafkaRecord>& records) {
    return records.back().value && records.back().value->find(R"("after":{"b":8,)") != std::string::npos;
  });
  const std::vector<std::string> all = images(3);
  EXPECT_THAT(all, testing::IsSupersetOf({R"({"a":"y","b":7,"id":2})", R"({"b":8,"id":3})"}));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(SchemaHistory, AStartInThePastKnowsWhatNoStatementChangedAndWhatTheStreamCreates) {
  task["spec"]["startPosition"] = here();
  sql("INSERT INTO t VALUES (1, 'x')");
  sql("CREATE TABLE later (id INT PRIMARY KEY, a INT)");
  sql("INSERT INTO later VALUES (2, 3)");
  sql("ALTER TABLE later ADD b INT AFTER id");
  sql("INSERT INTO later VALUES (4, 5, 6)");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  EXPECT_THAT(images(3),
              testing::ElementsAre(R"({"a":"x","id":1})", R"({"a":3,"id":2})", R"({"a":6,"b":5,"id":4})"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(SchemaHistory, AStartInThePastIsNotStoppedByWhatChangesNoDefinition) {
  task["spec"]["startPosition"] = here();
  sql("INSERT INTO t VALUES (1, 'x')");
  for (const std::string& statement :
       {"CREATE DATABASE IF NOT EXISTS " + database, std::string("CREATE PROCEDURE p() SELECT 1"),
        std::string("DROP PROCEDURE p"),
        std::string("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1"),
        std::string("CREATE INDEX i ON t (a)"), std::string("CREATE TABLE IF NOT EXISTS t (z INT)"),
        std::string("TRUNCATE TABLE t"), std::string("ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 2"),
        std::string("ALTER TABLE t COALESCE PARTITION 1")}) {
    sql(statement);
  }
  sql("INSERT INTO t VALUES (2, 'y')");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  EXPECT_THAT(images(2), testing::ElementsAre(R"({"a":"x","id":1})", R"({"a":"y","id":2})"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(SchemaOfAStart, AStartBeforeAChangeThatNobodyKnowsTheOtherSideOfStopsWithTheRepair) {
  task["spec"]["startPosition"] = here();
  sql("INSERT INTO t VALUES (1, 'x')");
  sql("ALTER TABLE t ADD b INT FIRST");
  TrackerProcess tracker(task);
  tracker.start();
  EXPECT_FALSE(tracker.wait_exit().ok());
  EXPECT_THAT(tracker.failure(),
              testing::AllOf(HasSubstr("`" + database + "`.`t`"), HasSubstr("Repair"),
                             HasSubstr(task["spec"]["startPosition"]["file"].get<std::string>())));
}

/// The database's character set of now is not that of the tables that were made before.
TEST_P(SchemaHistory, AStartInThePastDoesNotTakeTheDatabasesCharacterSetOfNow) {
  sql("ALTER DATABASE " + database + " CHARACTER SET latin1");
  task["spec"]["startPosition"] = here();
  sql("CREATE TABLE old (id INT PRIMARY KEY, a VARCHAR(20))");
  sql("INSERT INTO old VALUES (1, 'ü')");
  sql("ALTER DATABASE " + database + " CHARACTER SET utf8mb4");
  sql("CREATE TABLE young (id INT PRIMARY KEY, a VARCHAR(20))");
  sql("INSERT INTO young VALUES (2, 'ü')");
  sql("ALTER TABLE young ADD b INT");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  EXPECT_THAT(images(2), testing::ElementsAre(R"({"a":"ü","id":1})", R"({"a":"ü","id":2})"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

/// A database that the task was not about may have had any tables, whatever a statement about it says.
TEST_P(SchemaOfAStart, ADatabaseThatTheTaskIsAboutLaterIsReadAsItIs) {
  const std::string later = server.fresh_database();
  server.exec("CREATE TABLE " + later + ".orders (k INT PRIMARY KEY, z INT)");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql("CREATE DATABASE IF NOT EXISTS " + later);
  sql("CREATE TABLE IF NOT EXISTS " + later + ".orders (z INT PRIMARY KEY, k INT)");
  sql("INSERT INTO t VALUES (1, 'x')");
  EXPECT_THAT(images(1), testing::ElementsAre(R"({"a":"x","id":1})"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  task["spec"]["objects"]["include"].push_back({{"database", later}});
  TrackerProcess wider(task);
  wider.start_streaming();
  sql("INSERT INTO " + later + ".orders VALUES (2, 3)");
  EXPECT_THAT(images(2), testing::ElementsAre(R"({"a":"x","id":1})", R"({"k":2,"z":3})"));
  EXPECT_TRUE(wider.stop(SIGTERM).ok());
}

/// With all metadata the events say themselves what they are: also of tables without primary key, and of
/// times and bytes that on MariaDB may be more than that.
TEST_P(SchemaOfAStart, AStartBeforeAChangeReadsEventsThatSayEverything) {
  set_metadata("FULL");
  const bool mysql = !is_mariadb(GetParam());
  sql("CREATE TABLE keyless (a INT)");
  sql("CREATE TABLE times (id INT PRIMARY KEY, c TIMESTAMP NULL, u TIMESTAMP NULL)");
  if (mysql)
    sql("CREATE TABLE bytes (id INT PRIMARY KEY, x BINARY(16), y TIMESTAMP(6) NULL, z TIMESTAMP(6) NULL)");
  task["spec"]["startPosition"] = here();
  sql("INSERT INTO keyless VALUES (1)");
  sql("INSERT INTO times (id) VALUES (2)");
  if (mysql) sql("INSERT INTO bytes (id) VALUES (3)");
  sql("ALTER TABLE keyless ADD b INT FIRST");
  sql("ALTER TABLE times ADD b INT FIRST");
  if (mysql) sql("ALTER TABLE bytes ADD b INT FIRST");
  sql("INSERT INTO keyless VALUES (5, 4)");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  std::vector<std::string> expected = {R"({"a":1})", R"({"c":null,"id":2,"u":null})"};
  if (mysql) expected.emplace_back(R"({"id":3,"x":null,"y":null,"z":null})");
  expected.emplace_back(R"({"a":4,"b":5})");
  EXPECT_THAT(images(expected.size()), testing::ElementsAreArray(expected));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

/// The servers mark what changes such a table as they mark what changes a temporary one.
TEST_P(SchemaOfAStart, ATableThatUsesItsSessionIsNoTemporaryOne) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql("CREATE TABLE audit (id INT PRIMARY KEY, c BIGINT DEFAULT (CONNECTION_ID()))");
  sql("INSERT INTO audit VALUES (1, 2)");
  sql("ALTER TABLE audit ADD b INT FIRST");
  sql("INSERT INTO audit VALUES (3, 4, 5)");
  sql("ALTER TABLE audit ADD d INT FIRST, DROP b");
  sql("INSERT INTO audit VALUES (6, 7, 8)");
  EXPECT_THAT(images(3), testing::ElementsAre(R"({"c":2,"id":1})", R"({"b":3,"c":5,"id":4})",
                                              R"({"c":8,"d":6,"id":7})"));
  sql("TRUNCATE TABLE audit");
  reader->wait_for("the TRUNCATE", [](const std::vector<KafkaRecord>& records) {
    return records.back().value && records.back().value->find("TRUNCATE TABLE audit") != std::string::npos;
  });
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

/// Tables whose definition came from where the task does not look.
class SchemaFromElsewhere : public SchemaHistory {
 protected:
  SchemaFromElsewhere() {
    server.exec("CREATE TABLE " + elsewhere + ".m (k INT PRIMARY KEY, z INT)");
    for (const char* name : {"moves", "swaps"}) {
      server.exec("CREATE TABLE " + elsewhere + "." + name + " LIKE " + elsewhere + ".m");
    }
  }
  void swap_columns(const std::string& table) {
    const bool can_rename = GetParam() != SqlFlavor::Mysql57;
    sql("ALTER TABLE " + table +
        (can_rename ? " RENAME COLUMN k TO z, RENAME COLUMN z TO k" : " CHANGE k z INT, CHANGE z k INT"));
  }
  /// Of a table that was changed once more before the tracker comes to its row.
  void expect_that_it_stops(TrackerProcess& tracker, const std::string& table, std::size_t rows_before) {
    tracker.start();
    EXPECT_FALSE(tracker.wait_exit().ok());
    EXPECT_THAT(tracker.failure(),
                testing::AllOf(testing::StartsWith("NotSupported: "), HasSubstr("`" + table + "`"),
                               HasSubstr("since then it was changed again"), HasSubstr("Repair")));
    // What it committed last is seen a moment later.
    wait_until("the rows before", [&] { return row_changes(reader->read_to_end()).size() >= rows_before; });
    EXPECT_THAT(row_changes(reader->read_to_end()), testing::SizeIs(rows_before));
  }

  std::string elsewhere = server.fresh_database();
};

TEST_P(SchemaFromElsewhere, AModelThatIsNotTracked) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql("CREATE TABLE l LIKE " + elsewhere + ".m");
  sql("INSERT INTO l VALUES (1, 2)");
  EXPECT_THAT(images(1), testing::ElementsAre(R"({"k":1,"z":2})"));
  swap_columns("l");  // known by now
  sql("INSERT INTO l VALUES (3, 4)");
  EXPECT_THAT(images(2), testing::ElementsAre(R"({"k":1,"z":2})", R"({"k":4,"z":3})"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());

  sql("CREATE TABLE other LIKE " + elsewhere + ".m");
  swap_columns("other");
  sql("INSERT INTO other VALUES (5, 6)");  // nothing comes after it
  sql("CREATE TABLE later LIKE " + elsewhere + ".m");
  sql("INSERT INTO later VALUES (7, 8)");
  swap_columns("later");
  expect_that_it_stops(tracker, "later", 3);
  EXPECT_EQ(images(3).back(), R"({"k":6,"z":5})");
}

TEST_P(SchemaFromElsewhere, ATableThatIsMovedIn) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql("RENAME TABLE " + elsewhere + ".moves TO moved");
  sql("INSERT INTO moved VALUES (1, 2)");
  EXPECT_THAT(images(1), testing::ElementsAre(R"({"k":1,"z":2})"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  sql("ALTER TABLE " + elsewhere + ".swaps RENAME TO " + database + ".swapped");
  sql("INSERT INTO swapped VALUES (3, 4)");
  swap_columns("swapped");
  expect_that_it_stops(tracker, "swapped", 1);
}

TEST_P(SchemaFromElsewhere, ATableThatMayHaveBeenThereBefore) {
  task["spec"]["startPosition"] = here();
  sql("CREATE TABLE IF NOT EXISTS fresh (k INT PRIMARY KEY, z INT)");
  sql("INSERT INTO fresh VALUES (1, 2)");
  sql("CREATE TABLE IF NOT EXISTS swapped (k INT PRIMARY KEY, z INT)");
  sql("INSERT INTO swapped VALUES (3, 4)");
  swap_columns("swapped");
  {
    TrackerProcess tracker(task);
    tracker.start();
    wait_until("the tracker ends", [&] { return !tracker.process().running(); });
  }
  EXPECT_THAT(images(1), testing::ElementsAre(R"({"k":1,"z":2})"));
  TrackerProcess tracker(task);
  expect_that_it_stops(tracker, "swapped", 1);
}

class Mysql8SchemaHistory : public SchemaHistory {};

/// The hidden columns of functional indexes stand in the table map, between the table's own, and in no row
/// image.
TEST_P(Mysql8SchemaHistory, RowsOfATableWithFunctionalIndexesHoldItsOwnColumns) {
  sql("ALTER TABLE t ADD b INT, ADD KEY ((b + 1)), ADD KEY k ((UPPER(a)), (b * 2))");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql("INSERT INTO t VALUES (1, 'x', 2), (2, NULL, NULL)");
  sql("UPDATE t SET b = 3 WHERE id = 1");
  EXPECT_THAT(images(3), testing::ElementsAre(R"({"a":"x","b":2,"id":1})", R"({"a":null,"b":null,"id":2})",
                                              R"({"a":"x","b":3,"id":1})"));
  set_metadata("FULL");
  sql("ALTER TABLE t ADD c INT, ADD `0123456789abcdef0123456789abcdef` INT");
  sql("INSERT INTO t VALUES (3, 'z', 4, 5, 6)");
  EXPECT_EQ(images(4).back(), R"({"0123456789abcdef0123456789abcdef":6,"a":"z","b":4,"c":5,"id":3})");
  // Without names nobody can say which of the columns is the hidden one: c is listed after them.
  set_metadata("MINIMAL");
  sql("FLUSH TABLES");
  sql("INSERT INTO t VALUES (4, 'z', 4, 5, 6)");
  EXPECT_FALSE(tracker.wait_exit().ok());
  EXPECT_THAT(tracker.failure(), testing::AllOf(HasSubstr("functional index"), HasSubstr("Repair")));
}

class MariadbSchemaHistory : public SchemaHistory {};
class MariadbVersionedTables : public SchemaHistory {};

/// The binlog of a system-versioned table holds rows of the past as INSERTs: never delivered as rows of now.
TEST_P(MariadbVersionedTables, ASystemVersionedTableIsRefused) {
  const std::vector<std::string> made = {
      "CREATE TABLE v (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING",
      "CREATE TABLE v (id INT PRIMARY KEY, a INT, f TIMESTAMP(6) GENERATED ALWAYS AS ROW START, g "
      "TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (f, g)) WITH SYSTEM VERSIONING",
  };
  for (const char* metadata : {"FULL", "NO_LOG"}) {
    set_metadata(metadata);
    for (const std::string& create : made) {
      json others = task;
      others["metadata"]["name"] = task["metadata"]["name"].get<std::string>() + "-others";
      others["spec"]["objects"]["exclude"] = json::array({{{"database", database}, {"tables", {"v"}}}});
      TrackerProcess tracker(task);
      tracker.start_streaming();
      sql(create);
      sql("INSERT INTO v (id, a) VALUES (1, 1)");
      EXPECT_FALSE(tracker.wait_exit().ok()) << metadata << " " << create;
      EXPECT_THAT(tracker.failure(),
                  testing::AllOf(HasSubstr("`v` is a system-versioned table"), HasSubstr("Repair")));
      TrackerProcess without(others);
      without.start_streaming();
      sql("UPDATE v SET a = 2");
      sql("INSERT INTO t SELECT COUNT(*), 'x' FROM t");
      KafkaReader others_reader = KafkaBroker::shared().reader(topic_of(others));
      EXPECT_THAT(wait_for_rows(others_reader, 1), testing::SizeIs(testing::Ge(1U)));
      EXPECT_TRUE(without.stop(SIGTERM).ok());
      sql("DROP TABLE v");
      task["metadata"]["name"] = task["metadata"]["name"].get<std::string>() + "x";
    }
  }
  server.exec("SET GLOBAL binlog_row_metadata = FULL");
}

/// UNIQUE over a whole TEXT is kept by a hash in a column DB_ROW_HASH_n that stands in the events, last.
TEST_P(MariadbSchemaHistory, TheHashesOfLongUniqueKeysAreNoColumns) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  const std::string own = R"("DB_ROW_HASH_1":)";
  std::vector<std::string> expected;
  for (const char* metadata : {"FULL", "MINIMAL", "NO_LOG"}) {
    set_metadata(metadata);
    sql("CREATE OR REPLACE TABLE h (id INT PRIMARY KEY, v TEXT, DB_ROW_HASH_1 BIGINT UNSIGNED, UNIQUE (v))");
    sql("INSERT INTO h VALUES (1, 'a', 2), (2, NULL, NULL)");
    expected.insert(expected.end(),
                    {"{" + own + R"(2,"id":1,"v":"a"})", "{" + own + R"(null,"id":2,"v":null})"});
    sql("UPDATE h SET v = 'b' WHERE id = 1");
    expected.push_back("{" + own + R"(2,"id":1,"v":"b"})");
    sql("DELETE FROM h WHERE id = 2");
    expected.emplace_back("null");
    sql("ALTER TABLE h ADD w VARCHAR(3000), ADD UNIQUE u (w), ADD i INT, ADD UNIQUE i (i) USING HASH");
    sql("INSERT INTO h VALUES (3, 'c', 4, 'd', 5)");
    expected.push_back("{" + own + R"(4,"i":5,"id":3,"v":"c","w":"d"})");
    if (std::string_view(metadata) == "MINIMAL") {
      EXPECT_THAT(images(expected.size()), testing::ElementsAreArray(expected));
      EXPECT_TRUE(tracker.stop(SIGTERM).ok());
    }
    sql("INSERT INTO h VALUES (6, NULL, 7, 'e', NULL)");
    expected.push_back("{" + own + R"(7,"i":null,"id":6,"v":null,"w":"e"})");
    sql("ALTER TABLE h DROP KEY v, DROP KEY i");
    sql("INSERT INTO h VALUES (8, 'f', 9, 'f', 9)");
    expected.push_back("{" + own + R"(9,"i":9,"id":8,"v":"f","w":"f"})");
    if (std::string_view(metadata) == "MINIMAL") tracker.start_streaming();
    sql("DROP INDEX u ON h");
    sql("ALTER TABLE h DROP w, DROP i");
    sql("INSERT INTO h VALUES (10, 'g', 11)");
    expected.push_back("{" + own + R"(11,"id":10,"v":"g"})");
    sql("CREATE OR REPLACE TABLE h (b LONGBLOB NOT NULL, id INT)");
    sql("CREATE UNIQUE INDEX u ON h (id, b)");
    sql("INSERT INTO h VALUES (x'00', 12)");
    expected.emplace_back(R"({"b":"AA==","id":12})");
  }
  EXPECT_THAT(images(expected.size()), testing::ElementsAreArray(expected));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

/// What is found at the start is in information_schema only.
TEST_P(MariadbSchemaHistory, AHashThatWasThereBeforeTheTrackerIsNoColumnEither) {
  sql("CREATE TABLE h (id INT, v VARCHAR(3000) NOT NULL, UNIQUE (v))");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  for (const char* metadata : {"FULL", "MINIMAL", "NO_LOG"}) {
    set_metadata(metadata);
    sql("FLUSH TABLES");
    sql(std::string("INSERT INTO h SELECT COUNT(*), COUNT(*) FROM h"));
  }
  EXPECT_THAT(images(3),
              testing::ElementsAre(R"({"id":0,"v":"0"})", R"({"id":1,"v":"1"})", R"({"id":2,"v":"2"})"));
  // A column that nobody told the tracker of is no hash.
  sql("SET SESSION sql_log_bin = 0");
  sql("ALTER TABLE h ADD w BIGINT UNSIGNED");
  sql("SET SESSION sql_log_bin = 1");
  sql("INSERT INTO h VALUES (7, '7', 7)");
  EXPECT_FALSE(tracker.wait_exit().ok());
  EXPECT_THAT(tracker.failure(),
              testing::AllOf(HasSubstr("the binlog event has 4 columns"), HasSubstr("Repair")));
}

TEST_P(MariadbSchemaHistory, ASequenceIsATableOfOneRow) {
  sql("CREATE SEQUENCE s CACHE 10");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  sql("INSERT INTO t VALUES (NEXTVAL(s), 'x')");
  sql("CREATE SEQUENCE later START WITH 5 NOCACHE");
  sql("INSERT INTO t VALUES (NEXTVAL(later), 'y')");
  sql("DROP SEQUENCE later");
  sql("INSERT INTO t VALUES (7, 'z')");
  const std::vector<std::string> rows = images(5);
  EXPECT_THAT(rows[0], HasSubstr(R"("next_not_cached_value":11,)"));
  EXPECT_EQ(rows[1], R"({"a":"x","id":1})");
  EXPECT_THAT(rows[2], HasSubstr(R"("next_not_cached_value":6,)"));
  EXPECT_EQ(rows[3], R"({"a":"y","id":5})");
  EXPECT_EQ(rows[4], R"({"a":"z","id":7})");
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

/// CONVERT makes a table of a partition and the reverse. Whoever tracks one of the two is told of that one.
class MariadbPartitions : public SchemaHistory {
 protected:
  /// "ALTER p, CREATE n" for each schema change.
  std::vector<std::string> told(std::size_t count) {
    const auto read = [](const std::vector<KafkaRecord>& records) {
      std::vector<std::string> texts;
      for (const KafkaRecord& record : records) {
        if (!record.value || record.value->find(R"(,"ddl":)") == std::string::npos) continue;
        std::string& text = texts.emplace_back();
        const json value = json::parse(*record.value);
        for (const json& change : value.at("tableChanges")) {
          const std::string id = change.at("id");
          text += change.at("type").get<std::string>() + id.substr(id.find('.')) + ";";
        }
      }
      return texts;
    };
    return read(reader->wait_for("schema changes",
                                 [&](const auto& records) { return read(records).size() >= count; }));
  }
  void leave_out(const std::string& table) {
    task["spec"]["objects"]["exclude"] = json::array({{{"database", database}, {"tables", {table}}}});
  }
  void make_partitions() {
    sql("CREATE TABLE p (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN "
        "(10), PARTITION p1 VALUES LESS THAN (20))");
  }
  void convert() {
    sql("INSERT INTO p VALUES (1, 2)");
    sql("ALTER TABLE p CONVERT PARTITION p0 TO TABLE n");
    sql("INSERT INTO n VALUES (2, 3)");
    sql("INSERT INTO p VALUES (15, 4)");
    sql("DELETE FROM n");
    sql("ALTER TABLE p CONVERT TABLE n TO PARTITION p2 VALUES LESS THAN (30)");
    sql("INSERT INTO p VALUES (25, 5)");
    sql("CREATE TABLE IF NOT EXISTS n (z INT)");
    sql("INSERT INTO n VALUES (7)");
    // From here on the source has other columns than all the events before.
    sql("ALTER TABLE p RENAME COLUMN id TO v, RENAME COLUMN v TO id");
    sql("DROP TABLE n");
  }
  void expect_rows_and_changes(const std::vector<std::string>& rows,
                               const std::vector<std::string>& changes) {
    TrackerProcess tracker(task);
    tracker.start_streaming();
    EXPECT_TRUE(tracker.stop(SIGTERM).ok());
    convert();
    tracker.start_streaming();
    EXPECT_THAT(images(rows.size()), testing::ElementsAreArray(rows));
    EXPECT_THAT(told(changes.size()), testing::ElementsAreArray(changes));
    EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  }
};

TEST_P(MariadbPartitions, ATaskOfBothIsToldOfBoth) {
  make_partitions();
  expect_rows_and_changes({R"({"id":1,"v":2})", R"({"id":2,"v":3})", R"({"id":15,"v":4})", "null", "null",
                           R"({"id":25,"v":5})", R"({"z":7})"},
                          {R"(ALTER."p";CREATE."n";)", R"(ALTER."p";DROP."n";)", R"(CREATE."n";)",
                           R"(ALTER."p";)", R"(DROP."n";)"});
}

class MariadbPartitionsInPart : public MariadbPartitions {};

TEST_P(MariadbPartitionsInPart, ATaskOfTheTableIsToldOfTheTable) {
  make_partitions();
  leave_out("p");
  expect_rows_and_changes({R"({"id":2,"v":3})", "null", "null", R"({"z":7})"},
                          {R"(CREATE."n";)", R"(DROP."n";)", R"(CREATE."n";)", R"(DROP."n";)"});
}

TEST_P(MariadbPartitionsInPart, ATaskOfThePartitionedTableIsToldOfThat) {
  make_partitions();
  leave_out("n");
  expect_rows_and_changes({R"({"id":1,"v":2})", R"({"id":15,"v":4})", R"({"id":25,"v":5})"},
                          {R"(ALTER."p";)", R"(ALTER."p";)", R"(ALTER."p";)"});
}

TEST_P(MariadbSchemaHistory, TypesAndNamesAreThoseOfTheSessionThatMadeThem) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  sql("SET SESSION sql_mode = 'ORACLE'");
  sql("CREATE TABLE o (o.id INT PRIMARY KEY, d DATE DEFAULT DATE '2020-01-01', v VARCHAR2(9), n NUMBER(9,2), "
      "f NUMBER, c CLOB, r RAW(4), b BLOB, m mariadb_schema.date)");
  sql("INSERT INTO o VALUES (1, '2021-03-01 12:00:00', 'x', 1.5, 2.5, 'cl', x'01', x'02', '2021-03-01')");
  sql("SET SESSION sql_mode = DEFAULT");
  sql("ALTER TABLE o RENAME COLUMN v TO w");
  tracker.start_streaming();
  EXPECT_THAT(images(1), testing::ElementsAre(R"({"b":"Ag==","c":"cl","d":1614600000000,"f":2.5,"id":1,)"
                                              R"("m":18687,"n":"1.50","r":"AQ==","v":"x"})"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

INSTANTIATE_TEST_SUITE_P(Server, SchemaHistory, testing::ValuesIn(kEverySqlFlavor), name_of);
INSTANTIATE_TEST_SUITE_P(Server, SchemaOfAStart, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         name_of);
INSTANTIATE_TEST_SUITE_P(DISABLED_More, SchemaOfAStart,
                         testing::Values(SqlFlavor::Mysql57, SqlFlavor::Mariadb114), name_of);
INSTANTIATE_TEST_SUITE_P(Server, SchemaFromElsewhere, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         name_of);
INSTANTIATE_TEST_SUITE_P(DISABLED_More, SchemaFromElsewhere,
                         testing::Values(SqlFlavor::Mysql57, SqlFlavor::Mariadb114), name_of);
INSTANTIATE_TEST_SUITE_P(Server, Mysql8SchemaHistory, testing::Values(SqlFlavor::Mysql8), name_of);
INSTANTIATE_TEST_SUITE_P(Server, MariadbSchemaHistory,
                         testing::Values(SqlFlavor::Mariadb, SqlFlavor::Mariadb114), name_of);
INSTANTIATE_TEST_SUITE_P(Server, MariadbTemporaryTables,
                         testing::Values(SqlFlavor::Mariadb, SqlFlavor::Mariadb114), name_of);
INSTANTIATE_TEST_SUITE_P(Server, MariadbPartitions,
                         testing::Values(SqlFlavor::Mariadb, SqlFlavor::Mariadb114), name_of);
INSTANTIATE_TEST_SUITE_P(Server, MariadbPartitionsInPart, testing::Values(SqlFlavor::Mariadb), name_of);
INSTANTIATE_TEST_SUITE_P(DISABLED_More, MariadbPartitionsInPart, testing::Values(SqlFlavor::Mariadb114),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Server, MariadbVersionedTables, testing::Values(SqlFlavor::Mariadb), name_of);
INSTANTIATE_TEST_SUITE_P(DISABLED_More, MariadbVersionedTables, testing::Values(SqlFlavor::Mariadb114),
                         name_of);

}  // namespace
}  // namespace rowtide::test
