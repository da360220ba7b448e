#include "operator/tasks/status.h"

#include <gtest/gtest.h>

#include "operator/api/conditions.h"
#include "operator/tasks/tracker_state.h"
#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

task::CheckItem item(const char* name, task::CheckResult result, const char* reason = "",
                     const char* message = "", const char* repair = "") {
  return {.name = name,
          .result = result,
          .reason = reason,
          .observed = {},
          .expected = {},
          .message = message,
          .repair = repair};
}

PrecheckDecision precheck(std::vector<task::CheckItem> items) {
  PrecheckDecision decision;
  decision.report = task::PrecheckReport{.task = "shop/orders",
                                         .client_address = "10.231.0.7",
                                         .completed_at_ms = kNowMs,
                                         .items = std::move(items)};
  decision.verdict = decision.report->passed() ? PrecheckVerdict::Passed : PrecheckVerdict::Failed;
  decision.finished_at_ms = kNowMs;
  return decision;
}

PrecheckDecision passed() {
  return precheck({item("SourceReachable", task::CheckResult::Passed),
                   item("BinlogEnabled", task::CheckResult::Passed),
                   item("BinlogRowMetadata", task::CheckResult::Warning)});
}

json pod(const json& state, int restarts = 0) {
  return {{"metadata", {{"name", "p"}}},
          {"status",
           {{"containerStatuses",
             json::array({{{"state", state}, {"restartCount", restarts}, {"image", "rowtide:dev"}}})}}}};
}
const json kRunning = {{"running", json::object()}};

task::TrackerStatus tracker(const char* state) {
  task::TrackerStatus status;
  status.task_uid = "u-1";
  status.state = state;
  status.lag_seconds = 0.04;
  status.rows_per_second = 12.3;
  status.topics = {"shop.orders"};
  return status;
}

/// "True SpecValid"
std::string condition(const json& status, const char* type) {
  const json& found = api::find_condition(status.at("conditions"), type);
  return found.at("status").get<std::string>() + " " + found.at("reason").get<std::string>();
}
std::string message(const json& status, const char* type) {
  return api::find_condition(status.at("conditions"), type).at("message");
}

TEST(Status, AllConditionsAreThereFromTheFirstWrite) {
  const api::TaskObject task = test_task();
  const PrecheckDecision pending;
  const json status = compute_status({.task = task, .precheck = pending, .tracker = {}, .now_ms = kNowMs});
  EXPECT_EQ(status.at("phase"), "Prechecking");
  EXPECT_EQ(condition(status, "Accepted"), "True SpecValid");
  EXPECT_EQ(condition(status, "PrecheckPassed"), "Unknown PrecheckRunning");
  EXPECT_EQ(condition(status, "WhitelistReady"), "Unknown NotChecked");
  EXPECT_EQ(condition(status, "TrackerAvailable"), "False NotStarted");
  EXPECT_EQ(condition(status, "Streaming"), "False NotStarted");
  EXPECT_EQ(condition(status, "Ready"), "False Prechecking");
  EXPECT_EQ(status.at("observedGeneration"), 3);
}

TEST(Status, AFailedCheckIsToldWithItsRepair) {
  const api::TaskObject task = test_task();
  const PrecheckDecision failed = precheck({item("SourceReachable", task::CheckResult::Passed),
                                            item("BinlogEnabled", task::CheckResult::Failed, "BinlogDisabled",
                                                 "log_bin is OFF", "log_bin=mysql-bin"),
                                            item("BinlogFormat", task::CheckResult::Skipped)});
  const json status = compute_status({.task = task, .precheck = failed, .tracker = {}, .now_ms = kNowMs});
  EXPECT_EQ(status.at("phase"), "PrecheckFailed");
  EXPECT_EQ(condition(status, "PrecheckPassed"), "False ChecksFailed");
  EXPECT_EQ(message(status, "PrecheckPassed"),
            "BinlogEnabled (BinlogDisabled): log_bin is OFF Repair: log_bin=mysql-bin");
  EXPECT_EQ(condition(status, "WhitelistReady"), "True SourceReached");
  EXPECT_EQ(condition(status, "Ready"), "False ChecksFailed");
  EXPECT_EQ(status.at("precheck").at("summary"), "1/2");
  EXPECT_EQ(status.at("precheck").at("items").at(1).at("repair"), "log_bin=mysql-bin");
}

