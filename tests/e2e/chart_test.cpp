// The life of the chart's release by real Helm: `helm` is in PATH, and scripts/test.sh has installed the
// release "rowtide". ROWTIDE_PREVIOUS_CHART is the chart before its last change. At the end the release is as
// it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/e2e/host_process.h"
#include "tests/e2e/task_fixture.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kChart = ROWTIDE_SOURCE_DIR "/helm/rowtide";
constexpr const char* kOperator = "deployment/rowtide-operator";

RunResult run_helm(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"helm", "--namespace", "rowtide-system"});
  return run({.argv = std::move(arguments), .env = {}, .working_dir = {}}, seconds{180});
}

std::string helm(std::vector<std::string> arguments) {
  const std::string command = testing::PrintToString(arguments);
  const RunResult result = run_helm(std::move(arguments));
  if (!result.status.ok()) throw std::runtime_error("helm " + command + ": " + result.out + result.err);
  return result.out;
}

/// A copy in `folder`. Its resource definition lacks a printer column, so that an upgrade has something to
/// change.
std::string previous_chart(const std::filesystem::path& folder) {
  const char* original = std::getenv("ROWTIDE_PREVIOUS_CHART");
  if (original == nullptr) throw std::runtime_error("ROWTIDE_PREVIOUS_CHART is not set; run scripts/test.sh");
  const std::filesystem::path chart = folder / "rowtide";
  std::filesystem::copy(original, chart, std::filesystem::copy_options::recursive);
  const std::filesystem::path definition = chart / "files" / "changetrackingtasks.yaml";
  std::ifstream in(definition);
  std::string lines;
  for (std::string line; std::getline(in, line);) {
    if (line.find("{name: Message, type: string,") == std::string::npos) lines += line + "\n";
  }
  in.close();
  std::ofstream(definition) << lines;
  return chart;
}

class Chart : public TaskFixture {
 protected:
  void SetUp() override {
    TaskFixture::SetUp();
    std::ofstream(values_) << helm({"get", "values", "rowtide", "-o", "json"});
    sql("CREATE TABLE orders (id INT PRIMARY KEY)");
  }
  void TearDown() override { upgrade(kChart, {}); }

  /// `helm upgrade --install` with the values that the release had, and these.
  void upgrade(const std::string& chart, const std::vector<std::string>& values) const {
    std::vector<std::string> all{"upgrade", "--install", "rowtide",   chart, "--values",
                                 values_,   "--wait",    "--timeout", "120s"};
    for (const std::string& value : values) all.insert(all.end(), {"--set", value});
    helm(all);
  }

  [[nodiscard]] std::string tracker_pod() const {
    return space_->kubectl({"get", "pods", "-l", "app.kubernetes.io/component=tracker", "-o",
                            "jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[0]."
                            "restartCount}{end}"});
  }
  static std::string in_system(const Namespace& space, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"-n", "rowtide-system"});
    return space.kubectl(arguments);
  }
  [[nodiscard]] std::string operator_arguments() const {
    return in_system(*space_, {"get", kOperator, "-o", "jsonpath={.spec.template.spec.containers[0].args}"});
  }

  [[nodiscard]] std::string printer_columns() const {
    return space_->kubectl({"get", "crd", "changetrackingtasks.rowtide.dev", "-o",
                            "jsonpath={.spec.versions[0].additionalPrinterColumns[*].name}"});
  }

  /// The pod of the operator that leads; "" while none does.
  [[nodiscard]] std::string leader() const {
    return in_system(*space_, {"get", "lease", "rowtide-operator", "-o", "jsonpath={.spec.holderIdentity}"});
  }
  /// By the clock of the node, which is this machine.
  [[nodiscard]] absl::Time leads_since() const {
    const std::string text =
        in_system(*space_, {"get", "lease", "rowtide-operator", "-o", "jsonpath={.spec.acquireTime}"});
    absl::Time time;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error))
      throw std::runtime_error("acquireTime of the Lease is " + text + ": " + error);
    return time;
  }
  [[nodiscard]] std::vector<std::string> operator_pods() const {
    std::istringstream names(
        in_system(*space_, {"get", "pods", "-l", "app.kubernetes.io/name=rowtide-operator", "-o",
                            "jsonpath={.items[*].metadata.name}"}));
    return {std::istream_iterator<std::string>(names), {}};
  }
  /// What `kubectl drain` asks the server for; "" or why it may not be.
  [[nodiscard]] std::string refusal_to_evict(const std::string& pod) const {
    const std::string path = folder_.path() / "eviction.json";
    std::ofstream(path) << json{{"apiVersion", "policy/v1"},
                                {"kind", "Eviction"},
                                {"metadata", {{"name", pod}, {"namespace", "rowtide-system"}}}};
    try {
      in_system(*space_, {"create", "--raw", "/api/v1/namespaces/rowtide-system/pods/" + pod + "/eviction",
                          "-f", path});
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }
  /// At once, so that it cannot give the Lease back, and for good: its container would begin again in the
  /// same pod.
  void kill_operator(const std::string& pod) const {
    const pid_t process = host_process("/usr/local/bin/rowtide-operator", "--leader-elect", pod);
    ASSERT_EQ(::kill(process, SIGSTOP), 0);
    in_system(*space_, {"delete", "pod", pod, "--grace-period=0", "--force"});
    ASSERT_EQ(::kill(process, SIGKILL), 0);
  }

  /// The operator that runs now has looked at the task: it reports the generation of an edit that changes
  /// nothing for the tracker.
  void expect_operator_works(const std::string& description) {
    describe_task(description);
    expect_seen(description);
  }
  void describe_task(const std::string& description) const {
    json object = task();
    object["spec"]["description"] = description;
    space_->apply(object);
  }
  void expect_seen(const std::string& description) const {
    wait_until(
        "the operator has seen " + description,
        [&] {
          const json live = space_->get("ctt", "orders");
          return live.at("status").at("observedGeneration") == live.at("metadata").at("generation");
        },
        seconds{60});
    EXPECT_EQ(space_->condition("orders", "Ready"), "True Streaming");
  }

  void expect_delivered(int id) {
    sql("INSERT INTO orders VALUES (" + std::to_string(id) + ")");
    KafkaReader reader = kafka_->reader(topic());
    wait_for_id(reader, "row " + std::to_string(id), id);
  }

  TempDir folder_;
  std::string values_ = folder_.path() / "values.json";
};

