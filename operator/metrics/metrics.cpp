#include "operator/metrics/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "common/time/process_start.h"
#include "common/version.h"

namespace rowtide::op::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

template <typename Number>
double number(Number value) {
  return static_cast<double>(value);
}

class Families {
 public:
  MetricFamily& add(MetricType type, std::string name, std::string help) {
    MetricFamily family;
    family.type = type;
    family.name = std::move(name);
    family.help = std::move(help);
    return families_.emplace_back(std::move(family));
  }
  void counter(std::string name, std::string help, Labels labels, double value) {
    series(add(MetricType::Counter, std::move(name), std::move(help)), std::move(labels), value);
  }
  void gauge(std::string name, std::string help, Labels labels, double value) {
    series(add(MetricType::Gauge, std::move(name), std::move(help)), std::move(labels), value);
  }
  void histogram(std::string name, std::string help, Labels labels, const controller::Histogram& from) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.histogram.sample_count = from.count;
    metric.histogram.sample_sum = from.sum;
    from.for_each_bucket([&](std::uint64_t cumulative, double bound) {
      metric.histogram.bucket.push_back({cumulative, bound});
    });
    add(MetricType::Histogram, std::move(name), std::move(help)).metric.push_back(std::move(metric));
  }
  static void series(MetricFamily& family, Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = value;
    metric.gauge.value = value;
    family.metric.push_back(std::move(metric));
  }
  [[nodiscard]] std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  std::vector<MetricFamily> families_;
};

void add_reconciles(Families& families, const MetricsInput& input) {
  const controller::ControllerStats& stats = input.controller;
  const ClientMetric::Label name{"controller", input.controller_name};
  MetricFamily& results =
      families.add(MetricType::Counter, "controller_runtime_reconcile_total", "Reconciliations by result.");
  Families::series(results, {name, {"result", "success"}}, number(stats.succeeded));
  Families::series(results, {name, {"result", "requeue_after"}}, number(stats.requeued_after));
  Families::series(results, {name, {"result", "error"}}, number(stats.failed));
  families.counter("controller_runtime_reconcile_errors_total", "Reconciliations that failed.", {name},
                   number(stats.failed));
  families.histogram("controller_runtime_reconcile_time_seconds", "How long a reconciliation takes.", {name},
                     stats.reconcile_time);
  families.gauge("controller_runtime_active_workers", "Workers that reconcile now.", {name},
                 number(stats.active_workers));
  families.gauge("controller_runtime_max_concurrent_reconciles", "Workers.", {name},
                 number(stats.max_workers));
}

void add_queue(Families& families, const MetricsInput& input) {
  const controller::WorkQueueStats& queue = input.controller.queue;
  const Labels name{{"name", input.controller_name}};
  families.gauge("workqueue_depth", "Keys that wait for a worker.", name, number(queue.depth));
  families.counter("workqueue_adds_total", "Keys added.", name, number(queue.adds));
  families.counter("workqueue_retries_total", "Keys added again after a failure.", name,
                   number(queue.retries));
  families.gauge("workqueue_unfinished_work_seconds", "Time spent on work in progress.", name,
                 queue.unfinished_seconds);
  families.gauge("workqueue_longest_running_processor_seconds", "Longest work in progress.", name,
                 queue.longest_running_seconds);
  families.histogram("workqueue_queue_duration_seconds", "How long keys wait.", name, queue.queue_duration);
  families.histogram("workqueue_work_duration_seconds", "How long work on a key takes.", name,
                     queue.work_duration);
}

