#include "operator/tasks/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "common/task/server_id.h"
#include "operator/api/conditions.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/desired.h"
#include "operator/tasks/lag_target.h"
#include "operator/tasks/pod_state.h"
#include "operator/tasks/sidecar_status.h"
#include "operator/tasks/tracker_state.h"
#include "operator/tasks/whitelist.h"

namespace rowtide::op::tasks {
namespace {

using api::Condition;
using api::ConditionStatus;
using nlohmann::json;
using task::CheckResult;

constexpr std::int64_t kProgressIntervalMs = 30'000;
constexpr std::size_t kMaxToldErrors = 20;
constexpr std::size_t kMaxItemsText = 4096;

/// Everything the single conditions are made from, and each other.
struct View {
  const Observed& observed;
  bool is_valid;
  bool is_suspended;
  json recorded_precheck;  ///< status.precheck as it will stand: of the newest finished run
};

bool is_of_this_spec(const View& view) {
  const api::TaskObject& task = view.observed.task;
  return view.recorded_precheck.is_object() &&
         view.recorded_precheck.value("specHash", "") == task.precheck_hash &&
         view.recorded_precheck.value("runNonce", std::int64_t{-1}) ==
             task.parsed->task.spec.precheck.run_nonce;
}

json record_precheck(const Observed& observed) {
  const PrecheckDecision& decision = observed.precheck;
  const api::TaskObject& task = observed.task;
  const bool finished =
      decision.verdict == PrecheckVerdict::Passed || decision.verdict == PrecheckVerdict::Failed;
  if (!finished || (!decision.report && decision.job_failure.empty())) {
    return task.status.value("precheck", json(nullptr));
  }
  json precheck = {{"result", decision.verdict == PrecheckVerdict::Passed ? "Passed" : "Failed"},
                   {"completionTime", api::format_time(decision.finished_at_ms)},
                   {"attempts", decision.attempt},
                   {"runNonce", task.parsed->task.spec.precheck.run_nonce},
                   {"specHash", task.precheck_hash},
                   {"podHash", decision.pod_hash}};
  if (!decision.report) {
    precheck["summary"] = "no report";
    precheck["items"] = json::array({{{"name", "PrecheckJob"},
                                      {"result", "Failed"},
                                      {"reason", "PrecheckJobFailed"},
                                      {"message", decision.job_failure}}});
    return precheck;
  }
  const task::PrecheckReport& report = *decision.report;
  const int good = report.count(CheckResult::Passed) + report.count(CheckResult::Warning);
  const int all = static_cast<int>(report.items.size()) - report.count(CheckResult::Skipped);
  precheck["summary"] = fmt::format("{}/{}", good, std::max(all, good));
  precheck["passed"] = report.count(CheckResult::Passed);
  precheck["warnings"] = report.count(CheckResult::Warning);
  precheck["failed"] = report.count(CheckResult::Failed);
  precheck["items"] = json::parse(task::to_json(report, false)).at("items");
  return precheck;
}

/// At most kMaxItemsText and the last line: who wants them all reads status.precheck.items.
std::string failed_items(const json& precheck) {
  std::string text;
  int untold = 0;
  for (const json& item : precheck.value("items", json::array())) {
    if (item.value("result", "") != "Failed") continue;
    const std::string reason = item.value("reason", "");
    const std::string repair = item.value("repair", "");
    const std::string told = fmt::format("{}{}{}: {}{}{}", text.empty() ? "" : "; ", item.value("name", ""),
                                         reason.empty() ? "" : " (" + reason + ")", item.value("message", ""),
                                         repair.empty() ? "" : " Repair: ", repair);
    if (untold > 0 || text.size() + told.size() > kMaxItemsText) {
      ++untold;
    } else {
      text += told;
    }
  }
  if (untold > 0) {
    text += fmt::format("{}{} {}failed: see status.precheck.items", text.empty() ? "" : "; ", untold,
                        text.empty() ? "" : "more ");
  }
  return text;
}

/// The API server keeps no field that its CRD does not know.
bool has_newer_fields(const std::vector<task::FieldError>& errors) {
  return std::any_of(errors.begin(), errors.end(), [](const task::FieldError& error) {
    return error.message.starts_with(task::kUnknownField);
  });
}

Condition accepted(const View& view) {
  if (view.is_valid && view.observed.conflict)
    return {"Accepted", ConditionStatus::False, "Conflict", *view.observed.conflict};
  if (view.is_valid) return {"Accepted", ConditionStatus::True, "SpecValid", "the spec is valid"};
  const std::vector<task::FieldError>& errors = view.observed.task.parsed->errors;
  const std::vector<task::FieldError> told(
      errors.begin(), errors.begin() + static_cast<std::ptrdiff_t>(std::min(errors.size(), kMaxToldErrors)));
  std::string message = task::to_string(told);
  while (!message.empty() && message.back() == '\n') message.pop_back();
  if (told.size() < errors.size())
    message += fmt::format("\nand {} more, told when these are corrected", errors.size() - told.size());
  if (has_newer_fields(errors)) {
    message +=
        "\nThe CustomResourceDefinition knows fields that this operator does not: upgrade the operator";
  }
  return {"Accepted", ConditionStatus::False, "InvalidSpec", std::move(message)};
}

Condition precheck_passed(const View& view) {
  const char* type = "PrecheckPassed";
  if (!view.is_valid)
    return {type, ConditionStatus::Unknown, "InvalidSpec", "an invalid spec is not prechecked"};
  // A repeated run does not take back what the one before found until it is done.
  if (is_of_this_spec(view)) {
    const json& precheck = view.recorded_precheck;
    if (precheck.value("result", "") == "Failed") {
      return {type, ConditionStatus::False, "ChecksFailed", failed_items(precheck)};
    }
    const int warnings = precheck.value("warnings", 0);
    return {type, ConditionStatus::True, "ChecksPassed",
            fmt::format("{} checks passed{}", precheck.value("summary", ""),
                        warnings > 0 ? fmt::format(", {} with a warning", warnings) : "")};
  }
  if (view.observed.conflict) {
    return {type, ConditionStatus::Unknown, "Conflict", "a task in conflict with another is not prechecked"};
  }
  if (const std::optional<Refusal>& refusal = view.observed.precheck_refusal) {
    return {type, ConditionStatus::Unknown, refusal->reason, refusal->message};
  }
  if (view.observed.task.is_paused && view.observed.precheck.action != PrecheckAction::None) {
    return {type, ConditionStatus::Unknown, "Paused", "the precheck waits, because the task is paused"};
  }
  if (!view.observed.precheck.job_failure.empty()) {
    return {type, ConditionStatus::Unknown, "PrecheckNotStarting", view.observed.precheck.job_failure};
  }
  return {type, ConditionStatus::Unknown, "PrecheckRunning", "the precheck is running"};
}

Condition tracker_condition(const View& view) {
  if (view.is_suspended && !view.observed.tracker_refusal)
    return {"TrackerAvailable", ConditionStatus::False, "Suspended", "spec.suspend is true"};
  Condition available = tracker_available(view.observed.deployment, view.observed.pod,
                                          view.observed.leaving_pod, view.observed.now_ms);
  const std::optional<Refusal>& refusal = view.observed.tracker_refusal;
  if (refusal && available.status != ConditionStatus::True) {
    available.reason = refusal->reason;
    available.message = refusal->message;
  } else if (view.observed.upgrade_waits && available.status == ConditionStatus::True) {
    available.message += fmt::format(
        "; an upgrade is available and waits (upgradePolicy Manual): give the task's annotation {} another value",
        api::kUpgradeRequest);
  }
  return available;
}

/// The pod's readiness probe asks the tracker whether it streams, and the kubelet always reaches it; our own
/// question only tells why not.
Condition streaming(const View& view, const Condition& available) {
  const char* type = "Streaming";
  if (available.status != ConditionStatus::True) {
    return {type, ConditionStatus::False, available.reason, available.message};
  }
  if (is_container_ready(*view.observed.pod, kTrackerContainer)) {
    return {type, ConditionStatus::True, "EventsFlowing", "the binlog is read and delivered"};
  }
  const std::optional<task::TrackerStatus>& tracker = view.observed.tracker;
  if (!tracker) {
    return {type, ConditionStatus::False, "TrackerSilent",
            "the pod is not ready, and the tracker has not answered why"};
  }
  if (!tracker->reason.empty()) return {type, ConditionStatus::False, tracker->reason, tracker->message};
  return {type, ConditionStatus::False, "Starting", "the tracker is not streaming yet"};
}

/// Whether the newest spec is the one that the tracker runs: by its own word, else by its pod's template.
bool runs_newest_spec(const View& view) {
  const Observed& observed = view.observed;
  if (!view.is_valid || !observed.is_rolled_out || observed.pod == nullptr) return false;
  std::string hash = observed.tracker ? observed.tracker->document_hash : "";
  if (hash.empty()) {
    const json& annotations = kube::value_at(*observed.pod, "/metadata/annotations");
    hash = annotations.is_object() ? annotations.value(kTrackerHash, "") : "";
  }
  return hash == observed.task.tracker_hash;
}

/// Ready=False because the newest spec does not get so far as to run.
std::optional<Condition> held_back(const Condition& accepted, const Condition& precheck, bool is_streaming) {
  const bool is_held = accepted.status == ConditionStatus::False ||
                       precheck.status == ConditionStatus::False ||
                       (precheck.status == ConditionStatus::Unknown && precheck.reason != "PrecheckRunning");
  if (!is_held) return std::nullopt;
  const Condition& cause = accepted.status == ConditionStatus::False ? accepted : precheck;
  return Condition{
      "Ready", ConditionStatus::False, cause.reason,
      cause.message + (is_streaming ? " (meanwhile the tracker of the last good spec goes on)" : "")};
}

Condition ready_but_for_finalizer(const View& view, const Condition& accepted, const Condition& precheck,
                                  const Condition& stream) {
  if (view.observed.task.is_stream) {
    return stream_ready(view.observed, stream,
                        held_back(accepted, precheck, stream.status == ConditionStatus::True));
  }
  const auto not_ready = [](std::string reason, std::string message) {
    return Condition{"Ready", ConditionStatus::False, std::move(reason), std::move(message)};
  };
  const bool is_streaming = stream.status == ConditionStatus::True;
  if (view.is_suspended) return not_ready(stream.reason, stream.message);
  if (const std::optional<Refusal>& refusal = view.observed.tracker_refusal) {
    return not_ready(refusal->reason, refusal->message);
  }
  if (runs_newest_spec(view)) {
    if (is_streaming) return {"Ready", ConditionStatus::True, "Streaming", stream.message};
    return not_ready(stream.reason, stream.message);
  }
  if (auto held = held_back(accepted, precheck, is_streaming)) return *held;
  if (view.observed.deployment == nullptr) {
    return not_ready("Prechecking", "the tracker starts when the precheck has passed");
  }
  if (!is_streaming) return not_ready(stream.reason, stream.message);
  return not_ready("Updating", "the tracker still runs the spec before this one");
}

Condition ready(const View& view, const Condition& accepted, const Condition& precheck,
                const Condition& stream) {
  Condition found = ready_but_for_finalizer(view, accepted, precheck, stream);
  const std::optional<Refusal>& refusal = view.observed.finalizer_refusal;
  if (!refusal || found.status != ConditionStatus::True) return found;
  return {"Ready", ConditionStatus::False, refusal->reason,
          refusal->message + " (meanwhile changes are delivered)"};
}

/// There only while it is so: the other conditions tell of what is, not of what the spec asks for.
std::optional<Condition> paused_condition(const api::TaskObject& task) {
  if (!task.is_paused) return std::nullopt;
  return Condition{
      "ReconciliationPaused", ConditionStatus::True, "Paused",
      fmt::format("nothing of the task is changed while its annotation {} is \"true\"; remove it to go on",
                  api::kPaused)};
}

bool has_stopped(const Observed& observed) {
  const json* deployment = observed.deployment;
  return deployment == nullptr || deployment->at("spec").value("replicas", 1) == 0;
}

/// It never changes Ready: a tracker that is late works. Without spec.alerts there is none.
std::optional<Condition> lag_condition(const View& view, bool is_running) {
  const Observed& observed = view.observed;
  const std::optional<task::Alerts>& alerts = observed.task.parsed->task.spec.alerts;
  if (!alerts) return std::nullopt;
  const json& before =
      api::find_condition(kube::value_at(observed.task.status, "/conditions"), "LagWithinTarget");
  LagSide side = lag_side(*alerts, observed.tracker);
  if (!is_running || observed.is_silent) side = LagSide::Unknown;
  // Not asked yet: the operator has begun.
  const bool is_unasked = is_running && !observed.is_silent && !observed.tracker;
  if (is_unasked && before.is_object() && before.value("status", "") != "Unknown") {
    side = before.at("status") == "True" ? LagSide::Within : LagSide::Above;
  }
  return lag_within_target(*alerts, side, observed.lag_since_ms, before, observed.now_ms);
}

std::string phase_of(const View& view, const std::vector<Condition>& conditions) {
  const auto is = [&](const char* type, ConditionStatus status) {
    return std::any_of(conditions.begin(), conditions.end(),
                       [&](const Condition& c) { return c.type == type && c.status == status; });
  };
  if (view.is_suspended) return "Suspended";
  const bool is_stream = view.observed.task.is_stream;
  if (is("Streaming", ConditionStatus::True)) return is_stream ? "Injectable" : "Tracking";
  if (is_stream ? given_hash(view.observed).empty() : view.observed.deployment == nullptr) {
    if (!view.is_valid || view.observed.conflict || view.observed.tracker_refusal) return "Failed";
    if (is("PrecheckPassed", ConditionStatus::False)) return "PrecheckFailed";
    return is("PrecheckPassed", ConditionStatus::True) ? "Starting" : "Prechecking";
  }
  if (is("TrackerAvailable", ConditionStatus::True))
    return is("Streaming", ConditionStatus::Unknown) ? "Injectable" : "Starting";
  const auto available = std::find_if(conditions.begin(), conditions.end(),
                                      [](const Condition& c) { return c.type == "TrackerAvailable"; });
  return available != conditions.end() && available->reason == "PodStarting" ? "Starting" : "Failed";
}

double tenths(double value) {
  return std::round(value * 10) / 10;  // not times 0.1: that gives 0.30000000000000004
}

json position_of(const task::TrackerStatus& tracker) {
  return {{"gtidSet", tracker.gtid_set}, {"file", tracker.file}, {"offset", tracker.offset}};
}

/// Where a tracker that cannot be asked has been; how fast and how late it was says nothing any more.
json last_position(const json& before) {
  if (!before.is_object()) return nullptr;
  json progress = before;
  progress.erase("lagSeconds");
  progress.erase("rowsPerSecond");
  return progress;
}

/// A sample for people, renewed at most twice a minute and only if it says something else: a status that
/// changes all the time keeps everybody busy.
json progress_of(const Observed& observed, bool is_running) {
  const json before = observed.task.status.value("progress", json(nullptr));
  if (!is_running || observed.is_silent) return last_position(before);
  if (!observed.tracker) return before;
  const task::TrackerStatus& tracker = *observed.tracker;
  const bool has_place = !tracker.file.empty() || !tracker.gtid_set.empty();
  if (!has_place) return last_position(before);  // it has not begun to read
  json progress = {{"rowsPerSecond", std::round(tracker.rows_per_second)},
                   {"position", position_of(tracker)}};
  if (tracker.lag_seconds) progress["lagSeconds"] = tenths(*tracker.lag_seconds);
  if (before.is_object()) {
    progress["sampledTime"] = before.value("sampledTime", "");
    const std::int64_t age = observed.now_ms - api::parse_time(before.value("sampledTime", ""));
    const bool lacks_lag = tracker.lag_seconds && !before.contains("lagSeconds");  // not known at first
    const bool is_fresh =
        age >= 0 && age < kProgressIntervalMs && before.contains("rowsPerSecond") && !lacks_lag;
    if (is_fresh || progress == before) return before;
  }
  progress["sampledTime"] = api::format_time(observed.now_ms);
  return progress;
}

json last_good_spec(const Observed& observed) {
  return is_last_good(observed) ? *observed.task.spec
                                : observed.task.status.value("lastGoodSpec", json(nullptr));
}

/// Of the tracker that runs; one that cannot be asked has not changed it.
std::string start_remark_of(const Observed& observed) {
  return observed.tracker ? observed.tracker->start_remark : observed.task.status.value("startRemark", "");
}

/// That a new connection only showed the same again is not worth a write; it is told with the next.
void keep_verified_time(json& status, const json& before) {
  static const json::json_pointer kTime("/whitelist/lastVerifiedTime");
  if (!status.contains(kTime) || !before.contains(kTime)) return;
  json time = std::exchange(status[kTime], before.at(kTime));
  if (status != before) status[kTime] = std::move(time);
}

}  // namespace

bool is_last_good(const Observed& observed) {
  const api::TaskObject& task = observed.task;
  return task.parsed->ok() && !observed.conflict && !task.is_paused &&
         observed.precheck.verdict == PrecheckVerdict::Passed && observed.is_tracker_written &&
         (!task.is_suspended || observed.deployment != nullptr);
}

json compute_status(const Observed& observed) {
  const api::TaskObject& task = observed.task;
  const View view{.observed = observed,
                  .is_valid = task.parsed->ok(),
                  // A pause keeps a tracker that runs.
                  .is_suspended = task.is_suspended && (!task.is_paused || has_stopped(observed)),
                  .recorded_precheck = task.parsed->ok() ? record_precheck(observed)
                                                         : task.status.value("precheck", json(nullptr))};

  auto [is_let_in, whitelist] = whitelist_ready(observed, view.recorded_precheck);
  const Condition is_accepted = accepted(view);
  const Condition precheck = precheck_passed(view);
  const Condition available = task.is_stream ? sidecars_available(observed) : tracker_condition(view);
  const Condition stream =
      task.is_stream ? sidecars_streaming(observed, available) : streaming(view, available);
  std::vector<Condition> conditions{is_accepted, std::move(is_let_in),
                                    precheck,    available,
                                    stream,      ready(view, is_accepted, precheck, stream)};
  if (std::optional<Condition> paused = paused_condition(task)) conditions.push_back(*std::move(paused));
  if (std::optional<Condition> lag = lag_condition(view, available.status == ConditionStatus::True)) {
    conditions.push_back(*std::move(lag));
  }

  json status = {
      {"observedGeneration", task.generation},
      {"phase", phase_of(view, conditions)},
      {"conditions", api::merge_conditions(task.status.value("conditions", json(nullptr)), conditions,
                                           task.generation, api::format_time(observed.now_ms))},
      {"whitelist", std::move(whitelist)}};
  if (task.is_stream) {
    add_sidecars(status, observed);
  } else {
    status["restarts"] = restarts_of(observed.pod);
  }
  if (task.parsed->ok() && !task.is_stream) status["serverId"] = task::effective_server_id(task.parsed->task);
  if (view.recorded_precheck.is_object()) status["precheck"] = view.recorded_precheck;
  if (json progress = progress_of(observed, available.status == ConditionStatus::True); progress.is_object())
    status["progress"] = std::move(progress);
  if (json spec = last_good_spec(observed); spec.is_object()) status["lastGoodSpec"] = std::move(spec);
  if (std::string remark = start_remark_of(observed); !remark.empty())
    status["startRemark"] = std::move(remark);
  if (observed.deployment != nullptr)
    status["trackerRef"] = {{"kind", "Deployment"}, {"name", tracker_name(task)}};
  if (observed.tracker && !observed.tracker->topics.empty()) {
    std::vector<std::string> topics = observed.tracker->topics;
    std::sort(topics.begin(), topics.end());
    if (topics.size() > task::kMostTopicsTold) topics.resize(task::kMostTopicsTold);
    status["topics"] = std::move(topics);
  } else if (task.status.contains("topics")) {
    status["topics"] = task.status.at("topics");
  }
  keep_verified_time(status, task.status);
  return status;
}

}  // namespace rowtide::op::tasks
