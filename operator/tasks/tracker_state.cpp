#include "operator/tasks/tracker_state.h"
#include "operator/kube/json_access.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

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
  if (terminated.value("reason", "") == "OOMKilled") {
    return not_available("OutOfMemory",
                         "the tracker was killed at its memory limit; raise spec.tracker.resources");
  }
  std::string message = terminated.value("message", "");
  if (message.empty())
    message = fmt::format("the tracker ended with exit code {}", terminated.value("exitCode", -1));
  while (!message.empty() && message.back() == '\n') message.pop_back();
  return not_available(is_looping ? "CrashLooping" : "TrackerFailed", std::move(message));
}

Condition waiting(const json& container, const json& state) {
  static const std::set<std::string> kImageReasons{"ErrImagePull", "ImagePullBackOff", "InvalidImageName",
                                                   "ErrImageNeverPull"};
  const std::string reason = state.value("reason", "");
  if (kImageReasons.contains(reason)) {
    return not_available(
        "ImagePullFailed",
        fmt::format("image {} cannot be pulled; correct spec.tracker.image or imagePullSecrets",
                    container.value("image", "")));
  }
  if (reason == "CrashLoopBackOff") {
    const json& last = kube::value_at(container, "/lastState/terminated");
    return crashed(last.is_object() ? last : json::object(), true);
  }
  if (reason == "CreateContainerConfigError" || reason == "CreateContainerError" ||
      reason == "RunContainerError") {
    return not_available("ContainerNotCreated", state.value("message", reason));
  }
  return not_available("PodStarting", "the pod is starting");
}

Condition unscheduled(const json& pod) {
  const json& scheduled = api::find_condition(kube::value_at(pod, "/status/conditions"), "PodScheduled");
  if (scheduled.is_object() && scheduled.value("status", "") == "False") {
    return not_available("Unschedulable", scheduled.value("message", "no node takes the pod"));
  }
  return not_available("PodStarting", "the pod is starting");
}

}  // namespace

Condition tracker_available(const json* deployment, const json* pod) {
  if (deployment == nullptr) return not_available("NotStarted", "there is no tracker yet");
  if (pod == nullptr) {
    const json& failure =
        api::find_condition(kube::value_at(*deployment, "/status/conditions"), "ReplicaFailure");
    if (failure.is_object() && failure.value("status", "") == "True") {
      return not_available("PodRefused", failure.value("message", "the pod was refused"));
    }
    return not_available("PodStarting", "the pod is not there yet");
  }
  const json& container = kube::value_at(*pod, "/status/containerStatuses/0");
  if (!container.is_object()) return unscheduled(*pod);
  const json& state = container.value("state", json::object());
  if (state.contains("running"))
    return {kType, ConditionStatus::True, "PodRunning", "the tracker's pod runs"};
  if (state.contains("terminated")) return crashed(state.at("terminated"), false);
  return waiting(container, state.value("waiting", json::object()));
}

int restarts_of(const json* pod) {
  if (pod == nullptr) return 0;
  const json& count = kube::value_at(*pod, "/status/containerStatuses/0/restartCount");
  return count.is_number_integer() ? count.get<int>() : 0;
}

}  // namespace rowtide::op::tasks
