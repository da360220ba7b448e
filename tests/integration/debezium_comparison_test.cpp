// Consumers made for Debezium work unchanged: one workload, one binlog, read by the real Debezium connector
// and by Rowtide; the records are compared one by one, and every difference must be one of
// docs/formats/debezium-differences.md.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/integration/oracle_columns.h"
#include "tests/integration/record_diff.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/debezium_connector.h"
#include "tests/support/kafka_broker.h"

namespace rowtide::test {
namespace {

constexpr const char* kLastTable = "the_end";

bool is_schema_change(const KafkaRecord& record) {
  return record.value && record.value->find("\"ddl\":") != std::string::npos;
}

bool is_of_table(const KafkaRecord& record, const std::string& table) {
  return record.value && record.value->find("\"table\":\"" + table + "\"") != std::string::npos &&
         record.value->find("\"op\":") != std::string::npos;
}

std::vector<KafkaRecord> only(const std::vector<KafkaRecord>& records, bool schema_changes) {
  std::vector<KafkaRecord> kept;
  std::copy_if(records.begin(), records.end(), std::back_inserter(kept),
               [&](const KafkaRecord& record) { return is_schema_change(record) == schema_changes; });
  return kept;
}

/// What change a record tells of: for messages, and to see that both tell of the same one.
std::string identity(const KafkaRecord& record) {
  if (!record.value) return "tombstone";
  const auto value = nlohmann::json::parse(*record.value);
  const auto& source = value.at("source");
  return fmt::format("{} {} at {}:{} row {}", value.value("op", "ddl"), source.at("table").dump(),
                     source.at("file").get<std::string>(), source.at("pos").dump(), source.at("row").dump());
}

using ByPosition = std::map<std::uint64_t, std::vector<KafkaRecord>>;

/// The schema changes of a stream; those of Debezium's snapshot are not.
ByPosition by_position(const std::vector<KafkaRecord>& records) {
  ByPosition found;
  for (const KafkaRecord& record : records) {
    const auto source = nlohmann::json::parse(*record.value).at("source");
    if (source.at("snapshot") == "false") found[source.at("pos").get<std::uint64_t>()].push_back(record);
  }
  return found;
}

std::string ddl_of(const KafkaRecord& record) {
  return nlohmann::json::parse(*record.value).at("ddl");
}

void compare_schema_changes(const ByPosition& theirs, const ByPosition& ours, RecordComparison& comparison) {
  for (const auto& [position, records] : theirs) {
    const auto same = ours.find(position);
    ASSERT_NE(same, ours.end()) << ddl_of(records[0]);
    ASSERT_EQ(same->second.size(), 1U) << ddl_of(records[0]);
    if (records.size() == 1) {
      comparison.compare(records[0], same->second[0]);
      continue;
    }
    EXPECT_TRUE(ddl_of(records[0]).starts_with("DROP TABLE ")) << ddl_of(records[0]);
    comparison.count("DROP of several tables is one record");
  }
  for (const auto& [position, records] : ours) {
    if (theirs.contains(position)) continue;
    EXPECT_TRUE(ddl_of(records[0]).starts_with("TRUNCATE ")) << ddl_of(records[0]);
    comparison.count("TRUNCATE is delivered");
  }
}

void show(const std::string& what, const RecordComparison& comparison) {
  fmt::print("{}: {} records, {} values compared with Debezium 3.2.4.Final\n", what, comparison.records(),
             comparison.values());
  for (const auto& [kind, count] : comparison.allowed()) fmt::print("  {:<60} {:>6}\n", kind, count);
  for (const std::string& line : comparison.unexpected()) ADD_FAILURE() << line;
}

class DebeziumComparison : public testing::Test {
 protected:
  DebeziumComparison() {
    server_.create_user(kTrackerUser, kTrackerPassword);
    sql("SET time_zone = '+00:00'");
    sql("SET sql_mode = ''");
  }
  ~DebeziumComparison() override { server_.exec("DROP USER " + std::string(kTrackerUser)); }

  void sql(const std::string& statement) { client_.exec(statement); }