TEST_F(Chart, ALiveTaskOutlivesUpgradeRollbackUninstallAndReinstall) {
  helm({"uninstall", "rowtide", "--wait", "--cascade", "foreground"});
  upgrade(previous_chart(folder_.path()), {});
  EXPECT_THAT(printer_columns(), Not(HasSubstr("Message")));
  apply_and_wait_ready(task());
  const std::string pod = tracker_pod();
  EXPECT_THAT(pod, testing::MatchesRegex("[0-9a-f-]+ 0"));
  expect_delivered(1);

  upgrade(kChart, {"workers=3"});
  EXPECT_THAT(operator_arguments(), HasSubstr("--workers=3"));
  EXPECT_THAT(printer_columns(), HasSubstr("Message"));
  expect_operator_works("upgraded");
  expect_delivered(2);
  EXPECT_EQ(tracker_pod(), pod);

  helm({"rollback", "rowtide", "1", "--wait"});
  EXPECT_THAT(operator_arguments(), Not(HasSubstr("--workers=3")));
  EXPECT_THAT(printer_columns(), Not(HasSubstr("Message")));
  expect_operator_works("rolled back");
  EXPECT_EQ(tracker_pod(), pod);

  helm({"uninstall", "rowtide", "--wait", "--cascade", "foreground"});
  EXPECT_THAT(in_system(*space_, {"get", "deployments,services,pods", "-o", "name"}),
              Not(HasSubstr("rowtide")));
  EXPECT_EQ(space_->names("ctt"), std::vector<std::string>{"changetrackingtask.rowtide.dev/orders"});
  expect_delivered(3);
  EXPECT_EQ(tracker_pod(), pod);

  upgrade(kChart, {});
  expect_operator_works("reinstalled");
  expect_delivered(4);
  EXPECT_EQ(tracker_pod(), pod);
  EXPECT_THAT(helm({"test", "rowtide"}), HasSubstr("Succeeded"));
}

TEST_F(Chart, AnOperatorOfOneNamespaceRunsItsTasksWithoutPermissionElsewhere) {
  upgrade(kChart, {"watch.namespaces={" + space_->name() + "}"});
  apply_and_wait_ready(task());
  expect_delivered(1);
  const std::string account = "--as=system:serviceaccount:rowtide-system:rowtide-operator";
  EXPECT_THAT(space_->kubectl({"auth", "can-i", "list", "ctt", account}), HasSubstr("yes"));
  EXPECT_THAT(space_->kubectl({"auth", "can-i", "list", "pods", account}), HasSubstr("yes"));
  for (const char* elsewhere : {"default", "rowtide-system"}) {
    for (const char* what : {"ctt", "pods", "configmaps", "secrets"}) {
      EXPECT_ANY_THROW(space_->kubectl({"auth", "can-i", "list", what, account, "-n", elsewhere}))
          << what << " in " << elsewhere;
    }
  }
}

