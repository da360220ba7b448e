// source.polardb: endpoint and whitelist through the cloud's OpenAPI. A server on loopback stands for the
// cloud (tests/support/polardb_api.py), which verifies each signature with the official SDK's code; a MySQL
// for the cluster.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/integration/tracker_process.h"
#include "tests/support/ca_file.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kSecret = "s3cr3t-key";

class PolarDb : public testing::Test {
 protected:
  void SetUp() override {
    write("groups.json", {{"cluster", "pc-1"},
                          {"groups", {{"default", "127.0.0.1"}, {"others", "192.168.0.0/16"}}},
                          {"fail", json::array()},
                          {"endpoints", json::array({endpoint("Cluster", "other", 1), primary()})}});
    put_key(kSecret);
    api.emplace(ProcessOptions{.argv = {"python3", source_root() / "tests" / "support" / "polardb_api.py",
                                        sdk(), folder.path() / "port", folder.path() / "groups.json"},
                               .env = {},
                               .working_dir = {}});
    wait_until(
        "the API listens", [&] { return std::filesystem::exists(folder.path() / "port"); }, seconds{30},
        [&] { return api->err(); });
    std::ifstream(folder.path() / "port") >> port;
    task = kafka_task(server, database, KafkaBroker::shared().bootstrap());
    json& source = task["spec"]["source"];
    source["type"] = "PolarDBMySQL";
    source.erase("host");
    source.erase("port");
    source["polardb"] = {{"regionId", "cn-hangzhou"},
                         {"dbClusterId", "pc-1"},
                         {"openApiSecretRef", {{"name", "aliyun"}}},
                         {"endpoint", "http://127.0.0.1:" + std::to_string(port)}};
    task["spec"]["network"] = {{"type", "VPC"}, {"vpc", {{"vpcId", "vpc-1"}, {"vSwitchId", "vsw-1"}}}};
    task["spec"]["precheck"] = {{"skip", {"BinlogEnabled"}}};
  }
  static std::string sdk() {
    static const std::string folder = [] {
      const RunResult result = run({.argv = {std::string(source_root() / "scripts" / "aliyun-sdk.sh")},
                                    .env = {{kCaFileVariable, ""}},
                                    .working_dir = {}},
                                   seconds{300});
      if (!result.status.ok()) throw std::runtime_error(result.err);
      return result.out.substr(0, result.out.find_last_not_of('\n') + 1);
    }();
    return folder;
  }
  static json endpoint(const std::string& type, const std::string& host, int at_port) {
    return {{"EndpointType", type},
            {"AddressItems",
             json::array({{{"NetType", "Public"}, {"ConnectionString", "public." + host}, {"Port", "1"}},
                          {{"NetType", "Private"},
                           {"VPCId", "vpc-1"},
                           {"VSwitchId", "vsw-1"},
                           {"ConnectionString", host},
                           {"Port", std::to_string(at_port)}}})}};
  }
  json primary() const { return endpoint("Primary", server.host(), server.port()); }
  void put_key(const std::string& secret) const {
    std::filesystem::create_directories(folder.path() / "secrets" / "aliyun");
    std::ofstream(folder.path() / "secrets" / "aliyun" / "accessKeyId") << "LTAI5test";
    std::ofstream(folder.path() / "secrets" / "aliyun" / "accessKeySecret") << secret;
  }
  void write(const std::string& name, const json& content) const {
    std::ofstream(folder.path() / name) << content.dump();
  }
  [[nodiscard]] json state() const { return json::parse(std::ifstream(folder.path() / "groups.json")); }
  void fail_next(const json& failures) const {
    json changed = state();
    changed["fail"] = failures;
    write("groups.json", changed);
  }
  void manage(const json& cidrs = json::array()) {
    task["spec"]["network"]["whitelist"] = {{"mode", "Manage"}, {"egressCIDRs", cidrs}};
  }
  /// What the task's own group holds.
  [[nodiscard]] std::string own_group() const {
    const json now = state();
    for (const auto& [name, networks] : now.at("groups").items()) {
      if (name.starts_with("rowtide")) return networks;
    }
    return "";
  }
  void expect_others_untouched() const {
    EXPECT_EQ(state().at("groups").at("default"), "127.0.0.1");
    EXPECT_EQ(state().at("groups").at("others"), "192.168.0.0/16");
  }
  [[nodiscard]] std::vector<std::string> secrets() const { return {"--secrets", folder.path() / "secrets"}; }
  json reachable() { return item("SourceReachable"); }
  /// Of a precheck.
  json item(const std::string& name) {
    std::vector<std::string> arguments = secrets();
    arguments.insert(arguments.end(), {"-o", "json"});
    const RunResult result = run_tracker("precheck", task, arguments);
    EXPECT_THAT(result.out + result.err, Not(HasSubstr(kSecret)));
    const json report = json::parse(result.out);
    for (const json& item : report.at("items")) {
      if (item.at("name") == name) return item;
    }
    return nullptr;
  }

  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  std::string database = server.fresh_database();
  TempDir folder;
  std::optional<Process> api;
  int port = 0;
  json task;
};

