// debezium-json with schemas through Kafka Connect and Debezium's JDBC sink, unmodified: tables in another
// server are kept equal to the source's.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/script_server.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

constexpr const char* kSinkUser = "jdbc_sink";
constexpr const char* kSinkPassword = "Jdbc-s1nk";

/// What docs/formats/debezium-json.md gives to copy, with the addresses of these servers.
ServerOptions sink_options(const KafkaBroker& broker, const std::string& topic, const MysqlServer& target,
                           const std::string& database) {
  ServerOptions options;
  options.options = {
      "worker.bootstrap.servers=" + broker.admin_bootstrap(),
      "topics=" + topic,
      "header.converter=org.apache.kafka.connect.storage.StringConverter",
      "consumer.override.isolation.level=read_committed",
      fmt::format("connection.url=jdbc:mariadb://{}:{}/{}", target.host(), target.port(), database),
      fmt::format("connection.username={}", kSinkUser),
      fmt::format("connection.password={}", kSinkPassword),
      "insert.mode=upsert",
      "delete.enabled=true",
      "primary.key.mode=record_key",
      "schema.evolution=basic",
      "collection.name.format=${source.table}",
  };
  return options;
}

constexpr const char* kTypes =
    "CREATE TABLE t (id INT PRIMARY KEY, i8 TINYINT, u8 TINYINT UNSIGNED, u32 INT UNSIGNED, u64 BIGINT UNSIGNED, "
    "de DECIMAL(30,4), db DOUBLE, da DATE, ti TIME(6), dt DATETIME(6), ts TIMESTAMP(3) NULL, ye YEAR, "
    "vc VARCHAR(60) CHARACTER SET utf8mb4, tx TEXT CHARACTER SET utf8mb4, vb VARBINARY(20), bl BLOB, b1 BIT(1), "
    "bi BIT(8), en ENUM('a','b,c'), se SET('x','y','z'))";

void change_tables(SqlClient& client) {
  client.exec("SET time_zone = '+00:00'");
  client.exec(kTypes);
  client.exec("CREATE TABLE parts (a INT, b VARCHAR(10), n INT NOT NULL DEFAULT 7, PRIMARY KEY (a, b))");
  client.exec(
      R"(INSERT INTO t VALUES (1, -128, 255, 4294967295, 18446744073709551615, -12345678901234567890.5, 0.5,
         '2024-02-29', '23:59:59.654321', '2038-12-31 23:59:59.999999', '2024-01-02 03:04:05.120', 2155,
         'Zoë 🌊 "\\', '日本語', X'00FF80', X'C0FFEE00', b'1', b'10100001', 'b,c', 'x,z'),
         (2, 1, 2, 3, 0, 0, -1.5, '1970-01-01', '00:00:00', '1970-01-02 00:00:00', '1970-01-01 00:00:01', 1901,
         '', '', X'20', X'00', b'0', 0, 'a', ''))");
  client.exec("INSERT INTO t (id) VALUES (3), (4), (5)");
  client.exec("INSERT INTO parts VALUES (1, 'x', 1), (1, 'y', 2), (2, 'x', 3)");
  client.exec("UPDATE t SET vc = 'new', bl = NULL, u64 = 1 WHERE id = 2");
  client.exec("UPDATE t SET id = 40 WHERE id = 4");
  client.exec("DELETE FROM t WHERE id = 3");
  client.exec("DELETE FROM parts WHERE b = 'y'");
  client.exec("UPDATE parts SET b = 'z' WHERE a = 2");
  client.exec("ALTER TABLE t ADD COLUMN added BIGINT");
  client.exec("UPDATE t SET added = 7 WHERE id IN (1, 5)");
}

/// None while the sink has not made what is asked for.
Rows all_rows(SqlClient& client) {
  try {
    Rows rows = client.query(
        "SELECT id, i8, u8, u32, u64, de, db, da, ti, dt, ts, ye, vc, tx, HEX(vb), HEX(bl), b1+0, bi+0, en, se, "
        "added FROM t ORDER BY id");
    const Rows parts = client.query("SELECT a, b, n FROM parts ORDER BY a, b");
    rows.insert(rows.end(), parts.begin(), parts.end());
    return rows;
  } catch (const std::exception& error) {
    return {{error.what()}};
  }
}

std::string text_of_rows(const Rows& rows) {
  std::string text;
  for (const Row& row : rows) {
    for (const auto& cell : row) text += cell.value_or("NULL") + " | ";
    text += "\n";
  }
  return text;
}

TEST(JdbcSink, KeepsTablesEqual) {
  MysqlServer& source = tracked_server(SqlFlavor::Mysql8);
  const std::string database = source.fresh_database();
  MysqlServer& target = MysqlServer::shared(SqlFlavor::Mariadb);
  const std::string copy = target.fresh_database();
  target.create_user(kSinkUser, kSinkPassword, "ALL");
  SqlClient copied = target.connect(copy);
  copied.exec("SET time_zone = '+00:00'");
  copied.exec(kTypes);  // with the source's types; `parts` is made by the sink

  KafkaBroker& broker = KafkaBroker::shared();
  nlohmann::json task = kafka_task(source, database, broker.bootstrap());
  task["spec"]["sink"]["kafka"]["debezium"] = {
      {"schemas", true}, {"decimals", "precise"}, {"unsignedBigint", "precise"}};
  task["spec"]["dataTypes"] = {"DataUpdates"};  // the sink refuses schema changes
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient client = source.connect(database);
  change_tables(client);
  const Rows expected = all_rows(client);
  ASSERT_EQ(expected.size(), 4U + 2U);

  const ScriptServer sink("jdbc_sink", sink_options(broker, topic_of(task), target, copy));
  wait_until(
      "the copy has the source's rows", [&] { return all_rows(copied) == expected; },
      std::chrono::seconds{60},
      [&] { return text_of_rows(expected) + "in the copy\n" + text_of_rows(all_rows(copied)) + sink.log(); });
}

}  // namespace
}  // namespace rowtide::test
