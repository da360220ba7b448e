// MariaDB with binlog_alter_two_phase=ON writes an ALTER down twice, when it begins and when it ends: it is
// delivered and applied once, where it ends, and not at all where it fails. Events name no columns, so that
// each row shows which definition it was read with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <future>
#include <nlohmann/json.hpp>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;

class TwoPhaseAlter : public testing::Test {
 protected:
  TwoPhaseAlter() : client_(connect()) {
    server_.create_user(kTrackerUser, kTrackerPassword);
    server_.exec("SET GLOBAL binlog_row_metadata = NO_LOG");
    for (const char* table : {"t", "u"}) {
      sql(std::string("CREATE TABLE ") + table + " (id INT PRIMARY KEY, a INT)");
      // Enough to take a while.
      sql(std::string("INSERT INTO ") + table + " SELECT seq + 1000, seq FROM seq_1_to_400000");
    }
    task_ = kafka_task(server_, database_, KafkaBroker::shared().bootstrap());
  }
  void TearDown() override { server_.exec("SET GLOBAL binlog_row_metadata = FULL"); }

  [[nodiscard]] SqlClient connect() const {
    SqlClient client = server_.connect(database_);
    client.exec("SET SESSION binlog_alter_two_phase = ON");
    return client;
  }
  void sql(const std::string& statement) { client_.exec(statement); }
  /// On a thread of its own; true if it succeeds.
  [[nodiscard]] std::future<bool> alter(const std::string& statement) const {
    return std::async(std::launch::async, [this, statement] {
      try {
        connect().exec(statement);
        return true;
      } catch (const std::exception&) {
        return false;
      }
    });
  }
  /// What the binlog holds of ALTERs and rows since the last FLUSH BINARY LOGS.
  [[nodiscard]] std::string logged() {
    const std::string file = server_.query("SHOW MASTER STATUS").at(0).at(0).value();
    std::string said;
    for (const Row& event : server_.query("SHOW BINLOG EVENTS IN '" + file + "'")) {
      const std::string info = event.at(5).value_or("");
      for (const char* part : {"START ALTER", "COMMIT ALTER", "ROLLBACK ALTER"}) {
        if (info.find(part) != std::string::npos) said += std::string(part) + "\n";
      }
      if (event.at(2) == "Write_rows_v1") said += "row\n";
    }
    return said;
  }
  void wait_for_log(const std::string& end) {
    wait_until("the binlog ends with " + end, [&] { return logged().ends_with(end); });
  }

  MysqlServer& server_ = MysqlServer::shared(SqlFlavor::Mariadb);
  std::string database_ = server_.fresh_database();
  SqlClient client_;
  json task_;
};

TEST_F(TwoPhaseAlter, IsToldAndAppliedWhereItEnds) {
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  sql("FLUSH BINARY LOGS");
  std::future<bool> succeeds = alter("ALTER TABLE t ADD d INT DEFAULT 7 FIRST, ADD KEY (a), LOCK=NONE");
  std::future<bool> fails = alter("ALTER TABLE u ADD d INT DEFAULT 7 FIRST, ADD UNIQUE KEY (a), LOCK=NONE");
  wait_for_log("START ALTER\nSTART ALTER\n");
  sql("INSERT INTO t VALUES (1, 2)");
  sql("INSERT INTO u VALUES (3, 1)");  // a second 1
  EXPECT_TRUE(succeeds.get());
  EXPECT_FALSE(fails.get());
  EXPECT_THAT(logged(),
              testing::MatchesRegex("START ALTER\nSTART ALTER\nrow\nrow\n[A-Z]* ALTER\n[A-Z]* ALTER\n"));
  EXPECT_THAT(logged(), testing::HasSubstr("ROLLBACK ALTER"));
  sql("INSERT INTO t VALUES (4, 5, 6)");
  sql("INSERT INTO u VALUES (7, 8)");
  EXPECT_TRUE(tracker.stop(SIGTERM).ok()) << tracker.failure();
  sql("CREATE INDEX i ON u (a)");
  sql("DROP INDEX i ON u");
  tracker.start_streaming();
  sql("INSERT INTO u VALUES (9, 10)");

  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task_));
  std::vector<std::string> rows;
  for (const json& change : wait_for_rows(reader, 5)) rows.push_back(change.at("after").dump());
  EXPECT_THAT(rows, ElementsAre(R"({"a":2,"id":1})", R"({"a":1,"id":3})", R"({"a":6,"d":4,"id":5})",
                                R"({"a":8,"id":7})", R"({"a":10,"id":9})"));
  std::vector<std::string> told;
  for (const KafkaRecord& record : reader.records()) {
    if (!record.value) continue;
    const json value = json::parse(*record.value);
    if (value.contains("ddl")) told.push_back(value.at("ddl").get<std::string>().substr(0, 13));
  }
  EXPECT_THAT(told, ElementsAre("ALTER TABLE t", "CREATE INDEX ", "DROP INDEX i "));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

}  // namespace
}  // namespace rowtide::test
