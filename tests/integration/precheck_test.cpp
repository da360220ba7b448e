// Every check brought to fail on a real server, and mended as it says.
#include "tracker/precheck/precheck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/integration/precheck_fixture.h"
#include "tests/support/free_port.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/temp_dir.h"
#include "tracker/checkpoint/kafka_checkpoint_store.h"

namespace rowtide::test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ContainsRegex;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

TEST_P(Precheck, PassesOnAServerThatIsSetUpWell) {
  task.document_hash = "0123456789abcdef";
  const PrecheckReport report = check(task);
  EXPECT_TRUE(report.passed()) << precheck::render_table(report);
  expect_all_others_pass(report);
  EXPECT_EQ(report.task, "shop/orders");
  EXPECT_EQ(report.document_hash, task.document_hash);
  EXPECT_EQ(report.client_address, "127.0.0.1");
  EXPECT_GT(report.completed_at_ms, 0);
  EXPECT_THAT(item(report, "Authentication").observed, HasSubstr(account()));
  EXPECT_THAT(item(report, "StartPositionAvailable").observed, HasSubstr("binlog.0000"));
  EXPECT_EQ(report.count(CheckResult::Skipped), 0);
}

TEST_P(Precheck, WrongPassword) {
  task.spec.source.credentials->password = "wr0ng";
  const PrecheckReport report = check(task);
  expect_discreet(report, "wr0ng");
  EXPECT_FALSE(report.passed());
  EXPECT_EQ(item(report, "SourceReachable").result, CheckResult::Passed);
  const CheckItem login = item(report, "Authentication");
  EXPECT_EQ(login.result, CheckResult::Failed);
  EXPECT_EQ(login.reason, "AccessDenied");
  EXPECT_THAT(login.message, HasSubstr("Access denied for user"));
  EXPECT_THAT(login.repair, HasSubstr("username and password"));
  const CheckItem later = item(report, "BinlogFormat");
  EXPECT_EQ(later.result, CheckResult::Skipped);
  EXPECT_EQ(later.reason, "PrerequisiteFailed");
  EXPECT_THAT(later.message, HasSubstr("Authentication must pass first"));
  EXPECT_EQ(report.client_address, "127.0.0.1");
}

TEST_P(Precheck, ALineBreakBehindThePassword) {
  task.spec.source.credentials->password += "\n";
  const CheckItem login = item(check(task), "Authentication");
  EXPECT_EQ(login.reason, "AccessDenied");
  EXPECT_THAT(login.message, HasSubstr("the password ends with a line break"));
}

TEST_P(Precheck, MissingSecret) {
  const TempDir folder;
  task.spec.source.credentials.reset();
  task.spec.source.credentials_secret_ref = task::SecretRef{"orders-source"};
  const PrecheckReport report = check(task, task::SecretReader(folder.path()));
  EXPECT_EQ(item(report, "SourceReachable").result, CheckResult::Passed)
      << "that much can be told without an account";
  const CheckItem login = item(report, "Authentication");
  EXPECT_EQ(login.reason, "SecretMissing");
  EXPECT_THAT(login.message, AllOf(HasSubstr("orders-source"), HasSubstr("username")));
  EXPECT_THAT(login.repair, HasSubstr("Secret orders-source"));
}

TEST_P(Precheck, CredentialsFromASecret) {
  const TempDir folder;
  std::filesystem::create_directory(folder.path() / "orders-source");
  std::ofstream(folder.path() / "orders-source" / "username") << kUser;
  std::ofstream(folder.path() / "orders-source" / "password") << kPassword;
  task.spec.source.credentials.reset();
  task.spec.source.credentials_secret_ref = task::SecretRef{"orders-source"};
  const PrecheckReport report = check(task, task::SecretReader(folder.path()));
  EXPECT_TRUE(report.passed()) << precheck::render_table(report);
}

TEST_P(Precheck, AReadOnlySourceIsAsGoodAsAnyOther) {
  server.exec("SET GLOBAL read_only = ON");
  const PrecheckReport report = check(task);
  server.exec("SET GLOBAL read_only = OFF");
  EXPECT_TRUE(report.passed()) << precheck::render_table(report);
}

TEST_P(Precheck, BinlogFormat) {
  server.exec("SET GLOBAL binlog_format = STATEMENT");
  const CheckItem found = item(check(task), "BinlogFormat");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "BinlogFormatNotRow");
  EXPECT_EQ(found.observed, "binlog_format = STATEMENT");
  EXPECT_EQ(found.expected, "binlog_format = ROW");
  mend(found);
  EXPECT_EQ(item(check(task), "BinlogFormat").result, CheckResult::Passed);
}

TEST_P(Precheck, BinlogRowImage) {
  server.exec("SET GLOBAL binlog_row_image = MINIMAL");
  const CheckItem found = item(check(task), "BinlogRowImage");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "RowImageIncomplete");
  EXPECT_EQ(found.observed, "binlog_row_image = MINIMAL");
  mend(found);
  EXPECT_EQ(item(check(task), "BinlogRowImage").result, CheckResult::Passed);
}

TEST_P(Precheck, BinlogRowMetadataIsAWarning) {
  if (!is_mysql57()) server.exec("SET GLOBAL binlog_row_metadata = MINIMAL");
  const PrecheckReport report = check(task);
  EXPECT_TRUE(report.passed());
  const CheckItem found = item(report, "BinlogRowMetadata");
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_EQ(found.observed, is_mysql57() ? "no such variable" : "binlog_row_metadata = MINIMAL");
  if (is_mysql57()) return;
  mend(found);
  EXPECT_EQ(item(check(task), "BinlogRowMetadata").result, CheckResult::Passed);
}

TEST_P(Precheck, BinlogRetentionIsAWarning) {
  server.exec(is_mysql57() ? "SET GLOBAL expire_logs_days = 1"
                           : "SET GLOBAL binlog_expire_logs_seconds = 7200");
  if (is_mysql57()) {
    EXPECT_EQ(item(check(task), "BinlogRetention").observed, "24 hours") << "no less can be said there";
    server.exec("SET GLOBAL expire_logs_days = 0");
    return;
  }
  const PrecheckReport report = check(task);
  EXPECT_TRUE(report.passed()) << precheck::render_table(report);
  const CheckItem found = item(report, "BinlogRetention");
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_EQ(found.reason, "RetentionShort");
  EXPECT_EQ(found.observed, "2 hours");
  mend(found);
  EXPECT_EQ(item(check(task), "BinlogRetention").result, CheckResult::Passed);
}

