#include "operator/tasks/precheck_cycle.h"

#include <gtest/gtest.h>

#include "operator/api/conditions.h"
#include "operator/tasks/pod_state.h"
#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

json job(const api::TaskObject& task, const char* condition, std::int64_t at_ms, int attempt = 1) {
  json object = precheck_job(task, "image", attempt);
  object["metadata"]["uid"] = "job-1";
  if (condition != nullptr) {
    object["status"]["conditions"] = json::array({{{"type", condition},
                                                   {"status", "True"},
                                                   {"lastTransitionTime", api::format_time(at_ms)},
                                                   {"message", "m"}}});
  }
  return object;
}

json pod(const std::string& message) {
  return {{"status",
           {{"containerStatuses",
             json::array({{{"name", "precheck"},
                           {"state", {{"terminated", {{"exitCode", 1}, {"message", message}}}}}}})}}}};
}

std::string report(task::CheckResult result) {
  task::PrecheckReport report{.task = "shop/orders",
                              .document_hash = {},
                              .client_address = "10.0.0.9",
                              .completed_at_ms = 1,
                              .items = {}};
  report.items.push_back({.name = "BinlogEnabled",
                          .result = result,
                          .reason = {},
                          .observed = {},
                          .expected = {},
                          .message = {},
                          .repair = {}});
  return task::to_json(report, false);
}

json recorded(const api::TaskObject& task, const char* result, std::int64_t at_ms, int attempts = 1) {
  return {{"precheck",
           {{"result", result},
            {"specHash", task.precheck_hash},
            {"runNonce", 0},
            {"attempts", attempts},
            {"completionTime", api::format_time(at_ms)}}}};
}

constexpr const char* kImage = "image";

PrecheckDecision decide(const api::TaskObject& task, const json* job, const json* pod, std::int64_t now_ms,
                        std::int64_t end_seen_ms = 0) {
  return decide_precheck(task, {.job = job, .pod = pod, .default_image = kImage, .end_seen_ms = end_seen_ms},
                         now_ms);
}

TEST(PrecheckCycle, ANewTaskGetsAJob) {
  const PrecheckDecision decision = decide(test_task(), nullptr, nullptr, kNowMs);
  EXPECT_EQ(decision.action, PrecheckAction::CreateJob);
  EXPECT_EQ(decision.verdict, PrecheckVerdict::Pending);
  EXPECT_EQ(decision.attempt, 1);
}

TEST(PrecheckCycle, ARunningJobIsLeftAlone) {
  const api::TaskObject task = test_task();
  const json running = job(task, nullptr, 0);
  const PrecheckDecision decision = decide(task, &running, nullptr, kNowMs);
  EXPECT_EQ(decision.action, PrecheckAction::None);
  EXPECT_EQ(decision.verdict, PrecheckVerdict::Running);
}

TEST(PrecheckCycle, AJobThatCannotStartSaysWhy) {
  const api::TaskObject task = test_task();
  const json running = job(task, nullptr, 0);
  const json waiting = {
      {"status",
       {{"containerStatuses",
         json::array({{{"name", "precheck"},
                       {"image", "i:1"},
                       {"state", {{"waiting", {{"reason", "ErrImagePull"}, {"message", "no"}}}}}}})}}}};
  EXPECT_EQ(decide(task, &running, &waiting, kNowMs).job_failure,
            "ImagePullFailed: image i:1 cannot be pulled; correct spec.tracker.image or imagePullSecrets");
}

TEST(PrecheckCycle, APassedJobPasses) {
  const api::TaskObject task = test_task();
  const json done = job(task, "Complete", kNowMs - 1000);
  const json end = pod(report(task::CheckResult::Passed));
  const PrecheckDecision decision = decide(task, &done, &end, kNowMs);
  EXPECT_EQ(decision.verdict, PrecheckVerdict::Passed);
  EXPECT_EQ(decision.action, PrecheckAction::None);
  ASSERT_TRUE(decision.report);
  EXPECT_EQ(decision.report->client_address, "10.0.0.9");
}

TEST(PrecheckCycle, APassedJobThatIsCollectedStaysPassed) {
  const api::TaskObject fresh = test_task();
  const api::TaskObject task = test_task(recorded(fresh, "Passed", kNowMs - 3'600'000));
  const PrecheckDecision decision = decide(task, nullptr, nullptr, kNowMs);
  EXPECT_EQ(decision.verdict, PrecheckVerdict::Passed);
  EXPECT_EQ(decision.action, PrecheckAction::None);
}

