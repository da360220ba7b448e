// Each way to log in at a real server, and what keeps an account out, told by the precheck as what it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "tests/integration/source_fixture.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"
#include "tracker/precheck/precheck.h"
#include "tracker/source/handshake_probe.h"

namespace rowtide::test {
namespace {

using task::CheckItem;
using task::CheckResult;
using task::PrecheckReport;
using task::TlsMode;
using testing::AllOf;
using testing::HasSubstr;

/// The check at which the login ended: its result is that of Authentication where everything passed.
CheckItem login(const task::Task& task, const task::SecretReader& secrets) {
  const PrecheckReport report = precheck::run_precheck(task, secrets);
  CheckItem last;
  for (const CheckItem& item : report.items) {
    if (item.name != "SourceReachable" && item.name != "Tls" && item.name != "Authentication") continue;
    last = item;
    if (item.result != CheckResult::Passed) break;
  }
  return last;
}

void expect_in(const CheckItem& item) {
  EXPECT_EQ(item.name, "Authentication");
  EXPECT_EQ(item.result, CheckResult::Passed) << item.reason << ": " << item.message;
}

CheckItem expect_out(const CheckItem& item, const std::string& check, const std::string& reason) {
  EXPECT_EQ(item.name, check) << item.message;
  EXPECT_EQ(item.result, CheckResult::Failed);
  EXPECT_EQ(item.reason, reason) << item.message;
  return item;
}

Certificates& certificates() {
  static Certificates made;
  return made;
}

/// One server of each flavour that has TLS (the MySQL 5.7 of the tests was built without), with a certificate
/// for 127.0.0.1 of the CA whose certificates it takes.
MysqlServer& tls_server(SqlFlavor flavor) {
  static std::map<SqlFlavor, std::unique_ptr<MysqlServer>> servers;
  std::unique_ptr<MysqlServer>& server = servers[flavor];
  if (server == nullptr) {
    if (servers.size() == 1) {
      certificates().keystore("server", "IP:127.0.0.1");
      certificates().keystore("client", "DNS:client");
    }
    server = std::make_unique<MysqlServer>(
        flavor,
        ServerOptions{.bind = "127.0.0.1",
                      .port = 0,
                      .options = {"--bind-address=0.0.0.0", "--ssl-ca=" + certificates().path("ca.crt"),
                                  "--ssl-cert=" + certificates().path("server.crt"),
                                  "--ssl-key=" + certificates().path("server.key")}});
  }
  return *server;
}

class SourceLogin : public testing::TestWithParam<SqlFlavor> {
 protected:
  void SetUp() override {
    server.exec("DROP USER IF EXISTS " + account());
    server.create_user(kUser, sql_password());
    task = task_for(server);
    task.spec.source.host = "127.0.0.1";
    put("ca", "ca.crt", "ca.crt");
    put_client_certificate("client");
  }
  [[nodiscard]] static std::string account() { return std::string("'") + kUser + "'@'%'"; }
  void require(const std::string& what) { server.exec("ALTER USER " + account() + " REQUIRE " + what); }
  void put(const std::string& secret, const std::string& key, const std::string& certificate) const {
    std::filesystem::create_directories(folder.path() / secret);
    std::ofstream(folder.path() / secret / key) << certificates().read(certificate);
  }
  void put_client_certificate(const std::string& name) const {
    put("client", "tls.crt", name + ".crt");
    put("client", "tls.key", name + ".key");
  }
  [[nodiscard]] CheckItem login() const { return test::login(task, task::SecretReader(folder.path())); }
  [[nodiscard]] task::Tls& tls() { return task.spec.source.tls; }