/// The others have no such setting.
class PrecheckBinlogSize : public Precheck {};

TEST_P(PrecheckBinlogSize, ABinlogThatMayOnlyGrowSoLargeIsAWarning) {
  server.exec("SET GLOBAL max_binlog_total_size = 1073741824");
  const CheckItem found = item(check(task), "BinlogRetention");
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_EQ(found.reason, "BinlogSizeLimited");
  EXPECT_EQ(found.observed, "max_binlog_total_size = 1073741824");
  mend(found);
  EXPECT_EQ(item(check(task), "BinlogRetention").result, CheckResult::Passed);
}

TEST_P(Precheck, ASettingOfPolarDbIsSetInItsConsole) {
  server.exec("SET GLOBAL binlog_format = MIXED");
  task.spec.source.type = task::SourceType::PolarDbMySql;
  EXPECT_THAT(item(check(task), "BinlogFormat").repair,
              AllOf(HasSubstr("cluster parameter binlog_format"), HasSubstr("to ROW"),
                    Not(HasSubstr("SET GLOBAL binlog"))));
}

TEST_P(Precheck, ReplicationPrivileges) {
  replace_privileges("SELECT ON *.*");
  PrecheckReport report = check(task);
  const CheckItem slave = item(report, "ReplicationSlavePrivilege");
  EXPECT_EQ(slave.result, CheckResult::Failed);
  EXPECT_EQ(slave.reason, "PrivilegeMissing");
  EXPECT_EQ(slave.repair, "GRANT REPLICATION SLAVE ON *.* TO 'tracker'@'%';");
  const CheckItem client = item(report, "ReplicationClientPrivilege");
  EXPECT_EQ(client.result, CheckResult::Failed);
  EXPECT_EQ(client.repair, is_mariadb() ? "GRANT BINLOG MONITOR ON *.* TO 'tracker'@'%';"
                                        : "GRANT REPLICATION CLIENT ON *.* TO 'tracker'@'%';");
  EXPECT_EQ(item(report, "StartPositionAvailable").result, CheckResult::Skipped);
  mend(slave);
  mend(client);
  report = check(task);
  EXPECT_TRUE(report.passed()) << precheck::render_table(report);
}

TEST_P(Precheck, SelectPrivilege) {
  replace_privileges("REPLICATION SLAVE, REPLICATION CLIENT ON *.*");
  server.exec("CREATE TABLE " + database + ".items (id INT PRIMARY KEY)");
  task.spec.objects.include = {rule(database, {"orders"}), rule(database, {"items"})};
  server.exec("GRANT SELECT (id) ON " + database + ".orders TO " + account());
  const PrecheckReport report = check(task);
  const CheckItem found = item(report, "SelectPrivilege");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "PrivilegeMissing");
  EXPECT_THAT(found.observed, AllOf(HasSubstr("`orders`"), HasSubstr("`items`")));
  EXPECT_EQ(item(report, "ObjectsExist").result, CheckResult::Warning) << "it cannot be known";
  EXPECT_EQ(found.repair, "GRANT SELECT ON `" + database + "`.`orders` TO 'tracker'@'%'; GRANT SELECT ON `" +
                              database + "`.`items` TO 'tracker'@'%';");
  server.exec("GRANT SELECT ON " + database + ".* TO " + account());
  EXPECT_TRUE(check(task).passed());
}

/// Which MySQL has since 8.0.
class PrecheckRoles : public Precheck {};

TEST_P(PrecheckRoles, PrivilegesOfAnActiveRoleCount) {
  const std::string role = "role_" + database;
  server.exec("CREATE ROLE " + role);
  server.exec("GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO " + role);
  replace_privileges("");
  server.exec("GRANT " + role + " TO " + account());
  EXPECT_FALSE(check(task).passed()) << "a role that is not active at login does not count";
  server.exec(is_mariadb() ? "SET DEFAULT ROLE " + role + " FOR " + account()
                           : "SET DEFAULT ROLE " + role + " TO " + account());
  const PrecheckReport report = check(task);
  EXPECT_TRUE(report.passed()) << precheck::render_table(report);
}

TEST_P(Precheck, ADatabaseThatIsMisspeltMayBeSo) {
  replace_privileges("REPLICATION SLAVE, REPLICATION CLIENT ON *.*");
  server.exec("GRANT SELECT ON " + database + ".* TO " + account());
  task.spec.objects.include = {rule("shop*")};
  const CheckItem found = item(check(task), "SelectPrivilege");
  EXPECT_EQ(found.reason, "PrivilegeMissing");
  EXPECT_THAT(found.message,
              AllOf(HasSubstr("if shop* is misspelt in spec.objects.include: the account sees " + database),
                    HasSubstr("databasePattern"), Not(HasSubstr("information_schema"))));
}

TEST_P(Precheck, ObjectsThatDoNotExist) {
  task.spec.objects.include = {rule(database, {"orders", "oders"}), rule("no_such_db")};
  const CheckItem found = item(check(task), "ObjectsExist");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "ObjectsMissing");
  EXPECT_THAT(found.observed,
              AllOf(HasSubstr(database + ".oders"), HasSubstr("no_such_db"), Not(HasSubstr(".orders"))));
}

TEST_P(Precheck, APatternThatMatchesNothingIsAWarning) {
  task::ObjectRule pattern;
  pattern.database_pattern = "tenant_.*";
  task.spec.objects.include = {rule(database), pattern};
  const PrecheckReport report = check(task);
  EXPECT_TRUE(report.passed());
  const CheckItem found = item(report, "ObjectsExist");
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_EQ(found.reason, "NothingMatches");
  EXPECT_THAT(found.observed, HasSubstr("tenant_.*"));
}

