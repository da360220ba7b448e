#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "operator/controller/controller.h"
#include "operator/kube/resource.h"

namespace rowtide::op::metrics {

/// What is shown of a task.
struct TaskSample {
  std::string name_space;
  std::string name;
  std::string phase;
  std::vector<std::pair<std::string, std::string>> conditions;  ///< type and status
};
[[nodiscard]] TaskSample sample_of(const nlohmann::json& task);

/// What is shown of the webhook for pods.
struct WebhookSample {
  bool is_trusted = false;
  std::map<std::string, std::uint64_t> injections;  ///< by result
};

/// What a scrape shows, as it is at that moment: series of a task that is gone are gone with it.
struct MetricsInput {
  controller::ControllerStats controller;
  std::string controller_name;
  std::map<std::pair<std::string, std::string>, std::uint64_t> requests;  ///< by method and code
  std::uint64_t status_writes = 0;
  std::optional<WebhookSample> webhook;  ///< empty: there is none
  std::vector<TaskSample> tasks;
  bool is_leader = true;
  kube::ObjectKey lease;  ///< by which operators elect a leader; empty: they do not
};

/// Prometheus' text format. The names of controller-runtime and its work queue where they say the same, so
/// that dashboards for those work; rowtide_operator_* for the rest.
[[nodiscard]] std::string render_metrics(const MetricsInput& input);

}  // namespace rowtide::op::metrics
