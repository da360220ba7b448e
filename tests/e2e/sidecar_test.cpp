// The tracker in an application's pod: examples/sidecar/cache.yaml as it is, but for the database, the
// source's address and the image, through a workload with an ALTER, restarts of its pods and a restart of the
// source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_replace.h"
#include "tests/e2e/kubernetes.h"
#include "tests/e2e/task_fixture.h"
#include "tests/support/mysql_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

class Sidecars : public testing::Test {
 protected:
  void SetUp() override {
    mysql_.create_user("rowtide", kPassword);
    space_.set_secret("source", "rowtide", kPassword);
    space_.kubectl({"label", "namespace", space_.name(), "rowtide.dev/injection=enabled"});
    mysql_.exec("CREATE DATABASE shop");
    mysql_.exec("CREATE TABLE shop.customers (id INT PRIMARY KEY, name VARCHAR(40))");
  }
  /// With a token in the pod, which is not to reach the sidecar.
  void apply_example() {
    std::ifstream file(source_root() / "examples" / "sidecar" / "cache.yaml");
    std::ostringstream text;
    text << file.rdbuf();
    std::ofstream(folder_.path() / "cache.yaml") << absl::StrReplaceAll(
        text.str(),
        {{"host: mysql,", "host: " + address() + ", port: " + std::to_string(mysql_.port()) + ","},
         {"image: python:3-slim", "image: rowtide-application:dev"},
         {"automountServiceAccountToken: false", "automountServiceAccountToken: true"}});
    space_.kubectl({"apply", "-f", folder_.path() / "cache.yaml"});
  }
  void wait_available() {
    space_.kubectl({"rollout", "status", "deployment/cache", "--timeout=85s"});
    space_.kubectl({"wait", "--for=condition=Available", "deployment/cache", "--timeout=85s"});
  }
  /// Those that are not on their way out.
  [[nodiscard]] std::vector<std::string> pods() const {
    std::vector<std::string> names;
    const json list = json::parse(space_.kubectl({"get", "pods", "-l", "app=cache", "-o", "json"}));
    for (const json& pod : list.at("items")) {
      const json& metadata = pod.at("metadata");
      if (!metadata.contains("deletionTimestamp")) names.push_back(metadata.at("name"));
    }
    return names;
  }
  [[nodiscard]] std::string in_pod(const std::string& pod, std::vector<std::string> command) const {
    std::vector<std::string> all{"exec", pod, "-c", "cache", "--"};
    all.insert(all.end(), command.begin(), command.end());
    return space_.kubectl(all);
  }
  [[nodiscard]] json cache_of(const std::string& pod) const {
    // Empty as long as the application does not listen.
    return json::parse(in_pod(pod, {"bash", "-c", "curl -sS localhost:8000 || true"}), nullptr, false);
  }
  [[nodiscard]] json table() {
    json rows = json::object();
    for (const Row& row : mysql_.query("SELECT id, name, city FROM shop.customers")) {
      rows[*row[0]] = {{"id", std::stoi(*row[0])},
                       {"name", row[1] ? json(*row[1]) : json()},
                       {"city", row[2] ? json(*row[2]) : json()}};
    }
    return rows;
  }
  void write(int from, int to) {
    for (int id = from; id < to; ++id) {
      const std::string text = std::to_string(id);
      mysql_.exec("INSERT INTO shop.customers (id, name) VALUES (" + text + ", 'n" + text + "')");
      mysql_.exec("UPDATE shop.customers SET name = 'm" + text + "' WHERE id = " + text);
      if (id % 3 == 0) mysql_.exec("DELETE FROM shop.customers WHERE id = " + text);
    }
  }

  MysqlServer mysql_{SqlFlavor::Mysql8, on_bridge()};
  Namespace space_{"e2e"};
  TempDir folder_;
};

TEST_F(Sidecars, ACacheInThePodEqualsTheTableThroughRestartsAndAnAlter) {
  apply_example();
  wait_available();
  ASSERT_EQ(pods().size(), 2U);
  EXPECT_THAT(space_.kubectl({"wait", "--for=condition=Ready", "ctt/customers", "--timeout=85s"}),
              HasSubstr("met"));

  write(0, 200);
  const std::vector<std::string> before = pods();
  space_.kubectl({"delete", "pod", before.at(0), "--wait=false"});
  write(200, 300);
  mysql_.restart();
  write(300, 400);
  mysql_.exec("ALTER TABLE shop.customers ADD COLUMN city VARCHAR(40)");
  mysql_.exec("UPDATE shop.customers SET city = 'Łódź'");
  write(400, 450);
  const std::string& survivor = before.at(1);
  space_.kubectl({"exec", survivor, "-c", "rowtide-tracker", "--", "bash", "-c", "kill -TERM 1"});
  write(450, 500);
  wait_available();

  const json expected = table();
  ASSERT_GT(expected.size(), 300U);
  for (const std::string& pod : pods()) {
    json cache;
    wait_until(
        "the cache of " + pod + " equals the table", [&] { return (cache = cache_of(pod)) == expected; },
        seconds(90),
        [&] {
          return json::diff(expected, cache).dump() + space_.kubectl({"logs", pod, "--all-containers"});
        });
  }

  const std::string pod = pods().at(0);
  wait_until("the stream has heartbeats", [&] {
    return in_pod(pod, {"bash", "-c",
                        "curl -sN --max-time 4 'localhost:9797/changes?from=latest&heartbeat=1' || true"})
               .find(R"("rowtide":"heartbeat")") != std::string::npos;
  });
  EXPECT_EQ(space_.kubectl({"exec", pod, "-c", "rowtide-tracker", "--", "ls",
                            "/var/run/secrets/kubernetes.io/serviceaccount"}),
            "task.yaml\n")
      << "what is mounted over the pod's token";
  EXPECT_THAT(in_pod(pod, {"ls", "/var/run/secrets/kubernetes.io/serviceaccount"}), HasSubstr("token"));
  const std::string address = space_.get("pod", pod).at("status").at("podIP");
  const std::string other = pods().at(1);
  EXPECT_THAT(in_pod(other, {"curl", "-sS", "http://" + address + ":9798/status"}), HasSubstr("customers"));
  EXPECT_THAT(in_pod(other, {"bash", "-c", "curl -sS http://" + address + ":9797/changes 2>&1 || true"}),
              HasSubstr("Failed to connect"))
      << "the changes are on loopback";
  EXPECT_THAT(space_.names("deployments,services"), testing::ElementsAre("deployment.apps/cache"))
      << "nothing is made for the task";
}