TEST_P(Precheck, ARuleThatKeepsNothingBackIsAWarning) {
  server.exec("CREATE TABLE " + database + ".audit (id INT PRIMARY KEY)");
  task::ObjectRule pattern;
  pattern.database_pattern = "tenant_.*";
  task.spec.objects.include = {rule(database)};
  task.spec.objects.exclude = {rule(database, {"audit", "Orders"}), pattern, rule("no_such_db")};
  task.spec.objects.columns = {
      {.database = database, .table = "orders", .exclude = {}, .mask = {"secrt"}, .hash = {"ID"}},
      {.database = database, .table = "order", .exclude = {"id"}, .mask = {}, .hash = {}},
      {.database = database, .table = "audit", .exclude = {"id"}, .mask = {}, .hash = {}}};
  const PrecheckReport report = check(task);
  EXPECT_TRUE(report.passed()) << precheck::render_table(report);
  const CheckItem found = item(report, "ObjectsExist");
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_EQ(found.reason, "RulesWithoutEffect");
  EXPECT_EQ(found.observed,
            "nothing that the account can see is meant by: exclude " + database +
                ".Orders, exclude databases like tenant_.*, exclude no_such_db, column secrt of " + database +
                ".orders, columns of " + database + ".order, columns of " + database + ".audit");
  task.spec.objects.exclude = {rule(database, {"audit"})};
  task.spec.objects.columns.resize(1);
  task.spec.objects.columns[0].mask.clear();
  EXPECT_EQ(item(check(task), "ObjectsExist").result, CheckResult::Passed);
}

TEST_P(Precheck, TablesWithoutKeyAreAWarning) {
  server.exec("CREATE TABLE " + database + ".log (line TEXT, n INT NULL UNIQUE)");
  server.exec("CREATE TABLE " + database + ".pairs (a INT NOT NULL, b INT NOT NULL, UNIQUE (a, b))");
  task.spec.objects.include = {rule(database)};
  const PrecheckReport report = check(task);
  EXPECT_TRUE(report.passed());
  const CheckItem found = item(report, "PrimaryKeys");
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_EQ(found.observed, "without: " + database + ".log");
}

TEST_P(Precheck, JsonThatIsWrittenInPartsWithoutTheDocumentBefore) {
  if (GetParam() != SqlFlavor::Mysql8) {
    EXPECT_EQ(item(check(task), "RowValueOptions").result, CheckResult::Passed) << "no such setting";
    return;
  }
  server.exec("SET GLOBAL binlog_row_value_options = 'PARTIAL_JSON'");
  EXPECT_EQ(item(check(task), "RowValueOptions").result, CheckResult::Passed)
      << "the document before is there";
  server.exec("SET GLOBAL binlog_row_image = MINIMAL");
  task.spec.row_images = task::RowImages::AsLogged;
  const CheckItem found = item(check(task), "RowValueOptions");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "PartialJsonWithoutBefore");
  EXPECT_EQ(found.observed, "binlog_row_value_options = PARTIAL_JSON, binlog_row_image = MINIMAL");
  mend(found);
  EXPECT_EQ(item(check(task), "RowValueOptions").result, CheckResult::Passed);
}

TEST_P(Precheck, EnginesThatDoNotRollBackAreAWarning) {
  server.exec("CREATE TABLE " + database + ".log (id INT PRIMARY KEY) ENGINE = MyISAM");
  EXPECT_EQ(item(check(task), "StorageEngines").result, CheckResult::Passed) << "it is not tracked";
  task.spec.objects.include = {rule(database)};
  const CheckItem found = item(check(task), "StorageEngines");
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_EQ(found.reason, "TablesNotTransactional");
  EXPECT_EQ(found.observed, "not transactional: " + database + ".log (MyISAM)");
}

TEST_P(Precheck, ForeignKeysThatChangeRowsByThemselvesAreAWarning) {
  server.exec("CREATE TABLE " + database +
              ".items (id INT PRIMARY KEY, o INT, CONSTRAINT of_order FOREIGN KEY (o) REFERENCES orders (id) "
              "ON DELETE CASCADE ON UPDATE SET NULL)");
  EXPECT_EQ(item(check(task), "ForeignKeyCascades").result, CheckResult::Passed)
      << "the child is not tracked";
  task.spec.objects.include = {rule(database)};
  const CheckItem found = item(check(task), "ForeignKeyCascades");
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_EQ(found.observed, database + ".items: of_order ON DELETE CASCADE ON UPDATE SET NULL");
}

TEST_P(Precheck, AToolAtWorkIsAWarning) {
  server.exec("CREATE TABLE " + database + "._orders_gho (id INT PRIMARY KEY)");
  server.exec("CREATE TABLE " + database + "._other_gho (id INT PRIMARY KEY)");
  const CheckItem found = item(check(task), "OnlineSchemaChangeTools");
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_EQ(found.reason, "OnlineSchemaChangeUnderWay");
  EXPECT_EQ(found.observed, database + "._orders_gho (of orders)");
  task.spec.online_schema_changes.mode = task::OnlineSchemaChangeMode::PassThrough;
  const PrecheckReport report = check(task);
  EXPECT_TRUE(std::none_of(report.items.begin(), report.items.end(),
                           [](const CheckItem& one) { return one.name == "OnlineSchemaChangeTools"; }));
}

// The account's sessions are given another time: no server has a clock of its own.
TEST_P(Precheck, AClockThatIsWrongIsAWarning) {
  EXPECT_EQ(item(check(task), "ClockSkew").result, CheckResult::Passed);
  server.exec("SET GLOBAL init_connect = 'SET timestamp = UNIX_TIMESTAMP() - 100'");
  const CheckItem found = item(check(task), "ClockSkew");
  server.exec("SET GLOBAL init_connect = ''");
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_EQ(found.reason, "ClocksDiffer");
  EXPECT_THAT(found.observed, ContainsRegex("the source's clock is (99|100|101) s behind ours"));
}

TEST_P(Precheck, ServerIdOfTheSourceItself) {
  task.spec.source.server_id = 1;
  const CheckItem found = item(check(task), "ServerIdUnique");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "ServerIdTaken");
  EXPECT_THAT(found.observed, HasSubstr("server_id 1"));
  EXPECT_THAT(found.repair, HasSubstr("spec.source.serverId"));
}

TEST_P(Precheck, ServerIdOfAnotherReaderButNotOfOurOwnTracker) {
  // Listing readers takes a privilege of its own on MariaDB.
  if (is_mariadb()) server.exec("GRANT REPLICATION MASTER ADMIN ON *.* TO " + account());
  task.spec.source.server_id = 4242;
  StreamReader tracker(task);
  ASSERT_TRUE(tracker.open(position_at(task, task::StartMode::Latest)).ok());
  EXPECT_EQ(item(check(task), "ServerIdUnique").result, CheckResult::Passed)
      << "our own tracker is no stranger";
  task::Task other = task;
  other.name = "other";
  const CheckItem found = item(check(other), "ServerIdUnique");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "ServerIdTaken");
  EXPECT_THAT(found.observed, HasSubstr("4242"));
}

