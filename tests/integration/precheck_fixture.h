#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/source_fixture.h"
#include "tracker/precheck/precheck.h"

namespace rowtide::test {

using task::CheckItem;
using task::CheckResult;
using task::PrecheckReport;

inline std::string name_of(const testing::TestParamInfo<SqlFlavor>& info) {
  return flavor_name(info.param);
}

inline CheckItem item(const PrecheckReport& report, const std::string& name) {
  for (const CheckItem& item : report.items) {
    if (item.name == name) return item;
  }
  ADD_FAILURE() << "no item " << name << "\n" << precheck::render_table(report);
  return {};
}

/// No password, wherever the report goes.
inline void expect_discreet(const PrecheckReport& report, const std::string& password = kPassword) {
  EXPECT_THAT(task::to_json(report, true), testing::Not(testing::HasSubstr(password)));
  EXPECT_THAT(precheck::render_table(report), testing::Not(testing::HasSubstr(password)));
}

inline PrecheckReport check(const task::Task& task, const task::SecretReader& secrets = no_secrets()) {
  PrecheckReport report = precheck::run_precheck(task, secrets);
  expect_discreet(report);
  return report;
}

inline task::ObjectRule rule(const std::string& database, std::vector<std::string> tables = {}) {
  task::ObjectRule made;
  made.database = database;
  made.tables = std::move(tables);
  return made;
}

/// One server for all that settings can do at run time.
class Precheck : public testing::TestWithParam<SqlFlavor> {
 protected:
  void SetUp() override {
    server.exec(std::string("DROP USER IF EXISTS '") + kUser + "'@'%'");
    server.create_user(kUser, sql_password());
    database = server.fresh_database();
    server.exec("CREATE TABLE " + database + ".orders (id INT PRIMARY KEY)");
    task = task_for(server);
    task.spec.objects.include = {rule(database, {"orders"})};
  }
  void TearDown() override {
    server.exec("SET GLOBAL binlog_format = ROW");
    server.exec("SET GLOBAL binlog_row_image = FULL");
    if (!is_mysql57()) server.exec("SET GLOBAL binlog_row_metadata = FULL");
  }

  /// Which checks, besides those named, did not pass.
  static void expect_all_others_pass(const PrecheckReport& report, const std::vector<std::string>& but = {}) {
    for (const CheckItem& item : report.items) {
      if (std::find(but.begin(), but.end(), item.name) != but.end()) continue;
      EXPECT_TRUE(item.result == CheckResult::Passed || item.result == CheckResult::Warning)
          << precheck::render_table(report);
    }
  }
  [[nodiscard]] bool is_mysql57() const { return GetParam() == SqlFlavor::Mysql57; }
  [[nodiscard]] bool is_mariadb() const { return test::is_mariadb(GetParam()); }
  [[nodiscard]] static std::string account() { return std::string("'") + kUser + "'@'%'"; }
  void replace_privileges(const std::string& privileges) {
    server.exec("REVOKE ALL PRIVILEGES, GRANT OPTION FROM " + account());
    if (!privileges.empty()) server.exec("GRANT " + privileges + " TO " + account());
  }
  /// The repair of an item is SQL that root can run: then the check must pass.
  void mend(const CheckItem& item) {
    std::string sql = item.repair.substr(0, item.repair.find(';'));
    server.exec(sql);
  }

  MysqlServer& server = MysqlServer::shared(GetParam());
  task::Task task;
  std::string database;
};

/// What only a start option can bring about.
class PrecheckOwnServer : public testing::TestWithParam<SqlFlavor> {
 protected:
  std::unique_ptr<MysqlServer> start(std::vector<std::string> options) {
    auto server = std::make_unique<MysqlServer>(
        GetParam(), ServerOptions{.bind = "127.0.0.1", .port = 0, .options = std::move(options)});
    server->create_user(kUser, sql_password());
    server->exec("CREATE DATABASE d");
    server->exec("CREATE TABLE d.orders (id INT PRIMARY KEY)");
    return server;
  }
  static task::Task task_of(const MysqlServer& server) {
    task::Task task = task_for(server);
    task.spec.objects.include = {rule("d", {"orders"})};
    return task;
  }
};

}  // namespace rowtide::test
