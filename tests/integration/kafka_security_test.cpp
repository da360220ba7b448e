// Each way into a real Kafka that a task can name delivers a row, and what keeps it from working is told as
// what it is, by the precheck and by the tracker's log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/integration/tracker_process.h"
#include "tests/support/certificates.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kUserPassword = "k4fka-pa55";
constexpr const char* kWrongPassword = "wr0ng-pa55";

class KafkaSecurity : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    certificates_ = new Certificates;
    good_ = certificates_->keystore("good", "IP:127.0.0.1");
  }
  static void TearDownTestSuite() { delete certificates_; }

  static std::vector<std::string> listener(const std::string& protocol) {
    return {"listener.security.protocol.map=CLIENT:" + protocol + ",ADMIN:PLAINTEXT,CONTROLLER:PLAINTEXT"};
  }
  static std::vector<std::string> tls(const std::string& protocol, const std::string& keystore) {
    std::vector<std::string> options = listener(protocol);
    options.insert(options.end(), {"listener.name.client.ssl.keystore.type=PEM",
                                   "listener.name.client.ssl.keystore.location=" + keystore});
    return options;
  }
  static std::vector<std::string> with_logins(std::vector<std::string> options) {
    options.insert(
        options.end(),
        {"listener.name.client.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
         std::string("listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain."
                     "PlainLoginModule required user_rowtide=\"") +
             kUserPassword + "\";",
         "listener.name.client.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram."
         "ScramLoginModule required;",
         "listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram."
         "ScramLoginModule required;"});
    return options;
  }
  static void add_scram_user(const KafkaBroker& broker) {
    for (const std::string mechanism : {"SCRAM-SHA-256", "SCRAM-SHA-512"}) {
      broker.run_commands(
          "kafka-configs.sh --bootstrap-server x --alter --entity-type users --entity-name rowtide --add-config " +
          mechanism + "=[password=" + kUserPassword + "]");
    }
  }

  json task(const KafkaBroker& broker, const std::string& protocol, const std::string& mechanism = {}) {
    json task = kafka_task(server_, database_, broker.bootstrap());
    json& security = task["spec"]["sink"]["kafka"]["security"];
    security["protocol"] = protocol;
    if (protocol.ends_with("SSL")) security["caSecretRef"] = {{"name", "kafka-ca"}};
    if (!mechanism.empty()) {
      security["mechanism"] = mechanism;
      security["credentialsSecretRef"] = {{"name", "kafka-user"}};
    }
    put_secret("kafka-ca", "ca.crt", certificates_->read("ca.crt"));
    put_secret("kafka-user", "username", "rowtide");
    put_secret("kafka-user", "password", kUserPassword);
    return task;
  }
  void put_secret(const std::string& name, const std::string& key, const std::string& value) {
    std::filesystem::create_directories(secrets_.path() / name);
    std::ofstream(secrets_.path() / name / key) << value;
  }
  void put_client_certificate(const std::string& name) {
    put_secret("kafka-client", "tls.crt", certificates_->read(name + ".crt"));
    put_secret("kafka-client", "tls.key", certificates_->read(name + ".key"));
  }
  [[nodiscard]] std::vector<std::string> secrets() const { return {"--secrets", secrets_.path()}; }

  void expect_a_row(const KafkaBroker& broker, const json& task) {
    const RunResult checked = run_tracker("precheck", task, secrets());
    EXPECT_EQ(checked.status.code, 0) << checked.out;
    TrackerProcess tracker(task, secrets());
    tracker.start_streaming();
    server_.connect(database_).exec("INSERT INTO t VALUES ()");
    KafkaReader reader = broker.reader(topic_of(task));
    EXPECT_FALSE(wait_for_rows(reader, 1).empty());
    EXPECT_TRUE(tracker.stop(SIGTERM).ok());
    EXPECT_THAT(checked.out + tracker.process().err(), Not(HasSubstr(kUserPassword)));
  }
  /// That of the check which fails, and in what the tracker logs.
  void expect_fault(const json& task, const std::string& reason, const std::string& said,
                    const std::string& check = "KafkaReachable") {
    std::vector<std::string> arguments = secrets();
    arguments.insert(arguments.end(), {"-o", "json"});
    const RunResult checked = run_tracker("precheck", task, arguments);
    EXPECT_EQ(checked.status.code, 1) << checked.out;
    const json report = json::parse(checked.out);
    json found = json::object();
    for (const json& item : report.at("items")) {
      if (item.at("name") == check) found = item;
    }
    EXPECT_EQ(found.value("reason", ""), reason) << found;
    TrackerProcess tracker(task, secrets());
    tracker.start();
    wait_until(
        "the tracker says: " + said, [&] { return tracker.process().err().find(said) != std::string::npos; },
        seconds{40}, [&] { return tracker.process().err(); });
    EXPECT_THAT(checked.out + tracker.process().err() + tracker.failure(),
                testing::AllOf(Not(HasSubstr(kUserPassword)), Not(HasSubstr(kWrongPassword))));
  }

  static inline Certificates* certificates_ = nullptr;
  static inline std::string good_;
  MysqlServer& server_ = tracked_server(SqlFlavor::Mysql8);
  std::string database_ = [this] {
    std::string made = server_.fresh_database();
    server_.exec("CREATE TABLE " + made + ".t (id INT PRIMARY KEY AUTO_INCREMENT)");
    return made;
  }();
  TempDir secrets_;
};