TEST_P(Precheck, StartPositionThatIsNotThere) {
  task.spec.start_position.mode = task::StartMode::BinlogFile;
  task.spec.start_position.file = "binlog.999999";
  const CheckItem found = item(check(task), "StartPositionAvailable");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "BinlogPositionPurged");
  EXPECT_THAT(found.message, AllOf(HasSubstr("binlog.999999"), HasSubstr("binlog.000001:4")));
}

TEST_P(Precheck, SourceOfAnotherType) {
  task.spec.source.type = is_mariadb() ? task::SourceType::MySql : task::SourceType::MariaDb;
  const CheckItem found = item(check(task), "ServerVersion");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "OtherServer");
  EXPECT_EQ(found.repair, is_mariadb() ? "set spec.source.type to MariaDB" : "set spec.source.type to MySQL");
}

TEST_P(Precheck, UnknownHost) {
  task.spec.source.host = "no-such-host.invalid";
  const PrecheckReport report = check(task);
  const CheckItem found = item(report, "SourceReachable");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "UnknownHost");
  EXPECT_THAT(found.repair, HasSubstr("no-such-host.invalid"));
  EXPECT_EQ(item(report, "Authentication").result, CheckResult::Skipped);
}

TEST_P(Precheck, RefusedConnection) {
  task.spec.source.port = static_cast<std::uint16_t>(free_port());
  const CheckItem found = item(check(task), "SourceReachable");
  EXPECT_EQ(found.reason, "ConnectionRefused");
  EXPECT_THAT(found.observed, HasSubstr(std::to_string(task.spec.source.port)));
}

TEST_P(Precheck, SkippedByName) {
  server.exec("SET GLOBAL binlog_row_image = MINIMAL");
  task.spec.precheck.skip = {"BinlogRowImage"};
  const PrecheckReport report = check(task);
  EXPECT_TRUE(report.passed()) << precheck::render_table(report);
  EXPECT_EQ(item(report, "BinlogRowImage").result, CheckResult::Skipped);
  EXPECT_EQ(item(report, "BinlogRowImage").reason, "SkippedBySpec");
}

TEST_P(Precheck, UnknownNamesInSkipAreRefused) {
  task.spec.precheck.skip = {"BinlogRowImages"};
  const PrecheckReport report = check(task);
  EXPECT_FALSE(report.passed());
  const CheckItem found = item(report, "PrecheckSkip");
  EXPECT_EQ(found.reason, "UnknownCheck");
  EXPECT_THAT(found.observed, HasSubstr("BinlogRowImages"));
  EXPECT_THAT(found.expected, AllOf(HasSubstr("BinlogRowImage,"), HasSubstr("KafkaReachable")));
}

TEST_P(Precheck, TlsThatTheServerDoesNotOffer) {
  task.spec.source.tls.mode = task::TlsMode::Required;
  const PrecheckReport report = check(task);
  const CheckItem found = item(report, "Tls");
  if (GetParam() != SqlFlavor::Mysql8) {
    EXPECT_EQ(found.result, CheckResult::Failed);
    EXPECT_EQ(found.reason, "TlsFailed");
    EXPECT_THAT(found.message, HasSubstr("offers no TLS"));
    EXPECT_EQ(item(report, "Authentication").result, CheckResult::Skipped);
  } else {
    EXPECT_EQ(found.result, CheckResult::Passed) << "MySQL 8 makes itself a certificate";
    EXPECT_FALSE(found.observed.empty());
  }
}

TEST_P(Precheck, NoTlsCheckWhereTlsIsOff) {
  task.spec.source.tls.mode = task::TlsMode::Disabled;
  const PrecheckReport report = check(task);
  EXPECT_TRUE(report.passed());
  EXPECT_THAT(report.items, Each(Field(&CheckItem::name, Not("Tls"))));
}

INSTANTIATE_TEST_SUITE_P(Server, Precheck, testing::ValuesIn(kEverySqlFlavor), name_of);
INSTANTIATE_TEST_SUITE_P(Server, PrecheckBinlogSize, testing::Values(SqlFlavor::Mariadb114), name_of);

INSTANTIATE_TEST_SUITE_P(Server, PrecheckRoles,
                         testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb, SqlFlavor::Mariadb114),
                         name_of);

/// Certificates: MySQL 8 makes a CA and a server certificate when its data folder is made.
class PrecheckTls : public testing::Test {
 protected:
  void SetUp() override {
    server.create_user(kUser, sql_password());
    task = task_for(server);
    std::filesystem::create_directory(folder.path() / "ca");
    task.spec.source.tls.ca_secret_ref = task::SecretKeyRef{"ca", "ca.crt"};
  }
  void put_ca(const std::filesystem::path& certificate) const {
    std::filesystem::copy_file(certificate, folder.path() / "ca" / "ca.crt",
                               std::filesystem::copy_options::overwrite_existing);
  }
  [[nodiscard]] CheckItem tls_item() const {
    return item(check(task, task::SecretReader(folder.path())), "Tls");
  }

  MysqlServer& server = MysqlServer::shared(SqlFlavor::Mysql8);
  std::filesystem::path data = server.value("SELECT @@datadir");
  TempDir folder;
  task::Task task;
};

TEST_F(PrecheckTls, VerifiesTheCertificatesCa) {
  task.spec.source.tls.mode = task::TlsMode::VerifyCa;
  put_ca(data / "ca.pem");
  const CheckItem good = tls_item();
  EXPECT_EQ(good.result, CheckResult::Passed) << good.message;
  put_ca(data / "client-cert.pem");  // did not sign the server's
  const CheckItem bad = tls_item();
  EXPECT_EQ(bad.result, CheckResult::Failed);
  EXPECT_EQ(bad.reason, "TlsFailed");
}

TEST_F(PrecheckTls, VerifiesTheServersName) {
  task.spec.source.tls.mode = task::TlsMode::VerifyIdentity;
  put_ca(data / "ca.pem");
  const CheckItem found = tls_item();
  EXPECT_EQ(found.result, CheckResult::Failed) << "the certificate is not for 127.0.0.1";
  EXPECT_EQ(found.reason, "TlsFailed");
}