TEST_F(PolarDb, TheEndpointIsThatOfTheNetworkThatTheTaskNames) {
  EXPECT_EQ(reachable().at("result"), "Passed");
  task["spec"]["network"]["vpc"]["vpcId"] = "vpc-2";
  const json missing = reachable();
  EXPECT_EQ(missing.at("reason"), "EndpointMissing");
  EXPECT_THAT(missing.at("message").get<std::string>(),
              AllOf(HasSubstr("Private in vpc-1 vsw-1"), HasSubstr("public."), Not(HasSubstr("other"))));
  EXPECT_EQ(own_group(), "") << "nothing is let in unless the task says so";
}

TEST_F(PolarDb, ManagesAGroupOfItsOwnAndTakesItBack) {
  manage({"10.0.3.0/24"});
  EXPECT_EQ(reachable().at("result"), "Passed");
  EXPECT_EQ(own_group(), "10.0.3.0/24");
  manage();
  EXPECT_EQ(reachable().at("result"), "Passed");
  EXPECT_EQ(own_group(), "10.0.3.0/24,127.0.0.1") << "a precheck only adds";
  manage({"10.0.3.0/24", "10.0.4.0/24"});
  EXPECT_EQ(reachable().at("result"), "Passed") << "the API refuses what is there already";
  EXPECT_EQ(own_group(), "10.0.3.0/24,127.0.0.1,10.0.4.0/24");
  manage();

  TrackerProcess tracker(task, secrets());
  tracker.start_streaming();
  EXPECT_EQ(own_group(), "127.0.0.1") << "a tracker needs what it needs and no more";
  server.connect(database).exec("CREATE TABLE t (id INT PRIMARY KEY)");
  server.connect(database).exec("INSERT INTO t VALUES (1)");
  KafkaReader reader(KafkaBroker::shared().bootstrap(), topic_of(task));
  EXPECT_EQ(wait_for_rows(reader, 1).size(), 1U);
  EXPECT_EQ(tracker.stop(SIGTERM).code, 0);
  expect_others_untouched();

  std::vector<std::string> keep = secrets();
  keep.emplace_back("--keep-topics");
  const RunResult cleaned = run_tracker("cleanup", task, keep);
  EXPECT_EQ(cleaned.status.code, 0) << cleaned.err;
  EXPECT_EQ(own_group(), "");
  expect_others_untouched();
  EXPECT_GT(KafkaBroker::shared().partitions(topic_of(task)), 0);
  EXPECT_EQ(run_tracker("cleanup", task, keep).status.code, 0) << "nothing is left to be done";
}