TEST_F(KafkaSecurity, Tls) {
  const KafkaBroker broker({.bind = "127.0.0.1", .port = 0, .options = tls("SSL", good_)});
  const json good = task(broker, "SSL");
  expect_a_row(broker, good);
  put_secret("kafka-ca", "ca.crt", certificates_->read("other.crt"));
  expect_fault(good, "CertificateUntrusted", "not from a CA that is trusted here");
}

TEST_F(KafkaSecurity, ClientCertificates) {
  std::vector<std::string> options = tls("SSL", good_);
  options.insert(
      options.end(),
      {"listener.name.client.ssl.client.auth=required", "listener.name.client.ssl.truststore.type=PEM",
       "listener.name.client.ssl.truststore.location=" + certificates_->path("ca.crt")});
  const KafkaBroker broker({.bind = "127.0.0.1", .port = 0, .options = options});
  certificates_->keystore("client", "DNS:client");
  json wanted = task(broker, "SSL");
  expect_fault(wanted, "ClientCertificateRequired", "wants a certificate of the tracker's");
  wanted["spec"]["sink"]["kafka"]["security"]["clientCertificateSecretRef"] = {{"name", "kafka-client"}};
  expect_fault(wanted, "SecretMissing", "Secret kafka-client has no key tls.crt");
  put_client_certificate("other");
  expect_fault(wanted, "ClientCertificateRefused", "does not take the tracker's certificate");
  put_secret("kafka-client", "tls.key", certificates_->read("client.key"));
  expect_fault(wanted, "ClientCertificateUnusable", "tls.crt and tls.key");
  put_client_certificate("client");
  expect_a_row(broker, wanted);
}

TEST_F(KafkaSecurity, RightsOfAClientCertificate) {
  std::vector<std::string> options = tls("SSL", good_);
  options.insert(
      options.end(),
      {"listener.name.client.ssl.client.auth=required", "listener.name.client.ssl.truststore.type=PEM",
       "listener.name.client.ssl.truststore.location=" + certificates_->path("ca.crt"),
       "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer"});
  const KafkaBroker broker({.bind = "127.0.0.1", .port = 0, .options = options});
  certificates_->keystore("granted", "DNS:client");
  json wanted = task(broker, "SSL");
  wanted["spec"]["sink"]["kafka"]["security"]["clientCertificateSecretRef"] = {{"name", "kafka-client"}};
  put_client_certificate("granted");
  std::vector<std::string> arguments = secrets();
  arguments.insert(arguments.end(), {"-o", "json"});
  const json report = json::parse(run_tracker("precheck", wanted, arguments).out);
  std::string repair;
  for (const json& item : report.at("items")) {
    if (item.at("name") == "KafkaPermissions") repair = item.value("repair", "");
  }
  EXPECT_THAT(repair, HasSubstr("--allow-principal User:SUBJECT "));
  broker.run_commands(
      "kafka-acls.sh --bootstrap-server x --add --allow-principal User:CN=granted --operation All "
      "--topic * --transactional-id *");
  expect_a_row(broker, wanted);
}

TEST_F(KafkaSecurity, ACertificateForAnotherName) {
  const std::string keystore = certificates_->keystore("elsewhere", "DNS:kafka.example.com,IP:127.0.0.99");
  const KafkaBroker broker({.bind = "127.0.0.1", .port = 0, .options = tls("SSL", keystore)});
  expect_fault(task(broker, "SSL"), "CertificateNameMismatch", "certificate is for another name");
}

TEST_F(KafkaSecurity, ACertificateThatHasExpired) {
  const std::string keystore = certificates_->keystore("expired", "IP:127.0.0.1", "210101000000Z");
  const KafkaBroker broker({.bind = "127.0.0.1", .port = 0, .options = tls("SSL", keystore)});
  expect_fault(task(broker, "SSL"), "CertificateExpired", "has expired");
}

TEST_F(KafkaSecurity, LoginsThroughTls) {
  const KafkaBroker broker({.bind = "127.0.0.1", .port = 0, .options = with_logins(tls("SASL_SSL", good_))});
  add_scram_user(broker);
  for (const char* mechanism : {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}) {
    SCOPED_TRACE(mechanism);
    const json good = task(broker, "SASL_SSL", mechanism);
    expect_a_row(broker, good);
    put_secret("kafka-user", "password", kWrongPassword);
    expect_fault(good, "AuthenticationFailed", "refuses the login");
  }
}

TEST_F(KafkaSecurity, LoginsInTheClear) {
  std::vector<std::string> options = with_logins(listener("SASL_PLAINTEXT"));
  options.emplace_back("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer");
  const KafkaBroker broker({.bind = "127.0.0.1", .port = 0, .options = options});
  add_scram_user(broker);
  expect_fault(task(broker, "SASL_PLAINTEXT", "PLAIN"), "PrivilegeMissing",
               "give the tracker's Kafka user Create", "KafkaPermissions");
  broker.run_commands(
      "kafka-acls.sh --bootstrap-server x --add --allow-principal User:rowtide --operation All "
      "--topic * --transactional-id *");
  for (const char* mechanism : {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}) {
    SCOPED_TRACE(mechanism);
    expect_a_row(broker, task(broker, "SASL_PLAINTEXT", mechanism));
  }
}

}  // namespace
}  // namespace rowtide::test