TEST_F(PrecheckTls, SaysWhichCaIsMissing) {
  task.spec.source.tls.mode = task::TlsMode::VerifyCa;
  const CheckItem found = tls_item();
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "SecretMissing");
  EXPECT_THAT(found.message, AllOf(HasSubstr("spec.source.tls.caSecretRef"), HasSubstr("ca.crt")));
}

TEST_P(PrecheckOwnServer, BinlogDisabledAndNobodyLetIn) {
  const auto server = start({"--skip-log-bin"});
  task::Task task = task_of(*server);
  PrecheckReport report = check(task);
  CheckItem found = item(report, "BinlogEnabled");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "BinlogDisabled");
  EXPECT_EQ(found.observed, "log_bin = OFF");
  EXPECT_THAT(found.repair, HasSubstr("log_bin = mysql-bin"));
  EXPECT_EQ(item(report, "StartPositionAvailable").result, CheckResult::Skipped);

  if (GetParam() == SqlFlavor::Mysql8) {
    task.spec.source.type = task::SourceType::PolarDbMySql;
    EXPECT_THAT(item(check(task), "BinlogEnabled").repair, HasSubstr("loose_polar_log_bin"));
  }

  // Now accounts for another host only: the server turns our address away before it asks who we are. A
  // loopback address is "localhost" to it, so that none of its own accounts may be left there either.
  const std::string accounts = GetParam() == SqlFlavor::Mysql8 ? "mysql.user" : "mysql.global_priv";
  server->exec("DELETE FROM " + accounts + " WHERE User = 'root' AND Host <> 'localhost'");
  server->exec("UPDATE " + accounts + " SET Host = '10.99.99.99'");
  server->exec("FLUSH PRIVILEGES");
  report = check(task);
  found = item(report, "SourceReachable");
  EXPECT_EQ(found.result, CheckResult::Failed) << precheck::render_table(report);
  EXPECT_EQ(found.reason, "HostNotPrivileged") << precheck::render_table(report);
  EXPECT_THAT(found.message, HasSubstr("127.0.0.1"));
  EXPECT_THAT(found.repair, HasSubstr("127.0.0.1"));
  EXPECT_EQ(report.client_address, "127.0.0.1");
}

// A collation of the site's own, which a server reads from its folder of character sets.
TEST_P(PrecheckOwnServer, ACollationThatNobodyElseHas) {
  const std::string share = start({})->value("SELECT @@character_sets_dir");
  const test::TempDir folder;
  std::filesystem::copy(share, folder.path(), std::filesystem::copy_options::recursive);
  std::ifstream index(folder.path() / "Index.xml");
  std::string text(std::istreambuf_iterator<char>(index), {});
  const std::string ours = R"(<collation name="latin1_of_ours" id="2000"><order>English</order></collation>)";
  const std::size_t latin1 = text.find("<charset name=\"latin1\">");
  ASSERT_NE(latin1, std::string::npos);
  text.insert(text.find("</charset>", latin1), ours);
  std::ofstream(folder.path() / "Index.xml") << text;
  std::ifstream table(folder.path() / "latin1.xml");
  std::string latin(std::istreambuf_iterator<char>(table), {});
  const std::size_t begin = latin.find("<collation name=\"latin1_general_ci\"");
  const std::size_t end = latin.find("</collation>", begin) + std::string("</collation>").size();
  std::string copy = latin.substr(begin, end - begin);
  copy.replace(copy.find("latin1_general_ci"), std::string("latin1_general_ci").size(), "latin1_of_ours");
  latin.insert(end, copy);
  std::ofstream(folder.path() / "latin1.xml") << latin;

  const auto server = start({"--character-sets-dir=" + folder.path().string()});
  task::Task task = task_of(*server);
  EXPECT_EQ(item(check(task), "Charsets").observed, "no delivered column has one of latin1_of_ours");
  server->exec("ALTER TABLE d.orders ADD name VARCHAR(10) CHARACTER SET latin1 COLLATE latin1_of_ours");
  const CheckItem found = item(check(task), "Charsets");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "CollationUnknown");
  EXPECT_EQ(found.observed, "d.orders.name (latin1_of_ours)");
  task.spec.objects.columns = {{.database = "d", .table = "orders", .exclude = {"name"}}};
  EXPECT_EQ(item(check(task), "Charsets").result, CheckResult::Passed) << "it is left out";
}

TEST_P(PrecheckOwnServer, ASourceThatHangsDoesNotHangThePrecheck) {
  const auto server = start({});
  const task::Task task = task_of(*server);
  server->suspend();
  const auto begin = std::chrono::steady_clock::now();
  const PrecheckReport report = check(task);
  const auto took = std::chrono::steady_clock::now() - begin;
  server->resume();
  EXPECT_LT(took, std::chrono::seconds(30));
  EXPECT_EQ(item(report, "SourceReachable").reason, "Timeout");
}

INSTANTIATE_TEST_SUITE_P(Server, PrecheckOwnServer, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         name_of);

TEST(PrecheckGtidMode, OffIsAWarningAndPermissiveFails) {
  MysqlServer server(
      SqlFlavor::Mysql8,
      {.bind = "127.0.0.1", .port = 0, .options = {"--gtid-mode=OFF", "--enforce-gtid-consistency=ON"}});
  server.create_user(kUser, sql_password());
  server.exec("CREATE DATABASE d");
  task::Task task = task_for(server);
  task.spec.objects.include = {rule("d")};
  PrecheckReport report = check(task);
  EXPECT_TRUE(report.passed()) << precheck::render_table(report);
  EXPECT_EQ(item(report, "GtidMode").result, CheckResult::Warning);
  EXPECT_EQ(item(report, "GtidMode").reason, "GtidModeOff");
  server.exec("SET GLOBAL gtid_mode = OFF_PERMISSIVE");
  const CheckItem off = item(check(task), "GtidMode");
  EXPECT_EQ(off.result, CheckResult::Failed);
  EXPECT_EQ(off.reason, "GtidModePermissive");
  EXPECT_EQ(off.observed, "gtid_mode = OFF_PERMISSIVE");
  server.exec("SET GLOBAL gtid_mode = ON_PERMISSIVE");
  const CheckItem on = item(check(task), "GtidMode");
  EXPECT_EQ(on.result, CheckResult::Failed);
  server.exec(on.repair.substr(0, on.repair.find(';')));
  EXPECT_EQ(item(check(task), "GtidMode").result, CheckResult::Passed);
}