  /// Rows of every type, each inserted, changed and deleted.
  void every_type() {
    constexpr std::size_t kRows = 40;
    for (const OracleTable& table : oracle_tables(server_)) {
      std::string create =
          "CREATE TABLE " + table.name + " (id INT PRIMARY KEY, touched INT NOT NULL DEFAULT 0";
      std::string names = "id";
      for (std::size_t i = 0; i < table.columns.size(); ++i) {
        create += fmt::format(", c{} {}", i, table.columns[i].type);
        declared_[fmt::format("{}.c{}", table.name, i)] = table.columns[i].type;
        if (table.columns[i].literal) names += fmt::format(", c{}", i);
      }
      sql(create + ") " + table.options);
      for (std::size_t row = 0; row < kRows; ++row) {
        std::string values = std::to_string(row);
        for (const OracleColumn& column : table.columns)
          if (column.literal) values += "," + literal(column, row);
        sql("INSERT INTO " + table.name + " (" + names + ") VALUES (" + values + ")");
      }
      sql("UPDATE " + table.name + " SET touched = 1 WHERE id % 4 = 0");
      sql("DELETE FROM " + table.name + " WHERE id % 5 = 0");
    }
  }

  void keys_and_statements() {
    sql("CREATE TABLE keyed (id INT PRIMARY KEY, v VARCHAR(20))");
    sql("INSERT INTO keyed VALUES (1,'a'),(2,'b'),(3,'c')");
    sql("UPDATE keyed SET id = id + 10 ORDER BY id DESC");
    sql("UPDATE keyed SET v = 'same key', id = 11 WHERE id = 11");
    sql("DELETE FROM keyed WHERE id = 12");
    sql("REPLACE INTO keyed VALUES (11, 'replaced')");
    sql("INSERT INTO keyed VALUES (11, 'again') ON DUPLICATE KEY UPDATE v = 'merged'");

    sql("CREATE TABLE pair_key (b VARCHAR(9) NOT NULL, n INT, a BIGINT UNSIGNED NOT NULL, PRIMARY KEY (a, "
        "b))");
    sql("INSERT INTO pair_key VALUES ('x', 1, 1), ('y', 2, 9223372036854775807)");
    sql("UPDATE pair_key SET b = 'z' WHERE a = 1");
    sql("DELETE FROM pair_key");

    sql("CREATE TABLE keyless (a INT, b TEXT)");
    sql("INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (NULL, NULL)");
    sql("UPDATE keyless SET a = 2 WHERE a = 1");
    sql("DELETE FROM keyless");

    sql("CREATE TABLE unique_key (a INT, b INT NOT NULL, c INT NOT NULL, UNIQUE KEY z (a), UNIQUE KEY y (c, "
        "b), UNIQUE KEY x (b))");
    sql("INSERT INTO unique_key VALUES (NULL, 1, 1), (2, 2, 2)");
    sql("UPDATE unique_key SET c = 3 WHERE b = 2");
    sql("DELETE FROM unique_key WHERE b = 1");
    sql("CREATE TABLE nullable_unique_key (a INT, b INT, UNIQUE KEY (a))");
    sql("INSERT INTO nullable_unique_key VALUES (1, 1), (NULL, 2)");
    sql("UPDATE nullable_unique_key SET a = 5 WHERE b = 1");

    sql("CREATE TABLE parent (id INT PRIMARY KEY, v INT)");
    sql("CREATE TABLE child (id INT PRIMARY KEY, parent INT, v INT)");
    sql("INSERT INTO parent VALUES (1,1),(2,2)");
    sql("INSERT INTO child VALUES (10,1,0),(11,2,0)");
    sql("UPDATE parent, child SET parent.v = parent.v + 1, child.v = parent.v WHERE child.parent = "
        "parent.id");
    sql("DELETE child, parent FROM child JOIN parent ON child.parent = parent.id WHERE parent.id = 2");

    sql("CREATE TABLE copies (id INT, v VARCHAR(20))");
    sql("INSERT INTO copies SELECT id, v FROM keyed");
    sql("CREATE TABLE copies_of LIKE keyed");
    sql("INSERT INTO copies_of SELECT * FROM keyed");
    sql("TRUNCATE TABLE copies_of");
    sql("INSERT INTO copies_of VALUES (1, 'after truncate')");

    sql("START TRANSACTION");
    sql("INSERT INTO keyed VALUES (100, 't')");
    sql("SAVEPOINT s");
    sql("INSERT INTO keyed VALUES (101, 'rolled back')");
    sql("ROLLBACK TO s");
    sql("INSERT INTO parent VALUES (100, 1)");
    sql("COMMIT");
    sql("START TRANSACTION");
    sql("INSERT INTO keyed VALUES (102, 'never')");
    sql("ROLLBACK");
  }

