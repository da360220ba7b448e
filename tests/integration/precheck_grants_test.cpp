// Grants on databases by pattern: what the precheck reads of them is what the server lets the account do.
#include "tests/integration/precheck_fixture.h"

namespace rowtide::test {
namespace {

class PrecheckGrants : public Precheck {
 protected:
  void SetUp() override {
    Precheck::SetUp();
    server.exec("DROP DATABASE IF EXISTS tenant_7");
    server.exec("CREATE DATABASE tenant_7");
    server.exec("CREATE TABLE tenant_7.orders (id INT PRIMARY KEY)");
    task.spec.objects.include = {rule("tenant_7")};
  }
  [[nodiscard]] bool can_read(const std::string& table) const {
    SqlClient client = server.connect_as(kUser, kPassword);
    try {
      client.exec("SELECT * FROM " + table);
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }
  /// `grants` without their grantee.
  void give(const std::vector<std::string>& grants, const std::string& grantee) {
    for (const std::string& grant : grants) server.exec("GRANT " + grant + " TO " + grantee);
  }
  void expect_as_the_server_does(bool reads) {
    EXPECT_EQ(can_read("tenant_7.orders"), reads);
    const CheckItem found = item(check(task), "SelectPrivilege");
    EXPECT_EQ(found.result, reads ? CheckResult::Passed : CheckResult::Failed) << found.observed;
    if (reads) return;
    mend(found);
    EXPECT_TRUE(can_read("tenant_7.orders")) << found.repair;
    EXPECT_EQ(item(check(task), "SelectPrivilege").result, CheckResult::Passed);
  }
  void start_anew() { replace_privileges("REPLICATION SLAVE, REPLICATION CLIENT ON *.*"); }
};

TEST_P(PrecheckGrants, WhatTheServerLetsTheAccountRead) {
  struct Case {
    std::vector<std::string> grants;
    bool reads;
  };
  const std::vector<Case> cases{
      {{R"(SELECT ON `tenant\_%`.*)"}, true},
      {{R"(SELECT ON `tenant\_%`.*)", R"(EXECUTE ON `tenant\_7`.*)"}, false},
      {{R"(SELECT ON `tenant\_%`.*)", "EXECUTE ON `tenant%`.*"}, true},
      {{R"(EXECUTE ON `tenant\_%`.*)", "SELECT ON `tenant%`.*"}, false},
      {{"EXECUTE ON `tenant%`.*", "SELECT ON `%`.*"}, false},
      {{R"(EXECUTE ON `tenant\_7`.*)", "SELECT ON `tenant_7`.`orders`"}, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.grants.back());
    start_anew();
    // One table, so that a grant on it is enough.
    task.spec.objects.include = {c.grants.back().ends_with("`orders`") ? rule("tenant_7", {"orders"})
                                                                       : rule("tenant_7")};
    give(c.grants, account());
    expect_as_the_server_does(c.reads);
  }
}

TEST_P(PrecheckGrants, TheRepairOpensNoOtherDatabase) {
  server.exec("DROP DATABASE IF EXISTS tenantX7");
  server.exec("CREATE DATABASE tenantX7");
  server.exec("CREATE TABLE tenantX7.orders (id INT PRIMARY KEY)");
  start_anew();
  const CheckItem found = item(check(task), "SelectPrivilege");
  EXPECT_EQ(found.repair, R"(GRANT SELECT ON `tenant\_7`.* TO 'tracker'@'%';)");
  mend(found);
  EXPECT_TRUE(can_read("tenant_7.orders"));
  EXPECT_FALSE(can_read("tenantX7.orders"));
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckGrants, testing::ValuesIn(kEverySqlFlavor), name_of);

/// A role's grants beside the account's, which the two kinds of server bring together each in its own way.
class PrecheckRoleGrants : public PrecheckGrants {};

TEST_P(PrecheckRoleGrants, AreBroughtTogetherAsTheServerDoes) {
  struct Case {
    std::string database;
    std::vector<std::string> account;
    std::vector<std::string> role;
    bool mysql;
    bool mariadb;
  };
  const std::vector<Case> cases{
      {"tenant_7", {R"(EXECUTE ON `tenant\_7`.*)"}, {"SELECT ON `tenant%`.*"}, true, true},
      {"tenant_7", {}, {R"(EXECUTE ON `tenant\_%`.*)", "SELECT ON `tenant%`.*"}, true, false},
      {"plain", {}, {"EXECUTE ON `plain`.*", "SELECT ON `p%`.*"}, false, false},
      {"plain", {"EXECUTE ON `plain`.*"}, {"SELECT ON `p%`.*"}, false, true},
  };
  server.exec("DROP DATABASE IF EXISTS plain");
  server.exec("CREATE DATABASE plain");
  server.exec("CREATE TABLE plain.orders (id INT PRIMARY KEY)");
  for (const Case& c : cases) {
    SCOPED_TRACE(testing::PrintToString(c.account) + testing::PrintToString(c.role));
    start_anew();
    server.exec("DROP ROLE IF EXISTS reader_role");
    server.exec("CREATE ROLE reader_role");
    give(c.role, "reader_role");
    give(c.account, account());
    server.exec("GRANT reader_role TO " + account());
    server.exec(std::string("SET DEFAULT ROLE reader_role ") + (is_mariadb() ? "FOR " : "TO ") + account());
    task.spec.objects.include = {rule(c.database)};
    const bool reads = is_mariadb() ? c.mariadb : c.mysql;
    EXPECT_EQ(can_read(c.database + ".orders"), reads);
    EXPECT_EQ(item(check(task), "SelectPrivilege").result, reads ? CheckResult::Passed : CheckResult::Failed);
  }
  server.exec("DROP ROLE reader_role");
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckRoleGrants,
                         testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb, SqlFlavor::Mariadb114),
                         name_of);

}  // namespace
}  // namespace rowtide::test