absl::Status save_checkpoint(const task::Task& task) {
  checkpoint::Checkpoint saved{.position = {}, .saved_at_ms = 1};
  saved.position.file = "binlog.000001";
  saved.position.offset = 4;
  return checkpoint::make_kafka_checkpoint_store(task, no_secrets())->save(saved);
}

TEST(PrecheckKafka, ReachableAndNot) {
  MysqlServer& server = MysqlServer::shared(SqlFlavor::Mysql8);
  server.exec(std::string("DROP USER IF EXISTS '") + kUser + "'@'%'");
  server.create_user(kUser, sql_password());
  task::Task task = task_for(server);
  task.spec.objects.include = {rule(server.fresh_database())};
  task.spec.sink.kafka.emplace();
  task.spec.sink.kafka->bootstrap_servers = {KafkaBroker::shared().bootstrap()};
  const PrecheckReport good = check(task);
  EXPECT_EQ(item(good, "KafkaReachable").result, CheckResult::Passed) << precheck::render_table(good);
  const std::string nobody = "127.0.0.1:" + std::to_string(free_port());
  task.spec.sink.kafka->bootstrap_servers = {nobody};
  const CheckItem bad = item(check(task), "KafkaReachable");
  EXPECT_EQ(bad.result, CheckResult::Failed);
  EXPECT_THAT(bad.observed, HasSubstr(nobody));
  EXPECT_FALSE(bad.message.empty());
}

TEST(PrecheckKafka, AStartPositionCountsOnlyWithoutACheckpoint) {
  MysqlServer& server = MysqlServer::shared(SqlFlavor::Mysql8);
  server.exec(std::string("DROP USER IF EXISTS '") + kUser + "'@'%'");
  server.create_user(kUser, sql_password());
  task::Task task = task_for(server);
  task.uid = server.fresh_database();
  task.spec.objects.include = {rule(task.uid)};
  task.spec.sink.kafka.emplace();
  task.spec.sink.kafka->bootstrap_servers = {KafkaBroker::shared().bootstrap()};
  task.spec.start_position.mode = task::StartMode::BinlogFile;
  task.spec.start_position.file = "binlog.999999";
  EXPECT_EQ(item(check(task), "StartPositionAvailable").reason, "BinlogPositionPurged")
      << "also where the topic of the checkpoints is not there yet";
  EXPECT_EQ(KafkaBroker::shared().partitions(std::string(checkpoint::kCheckpointTopic)), 0)
      << "a precheck changes nothing";

  task::Task other = task;
  other.uid += "-other";
  other.name += "-other";
  ASSERT_TRUE(save_checkpoint(other).ok());
  EXPECT_EQ(item(check(task), "StartPositionAvailable").reason, "BinlogPositionPurged") << "another task's";

  ASSERT_TRUE(save_checkpoint(task).ok());
  const CheckItem found = item(check(task), "StartPositionAvailable");
  EXPECT_EQ(found.result, CheckResult::Passed) << found.message;
  EXPECT_THAT(found.observed, HasSubstr("checkpoint"));

  task.spec.reset_nonce = 1;
  EXPECT_EQ(item(check(task), "StartPositionAvailable").reason, "BinlogPositionPurged")
      << "a reset is pending";
}

/// A broker with an authorizer: its users may do nothing until they are let, one of them for each test.
class PrecheckKafkaRights : public testing::Test {
 protected:
  static KafkaBroker& broker() {
    static KafkaBroker secured({.options = [] {
      std::map<std::string, std::string> users;
      for (const char* user : {"new", "seen", "reader", "plain", "deleter", "tables", "creator"})
        users[user] = "k4fka-pass";
      std::vector<std::string> options = plain_logins(users);
      options.emplace_back("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer");
      return options;
    }()});
    return secured;
  }
  void log_in(const std::string& user) {
    server.exec(std::string("DROP USER IF EXISTS '") + kUser + "'@'%'");
    server.create_user(kUser, sql_password());
    task = task_for(server, user);
    task.uid = "uid-" + user;
    database = server.fresh_database();
    server.exec("CREATE TABLE " + database + ".orders (id INT PRIMARY KEY)");
    task.spec.objects.include = {rule(database)};
    task::KafkaSink& kafka = task.spec.sink.kafka.emplace();
    kafka.bootstrap_servers = {broker().bootstrap()};
    kafka.security.protocol = task::SecurityProtocol::SaslPlaintext;
    kafka.security.mechanism = "PLAIN";
    kafka.security.credentials = task::InlineCredentials{user, kKafkaPassword};
  }
  [[nodiscard]] CheckItem permissions() const {
    const PrecheckReport report = check(task);
    expect_discreet(report, kKafkaPassword);
    return item(report, "KafkaPermissions");
  }
  void allow(const std::string& rights) const {
    broker().run_commands("kafka-acls.sh --bootstrap-server x --add --allow-principal User:" + task.name +
                          " " + rights);
  }
  [[nodiscard]] std::string topic() const { return "shop." + task.name; }
  /// Makes the topics, as an administrator does.
  void create_topics() const {
    broker().create_topic(topic());
    if (broker().partitions(std::string(checkpoint::kCheckpointTopic)) > 0) return;
    broker().create_topic(std::string(checkpoint::kCheckpointTopic), 1, {{"cleanup.policy", "compact"}});
  }
  [[nodiscard]] std::string grant(const std::string& rights) const {
    return "kafka-acls.sh --bootstrap-server " + broker().bootstrap() +
           " --add --allow-principal User:" + task.name + " " + rights;
  }

  static constexpr const char* kKafkaPassword = "k4fka-pass";
  MysqlServer& server = MysqlServer::shared(SqlFlavor::Mysql8);
  task::Task task;
  std::string database;
};