  void changing_schemas() {
    sql("CREATE TABLE moving (id INT PRIMARY KEY, a INT)");
    sql("INSERT INTO moving VALUES (1, 1)");
    sql("ALTER TABLE moving ADD COLUMN b VARCHAR(20) NOT NULL DEFAULT 'dflt' AFTER id, ADD COLUMN c "
        "DECIMAL(9,3)");
    sql("INSERT INTO moving (id, a, c) VALUES (2, 2, 1.5)");
    sql("ALTER TABLE moving CHANGE a renamed BIGINT UNSIGNED, DROP COLUMN c");
    sql("INSERT INTO moving VALUES (3, 'x', 3)");
    sql("ALTER TABLE moving DROP PRIMARY KEY, ADD PRIMARY KEY (id, b)");
    sql("UPDATE moving SET renamed = 4 WHERE id = 3");
    sql("RENAME TABLE moving TO moved");
    sql("INSERT INTO moved VALUES (4, 'y', 40)");
    sql("ALTER TABLE moved ADD UNIQUE INDEX u (renamed)");
    sql("CREATE INDEX i ON moved (b)");
    sql("DROP INDEX i ON moved");
    sql("DELETE FROM moved WHERE id = 1");
    sql("CREATE TABLE parted (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN "
        "(10), PARTITION p1 VALUES LESS THAN MAXVALUE)");
    sql("INSERT INTO parted VALUES (1), (11)");
    sql("ALTER TABLE parted TRUNCATE PARTITION p0");
    sql("INSERT INTO parted VALUES (2)");
    sql("CREATE TEMPORARY TABLE temporary_one (id INT)");
    sql("INSERT INTO temporary_one VALUES (1)");
    sql("DROP TEMPORARY TABLE temporary_one");
    sql("DROP TABLE copies, copies_of");
    sql("CREATE TABLE `od``d \"na.me` (`i d` INT PRIMARY KEY, `c,\"o.l` INT, `größe` INT)");
    sql("INSERT INTO `od``d \"na.me` VALUES (1, 2, 3)");
  }

  void one_big_transaction() {
    sql("CREATE TABLE big (id INT PRIMARY KEY, v VARCHAR(100), n INT)");
    sql("START TRANSACTION");
    constexpr int kStatements = 20;
    constexpr int kRowsEach = 250;
    for (int statement = 0; statement < kStatements; ++statement) {
      std::string insert = "INSERT INTO big VALUES ";
      for (int i = 0; i < kRowsEach; ++i)
        insert += fmt::format("{}({}, REPEAT('v',{}), {})", i == 0 ? "" : ",", statement * kRowsEach + i,
                              i % 100, i);
      sql(insert);
    }
    sql("UPDATE big SET n = n + 1 WHERE id % 5 = 0");
    sql("DELETE FROM big WHERE id % 5 = 1");
    sql("COMMIT");
  }

  /// What Debezium reads otherwise than the server means it.
  void what_is_read_otherwise() {
    create_declared("otherwise", {"INT DEFAULT 5", "VARCHAR(9) DEFAULT 'dflt'", "INTEGER UNSIGNED", "FLOAT4",
                                  "VARCHAR(9) CHARACTER SET koi8u", "VARCHAR(9) CHARACTER SET latin1"});
    declared_["otherwise.c5"] = "VARCHAR(9) CHARACTER SET latin1 of bytes";
    sql("INSERT INTO otherwise VALUES (1, NULL, NULL, 4000000000, 1.5, 'ґєії', x'41818D8F909D')");
    sql("INSERT INTO otherwise VALUES (2, 6, 'set', 3, NULL, 'a', 'é')");
    sql("INSERT INTO otherwise (id) VALUES (3)");
    create_declared("unsigned_keys", {"BIGINT UNSIGNED"}, "BIGINT UNSIGNED");
    sql("INSERT INTO unsigned_keys VALUES (18446744073709551615, 18446744073709551615), "
        "(9223372036854775808, 1)");
    sql("UPDATE unsigned_keys SET id = id - 1");
  }