TEST(Status, ARefusedHostIsTheWhitelists) {
  const api::TaskObject task = test_task();
  const PrecheckDecision failed =
      precheck({item("SourceReachable", task::CheckResult::Failed, "HostNotPrivileged",
                     "host 10.231.0.7 is not allowed", "let 10.231.0.7 in")});
  const json status = compute_status({.task = task, .precheck = failed, .tracker = {}, .now_ms = kNowMs});
  EXPECT_EQ(condition(status, "WhitelistReady"), "False HostNotPrivileged");
  EXPECT_EQ(status.at("whitelist").at("state"), "Blocked");
  EXPECT_EQ(status.at("whitelist").at("clientAddress"), "10.231.0.7");
}

TEST(Status, AnUnknownHostIsNotTheWhitelists) {
  const api::TaskObject task = test_task();
  const PrecheckDecision failed =
      precheck({item("SourceReachable", task::CheckResult::Failed, "UnknownHost", "no such host")});
  const json status = compute_status({.task = task, .precheck = failed, .tracker = {}, .now_ms = kNowMs});
  EXPECT_EQ(condition(status, "WhitelistReady"), "Unknown UnknownHost");
}

TEST(Status, ARepeatedPrecheckDoesNotTakeBackWhatFailedBefore) {
  const api::TaskObject before = test_task();
  const PrecheckDecision failed =
      precheck({item("BinlogEnabled", task::CheckResult::Failed, "BinlogDisabled", "off")});
  const json first = compute_status({.task = before, .precheck = failed, .tracker = {}, .now_ms = kNowMs});
  const api::TaskObject task = test_task(first);
  PrecheckDecision running;
  running.verdict = PrecheckVerdict::Running;
  const json second =
      compute_status({.task = task, .precheck = running, .tracker = {}, .now_ms = kNowMs + 20'000});
  EXPECT_EQ(second, first);
}

TEST(Status, StreamingIsReady) {
  const api::TaskObject task = test_task();
  const PrecheckDecision good = passed();
  const json deployment = tracker_deployment(task, "i");
  const json running = pod(kRunning, 2);
  const json status = compute_status({.task = task,
                                      .precheck = good,
                                      .deployment = &deployment,
                                      .pod = &running,
                                      .tracker = tracker("Streaming"),
                                      .now_ms = kNowMs});
  EXPECT_EQ(status.at("phase"), "Tracking");
  EXPECT_EQ(condition(status, "Ready"), "True Streaming");
  EXPECT_EQ(condition(status, "TrackerAvailable"), "True PodRunning");
  EXPECT_EQ(status.at("precheck").at("summary"), "3/3");
  EXPECT_EQ(status.at("restarts"), 2);
  EXPECT_EQ(status.at("progress").at("lagSeconds"), 0.0);
  EXPECT_EQ(status.at("topics").at(0), "shop.orders");
}

TEST(Status, ATrackerThatCannotStreamSaysWhy) {
  const api::TaskObject task = test_task();
  const PrecheckDecision good = passed();
  const json deployment = tracker_deployment(task, "i");
  const json running = pod(kRunning);
  task::TrackerStatus reconnecting = tracker("Reconnecting");
  reconnecting.reason = "SourceUnavailable";
  reconnecting.message = "connection refused";
  const json status = compute_status({.task = task,
                                      .precheck = good,
                                      .deployment = &deployment,
                                      .pod = &running,
                                      .tracker = reconnecting,
                                      .now_ms = kNowMs});
  EXPECT_EQ(condition(status, "Streaming"), "False SourceUnavailable");
  EXPECT_EQ(condition(status, "Ready"), "False SourceUnavailable");
  EXPECT_EQ(message(status, "Ready"), "connection refused");
}

TEST(Status, SuspendedWinsFromAnyState) {
  json object = task_json();
  object["spec"]["suspend"] = true;
  const api::TaskObject task = api::read_task_object(object);
  const PrecheckDecision good = passed();
  const json deployment = tracker_deployment(task, "i");
  const json status = compute_status(
      {.task = task, .precheck = good, .deployment = &deployment, .tracker = {}, .now_ms = kNowMs});
  EXPECT_EQ(status.at("phase"), "Suspended");
  EXPECT_EQ(condition(status, "Ready"), "False Suspended");
  EXPECT_EQ(condition(status, "PrecheckPassed"), "True ChecksPassed");
}

TEST(Status, AnInvalidSpecLeavesTheRunningTrackerReady) {
  json object = task_json();
  object["spec"]["objects"]["include"][0] = {{"databasePattern", "a["}};
  const api::TaskObject task = api::read_task_object(object);
  const PrecheckDecision none;
  const json deployment = tracker_deployment(test_task(), "i");
  const json running = pod(kRunning);
  const json status = compute_status({.task = task,
                                      .precheck = none,
                                      .deployment = &deployment,
                                      .pod = &running,
                                      .tracker = tracker("Streaming"),
                                      .now_ms = kNowMs});
  EXPECT_EQ(condition(status, "Accepted"), "False InvalidSpec");
  EXPECT_NE(message(status, "Accepted").find("spec.objects.include[0].databasePattern"), std::string::npos);
  EXPECT_EQ(condition(status, "Ready"), "True Streaming");
  EXPECT_EQ(status.at("phase"), "Tracking");
}

TEST(Status, ProgressIsTakenOverUntilItIsOldEnough) {
  const api::TaskObject before = test_task();
  const PrecheckDecision good = passed();
  const json deployment = tracker_deployment(before, "i");
  const json running = pod(kRunning);
  const auto at = [&](const api::TaskObject& task, std::int64_t now, double rate) {
    task::TrackerStatus status = tracker("Streaming");
    status.rows_per_second = rate;
    return compute_status({.task = task,
                           .precheck = good,
                           .deployment = &deployment,
                           .pod = &running,
                           .tracker = status,
                           .now_ms = now});
  };
  const json first = at(before, kNowMs, 10);
  const api::TaskObject task = test_task(first);
  EXPECT_EQ(at(task, kNowMs + 10'000, 500), first) << "an idle look must not be a write";
  EXPECT_EQ(at(task, kNowMs + 30'000, 500).at("progress").at("rowsPerSecond"), 500.0);
}

struct PodCase {
  json pod;
  const char* expected;
};

TEST(TrackerState, WhatKeepsThePodFromRunning) {
  const json deployment = json::object();
  const std::vector<PodCase> cases{
      {pod({{"waiting", {{"reason", "ContainerCreating"}}}}), "PodStarting"},
      {pod({{"waiting", {{"reason", "ImagePullBackOff"}}}}), "ImagePullFailed"},
      {pod({{"waiting", {{"reason", "CreateContainerConfigError"}, {"message", "m"}}}}),
       "ContainerNotCreated"},
      {pod({{"waiting", {{"reason", "CrashLoopBackOff"}}}}), "CrashLooping"},
      {pod({{"terminated", {{"exitCode", 1}, {"message", "BinlogDamaged: x"}}}}), "TrackerFailed"},
      {pod({{"terminated", {{"exitCode", 137}, {"reason", "OOMKilled"}}}}), "OutOfMemory"},
      {json::parse(
           R"({"status":{"conditions":[{"type":"PodScheduled","status":"False","message":"no node"}]}})"),
       "Unschedulable"},
      {json::parse(R"({"status":{}})"), "PodStarting"},
  };
  for (const PodCase& one : cases) {
    const api::Condition available = tracker_available(&deployment, &one.pod);
    EXPECT_EQ(available.status, api::ConditionStatus::False);
    EXPECT_EQ(available.reason, one.expected) << one.pod;
  }
}

TEST(TrackerState, ACrashLoopTellsTheTrackersLastWords) {
  json looping = pod({{"waiting", {{"reason", "CrashLoopBackOff"}}}});
  looping["status"]["containerStatuses"][0]["lastState"] = {
      {"terminated", {{"exitCode", 1}, {"message", "SourceUnsuitable: table shop.t\n"}}}};
  const json deployment = json::object();
  EXPECT_EQ(tracker_available(&deployment, &looping).message, "SourceUnsuitable: table shop.t");
}

}  // namespace
}  // namespace rowtide::op::tasks
