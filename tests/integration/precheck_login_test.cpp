// Accounts and servers that turn a good password away, and what is said to be done.
#include "tests/integration/precheck_fixture.h"

namespace rowtide::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class PrecheckLogin : public Precheck {};

TEST_P(PrecheckLogin, AnExpiredPasswordAndALockedAccountAreSaidAsSuch) {
  server.exec("ALTER USER " + account() + " PASSWORD EXPIRE");
  CheckItem found = item(check(task), "Authentication");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "PasswordExpired") << found.message;
  EXPECT_THAT(found.repair, HasSubstr("ALTER USER"));
  server.exec("ALTER USER " + account() + " IDENTIFIED BY '" + sql_password() + "'");
  server.exec("ALTER USER " + account() + " ACCOUNT LOCK");
  found = item(check(task), "Authentication");
  EXPECT_EQ(found.reason, "AccountLocked") << found.message;
  EXPECT_THAT(found.repair, HasSubstr("ACCOUNT UNLOCK"));
  server.exec("ALTER USER " + account() + " ACCOUNT UNLOCK");
  EXPECT_TRUE(check(task).passed());
}

TEST_P(PrecheckLogin, AnAccountThatHasAllItsConnectionsInUse) {
  server.exec("ALTER USER " + account() + " WITH MAX_USER_CONNECTIONS 1");
  CheckItem found;
  {
    const SqlClient other = server.connect_as(kUser, kPassword);
    found = item(check(task), "SourceReachable");
  }
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "TooManyConnections") << found.message;
  EXPECT_THAT(found.repair, AllOf(HasSubstr("raise"), Not(HasSubstr("TCP"))));
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckLogin, testing::ValuesIn(kEverySqlFlavor), name_of);

class PrecheckOffline : public PrecheckOwnServer {};

TEST_P(PrecheckOffline, AServerThatLetsNobodyInIsNotCalledAFirewall) {
  const auto server = start({});
  server->exec("SET GLOBAL offline_mode = ON");
  const CheckItem found = item(check(task_of(*server)), "SourceReachable");
  EXPECT_EQ(found.reason, "OfflineMode") << found.message;
  server->exec(found.repair.substr(0, found.repair.find(" at ")));
  EXPECT_EQ(item(check(task_of(*server)), "SourceReachable").result, CheckResult::Passed);
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckOffline, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mysql57),
                         name_of);

class PrecheckWrongPasswords : public PrecheckOwnServer {};

TEST_P(PrecheckWrongPasswords, AnAccountLockedByThemIsSaidToBe) {
  const auto server = start({"--max-password-errors=1"});
  task::Task task = task_of(*server);
  task.spec.source.credentials->password = "wrong";
  EXPECT_EQ(item(check(task), "Authentication").reason, "AccessDenied");
  const CheckItem found = item(check(task_of(*server)), "Authentication");
  EXPECT_EQ(found.reason, "AccountLocked") << found.message;
  server->exec(found.repair.substr(0, found.repair.find(',')));
  EXPECT_EQ(item(check(task_of(*server)), "Authentication").result, CheckResult::Passed);
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckWrongPasswords,
                         testing::Values(SqlFlavor::Mariadb, SqlFlavor::Mariadb114), name_of);

}  // namespace
}  // namespace rowtide::test