  void create_declared(const std::string& table, const std::vector<std::string>& types,
                       const std::string& key = "INT") {
    std::string create = "CREATE TABLE " + table + " (id " + key + " PRIMARY KEY";
    declared_[table + ".id"] = key;
    for (std::size_t i = 0; i < types.size(); ++i) {
      create += fmt::format(", c{} {}", i, types[i]);
      declared_[fmt::format("{}.c{}", table, i)] = types[i];
    }
    sql(create + ")");
  }

  MysqlServer& server_ = MysqlServer::shared(SqlFlavor::Mysql8);
  KafkaBroker broker_{{.options = {"message.max.bytes=8388608", "replica.fetch.max.bytes=8388608"}}};
  std::string database_ = server_.fresh_database();
  SqlClient client_ = server_.connect(database_);
  std::map<std::string, std::string> declared_;  ///< "table.column" -> type, where it matters

 private:
  static std::string literal(const OracleColumn& column, std::size_t row) {
    static OracleRandom random{20261123};
    if (row == 0 && column.is_nullable) return "NULL";
    const std::size_t first = column.is_nullable ? 1 : 0;
    if (row < first + column.extremes.size()) return column.extremes[row - first];
    return column.literal(random);
  }
};

TEST_F(DebeziumComparison, RecordByRecord) {
  const DebeziumConnector debezium(server_, broker_, database_);
  const nlohmann::json task = kafka_task(server_, database_, broker_.bootstrap());
  broker_.create_topic(DebeziumConnector::rows_topic());  // Kafka Connect makes it with Debezium's first row
  TrackerProcess tracker(task);
  tracker.start_streaming();

  every_type();
  keys_and_statements();
  changing_schemas();
  what_is_read_otherwise();
  one_big_transaction();
  sql(std::string("CREATE TABLE ") + kLastTable + " (id INT PRIMARY KEY)");
  sql(std::string("INSERT INTO ") + kLastTable + " VALUES (1)");

  const auto ended = [](const std::vector<KafkaRecord>& records) {
    return !records.empty() && is_of_table(records.back(), kLastTable);
  };
  KafkaReader our_reader = broker_.reader(topic_of(task));
  const auto ours = our_reader.wait_for("Rowtide's last row", ended, std::chrono::seconds{60});
  KafkaReader their_reader = broker_.reader(DebeziumConnector::rows_topic());
  std::vector<KafkaRecord> theirs;
  try {
    theirs = their_reader.wait_for("Debezium's last row", ended, std::chrono::seconds{60});
  } catch (const std::exception& error) {
    const std::string log = debezium.log();
    FAIL() << error.what() << "\n" << log.substr(log.size() > 6000 ? log.size() - 6000 : 0);
  }

  const std::vector<KafkaRecord> rows = only(ours, false);
  RecordComparison comparison(declared_, allowed_differences());
  for (std::size_t i = 0; i < std::min(rows.size(), theirs.size()); ++i) {
    ASSERT_EQ(identity(theirs[i]), identity(rows[i])) << "record " << i << " of " << theirs.size();
    comparison.compare(theirs[i], rows[i]);
  }
  EXPECT_EQ(theirs.size(), rows.size());

  show("row changes", comparison);

  KafkaReader schema_reader = broker_.reader(DebeziumConnector::schema_topic());
  const auto their_changes =
      schema_reader.wait_for("Debezium's last CREATE TABLE", [](const std::vector<KafkaRecord>& records) {
        return !records.empty() && records.back().value->find(kLastTable) != std::string::npos;
      });
  RecordComparison schemas({}, allowed_schema_differences());
  compare_schema_changes(by_position(their_changes), by_position(only(ours, true)), schemas);
  show("schema changes", schemas);
}

}  // namespace
}  // namespace rowtide::test