TEST_F(Chart, OfTwoOperatorsOneThatIsKilledIsFollowed) {
  upgrade(kChart, {"replicas=2", "podDisruptionBudget.enabled=true"});
  apply_and_wait_ready(task());
  const std::string tracker = tracker_pod();
  const std::string first = leader();
  std::vector<std::string> standby = operator_pods();
  ASSERT_EQ(std::erase(standby, first), 1U) << first;
  ASSERT_EQ(standby.size(), 1U);

  EXPECT_EQ(refusal_to_evict(standby.front()), "");
  EXPECT_THAT(refusal_to_evict(first), HasSubstr("disruption budget"));
  in_system(*space_, {"rollout", "status", kOperator, "--timeout=120s"});
  EXPECT_EQ(leader(), first) << "who stands by ends, and nobody follows";

  const absl::Time killed = absl::Now();
  kill_operator(first);
  describe_task("edited while nobody leads");
  EXPECT_EQ(leader(), first) << "the edit was to be made meanwhile";
  wait_until(
      "another leads",
      [&] {
        const std::string now = leader();
        return !now.empty() && now != first;
      },
      seconds{60});
  EXPECT_LE(leads_since() - killed, absl::Seconds(20)) << "docs/install.md says how long it may take";
  expect_seen("edited while nobody leads");
  expect_delivered(1);
  EXPECT_EQ(tracker_pod(), tracker);
}

/// A workload whose pod asks for the tracker of the task `orders`, and which Pod Security `restricted`
/// allows.
json application() {
  return json::parse(R"({
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "cache"},
    "spec": {
      "selector": {"matchLabels": {"app": "cache"}},
      "template": {
        "metadata": {"labels": {"app": "cache"}, "annotations": {"rowtide.dev/inject": "orders"}},
        "spec": {
          "terminationGracePeriodSeconds": 1,
          "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
          "containers": [{
            "name": "cache", "image": "rowtide-application:dev", "command": ["sleep", "infinity"],
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]}}}})");
}

TEST_F(Chart, WithFailurePolicyFailAPodWaitsForAnOperator) {
  const std::string fail = "injection.failurePolicy=Fail";
  space_->kubectl({"label", "namespace", space_->name(), "rowtide.dev/injection=enabled"});
  upgrade(kChart, {fail});
  json object = task();
  object["spec"]["sink"] = {{"stream", json::object()}};
  space_->apply(object);
  space_->kubectl({"wait", "--for=condition=Ready", "ctt/orders", "--timeout=120s"});

  upgrade(kChart, {fail, "replicas=0"});
  wait_until("no operator is there", [&] { return operator_pods().empty(); });
  const json template_ = application().at("spec").at("template");
  json pod = {{"apiVersion", "v1"},
              {"kind", "Pod"},
              {"metadata", template_.at("metadata")},
              {"spec", template_.at("spec")}};
  pod["metadata"]["name"] = "alone";
  EXPECT_THAT(space_->refusal_of(pod), HasSubstr("failed calling webhook \"inject.rowtide.dev\""));
  space_->apply(application());
  wait_until("the workload's pod was refused", [&] {
    return space_->kubectl({"get", "events"}).find("failed calling webhook") != std::string::npos;
  });
  EXPECT_EQ(space_->kubectl({"get", "pods", "-l", "app=cache", "-o", "name"}), "");
  pod["metadata"].erase("annotations");
  space_->apply(pod);

  upgrade(kChart, {fail});
  space_->kubectl({"rollout", "status", "deployment/cache", "--timeout=85s"});
  EXPECT_THAT(space_->kubectl({"get", "pods", "-l", "app=cache", "-o",
                               "jsonpath={.items[*].spec.initContainers[*].name}"}),
              "rowtide-tracker")
      << "of the one that asked, and only of it";
}

TEST_F(Chart, EverySettingBecomesFieldsThatTheServerKnows) {
  const std::string rendered = folder_.path() / "rendered.yaml";
  std::ofstream(rendered) << helm({"template", "everything", kChart, "--values",
                                   ROWTIDE_SOURCE_DIR "/tests/helm/everything.yaml", "--set",
                                   "crds.enabled=false"});
  // In no namespace: the objects name theirs.
  const RunResult applied =
      run({.argv = {"kubectl", "apply", "--dry-run=server", "--validate=strict", "-f", rendered},
           .env = {},
           .working_dir = {}},
          seconds{60});
  EXPECT_THAT(applied.out, HasSubstr("deployment.apps/everything-rowtide-operator created (server dry run)"))
      << applied.err;
  EXPECT_TRUE(applied.status.ok()) << applied.err;
}

TEST_F(Chart, OptionalObjectsAreAcceptedByTheServer) {
  upgrade(kChart, {"podDisruptionBudget.enabled=true", "networkPolicy.enabled=true",
                   "networkPolicy.ingressFrom[0].podSelector.matchLabels.app=prometheus"});
  EXPECT_THAT(in_system(*space_, {"get", "poddisruptionbudgets,networkpolicies", "-o", "name"}),
              testing::AllOf(HasSubstr("poddisruptionbudget.policy/rowtide-operator"),
                             HasSubstr("networkpolicy.networking.k8s.io/rowtide-operator")));
  EXPECT_THAT(helm({"test", "rowtide"}), HasSubstr("Succeeded"));
  upgrade(kChart, {});
  EXPECT_EQ(in_system(*space_, {"get", "poddisruptionbudgets,networkpolicies", "-o", "name"}), "");
}

}  // namespace
}  // namespace rowtide::test