TEST_F(Sidecars, ANamedReaderHasAPlaceInTheVolumeOfEachPod) {
  mysql_.exec("ALTER TABLE shop.customers ADD COLUMN city VARCHAR(40)");
  apply_example();
  wait_available();
  for (const char* name : {"web-0", "web-1"}) {
    json pod = json::parse(R"({
      "apiVersion": "v1", "kind": "Pod",
      "metadata": {"annotations": {"rowtide.dev/inject": "customers", "rowtide.dev/inject-port": "7000",
                                   "rowtide.dev/inject-state-volume": "places"}},
      "spec": {"securityContext": {"runAsNonRoot": true, "runAsUser": 1000, "fsGroup": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
               "terminationGracePeriodSeconds": 1, "volumes": [{"name": "places", "emptyDir": {}}],
               "containers": [{"name": "cache", "image": "rowtide-application:dev", "command": ["sleep", "600"],
                               "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]}})");
    pod["metadata"]["name"] = name;
    space_.apply(pod);
  }
  space_.kubectl({"wait", "--for=condition=Ready", "pod/web-0", "pod/web-1", "--timeout=85s"});
  const auto read = [&](const std::string& pod) {
    return in_pod(pod, {"bash", "-c",
                        "curl -sN --max-time 4 'localhost:7000/changes?reader=cache&heartbeat=1' || true"});
  };
  // What is not acknowledged comes again.
  const auto read_until = [&](const std::string& pod, const std::string& words) {
    std::string lines;
    wait_until(words + " comes in " + pod,
               [&] { return (lines = read(pod)).find(words) != std::string::npos; });
    return lines;
  };
  for (const char* pod : {"web-0", "web-1"}) read_until(pod, "heartbeat");
  mysql_.exec("INSERT INTO shop.customers (id, name) VALUES (1, 'first')");
  std::istringstream lines(read_until("web-0", R"("rowtide":"commit")"));
  std::string position;
  for (std::string line; std::getline(lines, line);) {
    const json value = json::parse(line, nullptr, false);
    if (value.is_object() && value.value("rowtide", "") == "commit") position = value.at("position");
  }
  EXPECT_EQ(in_pod("web-0",
                   {"curl", "-sS", "-X", "POST", "--data-raw", position, "localhost:7000/ack?reader=cache"}),
            "saved\n");
  for (const std::string pod : {"web-0", "web-1"}) {
    space_.kubectl({"exec", pod, "-c", "rowtide-tracker", "--", "bash", "-c", "kill -TERM 1"});
    wait_until("the tracker in " + pod + " is back", [&] {
      const json state = space_.get("pod", pod).at("status").at("initContainerStatuses").at(0);
      return state.at("restartCount") == 1 && state.at("ready") == true;
    });
  }
  mysql_.exec("INSERT INTO shop.customers (id, name) VALUES (2, 'second')");
  EXPECT_THAT(read_until("web-0", "second"), testing::Not(HasSubstr("first"))) << "it is acknowledged";
  EXPECT_THAT(read_until("web-1", "second"), HasSubstr("first")) << "a place of its own";
  wait_until(
      "the status tells of all pods",
      [&] { return space_.get("ctt", "customers").at("status").value("sidecarCount", 0) == 4; }, seconds(90));
  const json sidecars = space_.get("ctt", "customers").at("status").at("sidecars");
  EXPECT_EQ(sidecars.size(), 4U);
  EXPECT_EQ(sidecars.back().at("pod"), "web-1");
  EXPECT_EQ(sidecars.back().at("upToDate"), true);
}

TEST_F(Sidecars, APodThatAsksForATaskThatIsNotThereIsRefusedWithTheReason) {
  EXPECT_THAT(space_.refusal_of(json::parse(R"({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": "web", "annotations": {"rowtide.dev/inject": "nobody"}},
                "spec": {"containers": [{"name": "web", "image": "rowtide-application:dev"}]}})")),
              HasSubstr("there is no ChangeTrackingTask of this name in namespace " + space_.name()));
}

}  // namespace
}  // namespace rowtide::test
