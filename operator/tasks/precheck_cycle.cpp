#include "operator/tasks/precheck_cycle.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "operator/api/conditions.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/desired.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{10'000};
constexpr milliseconds kMaxPause{300'000};
constexpr milliseconds kPodNewsDeadline{10'000};

std::string annotation(const json& object, const char* name) {
  const json& annotations = kube::value_at(object, "/metadata/annotations");
  return annotations.is_object() ? annotations.value(name, "") : "";
}

int to_int(const std::string& text, int fallback) {
  int value = fallback;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The Job's condition of that type that is True; null otherwise.
const json& true_condition(const json& job, std::string_view type) {
  const json& condition = api::find_condition(kube::value_at(job, "/status/conditions"), type);
  static const json kNull;
  return condition.is_object() && condition.value("status", "") == "True" ? condition : kNull;
}

/// What the pod's only container left behind when it ended.
const json& terminated(const json* pod) {
  static const json kNull;
  return pod == nullptr ? kNull : kube::value_at(*pod, "/status/containerStatuses/0/state/terminated");
}

/// Why a pod does not start, if it does not.
std::string waiting_reason(const json* pod) {
  if (pod == nullptr) return "";
  const json& waiting = kube::value_at(*pod, "/status/containerStatuses/0/state/waiting");
  if (!waiting.is_object() || waiting.value("reason", "") == "ContainerCreating") return "";
  return waiting.value("reason", "") + ": " + waiting.value("message", "");
}

bool belongs_to_spec(const api::TaskObject& task, const json& job) {
  return annotation(job, kPrecheckHash) == task.precheck_hash &&
         annotation(job, kRunNonce) == std::to_string(task.parsed.task.spec.precheck.run_nonce);
}

void decide_retry(PrecheckDecision& decision, bool has_job, std::int64_t now_ms) {
  const milliseconds waited{now_ms - decision.finished_at_ms};
  const milliseconds pause = precheck_pause(decision.attempt);
  if (waited < pause) {
    decision.look_again_after = pause - waited;
  } else if (has_job) {
    decision.action = PrecheckAction::DeleteJob;
  } else {
    decision.action = PrecheckAction::CreateJob;
    ++decision.attempt;
  }
}

PrecheckDecision decide_with_job(const json& job, const json* pod, std::int64_t now_ms) {
  PrecheckDecision decision;
  decision.attempt = to_int(annotation(job, kAttempt), 1);
  const json& complete = true_condition(job, "Complete");
  const json& failed = true_condition(job, "Failed");
  if (complete.is_null() && failed.is_null()) {
    decision.verdict = PrecheckVerdict::Running;
    decision.job_failure = waiting_reason(pod);
    return decision;
  }

  const json& condition = complete.is_null() ? failed : complete;
  decision.finished_at_ms = api::parse_time(condition.value("lastTransitionTime", ""));
  const json& end = terminated(pod);
  if (end.is_null() && now_ms - decision.finished_at_ms < kPodNewsDeadline.count()) {
    // The pod's end is told on another watch, and may come later than the Job's.
    decision.verdict = PrecheckVerdict::Running;
    decision.look_again_after = milliseconds{500};
    return decision;
  }
  if (end.is_object()) {
    auto report = task::precheck_report_from_json(end.value("message", ""));
    if (report.ok()) decision.report = *std::move(report);
  }
  if (decision.report && decision.report->passed()) {
    decision.verdict = PrecheckVerdict::Passed;
    return decision;
  }
  decision.verdict = PrecheckVerdict::Failed;
  if (!decision.report) {
    decision.job_failure =
        failed.is_object() ? failed.value("message", "it failed") : "it ended without a report";
    if (end.is_object() && !end.value("message", "").empty()) decision.job_failure = end.value("message", "");
  }
  decide_retry(decision, true, now_ms);
  return decision;
}

/// Without a Job the status remembers: it was collected, or the operator is new.
PrecheckDecision decide_from_status(const api::TaskObject& task, std::int64_t now_ms) {
  PrecheckDecision decision;
  const json& recorded = kube::value_at(task.status, "/precheck");
  const bool is_ours =
      recorded.is_object() && recorded.value("specHash", "") == task.precheck_hash &&
      recorded.value("runNonce", std::int64_t{-1}) == task.parsed.task.spec.precheck.run_nonce;
  if (!is_ours) {
    decision.action = PrecheckAction::CreateJob;
    return decision;
  }
  decision.attempt = recorded.value("attempts", 1);
  decision.finished_at_ms = api::parse_time(recorded.value("completionTime", ""));
  if (recorded.value("result", "") == "Passed") {
    decision.verdict = PrecheckVerdict::Passed;
    return decision;
  }
  decision.verdict = PrecheckVerdict::Failed;
  decide_retry(decision, false, now_ms);
  return decision;
}

}  // namespace

milliseconds precheck_pause(int attempt) {
  milliseconds pause = kFirstPause;
  for (int i = 1; i < attempt && pause < kMaxPause; ++i) pause *= 2;
  return std::min(pause, kMaxPause);
}

PrecheckDecision decide_precheck(const api::TaskObject& task, const json* job, const json* pod,
                                 std::int64_t now_ms) {
  if (job == nullptr) return decide_from_status(task, now_ms);
  if (!kube::value_at(*job, "/metadata/deletionTimestamp").is_null()) {
    // On its way out: what it found is recorded; the next one needs its name.
    PrecheckDecision decision = decide_from_status(task, now_ms);
    decision.action = PrecheckAction::None;
    decision.look_again_after = milliseconds{500};
    return decision;
  }
  if (!belongs_to_spec(task, *job)) {
    return {.verdict = PrecheckVerdict::Pending,
            .action = PrecheckAction::DeleteJob,
            .attempt = 1,
            .report = std::nullopt,
            .finished_at_ms = 0,
            .job_failure = {},
            .look_again_after = std::nullopt};
  }
  return decide_with_job(*job, pod, now_ms);
}

}  // namespace rowtide::op::tasks
