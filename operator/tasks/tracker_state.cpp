#include "operator/tasks/tracker_state.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "operator/kube/json_access.h"
#include "operator/tasks/desired.h"
#include "operator/tasks/pod_state.h"

namespace rowtide::op::tasks {
namespace {

using api::Condition;
using api::ConditionStatus;
using nlohmann::json;

constexpr const char* kType = "TrackerAvailable";

Condition not_available(std::string reason, std::string message) {
  return {kType, ConditionStatus::False, std::move(reason), std::move(message)};
}

/// How the container ended the last time: what the tracker wrote at its end says more than its exit code.
Condition crashed(const json& terminated, bool is_looping) {
  if (kube::text_at(terminated, "/reason") == "OOMKilled") {
    return not_available("OutOfMemory",
                         "the tracker was killed at its memory limit; raise spec.tracker.resources");
  }
  std::string message = kube::text_at(terminated, "/message");
  if (message.empty()) {
    message = fmt::format("the tracker ended with exit code {}",
                          terminated.is_object() ? terminated.value("exitCode", -1) : -1);
  }
  while (!message.empty() && message.back() == '\n') message.pop_back();
  return not_available(is_looping ? "CrashLooping" : "TrackerFailed", std::move(message));
}

/// A Deployment that is rolled makes no pod (Recreate) while one before it counts as running.
Condition held_by(const json& old_pod) {
  const std::string name = kube::text_at(old_pod, "/metadata/name");
  return not_available(
      "OldPodStuck",
      fmt::format(
          "pod {0} on node {1} is not confirmed gone, and no other is made before; if the node is off "
          "for good: kubectl delete pod {0} -n {2} --force --grace-period=0, or taint it "
          "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute",
          name, kube::text_at(old_pod, "/spec/nodeName"), kube::text_at(old_pod, "/metadata/namespace")));
}

Condition without_pod(const json& deployment) {
  const json& failure =
      api::find_condition(kube::value_at(deployment, "/status/conditions"), "ReplicaFailure");
  if (failure.is_object() && failure.value("status", "") == "True") {
    return not_available("PodRefused", failure.value("message", "the pod was refused"));
  }
  return not_available("PodStarting", "the pod is not there yet");
}

}  // namespace

Condition tracker_available(const json* deployment, const json* pod, const json* leaving_pod,
                            std::int64_t now_ms) {
  if (deployment == nullptr) return not_available("NotStarted", "there is no tracker yet");
  const bool is_held = pod == nullptr && leaving_pod != nullptr && overdue_at_ms(*leaving_pod) <= now_ms;
  if (is_held) return held_by(*leaving_pod);
  if (pod == nullptr) return without_pod(*deployment);
  return container_available(*pod, kTrackerContainer);
}

Condition container_available(const json& pod, std::string_view name) {
  if (auto obstacle = start_obstacle(pod, name)) {
    return not_available(std::move(obstacle->reason), std::move(obstacle->message));
  }
  const json& container = container_status(pod, name);
  const json& state = kube::value_at(container, "/state");
  if (state.contains("running"))
    return {kType, ConditionStatus::True, "PodRunning", "the tracker's pod runs"};
  if (state.contains("terminated")) return crashed(state.at("terminated"), false);
  if (has_ended(pod)) return not_available("TrackerFailed", "the tracker's pod has ended: " + why_ended(pod));
  return crashed(kube::value_at(container, "/lastState/terminated"), true);
}

int restarts_of(const json* pod) {
  if (pod == nullptr) return 0;
  const json& count = kube::value_at(container_status(*pod, kTrackerContainer), "/restartCount");
  return count.is_number_integer() ? count.get<int>() : 0;
}

}  // namespace rowtide::op::tasks