TEST_F(PolarDb, AnErrorOfTheApiIsToldWithItsCodeAndRequest) {
  put_key("another");
  json item = reachable();
  EXPECT_EQ(item.at("reason"), "OpenApiSignatureDoesNotMatch");
  EXPECT_THAT(item.at("message").get<std::string>(),
              AllOf(HasSubstr("SignatureDoesNotMatch"), HasSubstr("request id REQ-"),
                    HasSubstr("spec.source.polardb.openApiSecretRef"), Not(HasSubstr("another"))));
  put_key(kSecret);
  task["spec"]["source"]["polardb"]["dbClusterId"] = "pc-2";
  EXPECT_EQ(reachable().at("reason"), "OpenApiInvalidDBClusterIdNotFound");
  task["spec"]["source"]["polardb"]["dbClusterId"] = "pc-1";
}

/// Also where the task names the address: it is the way in that fails.
TEST_F(PolarDb, MissingKeysOfTheApiAreNamedWithTheirSecret) {
  std::filesystem::remove(folder.path() / "secrets" / "aliyun" / "accessKeyId");
  manage();
  constexpr const char* kRepair =
      "create Secret aliyun (spec.source.polardb.openApiSecretRef) with the keys accessKeyId and "
      "accessKeySecret";
  for (const std::string& host : {std::string(), server.host()}) {
    SCOPED_TRACE("host '" + host + "'");
    if (!host.empty()) {
      task["spec"]["source"]["host"] = host;
      task["spec"]["source"]["port"] = server.port();
      task["spec"]["network"].erase("type");
      task["spec"]["network"].erase("vpc");
    }
    const json found = reachable();
    EXPECT_EQ(found.at("reason"), "SecretMissing");
    EXPECT_THAT(found.at("message").get<std::string>(), HasSubstr("accessKeyId"));
    EXPECT_EQ(found.at("repair"), kRepair);
    EXPECT_EQ(item("Authentication").at("reason"), "PrerequisiteFailed");
  }
  task["spec"]["precheck"]["skip"].push_back("SourceReachable");
  EXPECT_EQ(item("Authentication").at("repair"), kRepair);
}

TEST_F(PolarDb, AnAddressThatTheWhitelistDoesNotTakeIsNotTakenForAClosedPort) {
  manage();
  task["spec"]["source"]["host"] = "::1";
  task["spec"]["source"]["port"] = server.port();
  task["spec"]["network"].erase("type");
  task["spec"]["network"].erase("vpc");
  const json found = reachable();
  EXPECT_EQ(found.at("reason"), "EgressIsIPv6");
  EXPECT_THAT(found.at("repair").get<std::string>(), HasSubstr("spec.network.whitelist.egressCIDRs"));
}

TEST_F(PolarDb, AnApiThatIsBusyIsAskedAgain) {
  manage();
  fail_next({{400, "Throttling.User"}, {503, "ServiceUnavailable"}});
  EXPECT_EQ(reachable().at("result"), "Passed");
  EXPECT_EQ(own_group(), "127.0.0.1");
  api->stop(SIGKILL, seconds{10});
  const json away = reachable();
  EXPECT_EQ(away.at("reason"), "OpenApiUnreachable");
}

TEST_F(PolarDb, WhatTheCloudQuotesOfTheRequestIsNotTold) {
  put_key("another");
  std::ofstream(folder.path() / "secrets" / "aliyun" / "securityToken") << "CAIS/tok+en==";
  const std::string message = reachable().at("message");
  EXPECT_THAT(message, AllOf(HasSubstr("not matched with our calculation"), HasSubstr("request id REQ-"),
                             HasSubstr("spec.source.polardb.openApiSecretRef"), Not(HasSubstr("LTAI5test")),
                             Not(HasSubstr("CAIS")), Not(HasSubstr("string to sign"))));
}