TEST(PrecheckCycle, AFailedJobIsRepeatedAfterItsPause) {
  const api::TaskObject task = test_task();
  const json failed = job(task, "Failed", kNowMs);
  const json end = pod(report(task::CheckResult::Failed));
  const PrecheckDecision early = decide(task, &failed, &end, kNowMs + 4'000);
  EXPECT_EQ(early.verdict, PrecheckVerdict::Failed);
  EXPECT_EQ(early.action, PrecheckAction::None);
  EXPECT_EQ(early.look_again_after, milliseconds(6'000));
  EXPECT_EQ(decide(task, &failed, &end, kNowMs + 10'000).action, PrecheckAction::DeleteJob);
}

TEST(PrecheckCycle, TheNextAttemptCountsUp) {
  const api::TaskObject fresh = test_task();
  const api::TaskObject task = test_task(recorded(fresh, "Failed", kNowMs - 60'000, 2));
  const PrecheckDecision decision = decide(task, nullptr, nullptr, kNowMs);
  EXPECT_EQ(decision.action, PrecheckAction::CreateJob);
  EXPECT_EQ(decision.attempt, 3);
}

TEST(PrecheckCycle, ADeletedJobIsWaitedFor) {
  const api::TaskObject fresh = test_task();
  const api::TaskObject task = test_task(recorded(fresh, "Failed", kNowMs - 60'000));
  json leaving = job(task, "Failed", kNowMs - 60'000);
  leaving["metadata"]["deletionTimestamp"] = "2026-02-01T00:00:00Z";
  const PrecheckDecision decision = decide(task, &leaving, nullptr, kNowMs);
  EXPECT_EQ(decision.action, PrecheckAction::None);
  EXPECT_EQ(decision.verdict, PrecheckVerdict::Failed) << "what was found stays until something else is";
  EXPECT_TRUE(decision.look_again_after);
}

TEST(PrecheckCycle, AJobOfAnotherSpecOrNonceIsRemoved) {
  const api::TaskObject old_task = test_task();
  const json old_job = job(old_task, "Complete", kNowMs);
  json changed = task_json();
  changed["spec"]["source"]["host"] = "other";
  EXPECT_EQ(decide(api::read_task_object(changed), &old_job, nullptr, kNowMs).action,
            PrecheckAction::DeleteJob);
  json again = task_json();
  again["spec"]["precheck"]["runNonce"] = 1;
  EXPECT_EQ(decide(api::read_task_object(again), &old_job, nullptr, kNowMs).action,
            PrecheckAction::DeleteJob);
}

TEST(PrecheckCycle, TheOutcomeOfAnotherSpecDoesNotCount) {
  const api::TaskObject old_task = test_task();
  json changed = task_json(recorded(old_task, "Passed", kNowMs));
  changed["spec"]["source"]["host"] = "other";
  const PrecheckDecision decision = decide(api::read_task_object(changed), nullptr, nullptr, kNowMs);
  EXPECT_EQ(decision.verdict, PrecheckVerdict::Pending);
  EXPECT_EQ(decision.action, PrecheckAction::CreateJob);
}

TEST(PrecheckCycle, ThePodsEndMayComeAfterTheJobs) {
  const api::TaskObject task = test_task();
  const json done = job(task, "Complete", kNowMs);
  EXPECT_EQ(decide(task, &done, nullptr, kNowMs + 1'000, kNowMs).verdict, PrecheckVerdict::Running);
  EXPECT_EQ(decide(task, &done, nullptr, kNowMs + 60'000, kNowMs).verdict, PrecheckVerdict::Failed);
}

TEST(PrecheckCycle, ThePodsEndIsWaitedForByOurOwnClock) {
  const api::TaskObject task = test_task();
  const json done = job(task, "Complete", kNowMs - 60'000);  // the server's clock is a minute behind
  EXPECT_EQ(decide(task, &done, nullptr, kNowMs + 1'000, kNowMs).verdict, PrecheckVerdict::Running);
}

TEST(PrecheckCycle, PausesAreMeasuredByOurOwnClock) {
  const api::TaskObject task = test_task();
  const json end = pod(report(task::CheckResult::Failed));
  for (const std::int64_t skew_ms : {-300'000, 300'000}) {
    const json done = job(task, "Failed", kNowMs + skew_ms);
    const PrecheckDecision early = decide(task, &done, &end, kNowMs + 4'000, kNowMs);
    EXPECT_EQ(early.action, PrecheckAction::None) << skew_ms;
    EXPECT_EQ(early.look_again_after, milliseconds{6'000}) << skew_ms;
    EXPECT_LE(early.finished_at_ms, kNowMs) << "what is recorded is not in our future";
    EXPECT_EQ(decide(task, &done, &end, kNowMs + 10'000, kNowMs).action, PrecheckAction::DeleteJob)
        << skew_ms;
  }
  const api::TaskObject future = test_task(recorded(task, "Failed", kNowMs + 300'000));
  EXPECT_EQ(decide(future, nullptr, nullptr, kNowMs).action, PrecheckAction::CreateJob);
}

TEST(PrecheckCycle, APassedResultOutlivesItsPod) {
  const api::TaskObject task = test_task(recorded(test_task(), "Passed", kNowMs));
  const json done = job(task, "Complete", kNowMs);
  const PrecheckDecision decision = decide(task, &done, nullptr, kNowMs + 60'000, kNowMs);
  EXPECT_EQ(decision.verdict, PrecheckVerdict::Passed);
  EXPECT_EQ(decision.action, PrecheckAction::None);
}

TEST(PrecheckCycle, AFailedResultOutlivesItsPod) {
  const api::TaskObject task = test_task(recorded(test_task(), "Failed", kNowMs));
  const json done = job(task, "Failed", kNowMs);
  const PrecheckDecision decision = decide(task, &done, nullptr, kNowMs + 1'000, kNowMs);
  EXPECT_EQ(decision.verdict, PrecheckVerdict::Failed);
  EXPECT_EQ(decision.job_failure, "") << "what the checks said stays";
}

TEST(PrecheckCycle, AContainerThatIsNotOursIsNotRead) {
  const api::TaskObject task = test_task();
  const json done = job(task, "Complete", kNowMs);
  json end = pod(report(task::CheckResult::Passed));
  json& containers = end["status"]["containerStatuses"];
  containers.insert(containers.begin(),
                    json::parse(R"({"name": "istio-proxy", "state": {"terminated": {"exitCode": 0}}})"));
  EXPECT_EQ(decide(task, &done, &end, kNowMs).verdict, PrecheckVerdict::Passed);
}

TEST(PrecheckCycle, APodThatNoNodeTakesSaysSo) {
  const api::TaskObject task = test_task();
  const json running = job(task, nullptr, 0);
  const json unscheduled = json::parse(R"({"status": {"conditions": [
    {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}]}})");
  EXPECT_EQ(decide(task, &running, &unscheduled, kNowMs).job_failure,
            "Unschedulable: 0/1 nodes are available");
}

TEST(PodState, ARefusedPodIsToldWithoutItsRandomName) {
  const auto event = [](const char* reason, const char* note) {
    return json{{"reason", reason}, {"note", note}};
  };
  EXPECT_EQ(
      pod_refusal({event("SuccessfulCreate", "Created pod"),
                   event("FailedCreate", "Error creating: pods \"a-x7\" is forbidden: exceeded quota: q")}),
      "PodRefused: exceeded quota: q");
  EXPECT_EQ(pod_refusal({}), "");
}

TEST(PrecheckCycle, WhatKeptARunFromStartingOutlivesItsDeadline) {
  const api::TaskObject task =
      test_task({{"conditions", json::array({{{"type", "PrecheckPassed"},
                                              {"status", "Unknown"},
                                              {"reason", "PrecheckNotStarting"},
                                              {"message", "ImagePullFailed: image i:1"}}})}});
  const json late = job(task, "Failed", kNowMs);
  EXPECT_EQ(decide(task, &late, nullptr, kNowMs + 60'000, kNowMs).job_failure, "ImagePullFailed: image i:1");
}

TEST(PrecheckCycle, ARunThatEndedAtItsDeadlineSaysWhereToLook) {
  const api::TaskObject task = test_task();
  json late = job(task, "Failed", kNowMs);
  late["status"]["conditions"][0]["reason"] = "DeadlineExceeded";
  late["status"]["conditions"][0]["message"] = "Job was active longer than specified deadline";
  EXPECT_EQ(
      decide(task, &late, nullptr, kNowMs + 60'000, kNowMs).job_failure,
      "Job was active longer than specified deadline; if its image is pulled slowly, bring it to the nodes; "
      "else see what the pod waited for with kubectl get events, by the name of the Job");
}

TEST(PrecheckCycle, ACorrectedImageIsNoticedAtOnce) {
  const api::TaskObject task = test_task();
  json corrected = task_json();
  corrected["spec"]["tracker"]["image"] = "other";
  const api::TaskObject after = api::read_task_object(corrected);
  const json running = job(task, nullptr, 0);
  EXPECT_EQ(decide(after, &running, nullptr, kNowMs).action, PrecheckAction::DeleteJob);
  const json failed = job(task, "Failed", kNowMs);
  const json end = pod("exec format error");
  EXPECT_EQ(decide(after, &failed, &end, kNowMs + 1).action, PrecheckAction::DeleteJob);

  json status = recorded(task, "Failed", kNowMs);
  status["precheck"]["podHash"] = precheck_pod_hash(task, kImage);
  corrected["status"] = status;
  EXPECT_EQ(decide(api::read_task_object(corrected), nullptr, nullptr, kNowMs + 1).action,
            PrecheckAction::CreateJob);
  EXPECT_EQ(decide(test_task(status), nullptr, nullptr, kNowMs + 1).action, PrecheckAction::None);
}

TEST(PrecheckCycle, APassedRunIsNotRepeatedForAnotherImage) {
  const api::TaskObject task = test_task();
  json corrected = task_json();
  corrected["spec"]["tracker"]["image"] = "other";
  const json done = job(task, "Complete", kNowMs);
  const json end = pod(report(task::CheckResult::Passed));
  const PrecheckDecision decision = decide(api::read_task_object(corrected), &done, &end, kNowMs);
  EXPECT_EQ(decision.verdict, PrecheckVerdict::Passed);
  EXPECT_EQ(decision.pod_hash, precheck_pod_hash(task, kImage)) << "of the pod that it ran in";
}

TEST(PrecheckCycle, ARunOfAnOperatorWithoutPodHashesCountsAsOneOfToday) {
  const api::TaskObject task = test_task();
  json failed = job(task, "Failed", kNowMs);
  failed["metadata"]["annotations"].erase(kPodHash);
  const json end = pod("exec format error");
  EXPECT_EQ(decide(task, &failed, &end, kNowMs + 1).pod_hash, precheck_pod_hash(task, kImage));
}

TEST(PrecheckCycle, AReportOfAnotherDocumentDoesNotCount) {
  const api::TaskObject task = test_task();
  const json done = job(task, "Complete", kNowMs);
  task::PrecheckReport stale;
  stale.document_hash = "0123456789abcdef";
  const json end = pod(task::to_json(stale, false));
  const PrecheckDecision decision = decide(task, &done, &end, kNowMs);
  EXPECT_EQ(decision.verdict, PrecheckVerdict::Pending);
  EXPECT_EQ(decision.action, PrecheckAction::DeleteJob);
}

TEST(PrecheckCycle, AJobWithoutAReportFailsWithItsLastWords) {
  const api::TaskObject task = test_task();
  const json failed = job(task, "Failed", kNowMs);
  const json end = pod("exec format error");
  const PrecheckDecision decision = decide(task, &failed, &end, kNowMs + 1'000);
  EXPECT_EQ(decision.verdict, PrecheckVerdict::Failed);
  EXPECT_FALSE(decision.report);
  EXPECT_EQ(decision.job_failure, "exec format error");
}

TEST(PrecheckCycle, AJobWhosePodTheKubeletEndedSaysWhy) {
  const api::TaskObject task = test_task();
  const json failed = job(task, "Failed", kNowMs);
  const json evicted = {
      {"status", {{"phase", "Failed"}, {"reason", "Evicted"}, {"message", "low on memory"}}}};
  EXPECT_EQ(decide(task, &failed, &evicted, kNowMs + 60'000, kNowMs).job_failure, "Evicted: low on memory");
}

/// Since 1.31 the Job is not called Failed before its pods are gone: one on a lost node never goes.
TEST(PrecheckCycle, ARunWhoseNodeIsLostHasFailed) {
  const api::TaskObject task = test_task();
  json lost = job(task, "FailureTarget", kNowMs);
  lost["status"]["conditions"][0]["message"] = "Job has reached the specified backoff limit";
  const json leaving = json::parse(R"({"metadata": {"deletionTimestamp": "2026-02-01T00:00:00Z"},
    "status": {"phase": "Running", "containerStatuses": [{"name": "precheck", "state": {"running": {}}}]}})");
  const PrecheckDecision soon = decide(task, &lost, &leaving, kNowMs + 1'000, kNowMs);
  EXPECT_EQ(soon.verdict, PrecheckVerdict::Running) << "the pod's end may come after the Job's";
  const api::TaskObject second = test_task(recorded(task, "Failed", kNowMs, 0));
  const PrecheckDecision failed = decide(second, &lost, &leaving, kNowMs + 1'000, kNowMs);
  EXPECT_EQ(failed.verdict, PrecheckVerdict::Failed);
  EXPECT_EQ(failed.action, PrecheckAction::None);
  EXPECT_EQ(failed.job_failure, "Job has reached the specified backoff limit");
  EXPECT_EQ(failed.finished_at_ms, kNowMs);
  const PrecheckDecision later = decide(task, &lost, &leaving, kNowMs + 60'000, kNowMs);
  EXPECT_EQ(later.verdict, PrecheckVerdict::Failed);
  EXPECT_EQ(later.action, PrecheckAction::DeleteJob);
}

TEST(PrecheckCycle, PausesGrowToFiveMinutes) {
  EXPECT_EQ(precheck_pause(1), milliseconds(10'000));
  EXPECT_EQ(precheck_pause(2), milliseconds(20'000));
  EXPECT_EQ(precheck_pause(50), milliseconds(300'000));
}

}  // namespace
}  // namespace rowtide::op::tasks
