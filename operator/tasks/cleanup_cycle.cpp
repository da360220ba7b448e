#include "operator/tasks/cleanup_cycle.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "common/task/stable_hash.h"
#include "operator/api/conditions.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/desired.h"
#include "operator/tasks/job_state.h"
#include "operator/tasks/pod_state.h"
#include "operator/tasks/termination.h"

namespace rowtide::op::tasks {
namespace {

using api::Condition;
using api::ConditionStatus;
using nlohmann::json;

std::string what_is_left(const api::TaskObject& task) {
  std::string topics;
  for (const json& topic : task.status.value("topics", json::array())) {
    topics += (topics.empty() ? " (" : ", ") + topic.get<std::string>();
  }
  std::string left;
  if (task.deletes_topics || !task.manages_whitelist) {
    left = fmt::format(
        "the task's topics{1}{2} and its records in __rowtide_checkpoints (keys {0}, {0}#schema#... and {0}#topic#...)",
        task.uid, topics, topics.empty() ? "" : ")");
  }
  if (task.manages_whitelist)
    left += fmt::format("{}its whitelist group rowtide{} of the cluster", left.empty() ? "" : ", and ",
                        task::stable_hash(task.uid));
  return left;
}

std::string what_goes(const api::TaskObject& task) {
  if (!task.deletes_topics) return "the whitelist group is being emptied; topics and checkpoint are kept";
  return std::string("topics and checkpoint are being deleted") +
         (task.manages_whitelist ? ", and the whitelist group is being emptied" : "");
}

std::string what_went(const api::TaskObject& task) {
  if (!task.deletes_topics) return "the whitelist group is empty; topics and checkpoint are kept";
  return std::string("topics and checkpoint are deleted") +
         (task.manages_whitelist ? ", and the whitelist group is empty" : "");
}

CleanupDecision release(std::string reason, std::string message) {
  return {.action = CleanupAction::Release, .reason = std::move(reason), .message = std::move(message)};
}

CleanupDecision give_up(const api::TaskObject& task, std::string reason, const std::string& why) {
  return {.action = CleanupAction::Release,
          .reason = std::move(reason),
          .message = fmt::format("{}; perhaps left: {}", why, what_is_left(task)),
          .is_warning = true};
}

bool is_stopped(const json& deployment) {
  const auto number = [&](const char* pointer, std::int64_t fallback) {
    const json& value = kube::value_at(deployment, pointer);
    return value.is_number_integer() ? value.get<std::int64_t>() : fallback;
  };
  return number("/spec/replicas", 1) == 0 && number("/status/replicas", 0) == 0 &&
         number("/status/observedGeneration", 0) >= number("/metadata/generation", 0);
}

std::optional<CleanupDecision> until_stopped(const CleanupView& view) {
  CleanupDecision wait{.reason = "TrackerStopping", .message = "the tracker stops"};
  if (!view.tracker_pod.empty()) wait.message = fmt::format("the tracker's pod {} stops", view.tracker_pod);
  const bool is_leaving =
      view.deployment != nullptr && view.deployment->at("metadata").contains("deletionTimestamp");
  if (view.deployment != nullptr && !is_leaving && !is_stopped(*view.deployment)) {
    wait.action = CleanupAction::StopTracker;
    return wait;
  }
  if (view.deployment == nullptr && view.tracker_pod.empty()) return std::nullopt;
  if (view.tracker_pod.empty() && !is_leaving) return std::nullopt;
  return wait;
}

/// The last words of a pod of the Job, or what keeps it from starting.
std::string words_of(const json* pod) {
  if (pod == nullptr) return "";
  const json& status = container_status(*pod, kCleanupContainer);
  if (std::string words = kube::text_at(status, "/state/terminated/message"); !words.empty()) return words;
  if (has_ended(*pod)) return why_ended(*pod);
  const std::optional<Obstacle> obstacle = start_obstacle(*pod, kCleanupContainer);
  return !obstacle || obstacle->reason == "PodStarting" ? "" : obstacle->reason + ": " + obstacle->message;
}

CleanupDecision decide_by_job(const api::TaskObject& task, const CleanupView& view) {
  const std::string words = words_of(view.job_pod);
  const json& end = end_condition(*view.job);
  if (is_complete(end)) return release("CleanedUp", words.empty() ? what_went(task) : words);
  if (!end.is_null())
    return give_up(task, "CleanupFailed", words.empty() ? kube::text_at(end, "/message") : words);
  return {.reason = "CleanupRunning", .message = words.empty() ? what_goes(task) : words};
}

}  // namespace

CleanupDecision decide_cleanup(const api::TaskObject& task, const CleanupView& view, std::int64_t now_ms) {
  if (task.skips_cleanup || !task.needs_cleanup()) {
    return release("CleanupSkipped",
                   fmt::format("as {} asks for, nothing was cleaned up: {}",
                               task.skips_cleanup ? "the annotation " + std::string(api::kSkipCleanup)
                                                  : "spec.deletionPolicy",
                               what_is_left(task)));
  }
  // What ran is not known: the newest spec's whitelist may be emptied, its topic may be another task's.
  if (!view.unreadable.empty() && (task.deletes_topics || !view.has_traces))
    return give_up(
        task, "CleanupFailed",
        "this operator cannot read the spec that ran, status.lastGoodSpec (" + view.unreadable + ")");
  if (!view.has_traces)
    return release("CleanupSkipped", "no tracker of the task has run: there is nothing to delete");
  const bool is_ours =
      view.job != nullptr && kube::string_at(*view.job, {"metadata", "annotations", kTaskUid}) == task.uid;
  if (is_ours && !end_condition(*view.job).is_null()) return decide_by_job(task, view);
  if (is_past_deadline(task, view.seen_for, now_ms)) {
    const json& told = api::find_condition(kube::value_at(task.status, "/conditions"), kTerminating);
    const std::string obstacle = kube::text_at(told, "/message");
    return give_up(task, "CleanupTimedOut",
                   fmt::format("after {} minutes the task goes without being cleaned up ({})",
                               kCleanupDeadline.count(), obstacle.empty() ? "it never began" : obstacle));
  }
  if (std::optional<CleanupDecision> wait = until_stopped(view)) return *std::move(wait);
  if (is_ours) return decide_by_job(task, view);
  CleanupDecision next{.reason = "CleanupRunning", .message = what_goes(task)};
  if (view.job == nullptr) {
    next.action = CleanupAction::CreateJob;
  } else if (!view.job->at("metadata").contains("deletionTimestamp")) {
    next.action = CleanupAction::DeleteJob;
  }
  return next;
}

CleanupDecision leave_with_namespace(const api::TaskObject& task) {
  return give_up(task, "NamespaceTerminating",
                 "the namespace is deleted, and no Job can be made in it any more");
}

json terminating_status(const api::TaskObject& task, const CleanupDecision& decision, std::int64_t now_ms) {
  std::vector<Condition> conditions{
      {kTerminating, ConditionStatus::True, decision.reason, decision.message},
      {"Ready", ConditionStatus::False, "TaskDeleted", "the task is deleted: " + decision.message}};
  json before = task.status.value("conditions", json::array());
  json status = task.status;
  status["observedGeneration"] = task.generation;
  status["phase"] = "Terminating";
  status["conditions"] = api::merge_conditions(before, conditions, task.generation, api::format_time(now_ms));
  for (const json& condition : before) {
    const std::string type = condition.value("type", "");
    if (type == "Accepted" || type == "WhitelistReady" || type == "PrecheckPassed")
      status["conditions"].push_back(condition);
  }
  status.erase("progress");
  return status;
}

}  // namespace rowtide::op::tasks
