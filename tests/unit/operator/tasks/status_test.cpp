#include "operator/tasks/status.h"

#include <gtest/gtest.h>

#include "operator/api/conditions.h"
#include "operator/tasks/pod_state.h"
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
                                         .document_hash = {},
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

/// Of the newest spec's template; ready when it runs.
json pod(const json& state, int restarts = 0) {
  return {{"metadata", {{"name", "p"}, {"annotations", {{kTrackerHash, test_task().tracker_hash}}}}},
          {"status",
           {{"containerStatuses", json::array({{{"name", "tracker"},
                                                {"state", state},
                                                {"ready", state.contains("running")},
                                                {"restartCount", restarts},
                                                {"image", "rowtide:dev"}}})}}}};
}
const json kRunning = {{"running", json::object()}};

json with_sidecar(json pod) {
  json& containers = pod["status"]["containerStatuses"];
  containers.insert(containers.begin(),
                    json::parse(R"({"name": "istio-proxy", "restartCount": 9, "ready": true,
                                                        "state": {"running": {}}})"));
  return pod;
}

json not_ready(json pod) {
  pod["status"]["containerStatuses"][0]["ready"] = false;
  return pod;
}

task::TrackerStatus tracker(const char* state) {
  task::TrackerStatus status;
  status.task_uid = "u-1";
  status.state = state;
  status.lag_seconds = 0.04;
  status.rows_per_second = 12.3;
  status.file = "binlog.000003";
  status.offset = 4;
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

TEST(Status, HundredsOfFailedChecksAreToldInAMessageThatIsBounded) {
  const api::TaskObject task = test_task();
  const std::string words(200, 'm');
  std::vector<task::CheckItem> items;
  for (int i = 0; i < 500; ++i) {
    items.push_back(
        item(("Check" + std::to_string(i)).c_str(), task::CheckResult::Failed, "Bad", words.c_str(), "mend"));
  }
  const PrecheckDecision failed = precheck(std::move(items));
  const json status = compute_status({.task = task, .precheck = failed, .tracker = {}, .now_ms = kNowMs});
  for (const char* type : {"PrecheckPassed", "Ready"}) {
    const std::string told = message(status, type);
    EXPECT_LT(told.size(), 4200U);
    EXPECT_TRUE(told.starts_with("Check0 (Bad): mmm")) << told;
    EXPECT_TRUE(told.ends_with(" more failed: see status.precheck.items")) << told;
  }
}

TEST(Status, WhatHasPassedAndRunsIsRememberedAsTheLastGoodSpec) {
  const api::TaskObject task = test_task();
  const PrecheckDecision passed = precheck({item("SourceReachable", task::CheckResult::Passed)});
  const PrecheckDecision failed = precheck({item("SourceReachable", task::CheckResult::Failed)});
  const auto status_of = [&](const PrecheckDecision& decision, std::optional<Refusal> refusal = {},
                             bool is_written = true) {
    return compute_status({.task = task,
                           .precheck = decision,
                           .tracker = {},
                           .tracker_refusal = refusal,
                           .is_tracker_written = is_written,
                           .now_ms = kNowMs});
  };
  EXPECT_EQ(status_of(passed).at("lastGoodSpec"), *task.spec);
  EXPECT_FALSE(status_of(failed).contains("lastGoodSpec"));
  EXPECT_FALSE(status_of(passed, Refusal{"ChildRefused", "no"}, false).contains("lastGoodSpec"));
  EXPECT_FALSE(status_of(passed, {}, false).contains("lastGoodSpec")) << "not yet";
}

/// 1,000 tasks that stream would each be written for it.
TEST(Status, ThatTheSourceStillLetsUsInIsToldWithTheNextWriteOnly) {
  const PrecheckDecision passed = precheck({item("SourceReachable", task::CheckResult::Passed)});
  const auto look = [&](const json& before, std::int64_t verified_at_ms, const char* reason = "") {
    task::TrackerStatus answer = tracker("Streaming");
    answer.source_verified_at_ms = verified_at_ms;
    answer.source_reason = reason;
    const api::TaskObject task = test_task(before);
    return compute_status({.task = task, .precheck = passed, .tracker = answer, .now_ms = kNowMs});
  };
  const auto time = [](const json& status) { return status.at("whitelist").at("lastVerifiedTime"); };
  constexpr std::int64_t kHours = 7'200'000;
  const json before = look(look(json::object(), kNowMs), kNowMs);
  EXPECT_EQ(look(before, kNowMs + kHours), before);
  json other = before;
  other["restarts"] = 7;
  EXPECT_EQ(time(look(other, kNowMs + kHours)), api::format_time(kNowMs + kHours));
  EXPECT_EQ(time(look(before, kNowMs + kHours, "HostBlocked")), api::format_time(kNowMs + kHours));
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
                                      .is_rolled_out = true,
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
  const json running = not_ready(pod(kRunning));
  task::TrackerStatus reconnecting = tracker("Reconnecting");
  reconnecting.reason = "SourceUnavailable";
  reconnecting.message = "connection refused";
  const json status = compute_status({.task = task,
                                      .precheck = good,
                                      .deployment = &deployment,
                                      .pod = &running,
                                      .tracker = reconnecting,
                                      .is_rolled_out = true,
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

TEST(Status, AnInvalidSpecLeavesTheTrackerStreaming) {
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
                                      .is_rolled_out = true,
                                      .now_ms = kNowMs});
  EXPECT_EQ(condition(status, "Accepted"), "False InvalidSpec");
  EXPECT_NE(message(status, "Accepted").find("spec.objects.include[0].databasePattern"), std::string::npos);
  EXPECT_EQ(condition(status, "Streaming"), "True EventsFlowing");
  EXPECT_EQ(condition(status, "Ready"), "False InvalidSpec") << "Ready speaks of the newest spec";
  EXPECT_EQ(status.at("phase"), "Tracking");
}

TEST(Status, OfManyErrorsTheFirstAreTold) {
  json object = task_json();
  for (std::size_t i = 0; i < 500; ++i) object["spec"]["objects"]["include"][i] = {{"databasePattern", "a["}};
  const api::TaskObject task = api::read_task_object(object);
  const PrecheckDecision none;
  const json status = compute_status({.task = task, .precheck = none, .now_ms = kNowMs});
  EXPECT_LT(message(status, "Accepted").size(), 4'000U);
  EXPECT_NE(message(status, "Accepted").find("and 480 more"), std::string::npos)
      << message(status, "Accepted");
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
                           .is_rolled_out = true,
                           .now_ms = now});
  };
  const json first = at(before, kNowMs, 10);
  const api::TaskObject task = test_task(first);
  EXPECT_EQ(at(task, kNowMs + 10'000, 500), first) << "an idle look must not be a write";
  EXPECT_EQ(at(task, kNowMs + 30'000, 500).at("progress").at("rowsPerSecond"), 500.0);
}

/// A tracker that ran, and what becomes of it.
class StatusOfARunningTracker : public testing::Test {
 protected:
  json status(const json* pod, std::optional<task::TrackerStatus> answer, std::int64_t now_ms = kNowMs) {
    Observed observed{.task = task_, .precheck = good_};
    observed.deployment = &deployment_;
    observed.pod = pod;
    observed.tracker = std::move(answer);
    observed.is_rolled_out = is_rolled_out_;
    observed.is_silent = is_silent_;
    observed.lag_since_ms = lag_since_ms_;
    observed.tracker_refusal = tracker_refusal_;
    observed.precheck_refusal = precheck_refusal_;
    observed.now_ms = now_ms;
    return compute_status(observed);
  }

  api::TaskObject task_ = test_task();
  PrecheckDecision good_ = passed();
  json deployment_ = tracker_deployment(task_, "i");
  json running_ = pod(kRunning, 2);
  bool is_rolled_out_ = true;
  bool is_silent_ = false;
  std::int64_t lag_since_ms_ = kNowMs;
  std::optional<Refusal> tracker_refusal_;
  std::optional<Refusal> precheck_refusal_;
};

TEST_F(StatusOfARunningTracker, AnIdleTrackerIsNoWrite) {
  const json first = status(&running_, tracker("Streaming"));
  task_ = test_task(first);
  EXPECT_EQ(status(&running_, tracker("Streaming"), kNowMs + 31'000), first);
}

TEST_F(StatusOfARunningTracker, WhileItStartsItsPositionIsThatOfBefore) {
  task::TrackerStatus answer = tracker("Streaming");
  answer.lag_seconds = 2;
  const json first = status(&running_, answer);
  task_ = test_task(first);
  task::TrackerStatus starting = tracker("Starting");
  starting.file = starting.gtid_set = "";
  starting.lag_seconds.reset();
  const json begun = status(&running_, starting, kNowMs + 90'000).at("progress");
  EXPECT_EQ(begun.at("position"), first.at("progress").at("position"));
  EXPECT_FALSE(begun.contains("lagSeconds"));
}

TEST_F(StatusOfARunningTracker, ALagThatIsKnownNowIsToldAtOnce) {
  task::TrackerStatus answer = tracker("Streaming");
  answer.lag_seconds.reset();
  task_ = test_task(status(&running_, answer));
  answer.lag_seconds = 2;
  EXPECT_EQ(status(&running_, answer, kNowMs + 1'000).at("progress").at("lagSeconds"), 2.0);
}

TEST_F(StatusOfARunningTracker, WhatIsSpecialAboutItsStartStaysWhileItRuns) {
  task::TrackerStatus special = tracker("Streaming");
  special.start_remark = "Goes on elsewhere";
  task_ = test_task(status(&running_, special));
  EXPECT_EQ(task_.status.at("startRemark"), "Goes on elsewhere");
  EXPECT_EQ(status(&running_, std::nullopt).at("startRemark"), "Goes on elsewhere");
  EXPECT_FALSE(status(&running_, tracker("Streaming")).contains("startRemark"));
}

TEST_F(StatusOfARunningTracker, ASampleFromTheFutureDoesNotEndTheSampling) {
  json first = status(&running_, tracker("Streaming"));
  first["progress"]["sampledTime"] = api::format_time(kNowMs + 3'600'000);
  task_ = test_task(first);
  task::TrackerStatus faster = tracker("Streaming");
  faster.rows_per_second = 500;
  EXPECT_EQ(status(&running_, faster, kNowMs).at("progress").at("rowsPerSecond"), 500.0);
}

TEST_F(StatusOfARunningTracker, LagIsWrittenInTenths) {
  task::TrackerStatus late = tracker("Streaming");
  late.lag_seconds = 0.31;
  EXPECT_EQ(status(&running_, late).at("progress").at("lagSeconds").dump(), "0.3");
}

TEST_F(StatusOfARunningTracker, ATrackerThatIsDownShowsNoNumbers) {
  task_ = test_task(status(&running_, tracker("Streaming")));
  const json crashed = pod({{"waiting", {{"reason", "CrashLoopBackOff"}}}});
  for (const json* gone : {&crashed, static_cast<const json*>(nullptr)}) {
    const json progress = status(gone, std::nullopt).at("progress");
    EXPECT_FALSE(progress.contains("lagSeconds")) << progress;
    EXPECT_FALSE(progress.contains("rowsPerSecond")) << progress;
    EXPECT_TRUE(progress.contains("position")) << progress;
  }
}

TEST_F(StatusOfARunningTracker, OneMissedAnswerChangesNothing) {
  const json first = status(&running_, tracker("Streaming"));
  task_ = test_task(first);
  EXPECT_EQ(status(&running_, std::nullopt, kNowMs + 60'000), first);
}

TEST_F(StatusOfARunningTracker, APodThatCannotBeReachedStreamsWithoutNumbers) {
  task_ = test_task(status(&running_, tracker("Streaming")));
  is_silent_ = true;
  const json later = status(&running_, std::nullopt);
  EXPECT_EQ(condition(later, "Ready"), "True Streaming");
  EXPECT_FALSE(later.at("progress").contains("lagSeconds"));
}

TEST_F(StatusOfARunningTracker, APodThatIsNotReadyDoesNotStream) {
  const json unready = not_ready(running_);
  EXPECT_EQ(condition(status(&unready, std::nullopt), "Ready"), "False TrackerSilent");
  EXPECT_EQ(condition(status(&unready, tracker("Starting")), "Ready"), "False Starting");
}

TEST_F(StatusOfARunningTracker, ALostNodeTakesReadinessBack) {
  running_["status"]["conditions"] = json::parse(R"([{"type": "Ready", "status": "False"},
                                                     {"type": "ContainersReady", "status": "True"}])");
  EXPECT_EQ(condition(status(&running_, std::nullopt), "Streaming"), "False TrackerSilent");
}

TEST_F(StatusOfARunningTracker, SidecarsAreNotTakenForTheTracker) {
  const json looping = with_sidecar(pod({{"waiting", {{"reason", "CrashLoopBackOff"}}}}, 3));
  const json looped = status(&looping, std::nullopt);
  EXPECT_EQ(condition(looped, "TrackerAvailable"), "False CrashLooping");
  EXPECT_EQ(looped.at("restarts"), 3);
  const json unready = with_sidecar(not_ready(running_));
  EXPECT_EQ(condition(status(&unready, std::nullopt), "Streaming"), "False TrackerSilent");
}

TEST_F(StatusOfARunningTracker, APauseIsToldAndTakesNothingBack) {
  json object = task_json();
  object["metadata"]["annotations"] = {{"rowtide.dev/paused", "true"}};
  object["spec"]["suspend"] = true;
  task_ = api::read_task_object(object);
  const json paused = status(&running_, tracker("Streaming"));
  EXPECT_EQ(condition(paused, "ReconciliationPaused"), "True Paused");
  EXPECT_EQ(condition(paused, "Ready"), "True Streaming");
  EXPECT_EQ(paused.at("phase"), "Tracking") << "suspending waits";
  object["metadata"]["annotations"]["rowtide.dev/paused"] = "false";
  task_ = api::read_task_object(object);
  const json going_on = status(&running_, tracker("Streaming"));
  EXPECT_TRUE(api::find_condition(going_on.at("conditions"), "ReconciliationPaused").is_null());
  EXPECT_EQ(going_on.at("phase"), "Suspended");
}

class StatusOfATaskWithAlerts : public StatusOfARunningTracker {
 protected:
  /// `seconds` after kNowMs, with a lag that has been on its side since `since_seconds`. The status stays.
  std::string looked_at(double lag, std::int64_t seconds, std::int64_t since_seconds) {
    json object = task_json(status_);
    object["spec"]["alerts"] = {{"lagSeconds", 60}, {"forSeconds", 120}};
    task_ = api::read_task_object(object);
    task::TrackerStatus late = tracker("Streaming");
    late.lag_seconds = lag;
    lag_since_ms_ = kNowMs + since_seconds * 1000;
    status_ = status(&running_, late, kNowMs + seconds * 1000);
    EXPECT_EQ(condition(status_, "Ready"), "True Streaming");
    EXPECT_EQ(status_.at("phase"), "Tracking");
    return condition(status_, "LagWithinTarget");
  }
  json status_ = json::object();
};

TEST_F(StatusOfATaskWithAlerts, LagCountsWhenItHasLasted) {
  EXPECT_EQ(looked_at(60, 0, 0), "True LagLow") << "the target itself is within it";
  EXPECT_EQ(looked_at(61, 10, 10), "True LagLow");
  EXPECT_EQ(looked_at(90, 129, 10), "True LagLow");
  EXPECT_EQ(looked_at(90, 130, 10), "False LagHigh");
  EXPECT_EQ(looked_at(1, 140, 140), "False LagHigh");
  EXPECT_EQ(looked_at(61, 200, 200), "False LagHigh");
  EXPECT_EQ(looked_at(1, 210, 210), "False LagHigh");
  EXPECT_EQ(looked_at(1, 329, 210), "False LagHigh");
  EXPECT_EQ(looked_at(1, 330, 210), "True LagLow");
}

TEST_F(StatusOfATaskWithAlerts, ATrackerThatBeginsLateIsNotJudgedAtOnce) {
  EXPECT_EQ(looked_at(61, 0, 0), "Unknown LagNotSettled");
  EXPECT_EQ(looked_at(61, 120, 0), "False LagHigh");
}

TEST_F(StatusOfATaskWithAlerts, GrowingLagChangesNothingButTheSample) {
  static_cast<void>(looked_at(61, 120, 0));
  const json first = status_;
  static_cast<void>(looked_at(62, 140, 0));
  EXPECT_EQ(status_, first);
}

TEST_F(StatusOfATaskWithAlerts, WithoutAKnownLagItIsUnknown) {
  static_cast<void>(looked_at(1, 0, 0));
  static_cast<void>(looked_at(1, 1, 0));
  EXPECT_EQ(condition(status(&running_, std::nullopt), "LagWithinTarget"), "True LagLow")
      << "an operator that has just begun has not asked yet";
  is_silent_ = true;
  EXPECT_EQ(condition(status(&running_, std::nullopt), "LagWithinTarget"), "Unknown LagUnknown");
  is_silent_ = false;
  task::TrackerStatus silent_on_lag = tracker("Reconnecting");
  silent_on_lag.lag_seconds = std::nullopt;
  EXPECT_EQ(condition(status(&running_, silent_on_lag), "LagWithinTarget"), "Unknown LagUnknown");
  EXPECT_EQ(condition(status(nullptr, std::nullopt), "LagWithinTarget"), "Unknown LagUnknown");
}

TEST_F(StatusOfATaskWithAlerts, WithoutAlertsThereIsNoCondition) {
  static_cast<void>(looked_at(1, 0, 0));
  task_ = test_task(status_);
  const json conditions = status(&running_, tracker("Streaming")).at("conditions");
  EXPECT_TRUE(api::find_condition(conditions, "LagWithinTarget").is_null());
}

TEST_F(StatusOfARunningTracker, ReadyWaitsForTheEdit) {
  is_rolled_out_ = false;
  const json rolling = status(&running_, tracker("Streaming"));
  EXPECT_EQ(condition(rolling, "Ready"), "False Updating");
  EXPECT_EQ(condition(rolling, "Streaming"), "True EventsFlowing");
  EXPECT_EQ(rolling.at("phase"), "Tracking");
}

TEST_F(StatusOfARunningTracker, ReadyBelievesTheTrackerNotItsTemplate) {
  task::TrackerStatus other = tracker("Streaming");
  other.document_hash = "0123456789abcdef";
  EXPECT_EQ(condition(status(&running_, other), "Ready"), "False Updating");
  other.document_hash = task_.tracker_hash;
  EXPECT_EQ(condition(status(&running_, other), "Ready"), "True Streaming");
}

TEST_F(StatusOfARunningTracker, AFailedCheckOfAnEditIsReadysReason) {
  is_rolled_out_ = false;
  good_ = precheck({item("BinlogEnabled", task::CheckResult::Failed, "BinlogDisabled", "off")});
  const json held = status(&running_, tracker("Streaming"));
  EXPECT_EQ(condition(held, "Ready"), "False ChecksFailed");
  EXPECT_EQ(condition(held, "Streaming"), "True EventsFlowing");
}

TEST_F(StatusOfARunningTracker, ARefusedChildIsToldWithTheServersWords) {
  tracker_refusal_ = Refusal{"ChildRefused", "apply Deployment shop/orders-tracker: policy says no"};
  is_rolled_out_ = false;
  const json refused = status(&running_, tracker("Streaming"));
  EXPECT_EQ(condition(refused, "Ready"), "False ChildRefused");
  EXPECT_EQ(condition(refused, "TrackerAvailable"), "True PodRunning") << "the tracker of before runs";
  const json without_pod = status(nullptr, std::nullopt);
  EXPECT_EQ(condition(without_pod, "TrackerAvailable"), "False ChildRefused");
  EXPECT_EQ(message(without_pod, "TrackerAvailable"), "apply Deployment shop/orders-tracker: policy says no");
}

TEST_F(StatusOfARunningTracker, APodThatIsRefusedIsToldWithTheServersWords) {
  deployment_["status"]["conditions"] =
      json::array({{{"type", "ReplicaFailure"},
                    {"status", "True"},
                    {"message", "pods \"orders-tracker-x\" is forbidden: quota"}}});
  const json refused = status(nullptr, std::nullopt);
  EXPECT_EQ(condition(refused, "TrackerAvailable"), "False PodRefused");
  EXPECT_EQ(message(refused, "Ready"), "pods \"orders-tracker-x\" is forbidden: quota");
  deployment_["status"]["conditions"][0]["status"] = "False";
  EXPECT_EQ(condition(status(nullptr, std::nullopt), "TrackerAvailable"), "False PodStarting");
}

TEST(Status, ARefusedPrecheckIsToldWithTheServersWords) {
  const api::TaskObject task = test_task();
  const PrecheckDecision pending;
  Observed observed{.task = task, .precheck = pending};
  observed.precheck_refusal = Refusal{"NameTaken", "Job shop/orders-precheck is there already"};
  const json status = compute_status(observed);
  EXPECT_EQ(condition(status, "PrecheckPassed"), "Unknown NameTaken");
  EXPECT_EQ(condition(status, "Ready"), "False NameTaken");
}

TEST(Status, SuspendWorksWhateverTheSpecIsWorth) {
  json object = task_json();
  object["spec"]["objects"]["include"][0] = {{"databasePattern", "a["}};
  object["spec"]["suspend"] = true;
  const api::TaskObject task = api::read_task_object(object);
  const PrecheckDecision none;
  const json status = compute_status({.task = task, .precheck = none, .now_ms = kNowMs});
  EXPECT_EQ(status.at("phase"), "Suspended");
  EXPECT_EQ(condition(status, "Accepted"), "False InvalidSpec");
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
      {json::parse(R"({"status":{"phase":"Failed","reason":"OutOfcpu","message":"no room"}})"),
       "TrackerFailed"},
  };
  for (const PodCase& one : cases) {
    const api::Condition available = tracker_available(&deployment, &one.pod);
    EXPECT_EQ(available.status, api::ConditionStatus::False);
    EXPECT_EQ(available.reason, one.expected) << one.pod;
  }
}

TEST(TrackerState, APodThatIsNotConfirmedGoneIsToldWithTheRepair) {
  const json leaving = json::parse(R"({"metadata": {"name": "orders-tracker-1", "namespace": "shop",
    "deletionTimestamp": "2026-02-01T00:00:00Z"}, "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}})");
  EXPECT_EQ(overdue_at_ms(leaving), kNowMs + 60'000);
  const json deployment = json::object();
  const api::Condition held = tracker_available(&deployment, nullptr, &leaving, kNowMs + 60'000);
  EXPECT_EQ(held.status, api::ConditionStatus::False);
  EXPECT_EQ(held.reason, "OldPodStuck");
  EXPECT_EQ(
      held.message,
      "pod orders-tracker-1 on node n1 is not confirmed gone, and no other is made before; if the node is "
      "off for good: kubectl delete pod orders-tracker-1 -n shop --force --grace-period=0, or taint it "
      "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute");
  EXPECT_EQ(tracker_available(&deployment, nullptr, &leaving, kNowMs + 59'999).reason, "PodStarting");
  const json next = pod({{"waiting", {{"reason", "ContainerCreating"}}}});
  EXPECT_EQ(tracker_available(&deployment, &next, &leaving, kNowMs + 60'000).reason, "PodStarting")
      << "it holds nothing";
}

TEST(PodState, OfSeveralPodsOneThatMayRunSpeaks) {
  const auto made = [](const char* phase, const char* second) {
    return json{{"metadata", {{"creationTimestamp", std::string("2026-03-01T10:00:0") + second + "Z"}}},
                {"status", {{"phase", phase}}}};
  };
  const json running = made("Running", "1");
  const json failed = made("Failed", "2");
  const json succeeded = made("Succeeded", "1");
  EXPECT_TRUE(supersedes(failed, nullptr));
  EXPECT_TRUE(supersedes(running, &failed));
  EXPECT_FALSE(supersedes(failed, &running));
  EXPECT_TRUE(supersedes(succeeded, &failed));
  EXPECT_FALSE(supersedes(succeeded, &running));
  EXPECT_TRUE(supersedes(made("Pending", "2"), &running));
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