void add_api_server(Families& families, const MetricsInput& input) {
  MetricFamily& requests =
      families.add(MetricType::Counter, "rest_client_requests_total", "Requests to the API server by code.");
  for (const auto& [key, count] : input.requests) {
    Families::series(requests, {{"method", key.first}, {"code", key.second}}, number(count));
  }
  MetricFamily& restarts = families.add(
      MetricType::Counter, "rowtide_operator_watch_restarts_total",
      "Watches that ended and were begun again, by kind and reason, and by namespace where not all are watched.");
  for (const kube::WatcherStats& watcher : input.controller.watchers) {
    for (std::size_t reason = 0; reason < watcher.restarts.size(); ++reason) {
      Labels labels{{"kind", std::string(watcher.type.kind)},
                    {"reason", std::string(kube::to_string(static_cast<kube::RestartReason>(reason)))}};
      if (!watcher.name_space.empty()) labels.push_back({"watch_namespace", watcher.name_space});
      Families::series(restarts, labels, number(watcher.restarts[reason]));
    }
  }
  families.counter("rowtide_operator_status_writes_total", "Times a task's status was written.", {},
                   number(input.status_writes));
}

void add_webhook(Families& families, const WebhookSample& webhook) {
  families.gauge(
      "rowtide_operator_webhook_trusted",
      "1 while the API server trusts the certificate of this operator's webhook; without it pods get no tracker.",
      {}, webhook.is_trusted ? 1 : 0);
  MetricFamily& pods = families.add(MetricType::Counter, "rowtide_operator_injections_total",
                                    "Pods that asked for a tracker, by result: injected, refused, failed.");
  for (const auto& [result, count] : webhook.injections)
    Families::series(pods, {{"result", result}}, number(count));
}

void add_tasks(Families& families, const MetricsInput& input) {
  MetricFamily conditions;
  MetricFamily phases;
  static constexpr std::array<const char*, 3> kStatuses{"True", "False", "Unknown"};
  for (const TaskSample& task : input.tasks) {
    const Labels name{{"namespace", task.name_space}, {"name", task.name}};
    for (const auto& [type, status] : task.conditions) {
      for (const char* value : kStatuses) {
        Labels labels = name;
        labels.push_back({"type", type});
        labels.push_back({"status", value});
        Families::series(conditions, std::move(labels), status == value ? 1 : 0);
      }
    }
    Labels labels = name;
    labels.push_back({"phase", task.phase});
    Families::series(phases, std::move(labels), 1);
  }
  families
      .add(MetricType::Gauge, "rowtide_operator_task_condition",
           "1 for the status that a task's condition has.")
      .metric = std::move(conditions.metric);
  families.add(MetricType::Gauge, "rowtide_operator_task_phase", "1 for the phase that a task is in.")
      .metric = std::move(phases.metric);
}

}  // namespace

TaskSample sample_of(const nlohmann::json& task) {
  const nlohmann::json& metadata = task.at("metadata");
  const nlohmann::json status = task.value("status", nlohmann::json::object());
  TaskSample sample{.name_space = metadata.value("namespace", ""),
                    .name = metadata.value("name", ""),
                    .phase = status.value("phase", "Pending"),
                    .conditions = {}};
  for (const nlohmann::json& condition : status.value("conditions", nlohmann::json::array()))
    sample.conditions.emplace_back(condition.value("type", ""), condition.value("status", ""));
  return sample;
}

std::string render_metrics(const MetricsInput& input) {
  Families families;
  families.gauge(
      "rowtide_operator_build_info",
      "Always 1; the version that runs, and the Lease by which operators of one release elect a leader.",
      {{"version", std::string(kVersion)},
       {"lease_namespace", input.lease.name_space},
       {"lease", input.lease.name}},
      1);
  families.gauge("process_start_time_seconds", "When the operator's process began, unix time.", {},
                 process_start_seconds());
  families.gauge("rowtide_operator_leader", "1 while this operator works, 0 while it stands by for another.",
                 {}, input.is_leader ? 1 : 0);
  add_reconciles(families, input);
  add_queue(families, input);
  add_api_server(families, input);
  if (input.webhook) add_webhook(families, *input.webhook);
  add_tasks(families, input);
  return families.text();
}

}  // namespace rowtide::op::metrics