TEST_F(PrecheckKafkaRights, OfAnAccountThatMayDoNothingAreGivenByTheRepair) {
  log_in("new");
  const CheckItem found = permissions();
  EXPECT_EQ(found.result, CheckResult::Failed) << found.observed;
  EXPECT_EQ(found.reason, "PrivilegeMissing");
  EXPECT_THAT(found.observed, AllOf(HasSubstr("User:new lacks"), HasSubstr("topic shop.new"),
                                    HasSubstr("topic __rowtide_checkpoints"),
                                    HasSubstr("not asked: Write on the transactional")));
  broker().run_commands(found.repair);
  const CheckItem mended = permissions();
  EXPECT_EQ(mended.result, CheckResult::Passed) << mended.observed << mended.repair;
  EXPECT_THAT(mended.observed, HasSubstr("; Write on shop.new (it is not there yet)"));
  EXPECT_EQ(broker().partitions("shop.new"), 0) << "a precheck changes nothing";
}

TEST_F(PrecheckKafkaRights, WriteIsAskedAndNothingIsWritten) {
  log_in("seen");
  create_topics();
  allow("--operation Describe --topic shop.seen");
  allow("--operation Read --topic __rowtide_checkpoints");
  CheckItem found = permissions();
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.repair,
            grant("--operation Write --topic __rowtide_checkpoints") + "; " +
                grant("--operation Write --topic shop.seen") + "; " +
                grant("--operation Write --operation Describe --transactional-id rowtide-uid-seen"));
  broker().run_commands(found.repair);
  found = permissions();
  EXPECT_EQ(found.result, CheckResult::Passed) << found.repair << found.message;
  EXPECT_EQ(found.observed, "granted");
  for (const std::string& written : {topic(), std::string(checkpoint::kCheckpointTopic)}) {
    for (const KafkaRecord& record : broker().reader(written).read_to_end()) {
      EXPECT_TRUE(record.key && !record.key->starts_with("uid-seen")) << written;
    }
  }
}

TEST_F(PrecheckKafkaRights, WriteOnTopicsThatAreNotThereIsMissedWhereItIsOnNone) {
  log_in("creator");
  allow("--operation Describe --operation Create --topic shop.creator --topic __rowtide_checkpoints");
  const CheckItem found = permissions();
  EXPECT_EQ(found.result, CheckResult::Failed) << found.observed;
  EXPECT_THAT(found.repair, HasSubstr(grant("--operation Write --topic shop.creator")));
}

TEST_F(PrecheckKafkaRights, ATransactionalIdThatATrackerHasIsLeftAlone) {
  log_in("reader");
  create_topics();
  allow("--operation Write --topic shop.reader --topic __rowtide_checkpoints");
  ASSERT_TRUE(save_checkpoint(task).ok());
  CheckItem found = permissions();
  EXPECT_EQ(found.result, CheckResult::Failed) << found.observed;
  const std::string read = grant("--operation Read --topic __rowtide_checkpoints");
  EXPECT_EQ(
      found.repair,
      read + "; " + grant("--operation Write --operation Describe --transactional-id rowtide-uid-reader"));
  broker().run_commands(read);
  found = permissions();
  EXPECT_EQ(found.result, CheckResult::Passed) << found.observed;
  EXPECT_EQ(
      found.observed,
      "granted, as far as was asked; not asked: Write on the transactional id rowtide-uid-reader (it would "
      "stop the tracker, which has run with it)");
}

TEST_F(PrecheckKafkaRights, WithoutTransactionsNoIdIsAsked) {
  log_in("plain");
  create_topics();
  task.spec.sink.kafka->delivery = "AtLeastOnce";
  allow("--operation Write --operation Read --topic shop.plain --topic __rowtide_checkpoints");
  const CheckItem found = permissions();
  EXPECT_EQ(found.observed, "granted") << found.repair;
}

TEST_F(PrecheckKafkaRights, AFormatThatDeletesOldRecordsNeedsDelete) {
  log_in("deleter");
  create_topics();
  task.spec.sink.kafka->delivery = "AtLeastOnce";
  task.spec.sink.kafka->format = "dts-avro";
  allow("--operation Write --operation Read --topic shop.deleter --topic __rowtide_checkpoints");
  const CheckItem found = permissions();
  EXPECT_EQ(found.repair, grant("--operation Delete --topic shop.deleter"));
  broker().run_commands(found.repair);
  EXPECT_EQ(permissions().observed, "granted");
}

TEST_F(PrecheckKafkaRights, TopicsOfTablesAreThoseThatTheSourceHas) {
  log_in("tables");
  task.spec.sink.kafka->topic.name = "cdc.{database}.{table}";
  task.spec.sink.kafka->debezium.transaction_metadata = true;
  const CheckItem found = permissions();
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_THAT(found.observed,
              AllOf(HasSubstr("topic cdc." + database + ".orders"), HasSubstr("topic shop.tables;"),
                    HasSubstr("topic shop.tables.transaction")));
}

TEST(PrecheckKafka, TransactionsThatTheBrokersDoNotAllow) {
  const KafkaBroker broker({.bind = "127.0.0.1", .port = 0, .options = {"transaction.max.timeout.ms=60000"}});
  MysqlServer& server = MysqlServer::shared(SqlFlavor::Mysql8);
  task::Task task = task_for(server);
  task.spec.sink.kafka.emplace();
  task.spec.sink.kafka->bootstrap_servers = {broker.bootstrap()};
  CheckItem found = item(check(task), "KafkaPermissions");
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "TransactionsUnavailable");
  EXPECT_THAT(found.message, HasSubstr("set transaction.max.timeout.ms of the brokers to 600000"));
  task.spec.sink.kafka->delivery = "AtLeastOnce";
  found = item(check(task), "KafkaPermissions");
  EXPECT_EQ(found.result, CheckResult::Passed) << found.message;
}

/// Topics as somebody else made them. Repairs are commands that an administrator can run: then the check must
/// pass.
class PrecheckKafkaTopic : public testing::Test {
 protected:
  void SetUp() override {
    task = task_for(server, broker().fresh_topic());
    broker().delete_topic(task.name);
    task::KafkaSink& kafka = task.spec.sink.kafka.emplace();
    kafka.bootstrap_servers = {broker().bootstrap()};
    kafka.topic.name = task.name;
    kafka.delivery = "AtLeastOnce";
  }
  static KafkaBroker& broker() {
    static KafkaBroker own;  // a topic of checkpoints that is spoilt would be so for other tests
    return own;
  }
  [[nodiscard]] CheckItem topics() const { return item(check(task), "KafkaTopic"); }
  [[nodiscard]] task::KafkaTopic& settings() { return task.spec.sink.kafka->topic; }
  [[nodiscard]] const std::string& topic() const { return task.name; }
  void expect_mended_by(const CheckItem& found) const {
    broker().run_commands(found.repair);
    const CheckItem mended = topics();
    EXPECT_EQ(mended.result, CheckResult::Passed) << mended.observed << "\n" << mended.repair;
  }

