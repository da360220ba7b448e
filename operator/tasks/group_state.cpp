#include "operator/tasks/group_state.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "operator/kube/json_access.h"
#include "operator/tasks/termination.h"

namespace rowtide::op::tasks {
namespace {

using api::Condition;
using api::ConditionStatus;
using nlohmann::json;

constexpr std::int64_t kSampleIntervalMs = 30'000;
constexpr std::int64_t kDelayParts = 10;
/// Of a sample: what says nothing of a later time, and what does.
constexpr const char* kMomentary[] = {"state", "members", "unconsumedRecords", "isBeingCounted",
                                      "delaySeconds"};
constexpr const char* kNoAuthorizer =
    "NoAuthorizer";  // the tracker's: everybody may read, nothing is granted
constexpr const char* kLasting[] = {"consumptionCheckpoint", "dataRange", "sampledTime"};

struct Cause {
  ConditionStatus status;
  std::string reason;
  std::string message;
};

/// Why the tracker's word on the group is not to be had or does not count; empty: it is. Not asked yet counts
/// as had: nothing is known against what it said before.
std::optional<Cause> why_no_word(const TaskSight& sight) {
  if (!sight.task) return Cause{ConditionStatus::False, "TaskNotFound", "the task is not there"};
  const api::TaskObject& task = *sight.task;
  if (task.is_deleting) return Cause{ConditionStatus::False, "TaskDeleted", "the task is deleted"};
  if (task.is_suspended && !(task.is_paused && sight.has_tracker))
    return Cause{ConditionStatus::False, "TaskSuspended",
                 "the task is suspended, and its tracker keeps no group"};
  if (!sight.has_tracker) {
    return Cause{ConditionStatus::False, "TrackerNotRunning",
                 "the task's tracker does not run: see the task's condition TrackerAvailable"};
  }
  if (sight.is_silent)
    return Cause{ConditionStatus::Unknown, "TrackerSilent",
                 "the task's tracker does not answer the operator"};
  if (sight.groups_refusal)
    return Cause{ConditionStatus::False, sight.groups_refusal->reason, sight.groups_refusal->message};
  return std::nullopt;
}

/// The tracker's word on the newest generation.
const task::GroupStatus* newest_word(const GroupView& view) {
  const bool is_newest = view.said && view.said->generation == view.group.generation;
  return is_newest ? &*view.said : nullptr;
}

const json& condition_before(const GroupView& view, const char* type) {
  return api::find_condition(kube::value_at(view.group.status, "/conditions"), type);
}

Condition pending(const GroupView& view, const char* type) {
  if (view.sight.task && view.sight.task->is_paused) {
    return {
        type, ConditionStatus::Unknown, "Pending",
        fmt::format("the task has the annotation {}, and its tracker is not told of this generation; remove "
                    "the annotation",
                    api::kPaused)};
  }
  return {
      type, ConditionStatus::Unknown, "Pending",
      "the tracker has not told of this generation yet; the kubelet takes up to a minute to show it what changed"};
}

/// What the principal of a group that is refused has still. It is not taken back: that would stop consumers,
/// and the reason may be over soon. nullopt: it was granted nothing.
std::optional<Condition> access_left(const GroupView& view) {
  const json& before = condition_before(view, "AccessGranted");
  const std::string reason = kube::text_at(before, "/reason");
  if (kube::text_at(before, "/status") != "True" || reason == kNoAuthorizer) return std::nullopt;
  if (view.accepted.status == ConditionStatus::True) return std::nullopt;
  const auto left = [](std::string message) {
    return Condition{"AccessGranted", ConditionStatus::True, "NotTakenBack", std::move(message)};
  };
  if (reason == "NotTakenBack") return left(kube::text_at(before, "/message"));
  const bool is_of_this_spec = before.value("observedGeneration", std::int64_t{0}) == view.group.generation;
  const std::string principal = is_of_this_spec ? view.group.group.principal : "PRINCIPAL";
  return left(fmt::format(
      "{} may still read as the group {}, which is refused: its consumers are not stopped. To take that back, run: "
      "kafka-acls.sh --bootstrap-server BROKER --remove --allow-principal \"{}\" --operation Read --group {}, and "
      "the same with --topic for each topic of the task that it reads as no other group",
      is_of_this_spec ? principal : "the principal of before", view.group.group.group_id, principal,
      view.group.group.group_id));
}

/// One of the things that the tracker does for a group. What it said of this generation holds while it cannot
/// be asked.
Condition outcome_condition(const GroupView& view, const char* type,
                            const task::GroupOutcome task::GroupStatus::*which, const char* done) {
  if (view.accepted.status != ConditionStatus::True)
    return {type, ConditionStatus::Unknown, "NotAccepted", "a group that is not accepted is not kept"};
  if (const task::GroupStatus* word = newest_word(view)) {
    const task::GroupOutcome& outcome = word->*which;
    if (outcome.reason.empty()) return pending(view, type);
    return {type, outcome.is_done ? ConditionStatus::True : ConditionStatus::False, outcome.reason,
            outcome.message.empty() ? done : outcome.message};
  }
  const json& before = condition_before(view, type);
  const bool holds = before.is_object() &&
                     before.value("observedGeneration", std::int64_t{0}) == view.group.generation &&
                     before.value("status", "") != "Unknown" && before.value("reason", "") != "NotTakenBack";
  if (!holds) return pending(view, type);
  return {type, before.at("status") == "True" ? ConditionStatus::True : ConditionStatus::False,
          before.value("reason", ""), before.value("message", "")};
}

Condition ready_condition(const GroupView& view, const std::vector<Condition>& asked,
                          const std::optional<CleanupDecision>& terminating) {
  const auto not_ready = [](ConditionStatus status, std::string reason, std::string message) {
    return Condition{"Ready", status, std::move(reason), std::move(message)};
  };
  if (terminating)
    return not_ready(ConditionStatus::False, "BeingDeleted", "the group is deleted: " + terminating->message);
  if (view.accepted.status != ConditionStatus::True)
    return not_ready(ConditionStatus::False, view.accepted.reason, view.accepted.message);
  if (std::optional<Cause> cause = why_no_word(view.sight))
    return not_ready(cause->status, std::move(cause->reason), std::move(cause->message));
  for (const Condition& condition : asked) {
    if (condition.status != ConditionStatus::True)
      return not_ready(condition.status, condition.reason, condition.message);
  }
  const bool is_unasked = !view.sight.tracker;
  if (newest_word(view) == nullptr &&
      !(is_unasked && condition_before(view, "Ready").value("status", "") == "True"))
    return not_ready(ConditionStatus::Unknown, "Pending", pending(view, "Ready").message);
  if (view.is_stale) {
    return not_ready(ConditionStatus::Unknown, "StaleSample",
                     "the tracker has not been able to look at the group for a minute: see its log");
  }
  if (view.finalizer_refusal)
    return not_ready(ConditionStatus::False, view.finalizer_refusal->reason, view.finalizer_refusal->message);
  return {"Ready", ConditionStatus::True, "Kept", "the tracker keeps the group as its spec says"};
}

json part_of(const json& status, bool with_momentary) {
  json part = json::object();
  const auto take = [&](const char* name) {
    if (status.contains(name)) part[name] = status.at(name);
  };
  for (const char* name : kLasting) take(name);
  if (with_momentary) {
    for (const char* name : kMomentary) take(name);
  }
  return part;
}

json sample_of_word(const task::GroupStatus& word) {
  json sample = {{"sampledTime", api::format_time(word.sampled_at_ms)}};
  if (!word.state.empty()) {
    sample["state"] = word.state;
    sample["members"] = word.members;
  }
  if (word.unconsumed_records) {
    sample["unconsumedRecords"] = *word.unconsumed_records;
    if (word.is_being_counted) sample["isBeingCounted"] = true;
  }
  if (word.delay_seconds)
    sample["delaySeconds"] = static_cast<std::int64_t>(std::llround(*word.delay_seconds));
  if (word.consumption_checkpoint_ms > 0)
    sample["consumptionCheckpoint"] = api::format_time(word.consumption_checkpoint_ms);
  if (word.data_begin_ms > 0) {
    sample["dataRange"] = {{"begin", api::format_time(word.data_begin_ms)},
                           {"end", api::format_time(word.data_end_ms)}};
  }
  return sample;
}

/// The delay of a group that nobody reads grows for ever: it is news by a tenth.
void keep_similar_delay(const json& known, json& sample) {
  const json& before = kube::value_at(known, "/delaySeconds");
  if (!before.is_number_integer() || !sample.contains("delaySeconds")) return;
  const auto was = before.get<std::int64_t>();
  const auto is = sample.at("delaySeconds").get<std::int64_t>();
  if (is != 0 && std::abs(is - was) <= was / kDelayParts) sample["delaySeconds"] = was;
}

/// Renewed at most twice a minute, by the tracker's clock, and only if it says something else: a group in
/// which nothing happens writes nothing.
json sample_of(const GroupView& view) {
  const json& before = view.group.status;
  const bool is_known =
      view.accepted.status == ConditionStatus::True && !why_no_word(view.sight) && !view.is_stale;
  if (!is_known) return part_of(before, false);
  if (!view.sight.tracker) return part_of(before, true);  // not asked yet
  if (!view.said || view.said->sampled_at_ms == 0) return part_of(before, false);
  json sample = sample_of_word(*view.said);
  json known = part_of(before, true);
  const std::int64_t age = view.said->sampled_at_ms - api::parse_time(known.value("sampledTime", ""));
  const bool is_fresh = age >= 0 && age < kSampleIntervalMs && known.contains("state");
  json same = sample;
  keep_similar_delay(known, same);
  same["sampledTime"] = known.value("sampledTime", "");
  return is_fresh || same == known ? known : sample;
}

std::string what_is_left_of(const api::GroupObject& group) {
  return fmt::format(
      "the consumer group {} in Kafka{}", group.group.group_id,
      group.group.principal.empty() ? "" : " and what " + group.group.principal + " was granted");
}

/// Of one that is not accepted. A duplicate's group in Kafka is the other's.
std::string left_of_refused(const GroupView& view) {
  const bool was_kept = view.group.status.contains("checkpointNonce");
  const std::optional<Condition> access = access_left(view);
  const std::string access_text = access ? access->message : "";
  if (!was_kept || view.accepted.reason == "DuplicateGroup") return access_text;
  return "the consumer group " + view.group.group.group_id + " in Kafka" +
         (access ? ", and " + access_text : "");
}

CleanupDecision let_go(std::string reason, std::string message, bool is_warning) {
  return {.action = CleanupAction::Release,
          .reason = std::move(reason),
          .message = std::move(message),
          .is_warning = is_warning};
}

/// What keeps the tracker from having deleted the group.
CleanupDecision wait_for_tracker(const GroupView& view) {
  if (std::optional<Cause> cause = why_no_word(view.sight)) {
    return {.reason = std::move(cause->reason),
            .message = fmt::format("{}; nobody deletes {}", cause->message, what_is_left_of(view.group))};
  }
  const task::GroupStatus* word = newest_word(view);
  if (word == nullptr && view.sight.task->is_paused) {
    return {
        .reason = "TaskPaused",
        .message = fmt::format("the task has the annotation {}, and its tracker is not told to delete {}; "
                               "remove the annotation, or give this group {}",
                               api::kPaused, what_is_left_of(view.group), api::kSkipCleanup)};
  }
  if (word != nullptr && !word->deletion.reason.empty())
    return {.reason = word->deletion.reason, .message = word->deletion.message};
  return {.reason = "CleanupRunning", .message = "the tracker is told to delete the group"};
}

}  // namespace

std::optional<task::GroupStatus> word_on(const std::optional<task::TrackerStatus>& tracker,
                                         const std::string& uid) {
  if (!tracker) return std::nullopt;
  for (const task::GroupStatus& group : tracker->consumer_groups) {
    if (group.uid == uid) return group;
  }
  return std::nullopt;
}

json compute_group_status(const GroupView& view, const std::optional<CleanupDecision>& terminating,
                          std::int64_t now_ms) {
  const api::GroupObject& group = view.group;
  std::vector<Condition> asked{outcome_condition(view, "CheckpointApplied", &task::GroupStatus::checkpoint,
                                                 "the group has its place")};
  if (std::optional<Condition> left = access_left(view)) {
    asked.push_back(*std::move(left));
  } else if (!group.group.principal.empty()) {
    asked.push_back(outcome_condition(view, "AccessGranted", &task::GroupStatus::access,
                                      "the principal may read as the group"));
  }
  std::vector<Condition> conditions{view.accepted};
  conditions.insert(conditions.end(), asked.begin(), asked.end());
  if (terminating)
    conditions.push_back({kTerminating, ConditionStatus::True, terminating->reason, terminating->message});
  conditions.push_back(ready_condition(view, asked, terminating));

  json status = sample_of(view);
  status["observedGeneration"] = group.generation;
  status["conditions"] = api::merge_conditions(group.status.value("conditions", json(nullptr)), conditions,
                                               group.generation, api::format_time(now_ms));
  if (group.errors.empty()) status["groupId"] = group.group.group_id;
  if (view.said && view.said->applied_nonce && !group.is_deleting) {
    status["checkpointNonce"] = *view.said->applied_nonce;
  } else if (group.status.contains("checkpointNonce")) {
    status["checkpointNonce"] = group.status.at("checkpointNonce");
  }
  return status;
}

CleanupDecision decide_group_cleanup(const GroupView& view, std::int64_t now_ms) {
  const api::GroupObject& group = view.group;
  if (group.skips_cleanup || group.group.deletion != task::DeletionPolicy::Delete) {
    return let_go("CleanupSkipped",
                  fmt::format("as {} asks for, nothing was deleted in Kafka: {}",
                              group.skips_cleanup ? "the annotation " + std::string(api::kSkipCleanup)
                                                  : "spec.deletionPolicy",
                              what_is_left_of(group)),
                  false);
  }
  const bool is_accepted = view.accepted.status == ConditionStatus::True;
  if (!is_accepted && view.accepted.reason != "TaskNotFound") {
    const std::string left = left_of_refused(view);
    return let_go("CleanupSkipped",
                  fmt::format("the group was not accepted ({}), and nothing was deleted in Kafka{}",
                              view.accepted.reason, left.empty() ? "" : "; perhaps left: " + left),
                  !left.empty());
  }
  if (view.said && view.said->deletion.is_done)
    return let_go("CleanedUp", what_is_left_of(group) + " is deleted", false);
  if (!view.sight.task || view.sight.task->is_deleting) {
    Cause cause = *why_no_word(view.sight);
    return let_go(std::move(cause.reason),
                  fmt::format("{}, and no tracker deletes anything for the group any more; perhaps left: {}",
                              cause.message, what_is_left_of(group)),
                  true);
  }
  if (is_past_deadline(group, view.seen_for, now_ms)) {
    const std::string obstacle = kube::text_at(condition_before(view, kTerminating), "/message");
    return let_go(
        "CleanupTimedOut",
        fmt::format("after {} minutes the ConsumerGroup goes without being cleaned up ({}); perhaps left: {}",
                    kCleanupDeadline.count(), obstacle.empty() ? "it never began" : obstacle,
                    what_is_left_of(group)),
        true);
  }
  return wait_for_tracker(view);
}

}  // namespace rowtide::op::tasks
