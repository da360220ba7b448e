// Online schema changes by the real pt-online-schema-change, and by gh-ost's statements, while rows are
// written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/process.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;

class OnlineSchemaChange : public testing::Test {
 protected:
  void SetUp() override {
    server.create_user(kTrackerUser, kTrackerPassword);
    server.exec("CREATE TABLE " + database + ".t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(20))");
    for (int i = 0; i < 50; ++i) insert(client);
    task = kafka_task(server, database, KafkaBroker::shared().bootstrap());
  }
  static void insert(SqlClient& by) { by.exec("INSERT INTO t (a) VALUES ('x')"); }

  /// Writes rows of t until told to stop; how many.
  int write_during(const std::function<void()>& change) {
    std::atomic<int> written{0};
    std::jthread writer([&](const std::stop_token& stop) {
      SqlClient own = server.connect(database);
      while (!stop.stop_requested()) {
        try {
          insert(own);
          ++written;
        } catch (const std::runtime_error& error) {
          // The tool's triggers and its copying lock one another out now and then, as its manual says.
          if (std::string_view(error.what()).find("Deadlock") == std::string_view::npos) throw;
        }
      }
    });
    wait_until("rows before the change", [&] { return written > 20; });
    change();
    const int before = written;
    wait_until("rows after the change", [&] { return written > before + 20; });
    writer.request_stop();
    writer.join();
    return written;
  }

  /// The records of DDL, at least so many; the topic of a task holds both.
  static std::vector<json> schema_changes(KafkaReader& reader, std::size_t count) {
    const auto read = [](const std::vector<KafkaRecord>& records) {
      std::vector<json> found;
      for (const KafkaRecord& record : records) {
        if (record.value && record.value->find(R"(,"ddl":)") != std::string::npos)
          found.push_back(json::parse(*record.value));
      }
      return found;
    };
    return read(reader.wait_for("schema changes",
                                [&](const auto& records) { return read(records).size() >= count; }));
  }

  /// Every row of t once, in order, the later ones with the new column; and one ALTER between them.
  void expect_told(int written, const std::string& alter_part) {
    KafkaReader rows = KafkaBroker::shared().reader(topic_of(task));
    const std::vector<json> changes = wait_for_rows(rows, static_cast<std::size_t>(written));
    EXPECT_EQ(changes.size(), static_cast<std::size_t>(written));
    const Rows ids = client.query("SELECT id FROM t WHERE id > 50 ORDER BY id");
    ASSERT_EQ(ids.size(), changes.size());
    std::size_t row = 0;
    bool has_b = false;
    for (const json& change : changes) {
      EXPECT_EQ(change.at("source").at("table"), "t");
      EXPECT_EQ(change.at("op"), "c");
      EXPECT_EQ(change.at("after").at("id").dump(), ids.at(row++).at(0));
      EXPECT_TRUE(!has_b || change.at("after").contains("b")) << change;
      has_b = has_b || change.at("after").contains("b");
    }
    EXPECT_TRUE(has_b);

    const std::vector<json> schemas = schema_changes(rows, 1);
    ASSERT_EQ(schemas.size(), 1U) << "one ALTER, and nothing of the tool's tables";
    const json& told = schemas.front();
    EXPECT_THAT(told.at("ddl").get<std::string>(), testing::HasSubstr(alter_part));
    EXPECT_EQ(told.at("tableChanges").at(0).at("type"), "ALTER");
    EXPECT_EQ(told.at("tableChanges").at(0).at("id"), "\"" + database + "\".\"t\"");
    EXPECT_EQ(told.at("tableChanges").at(0).at("table").at("columns").size(), 3U);
    EXPECT_EQ(told.at("tableChanges").size(), 1U);
  }

  explicit OnlineSchemaChange(SqlFlavor flavor = SqlFlavor::Mysql8) : server(MysqlServer::shared(flavor)) {}

  MysqlServer& server;
  std::string database = server.fresh_database();
  SqlClient client = server.connect(database);
  json task;
};

/// The tool itself refuses MySQL 8.0.14 to 8.0.17, for a defect of these servers.
class PtOnlineSchemaChange : public OnlineSchemaChange {
 protected:
  PtOnlineSchemaChange() : OnlineSchemaChange(SqlFlavor::Mariadb) {}
};

TEST_F(PtOnlineSchemaChange, UnderLoad) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  const int written = write_during([&] {
    const RunResult result = run({.argv = {"pt-online-schema-change", "--execute", "--no-version-check",
                                           "--recursion-method=none", "--alter", "ADD COLUMN b INT DEFAULT 5",
                                           "S=" + server.socket() + ",u=root,D=" + database + ",t=t"},
                                  .env = {},
                                  .working_dir = {}},
                                 std::chrono::seconds{60});
    ASSERT_TRUE(result.status.ok()) << result.out << result.err;
  });
  expect_told(written, "ADD COLUMN b INT DEFAULT 5");
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_F(OnlineSchemaChange, ByTheStatementsOfGhost) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  const int written = write_during([&] {
    client.exec("create /* gh-ost */ table _t_ghc (id bigint auto_increment primary key, hint varchar(64))");
    client.exec("create /* gh-ost */ table _t_gho like t");
    client.exec("alter /* gh-ost */ table _t_gho add column b int default 5");
    client.exec("insert /* gh-ost */ into _t_ghc (hint) values ('heartbeat')");
    // gh-ost copies in chunks, applies the changes of the meantime from the binlog, and locks for the swap.
    client.exec("insert /* gh-ost */ ignore into _t_gho (id, a) select id, a from t");
    client.exec("LOCK TABLES t WRITE, _t_gho WRITE");
    client.exec("insert /* gh-ost */ ignore into _t_gho (id, a) select id, a from t");
    client.exec("rename /* gh-ost */ table t to _t_del, _t_gho to t");
    client.exec("UNLOCK TABLES");
    client.exec("drop /* gh-ost */ table _t_ghc");
    client.exec("drop /* gh-ost */ table _t_del");
  });
  expect_told(written, "add column b int default 5");
  EXPECT_THAT(tracker.process().err(), testing::HasSubstr("_t_gho is left out"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_F(OnlineSchemaChange, PassThroughTellsTheStatementsAsTheyAre) {
  task["spec"]["onlineSchemaChanges"] = "PassThrough";
  TrackerProcess tracker(task);
  tracker.start_streaming();
  client.exec("CREATE TABLE _t_gho LIKE t");
  client.exec("ALTER TABLE _t_gho ADD b INT");
  client.exec("INSERT INTO _t_gho (id, a) VALUES (1, 'x')");
  client.exec("RENAME TABLE t TO _t_del, _t_gho TO t");
  KafkaReader rows = KafkaBroker::shared().reader(topic_of(task));
  EXPECT_EQ(schema_changes(rows, 3).at(2).at("ddl"), "RENAME TABLE t TO _t_del, _t_gho TO t");
  EXPECT_EQ(wait_for_rows(rows, 1).at(0).at("source").at("table"), "_t_gho");
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

}  // namespace
}  // namespace rowtide::test
