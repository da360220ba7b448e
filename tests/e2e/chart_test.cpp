// The life of the chart's release by real Helm: `helm` is in PATH, and scripts/test.sh has installed the
// release "rowtide". ROWTIDE_PREVIOUS_CHART is the chart before its last change. At the end the release is as
// it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

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

  /// The operator that runs now has looked at the task: it reports the generation of an edit that changes
  /// nothing for the tracker.
  void expect_operator_works(const std::string& description) {
    json object = task();
    object["spec"]["description"] = description;
    space_->apply(object);
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

TEST_F(Chart, EverySettingBecomesFieldsThatTheServerKnows) {
  const std::string rendered = folder_.path() / "rendered.yaml";
  std::ofstream(rendered) << helm({"template", "everything", kChart, "--values",
                                   ROWTIDE_SOURCE_DIR "/tests/helm/everything.yaml", "--set",
                                   "crds.enabled=false"});
  EXPECT_THAT(in_system(*space_, {"apply", "--dry-run=server", "--validate=strict", "-f", rendered}),
              HasSubstr("deployment.apps/everything-rowtide-operator created (server dry run)"));
}

TEST_F(Chart, OptionalObjectsAreAcceptedByTheServer) {
  upgrade(kChart, {"podDisruptionBudget.enabled=true", "networkPolicy.enabled=true"});
  EXPECT_THAT(in_system(*space_, {"get", "poddisruptionbudgets,networkpolicies", "-o", "name"}),
              testing::AllOf(HasSubstr("poddisruptionbudget.policy/rowtide-operator"),
                             HasSubstr("networkpolicy.networking.k8s.io/rowtide-operator")));
  EXPECT_THAT(helm({"test", "rowtide"}), HasSubstr("Succeeded"));
  upgrade(kChart, {});
  EXPECT_EQ(in_system(*space_, {"get", "poddisruptionbudgets,networkpolicies", "-o", "name"}), "");
}

}  // namespace
}  // namespace rowtide::test
