// Servers that leave databases out of their binlog: what the precheck says is what the binlog then holds.
#include "tests/integration/precheck_fixture.h"

namespace rowtide::test {
namespace {

using testing::HasSubstr;

class PrecheckBinlogFilters : public PrecheckOwnServer {
 protected:
  /// Does a row that is written to d.orders reach the binlog?
  static bool logs_a_row(MysqlServer& server) {
    const std::string file = server.query("SHOW MASTER STATUS").at(0).at(0).value();
    server.exec("USE d");
    server.exec("INSERT INTO d.orders VALUES (1)");
    server.exec("DELETE FROM d.orders");
    for (const Row& row : server.query("SHOW BINLOG EVENTS IN '" + file + "'")) {
      if (row.at(2) == "Table_map" && row.at(5).value_or("").find("(d.orders)") != std::string::npos)
        return true;
    }
    return false;
  }
  static CheckItem filters(const task::Task& task) { return item(check(task), "BinlogFilters"); }
};

TEST_P(PrecheckBinlogFilters, ADatabaseThatIsIgnored) {
  const auto server = start({"--binlog-ignore-db=crm", "--binlog-ignore-db=d"});
  task::Task task = task_of(*server);
  const PrecheckReport report = check(task);
  EXPECT_FALSE(report.passed());
  CheckItem found = item(report, "BinlogFilters");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "DatabaseNotLogged");
  EXPECT_EQ(found.observed, "binlog_ignore_db = crm,d; not logged: d");
  EXPECT_THAT(found.repair, HasSubstr("take binlog_ignore_db out of the server's configuration file"));
  EXPECT_FALSE(logs_a_row(*server)) << "it is as the check says";

  task.spec.objects.include.clear();
  task.spec.objects.include.emplace_back().database_pattern = ".*";
  found = filters(task);
  EXPECT_EQ(found.result, CheckResult::Failed) << "a pattern that selects the database now";
  task.spec.objects.exclude = {rule("d")};
  EXPECT_EQ(filters(task).result, CheckResult::Warning) << "the other way out that the repair names";

  task.spec.precheck.skip = {"BinlogFilters"};
  EXPECT_EQ(filters(task).result, CheckResult::Skipped);
}

TEST_P(PrecheckBinlogFilters, ADatabaseThatIsNotAmongThoseLogged) {
  const auto server = start({"--binlog-do-db=crm", "--binlog-do-db=dd"});
  const CheckItem found = filters(task_of(*server));
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.observed, "binlog_do_db = crm,dd; not logged: d");
  EXPECT_THAT(found.repair, HasSubstr("take binlog_do_db out"));
  EXPECT_FALSE(logs_a_row(*server));
}

TEST_P(PrecheckBinlogFilters, AFilterOfOtherDatabasesIsAWarning) {
  const auto server = start({"--binlog-ignore-db=crm", "--binlog-ignore-db=dd"});
  const task::Task task = task_of(*server);
  PrecheckReport report = check(task);
  EXPECT_TRUE(report.passed()) << precheck::render_table(report);
  EXPECT_EQ(item(report, "BinlogFilters").result, CheckResult::Warning);
  EXPECT_EQ(item(report, "BinlogFilters").reason, "BinlogFiltered");
  EXPECT_THAT(item(report, "BinlogFilters").message, HasSubstr("schema change"));
  EXPECT_TRUE(logs_a_row(*server));

  // Where both are given, the databases to ignore do not count.
  server->restart(std::vector<std::string>{"--binlog-do-db=d", "--binlog-ignore-db=d"});
  EXPECT_EQ(item(check(task), "BinlogFilters").result, CheckResult::Warning);
  EXPECT_TRUE(logs_a_row(*server));
  server->restart(std::vector<std::string>{});
  EXPECT_EQ(item(check(task), "BinlogFilters").result, CheckResult::Passed);
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckBinlogFilters,
                         testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mysql57, SqlFlavor::Mariadb), name_of);

// With lower_case_table_names = 1, which MySQL 8 takes only for a new data folder.
class PrecheckBinlogFiltersCase : public PrecheckBinlogFilters {};

TEST_P(PrecheckBinlogFiltersCase, CountsAsItDoesAtTheServer) {
  const auto server = start({"--lower-case-table-names=1", "--binlog-do-db=D"});
  const bool is_logged = logs_a_row(*server);
  EXPECT_EQ(is_logged, !is_mariadb(GetParam()));
  EXPECT_EQ(filters(task_of(*server)).result, is_logged ? CheckResult::Warning : CheckResult::Failed);
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckBinlogFiltersCase,
                         testing::Values(SqlFlavor::Mysql57, SqlFlavor::Mariadb), name_of);

}  // namespace
}  // namespace rowtide::test