/// An API that takes connections and does not answer is away in the worst way.
TEST_F(PolarDb, ATrackerWithoutAddressWaitsForTheApiAndTellsOfIt) {
  suspend(api->pid());
  TrackerProcess tracker(task, secrets());
  tracker.start();
  wait_until(
      "its server answers", [&] { return tracker.get("/healthz").status == 200; }, seconds{30});
  EXPECT_EQ(tracker.status().at("state"), "Starting");
  wait_until(
      "it tells of the API",
      [&] {
        const json status = tracker.status();
        return status.at("state") == "Reconnecting" && status.at("reason") == "OpenApiUnreachable";
      },
      seconds{60});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(tracker.stop(SIGTERM).code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds{8});
  tracker.start();
  wait_until(
      "its server answers", [&] { return tracker.get("/healthz").status == 200; }, seconds{30});
  ::kill(api->pid(), SIGCONT);
  tracker.wait_streaming();
  EXPECT_EQ(tracker.stop(SIGTERM).code, 0);
}

TEST_F(PolarDb, ATrackerWithAnAddressGoesOnWithoutTheApi) {
  task["spec"]["source"]["host"] = server.host();
  task["spec"]["source"]["port"] = server.port();
  task["spec"]["network"] = json::object();
  manage();
  suspend(api->pid());
  TrackerProcess tracker(task, secrets());
  tracker.start_streaming();
  EXPECT_GT(tracker.status().at("source").at("verifiedAtMs").get<std::int64_t>(), 0);
  server.connect(database).exec("CREATE TABLE t (id INT PRIMARY KEY)");
  server.connect(database).exec("INSERT INTO t VALUES (1), (2)");
  wait_until(
      "both transactions are read", [&] { return tracker.status().at("transactionsTotal") == 2; },
      seconds{30});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(tracker.stop(SIGTERM).code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds{20});
  KafkaReader reader(KafkaBroker::shared().bootstrap(), topic_of(task));
  EXPECT_EQ(wait_for_rows(reader, 2).size(), 2U);
  ::kill(api->pid(), SIGCONT);
}

TEST_F(PolarDb, ATrackerOfAnotherModeEmptiesTheGroupOnce) {
  manage();
  EXPECT_EQ(reachable().at("result"), "Passed");
  EXPECT_EQ(own_group(), "127.0.0.1");
  task["spec"]["network"].erase("whitelist");
  EXPECT_EQ(reachable().at("result"), "Passed");
  EXPECT_EQ(own_group(), "127.0.0.1") << "a precheck changes nothing for a spec that may never run";
  TrackerProcess tracker(task, secrets());
  tracker.start_streaming();
  EXPECT_EQ(own_group(), "");
  expect_others_untouched();
  EXPECT_EQ(tracker.stop(SIGTERM).code, 0);
  fail_next({{403, "Forbidden.RAM"}});
  task["spec"]["source"]["host"] = server.host();
  task["spec"]["source"]["port"] = server.port();
  task["spec"].erase("network");
  TrackerProcess forbidden(task, secrets());
  forbidden.start_streaming();
  EXPECT_EQ(state().at("fail"), json::array()) << "a user that may not read whitelists is asked, and no more";
  EXPECT_EQ(forbidden.stop(SIGTERM).code, 0);
}

TEST_F(PolarDb, ATaskThatNeverHadKafkaTakesItsGroupBackToo) {
  manage();
  task["spec"]["sink"] = {{"stdout", json::object()}};
  EXPECT_EQ(reachable().at("result"), "Passed");
  EXPECT_NE(own_group(), "");
  const RunResult cleaned = run_tracker("cleanup", task, secrets());
  EXPECT_EQ(cleaned.status.code, 0) << cleaned.err;
  EXPECT_EQ(own_group(), "");
}

TEST_F(PolarDb, ACleanupWithoutKafkaEmptiesTheGroupAllTheSame) {
  manage();
  EXPECT_EQ(reachable().at("result"), "Passed");
  task["spec"]["sink"]["kafka"]["bootstrapServers"] = {"127.0.0.1:1"};
  const RunResult cleaned = run_tracker("cleanup", task, secrets());
  EXPECT_EQ(cleaned.status.code, 1);
  EXPECT_THAT(cleaned.err, AllOf(HasSubstr("127.0.0.1:1"), HasSubstr("whitelist group is empty")));
  EXPECT_EQ(own_group(), "");
}

}  // namespace
}  // namespace rowtide::test
