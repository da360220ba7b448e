#include "operator/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "common/time/clock.h"
#include "common/version.h"

namespace rowtide::op::metrics {
namespace {

using nlohmann::json;

/// The series of a scrape: "name{labels}" -> value.
std::map<std::string, double> scrape(const MetricsInput& input) {
  std::map<std::string, double> series;
  std::istringstream lines(render_metrics(input));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t space = line.rfind(' ');
    const auto [at, is_new] = series.emplace(line.substr(0, space), std::stod(line.substr(space + 1)));
    EXPECT_TRUE(is_new) << "twice: " << at->first;
  }
  return series;
}

MetricsInput input_with(const std::vector<kube::ObjectPtr>& tasks = {}) {
  MetricsInput input;
  input.controller_name = "changetrackingtask";
  for (const kube::ObjectPtr& task : tasks) input.tasks.push_back(sample_of(*task));
  return input;
}

kube::ObjectPtr task(const std::string& name, const json& status) {
  json object{{"metadata", {{"namespace", "shop"}, {"name", name}}}};
  if (!status.is_null()) object["status"] = status;
  return std::make_shared<const json>(std::move(object));
}

TEST(OperatorMetrics, NamesAreThoseOfControllerRuntime) {
  MetricsInput input = input_with();
  input.controller.succeeded = 3;
  input.controller.requeued_after = 5;
  input.controller.failed = 2;
  input.controller.active_workers = 1;
  input.controller.max_workers = 4;
  input.controller.queue.depth = 6;
  input.controller.queue.adds = 20;
  input.controller.queue.retries = 7;
  input.requests = {{{"GET", "200"}, 9}, {{"PATCH", "error"}, 1}};
  input.status_writes = 8;
  input.webhook = {.is_trusted = true, .injections = {{"refused", 10}}};
  const auto seen = scrape(input);
  const std::map<std::string, double> wanted{
      {R"(controller_runtime_reconcile_total{controller="changetrackingtask",result="success"})", 3},
      {R"(controller_runtime_reconcile_total{controller="changetrackingtask",result="requeue_after"})", 5},
      {R"(controller_runtime_reconcile_total{controller="changetrackingtask",result="error"})", 2},
      {R"(controller_runtime_reconcile_errors_total{controller="changetrackingtask"})", 2},
      {R"(controller_runtime_active_workers{controller="changetrackingtask"})", 1},
      {R"(controller_runtime_max_concurrent_reconciles{controller="changetrackingtask"})", 4},
      {R"(workqueue_depth{name="changetrackingtask"})", 6},
      {R"(workqueue_adds_total{name="changetrackingtask"})", 20},
      {R"(workqueue_retries_total{name="changetrackingtask"})", 7},
      {R"(rest_client_requests_total{method="GET",code="200"})", 9},
      {R"(rest_client_requests_total{method="PATCH",code="error"})", 1},
      {"rowtide_operator_status_writes_total", 8},
      {R"(rowtide_operator_injections_total{result="refused"})", 10},
      {"rowtide_operator_webhook_trusted", 1}};
  for (const auto& [name, value] : wanted) EXPECT_THAT(seen, testing::Contains(testing::Pair(name, value)));
}

TEST(OperatorMetrics, TheLeaseTellsOneReleasesOperatorsFromAnothers) {
  MetricsInput input = input_with();
  input.lease = {"rowtide-system", "rowtide-operator"};
  EXPECT_EQ(scrape(input).at(R"(rowtide_operator_build_info{version=")" + std::string(kVersion) +
                             R"(",lease_namespace="rowtide-system",lease="rowtide-operator"})"),
            1);
}

TEST(OperatorMetrics, TheProcessBeganShortlyBefore) {
  const double now = static_cast<double>(now_ms()) / 1000;
  const double start = scrape(input_with()).at("process_start_time_seconds");
  EXPECT_LE(start, now);
  EXPECT_GT(start, now - 600);
}

TEST(OperatorMetrics, BucketsOfHistogramsAreCumulative) {
  MetricsInput input = input_with();
  for (const double seconds : {0.0005, 0.02, 0.02, 400.0}) input.controller.reconcile_time.observe(seconds);
  const auto seen = scrape(input);
  const auto bucket = [&](const std::string& bound) {
    return seen.at(
        "controller_runtime_reconcile_time_seconds_bucket{controller=\"changetrackingtask\",le=\"" + bound +
        "\"}");
  };
  EXPECT_EQ(bucket("0.001"), 1);
  EXPECT_EQ(bucket("0.01"), 1);
  EXPECT_EQ(bucket("0.05"), 3);
  EXPECT_EQ(bucket("300"), 3);
  EXPECT_EQ(bucket("+Inf"), 4);
  EXPECT_EQ(seen.at(R"(controller_runtime_reconcile_time_seconds_count{controller="changetrackingtask"})"),
            4);
  EXPECT_NEAR(seen.at(R"(controller_runtime_reconcile_time_seconds_sum{controller="changetrackingtask"})"),
              400.0405, 1e-6);
}

TEST(OperatorMetrics, RestartsOfWatchesAreToldByKindAndReason) {
  MetricsInput input = input_with();
  kube::WatcherStats pods;
  pods.type = kube::kPod;
  pods.restarts[static_cast<std::size_t>(kube::RestartReason::Gone)] = 2;
  input.controller.watchers.push_back(pods);
  const auto seen = scrape(input);
  EXPECT_EQ(seen.at(R"(rowtide_operator_watch_restarts_total{kind="Pod",reason="gone"})"), 2);
  EXPECT_EQ(seen.at(R"(rowtide_operator_watch_restarts_total{kind="Pod",reason="idle"})"), 0);
}

TEST(OperatorMetrics, AWatchOfOneNamespaceSaysWhich) {
  MetricsInput input = input_with();
  for (const char* name_space : {"bank", "shop"}) {
    kube::WatcherStats pods;
    pods.type = kube::kPod;
    pods.name_space = name_space;
    pods.restarts[static_cast<std::size_t>(kube::RestartReason::Gone)] = name_space[0] == 'b' ? 2 : 3;
    input.controller.watchers.push_back(pods);
  }
  const auto seen = scrape(input);
  const std::string series =
      R"(rowtide_operator_watch_restarts_total{kind="Pod",reason="gone",watch_namespace=)";
  EXPECT_EQ(seen.at(series + R"("bank"})"), 2);
  EXPECT_EQ(seen.at(series + R"("shop"})"), 3);
}

TEST(OperatorMetrics, ATasksConditionsAndPhaseAreSeriesUntilItIsGone) {
  const json conditions = {{{"type", "Ready"}, {"status", "False"}}};
  const auto seen = scrape(
      input_with({task("a", {{"phase", "Starting"}, {"conditions", conditions}}), task("new", json())}));
  const auto ready = [](const std::string& status) {
    return R"(rowtide_operator_task_condition{namespace="shop",name="a",type="Ready",status=")" + status +
           "\"}";
  };
  EXPECT_EQ(seen.at(ready("True")), 0);
  EXPECT_EQ(seen.at(ready("False")), 1);
  EXPECT_EQ(seen.at(ready("Unknown")), 0);
  EXPECT_EQ(seen.at(R"(rowtide_operator_task_phase{namespace="shop",name="a",phase="Starting"})"), 1);
  EXPECT_EQ(seen.at(R"(rowtide_operator_task_phase{namespace="shop",name="new",phase="Pending"})"), 1);
  for (const auto& [name, value] : scrape(input_with())) {
    EXPECT_EQ(name.find("rowtide_operator_task_"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace rowtide::op::metrics
