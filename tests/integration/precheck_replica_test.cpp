// Sources that are, or were, replicas which do not log what they apply.
#include "tests/integration/precheck_fixture.h"
#include "tests/support/free_port.h"

namespace rowtide::test {
namespace {

using testing::HasSubstr;

class PrecheckReplica : public PrecheckOwnServer {
 protected:
  void SetUp() override {
    server = start({"--skip-log-slave-updates"});
    if (is_mariadb()) server->exec("GRANT SLAVE MONITOR ON *.* TO " + account());
  }
  [[nodiscard]] bool is_mariadb() const { return test::is_mariadb(GetParam()); }
  [[nodiscard]] static std::string account() { return std::string("'") + kUser + "'@'%'"; }
  /// A primary at which nobody answers: the threads run all the same.
  void replicate(const std::string& name = {}) {
    server->exec("CHANGE MASTER " + name +
                 " TO MASTER_HOST = '127.0.0.1', MASTER_USER = 'nobody', MASTER_PORT = " +
                 std::to_string(free_port()));
    server->exec("START SLAVE " + name);
  }
  [[nodiscard]] CheckItem updates() const { return item(check(task_of(*server)), "LogReplicaUpdates"); }

  std::unique_ptr<MysqlServer> server;
};

TEST_P(PrecheckReplica, AReplicaThatLogsNothingOfWhatItApplies) {
  CheckItem found = updates();
  EXPECT_EQ(found.result, CheckResult::Passed) << "no replica";
  replicate();
  for (const char* stopped : {"", "IO_THREAD", "SQL_THREAD"}) {
    SCOPED_TRACE(stopped);
    if (*stopped != 0) server->exec(std::string("STOP SLAVE ") + stopped);
    found = updates();
    EXPECT_EQ(found.result, CheckResult::Failed);
    EXPECT_EQ(found.reason, "ReplicaUpdatesNotLogged");
    EXPECT_EQ(found.observed, "log_slave_updates = OFF, and it is a replica");
    server->exec("START SLAVE");
  }
  if (!is_mariadb()) return;
  server->exec("REVOKE SLAVE MONITOR ON *.* FROM " + account());
  found = updates();
  EXPECT_EQ(found.result, CheckResult::Warning) << "it may not be asked";
  EXPECT_THAT(found.message, HasSubstr("may not ask"));
}

// By STOP SLAVE without RESET SLAVE ALL: all that is written there now stands in its binlog.
TEST_P(PrecheckReplica, AReplicaThatWasPromotedIsAWarning) {
  replicate();
  server->exec("STOP SLAVE");
  CheckItem found = updates();
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_EQ(found.reason, "ReplicationStopped");
  EXPECT_EQ(found.observed, "log_slave_updates = OFF, and it is a replica whose replication is stopped");
  EXPECT_THAT(found.repair, HasSubstr(is_mariadb() ? "RESET SLAVE '' ALL;" : "RESET SLAVE ALL;"));
  if (is_mariadb()) {
    replicate("'second''s'");
    EXPECT_EQ(updates().result, CheckResult::Failed) << "one of two runs";
    server->exec("STOP SLAVE 'second''s'");
    found = updates();
    EXPECT_EQ(found.result, CheckResult::Warning);
  }
  const std::string begin = "if it is a primary now: ";
  ASSERT_THAT(found.repair, testing::StartsWith(begin));
  std::string statements = found.repair.substr(begin.size());
  statements.resize(statements.find("else"));
  for (std::size_t end = 0; (end = statements.find(';')) != std::string::npos; statements.erase(0, end + 1)) {
    server->exec(statements.substr(0, end));
  }
  EXPECT_EQ(updates().observed, "log_slave_updates = OFF, and it is no replica")
      << "mended as the check says";
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckReplica,
                         testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mysql57, SqlFlavor::Mariadb), name_of);

}  // namespace
}  // namespace rowtide::test
