// Tables that are no plain tables, and those that are none of the task's.
#include "tests/integration/precheck_fixture.h"

namespace rowtide::test {
namespace {

class PrecheckMariadbTables : public Precheck {};

TEST_P(PrecheckMariadbTables, ASystemVersionedTable) {
  server.exec("CREATE TABLE " + database +
              ".prices (id INT PRIMARY KEY) ENGINE = MyISAM WITH SYSTEM VERSIONING");
  EXPECT_EQ(item(check(task), "SystemVersioning").result, CheckResult::Passed) << "it is not tracked";
  task.spec.objects.include = {rule(database)};
  PrecheckReport report = check(task);
  EXPECT_FALSE(report.passed());
  CheckItem found = item(report, "SystemVersioning");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "TablesVersioned");
  EXPECT_EQ(found.observed, "system-versioned: " + database + ".prices");
  EXPECT_THAT(found.repair, testing::HasSubstr("DROP SYSTEM VERSIONING"));
  EXPECT_EQ(item(report, "StorageEngines").observed, "not transactional: " + database + ".prices (MyISAM)");

  task.spec.on_unprocessable = task::Unprocessable::SkipAndCount;
  report = check(task);
  EXPECT_TRUE(report.passed()) << precheck::render_table(report);
  found = item(report, "SystemVersioning");
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_THAT(found.message, testing::HasSubstr("none of their rows is delivered"));

  task.spec.on_unprocessable = task::Unprocessable::Stop;
  server.exec("ALTER TABLE " + database + ".prices DROP SYSTEM VERSIONING");
  EXPECT_EQ(item(check(task), "SystemVersioning").result, CheckResult::Passed);
}

TEST_P(PrecheckMariadbTables, ASequenceNeedsNoKey) {
  server.exec("CREATE SEQUENCE " + database + ".numbers");
  server.exec("CREATE TABLE " + database + ".log (line TEXT)");
  task.spec.objects.include = {rule(database)};
  EXPECT_EQ(item(check(task), "PrimaryKeys").observed, "without: " + database + ".log");
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckMariadbTables,
                         testing::Values(SqlFlavor::Mariadb, SqlFlavor::Mariadb114), name_of);

/// Servers that open each table to say what it is.
class PrecheckManyTables : public Precheck {
 protected:
  /// How many tables a precheck has the server open.
  int tables_opened() {
    server.exec("FLUSH TABLES");
    const auto opened = [&] {
      return std::stoi(
          server.query("SHOW GLOBAL STATUS LIKE 'Opened_table_definitions'").at(0).at(1).value());
    };
    const int before = opened();
    EXPECT_TRUE(check(task).passed());
    return opened() - before;
  }
};

TEST_P(PrecheckManyTables, ThoseOfOtherDatabasesAreLeftAlone) {
  constexpr int kOthers = 100;
  const std::string other = server.fresh_database();
  for (int i = 0; i < kOthers; ++i) {
    server.exec("CREATE TABLE " + other + ".t" + std::to_string(i) + " (id INT PRIMARY KEY)");
  }
  EXPECT_LT(tables_opened(), kOthers);
  task.spec.objects.include = {rule(database, {"orders"}), {}};
  task.spec.objects.include[1].database_pattern = other + ".?";
  EXPECT_GT(tables_opened(), kOthers) << "a pattern may mean any";
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckManyTables, testing::Values(SqlFlavor::Mysql57, SqlFlavor::Mariadb),
                         name_of);

}  // namespace
}  // namespace rowtide::test
