#include "operator/tasks/precheck_cycle.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "operator/api/conditions.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/desired.h"
#include "operator/tasks/job_state.h"
#include "operator/tasks/pod_state.h"

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

/// What our container left behind when it ended.
const json& terminated(const json* pod) {
  static const json kNull;
  return pod == nullptr ? kNull
                        : kube::value_at(container_status(*pod, kPrecheckContainer), "/state/terminated");
}

/// Why a pod does not start, if it does not.
std::string obstacle_of(const json* pod) {
  if (pod == nullptr) return "";
  const std::optional<Obstacle> obstacle = start_obstacle(*pod, kPrecheckContainer);
  return !obstacle || obstacle->reason == "PodStarting" ? "" : obstacle->reason + ": " + obstacle->message;
}

/// What kept the run from starting, as last told: the Job's deadline takes the pod away that knew it.
std::string told_obstacle(const api::TaskObject& task) {
  const json& told = api::find_condition(kube::value_at(task.status, "/conditions"), "PrecheckPassed");
  return kube::text_at(told, "/reason") == "PrecheckNotStarting" ? kube::text_at(told, "/message") : "";
}

bool belongs_to_spec(const api::TaskObject& task, const json& job) {
  return annotation(job, kPrecheckHash) == task.precheck_hash &&
         annotation(job, kRunNonce) == std::to_string(task.parsed->task.spec.precheck.run_nonce);
}

/// An end in the future is of another clock, or of this one before it was set back: it says nothing.
void decide_retry(PrecheckDecision& decision, bool has_job, std::int64_t ended_ms, std::int64_t now_ms) {
  const milliseconds waited{now_ms - ended_ms};
  const milliseconds pause = precheck_pause(decision.attempt);
  if (waited >= milliseconds{0} && waited < pause) {
    decision.look_again_after = pause - waited;
  } else if (has_job) {
    decision.action = PrecheckAction::DeleteJob;
  } else {
    decision.action = PrecheckAction::CreateJob;
    ++decision.attempt;
  }
}

/// status.precheck, if it is of this spec and nonce; else null.
const json& recorded_result(const api::TaskObject& task) {
  static const json kNull;
  const json& recorded = kube::value_at(task.status, "/precheck");
  const bool is_ours =
      recorded.is_object() && recorded.value("specHash", "") == task.precheck_hash &&
      recorded.value("runNonce", std::int64_t{-1}) == task.parsed->task.spec.precheck.run_nonce;
  return is_ours ? recorded : kNull;
}

std::string pod_hash_of_today(const api::TaskObject& task, const PrecheckRun& run) {
  return precheck_pod_hash(task, std::string(run.default_image));
}

/// Pods of older operators carry no hash: they are taken for today's.
bool is_other_pod(const std::string& hash, const api::TaskObject& task, const PrecheckRun& run) {
  return !hash.empty() && hash != pod_hash_of_today(task, run);
}

PrecheckDecision with_action(PrecheckAction action) {
  PrecheckDecision decision;
  decision.action = action;
  return decision;
}

/// A kubelet may mount a ConfigMap as it was before: what was checked then is not what is to be checked.
bool is_of_another_document(const task::PrecheckReport& report, const api::TaskObject& task) {
  return !report.document_hash.empty() && report.document_hash != task.precheck_hash;
}

/// The end of a run that left no report: the pod is gone, or never ran.
void decide_without_report(PrecheckDecision& decision, const api::TaskObject& task, const json& job,
                           const json* pod) {
  const json& recorded = recorded_result(task);
  const bool is_recorded = recorded.is_object() && recorded.value("attempts", 1) >= decision.attempt;
  if (recorded.is_object() && recorded.value("result", "") == "Passed") {
    decision.verdict = PrecheckVerdict::Passed;
    return;
  }
  decision.verdict = PrecheckVerdict::Failed;
  if (is_recorded) return;
  const json& failed = end_condition(job);
  decision.job_failure =
      !is_complete(failed) ? failed.value("message", "it failed") : "it ended without a report";
  if (kube::text_at(failed, "/reason") == "DeadlineExceeded") {
    decision.job_failure +=
        "; if its image is pulled slowly, bring it to the nodes; else see what the pod waited for "
        "with kubectl get events, by the name of the Job";
  }
  if (std::string obstacle = told_obstacle(task); !obstacle.empty())
    decision.job_failure = std::move(obstacle);
  std::string words = kube::text_at(terminated(pod), "/message");
  if (words.empty() && pod != nullptr) words = why_ended(*pod);
  if (!words.empty()) decision.job_failure = std::move(words);
}