  MysqlServer& server = tls_server(GetParam());
  TempDir folder;
  task::Task task;
};

TEST_P(SourceLogin, AnAccountThatWantsACertificate) {
  require("X509");
  EXPECT_THAT(expect_out(login(), "Authentication", "AccessDenied").repair,
              AllOf(HasSubstr("REQUIRE X509"), HasSubstr("spec.source.tls.clientCertificateSecretRef")));
  tls().client_certificate_secret_ref = task::SecretRef{"nobodys"};
  EXPECT_THAT(expect_out(login(), "Tls", "SecretMissing").message,
              AllOf(HasSubstr("clientCertificateSecretRef"), HasSubstr("tls.crt")));
  tls().client_certificate_secret_ref = task::SecretRef{"client"};
  expect_in(login());
  put_client_certificate("other");
  EXPECT_THAT(expect_out(login(), "Tls", "ClientCertificateRefused").message, HasSubstr("ssl_ca"));
  put("client", "tls.key", "client.key");
  EXPECT_THAT(expect_out(login(), "Tls", "ClientCertificateRefused").repair, HasSubstr("its own key"));
}

TEST_P(SourceLogin, AnAccountThatWantsOneCertificateOnly) {
  tls().client_certificate_secret_ref = task::SecretRef{"client"};
  require("SUBJECT '/CN=client'");
  expect_in(login());
  require("SUBJECT '/CN=somebody'");
  EXPECT_THAT(expect_out(login(), "Authentication", "AccessDenied").repair, HasSubstr("REQUIRE SUBJECT"));
}

TEST_P(SourceLogin, AnAccountThatWantsTls) {
  require("SSL");
  expect_in(login());  // Preferred
  tls().mode = TlsMode::Disabled;
  EXPECT_THAT(expect_out(login(), "Authentication", "AccessDenied").repair,
              AllOf(HasSubstr("REQUIRE SSL"), HasSubstr("spec.source.tls.mode")));
}

TEST_P(SourceLogin, VerifiesCaAndName) {
  tls().ca_secret_ref = task::SecretKeyRef{"ca", "ca.crt"};
  for (const TlsMode mode : {TlsMode::VerifyCa, TlsMode::VerifyIdentity}) {
    tls().mode = mode;
    expect_in(login());
    put("ca", "ca.crt", "other.crt");
    expect_out(login(), "Tls", "TlsFailed");
    put("ca", "ca.crt", "ca.crt");
  }
  task.spec.source.host = "127.0.0.2";  // the same server, by an address that its certificate does not name
  expect_out(login(), "Tls", "TlsFailed");
  tls().mode = TlsMode::VerifyCa;
  expect_in(login());
}

INSTANTIATE_TEST_SUITE_P(Server, SourceLogin,
                         testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb, SqlFlavor::Mariadb114),
                         [](const auto& info) { return flavor_name(info.param); });

/// Plugins of MySQL's that send the password itself, through TLS or encrypted for the server's RSA key.
class SourceLoginPlugin : public SourceLogin {};

TEST_P(SourceLoginPlugin, WithAndWithoutTls) {
  for (const std::string plugin : {"sha256_password", "caching_sha2_password"}) {
    SCOPED_TRACE(plugin);
    server.exec("ALTER USER " + account() + " IDENTIFIED WITH " + plugin + " BY '" + sql_password() + "'");
    for (const TlsMode mode : {TlsMode::Disabled, TlsMode::Required}) {
      tls().mode = mode;
      server.exec("FLUSH PRIVILEGES");  // forgets who has logged in
      expect_in(login());
      expect_in(login());  // caching_sha2_password: from its cache
      task::Task wrong = task;
      wrong.spec.source.credentials->password = "wr0ng";
      expect_out(test::login(wrong, no_secrets()), "Authentication", "AccessDenied");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Server, SourceLoginPlugin, testing::Values(SqlFlavor::Mysql8),
                         [](const auto& info) { return flavor_name(info.param); });

/// The client's half is a file of its own (libmariadb3's plugin folder).
TEST(SourceLoginEd25519, WithAndWithoutThePlugin) {
  MysqlServer& server = MysqlServer::shared(SqlFlavor::Mariadb);
  server.exec("INSTALL SONAME 'auth_ed25519'");
  server.exec(std::string("DROP USER IF EXISTS '") + kUser + "'@'%'");
  server.exec(std::string("CREATE USER '") + kUser + "'@'%' IDENTIFIED VIA ed25519 USING PASSWORD('" +
              sql_password() + "')");
  const task::Task task = task_for(server);
  const TempDir nothing;
  ASSERT_EQ(setenv("MARIADB_PLUGIN_DIR", nothing.path().c_str(), 1), 0);
  const CheckItem found = expect_out(login(task, no_secrets()), "Authentication", "AuthPluginUnsupported");
  EXPECT_THAT(found.message, HasSubstr("client_ed25519"));
  EXPECT_EQ(found.repair, "ALTER USER ... IDENTIFIED VIA mysql_native_password USING PASSWORD(...);");
  unsetenv("MARIADB_PLUGIN_DIR");
  expect_in(login(task, no_secrets()));
}

/// An IPv4 address of this machine that is not loopback, from which servers count broken connections.
std::string outer_address() {
  ifaddrs* raw = nullptr;
  if (getifaddrs(&raw) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(raw, &freeifaddrs);
  for (const ifaddrs* one = raw; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    if ((one->ifa_flags & IFF_LOOPBACK) != 0 || (one->ifa_flags & IFF_UP) == 0) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size());
    return text.data();
  }
  return {};
}

class SourceLoginBlocked : public testing::TestWithParam<SqlFlavor> {};

TEST_P(SourceLoginBlocked, AfterBrokenConnections) {
  const std::string address = outer_address();
  ASSERT_FALSE(address.empty()) << "this machine has no address but loopback";
  MysqlServer server(
      GetParam(),
      ServerOptions{
          .bind = address, .port = 0, .options = {"--host-cache-size=128", "--max-connect-errors=1"}});
  server.create_user(kUser, sql_password());
  task::Task task = task_for(server);
  task.spec.source.host = address;
  expect_in(login(task, no_secrets()));
  constexpr int kBroken = 5;
  for (int i = 0; i < kBroken; ++i) {
    EXPECT_EQ(source::probe_connect(address, task.spec.source.port, std::chrono::seconds{5}), 0);
  }
  const CheckItem found = expect_out(login(task, no_secrets()), "SourceReachable", "HostBlocked");
  EXPECT_THAT(found.message, HasSubstr(address));
  server.exec(found.repair.substr(0, found.repair.find(';')));
  expect_in(login(task, no_secrets()));
}

INSTANTIATE_TEST_SUITE_P(Server, SourceLoginBlocked, testing::ValuesIn(kEverySqlFlavor),
                         [](const auto& info) { return flavor_name(info.param); });

}  // namespace
}  // namespace rowtide::test
