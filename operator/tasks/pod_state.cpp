#include "operator/tasks/pod_state.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "operator/api/conditions.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/sidecar_names.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

std::string pod_condition(const json& pod, const char* type) {
  const json& condition = api::find_condition(kube::value_at(pod, "/status/conditions"), type);
  return condition.is_object() ? condition.value("status", "") : "";
}

int rank_of(const json& pod) {
  const std::string phase = kube::text_at(pod, "/status/phase");
  if (phase == "Failed") return 0;
  return phase == "Succeeded" ? 1 : 2;
}

Obstacle before_scheduling(const json& pod) {
  const json& scheduled = api::find_condition(kube::value_at(pod, "/status/conditions"), "PodScheduled");
  if (scheduled.is_object() && scheduled.value("status", "") == "False") {
    return {"Unschedulable", scheduled.value("message", "no node takes the pod")};
  }
  return {"PodStarting", "the pod is starting"};
}

Obstacle while_waiting(const json& container, const json& waiting) {
  static const std::set<std::string> kImageReasons{"ErrImagePull", "ImagePullBackOff", "InvalidImageName",
                                                   "ErrImageNeverPull"};
  static const std::set<std::string> kCreateReasons{"CreateContainerConfigError", "CreateContainerError",
                                                    "RunContainerError"};
  const std::string reason = waiting.value("reason", "");
  if (kImageReasons.contains(reason)) {
    // Of the task an application's pod has the image only.
    const bool is_sidecar = kube::string_at(container, {"name"}) == kSidecarContainer;
    const char* secrets = is_sidecar ? "the pod's own imagePullSecrets" : "imagePullSecrets";
    return {"ImagePullFailed", fmt::format("image {} cannot be pulled; correct spec.tracker.image or {}",
                                           container.value("image", ""), secrets)};
  }
  if (kCreateReasons.contains(reason)) return {"ContainerNotCreated", waiting.value("message", reason)};
  return {"PodStarting", "the pod is starting"};
}

}  // namespace

const json& container_status(const json& pod, std::string_view container) {
  static const json kNone;
  for (const char* list : {"/status/containerStatuses", "/status/initContainerStatuses"}) {
    const json& statuses = kube::value_at(pod, list);
    if (!statuses.is_array()) continue;
    for (const json& status : statuses) {
      if (kube::string_at(status, {"name"}) == container) return status;
    }
  }
  return kNone;
}

bool has_ended(const json& pod) {
  return rank_of(pod) < 2;
}

std::int64_t overdue_at_ms(const json& pod) {
  constexpr std::int64_t kMinuteMs = 60'000;
  // Which is when its grace period ends.
  return api::parse_time(kube::text_at(pod, "/metadata/deletionTimestamp")) + kMinuteMs;
}

bool supersedes(const json& pod, const json* other) {
  if (other == nullptr) return true;
  if (rank_of(pod) != rank_of(*other)) return rank_of(pod) > rank_of(*other);
  return kube::text_at(pod, "/metadata/creationTimestamp") >=
         kube::text_at(*other, "/metadata/creationTimestamp");
}

std::string why_ended(const json& pod) {
  if (!has_ended(pod)) return "";
  const std::string reason = kube::text_at(pod, "/status/reason");
  const std::string message = kube::text_at(pod, "/status/message");
  return reason.empty() || message.empty() ? reason + message : reason + ": " + message;
}

std::optional<Obstacle> start_obstacle(const json& pod, std::string_view container) {
  if (has_ended(pod)) return std::nullopt;
  const json& status = container_status(pod, container);
  if (!status.is_object()) return before_scheduling(pod);
  const json& waiting = kube::value_at(status, "/state/waiting");
  if (!waiting.is_object() || waiting.value("reason", "") == "CrashLoopBackOff") return std::nullopt;
  return while_waiting(status, waiting);
}

std::string pod_refusal(const std::vector<json>& events) {
  static constexpr std::string_view kVerdict = " is forbidden: ";
  for (const json& event : events) {
    if (kube::string_at(event, {"reason"}) != "FailedCreate") continue;
    const std::string_view note = kube::string_at(event, {"note"});
    const std::size_t verdict = note.find(kVerdict);
    return "PodRefused: " +
           std::string(verdict == std::string_view::npos ? note : note.substr(verdict + kVerdict.size()));
  }
  return "";
}

bool is_container_ready(const json& pod, std::string_view container) {
  const json& status = container_status(pod, container);
  if (!status.is_object() || !status.value("ready", false)) return false;
  // When a node is lost only the pod's own condition is taken back. A sidecar that is not ready takes back
  // both. A pod whose readiness gates wait says so.
  if (pod_condition(pod, "Ready") != "False" || pod_condition(pod, "ContainersReady") != "True") return true;
  const json& ready = api::find_condition(kube::value_at(pod, "/status/conditions"), "Ready");
  return kube::text_at(ready, "/reason") == "ReadinessGatesNotReady";
}

}  // namespace rowtide::op::tasks