  MysqlServer& server = MysqlServer::shared(SqlFlavor::Mysql8);
  task::Task task;
};

TEST_F(PrecheckKafkaTopic, TopicsThatAreNotThere) {
  const CheckItem creatable = topics();
  EXPECT_EQ(creatable.result, CheckResult::Passed) << creatable.message;
  EXPECT_THAT(creatable.observed, HasSubstr(topic() + " can be created"));
  EXPECT_EQ(broker().partitions(topic()), 0) << "a precheck changes nothing";
  settings().create = false;
  settings().partitions = 3;
  const CheckItem found = topics();
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "TopicMissing");
  EXPECT_EQ(found.repair, "kafka-topics.sh --bootstrap-server " + broker().bootstrap() +
                              " --create --topic " + topic() +
                              " --partitions 3 --config retention.ms=86400000");
  broker().create_topic(topic(), 3, {{"retention.ms", "86400000"}});
  EXPECT_EQ(topics().result, CheckResult::Passed);
}

TEST_F(PrecheckKafkaTopic, TopicsThatDifferOnlyInDots) {
  const std::string database = server.fresh_database();
  server.create_user(kUser, sql_password());
  task.spec.source = task_for(server).spec.source;
  server.connect(database).exec("CREATE TABLE `a.b` (id INT PRIMARY KEY)");
  task.spec.objects.include.emplace_back().database = database;
  settings().name = topic() + "-{table}";
  EXPECT_EQ(topics().result, CheckResult::Passed);
  server.connect(database).exec("CREATE TABLE `a_b` (id INT PRIMARY KEY)");
  const CheckItem found = topics();
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "TopicNamesCollide");
  EXPECT_EQ(found.observed, "topics " + topic() + "-a.b and " + topic() + "-a_b");
}

TEST_F(PrecheckKafkaTopic, ReplicasForWhichThereAreNoBrokers) {
  settings().replication_factor = 3;
  const CheckItem found = topics();
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "TopicNotCreatable");
  EXPECT_THAT(found.message,
              AllOf(HasSubstr(topic()), HasSubstr("replicationFactor to at most the number of brokers")));
  broker().create_topic(topic());
  EXPECT_THAT(topics().observed, Not(HasSubstr(topic()))) << "a topic that is there is taken as it is";
}

/// Each setting spoilt by itself, and mended by the repair.
TEST_F(PrecheckKafkaTopic, TopicsAsTheyAre) {
  struct Case {
    std::map<std::string, std::string> config;
    CheckResult result;
    std::string reason;
    std::string observed;
    std::string said;
  };
  const std::vector<Case> cases{
      {{{"cleanup.policy", "compact"}}, CheckResult::Failed, "TopicCompacted", "policy=compact", "last"},
      {{{"cleanup.policy", "compact,delete"}}, CheckResult::Failed, "TopicCompacted", "compact,", "last"},
      {{{"retention.ms", "3600000"}}, CheckResult::Warning, "TopicRetentionShort", "=3600000", "consumer"},
      {{{"max.message.bytes", "9000"}},
       CheckResult::Warning,
       "MessageLimitLow",
       "=9000",
       "stops the tracker"},
      {{{"min.insync.replicas", "2"}}, CheckResult::Failed, "TooFewReplicas", "1 replicas", "NOT_ENOUGH"},
      {{{"retention.ms", "-1"}}, CheckResult::Passed, "", "has 1 partition", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.config.begin()->first + "=" + c.config.begin()->second);
    broker().create_topic(topic(), 1, c.config);
    const CheckItem found = topics();
    EXPECT_EQ(found.result, c.result) << found.observed;
    EXPECT_EQ(found.reason, c.reason);
    EXPECT_THAT(found.observed, AllOf(HasSubstr(topic()), HasSubstr(c.observed)));
    EXPECT_THAT(found.message, HasSubstr(c.said));
    if (c.result != CheckResult::Passed) expect_mended_by(found);
    broker().delete_topic(topic());
  }
}

TEST_F(PrecheckKafkaTopic, FewerPartitionsThanAsked) {
  broker().create_topic(topic(), 2);
  settings().partitions = 4;
  task.spec.sink.kafka->partition_by = task::PartitionBy::Task;
  EXPECT_EQ(topics().result, CheckResult::Passed) << "everything goes to one";
  task.spec.sink.kafka->partition_by = task::PartitionBy::PrimaryKey;
  const CheckItem found = topics();
  EXPECT_EQ(found.result, CheckResult::Warning);
  EXPECT_EQ(found.reason, "FewerPartitions");
  EXPECT_EQ(found.repair, "kafka-topics.sh --bootstrap-server " + broker().bootstrap() + " --alter --topic " +
                              topic() + " --partitions 4");
  settings().partitions = 1;
  EXPECT_THAT(topics().observed, HasSubstr("has 2 partitions")) << "more are used as well";
}

TEST_F(PrecheckKafkaTopic, CheckpointsThatWouldBeDeleted) {
  const std::string name(checkpoint::kCheckpointTopic);
  broker().create_topic(name);
  settings().create = false;
  const CheckItem both = topics();
  EXPECT_EQ(both.reason, "CheckpointsNotCompacted") << "the first of two";
  EXPECT_THAT(both.observed, AllOf(HasSubstr(topic()), HasSubstr(name + " has cleanup.policy=delete")));
  settings().create = true;
  const CheckItem found = topics();
  EXPECT_EQ(found.result, CheckResult::Failed);
  EXPECT_EQ(found.reason, "CheckpointsNotCompacted");
  expect_mended_by(found);
  EXPECT_TRUE(save_checkpoint(task).ok());
}

TEST_F(PrecheckKafkaTopic, ATopicForSecondsKeepsAll) {
  task.spec.sink.kafka->format = "dts-avro";
  broker().create_topic(topic());
  const CheckItem found = topics();
  EXPECT_EQ(found.reason, "TopicUnfitForFormat") << found.observed;
  expect_mended_by(found);
}

}  // namespace
}  // namespace rowtide::test