PrecheckDecision decide_finished(const api::TaskObject& task, const PrecheckRun& run, std::int64_t now_ms) {
  PrecheckDecision decision;
  decision.attempt = to_int(annotation(*run.job, kAttempt), 1);
  decision.finished_at_ms = api::parse_time(kube::text_at(end_condition(*run.job), "/lastTransitionTime"));
  // By our own clock as far as it was seen: the server's may be ahead or behind.
  const std::int64_t seen_ms = run.end_seen_ms == 0 ? now_ms : run.end_seen_ms;
  const std::int64_t waited = now_ms - seen_ms;
  decision.finished_at_ms = std::min(decision.finished_at_ms, seen_ms);
  decision.pod_hash = annotation(*run.job, kPodHash);
  if (decision.pod_hash.empty()) decision.pod_hash = pod_hash_of_today(task, run);
  const json& end = terminated(run.pod);
  if (end.is_null() && recorded_result(task).is_null() && waited < kPodNewsDeadline.count()) {
    // The pod's end is told on another watch, and may come later than the Job's.
    decision.verdict = PrecheckVerdict::Running;
    decision.look_again_after = milliseconds{500};
    return decision;
  }
  auto report = task::precheck_report_from_json(kube::text_at(end, "/message"));
  if (report.ok()) decision.report = *std::move(report);
  if (decision.report && is_of_another_document(*decision.report, task)) {
    return with_action(PrecheckAction::DeleteJob);
  }
  if (!decision.report) {
    decide_without_report(decision, task, *run.job, run.pod);
  } else {
    decision.verdict = decision.report->passed() ? PrecheckVerdict::Passed : PrecheckVerdict::Failed;
  }
  if (decision.verdict == PrecheckVerdict::Passed) return decision;
  if (is_other_pod(annotation(*run.job, kPodHash), task, run)) return with_action(PrecheckAction::DeleteJob);
  decide_retry(decision, true, run.end_seen_ms == 0 ? decision.finished_at_ms : seen_ms, now_ms);
  return decision;
}

PrecheckDecision decide_with_job(const api::TaskObject& task, const PrecheckRun& run, std::int64_t now_ms) {
  if (is_finished(*run.job)) return decide_finished(task, run, now_ms);
  if (is_other_pod(annotation(*run.job, kPodHash), task, run)) return with_action(PrecheckAction::DeleteJob);
  PrecheckDecision decision;
  decision.verdict = PrecheckVerdict::Running;
  decision.attempt = to_int(annotation(*run.job, kAttempt), 1);
  decision.job_failure = obstacle_of(run.pod);
  return decision;
}

/// Without a Job the status remembers: it was collected, or the operator is new.
PrecheckDecision decide_from_status(const api::TaskObject& task, const PrecheckRun& run,
                                    std::int64_t now_ms) {
  const json& recorded = recorded_result(task);
  const bool passed = recorded.is_object() && recorded.value("result", "") == "Passed";
  if (recorded.is_null() || (!passed && is_other_pod(recorded.value("podHash", ""), task, run))) {
    return with_action(PrecheckAction::CreateJob);
  }
  PrecheckDecision decision;
  decision.attempt = recorded.value("attempts", 1);
  decision.finished_at_ms = api::parse_time(recorded.value("completionTime", ""));
  decision.verdict = passed ? PrecheckVerdict::Passed : PrecheckVerdict::Failed;
  if (!passed) decide_retry(decision, false, decision.finished_at_ms, now_ms);
  return decision;
}

}  // namespace

milliseconds precheck_pause(int attempt) {
  milliseconds pause = kFirstPause;
  for (int i = 1; i < attempt && pause < kMaxPause; ++i) pause *= 2;
  return std::min(pause, kMaxPause);
}

bool is_finished(const json& job) {
  return end_condition(job).is_object();
}

PrecheckDecision decide_precheck(const api::TaskObject& task, const PrecheckRun& run, std::int64_t now_ms) {
  if (run.job == nullptr) return decide_from_status(task, run, now_ms);
  if (!kube::value_at(*run.job, "/metadata/deletionTimestamp").is_null()) {
    // On its way out: what it found is recorded; the next one needs its name.
    PrecheckDecision decision = decide_from_status(task, run, now_ms);
    decision.action = PrecheckAction::None;
    decision.look_again_after = milliseconds{500};
    return decision;
  }
  if (!belongs_to_spec(task, *run.job)) return with_action(PrecheckAction::DeleteJob);
  return decide_with_job(task, run, now_ms);
}

}  // namespace rowtide::op::tasks
