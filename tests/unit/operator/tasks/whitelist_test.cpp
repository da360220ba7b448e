#include "operator/tasks/whitelist.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::tasks {
namespace {

using api::ConditionStatus;
using nlohmann::json;

constexpr std::int64_t kMinute = 60'000;

json reached(std::int64_t at_ms) {
  return {
      {"completionTime", api::format_time(at_ms)},
      {"items", json::array({{{"name", "SourceReachable"}, {"result", "Passed"}, {"observed", "db:3306"}}})}};
}

task::TrackerStatus verified(std::int64_t at_ms, const char* reason = "") {
  task::TrackerStatus status;
  status.client_address = "10.0.3.7";
  status.source_verified_at_ms = at_ms;
  status.source_reason = reason;
  status.source_message = reason;
  return status;
}

class WhitelistReady : public testing::Test {
 protected:
  std::pair<api::Condition, json> look(const std::optional<task::TrackerStatus>& tracker,
                                       const json& precheck, const json& former = nullptr) {
    if (former.is_object()) task.status = former;
    return whitelist_ready(
        {.task = task, .precheck = decision, .pod = &pod, .tracker = tracker, .now_ms = kNowMs}, precheck);
  }
  api::TaskObject task = test_task();
  PrecheckDecision decision;
  json pod = json::object();
};

TEST_F(WhitelistReady, TheNewestConnectionCounts) {
  auto [condition, whitelist] = look(verified(kNowMs, "HostNotPrivileged"), reached(kNowMs - kMinute));
  EXPECT_EQ(condition.status, ConditionStatus::False);
  EXPECT_EQ(condition.reason, "HostNotPrivileged");
  EXPECT_NE(condition.message.find("to let in: 10.0.3.7/32"), std::string::npos) << condition.message;
  EXPECT_EQ(whitelist.at("state"), "Blocked");
  EXPECT_EQ(whitelist.at("requiredCIDRs"), json::array({"10.0.3.7/32"}));
  EXPECT_EQ(whitelist.at("lastVerifiedTime"), api::format_time(kNowMs));
  std::tie(condition, whitelist) =
      look(verified(kNowMs - 2 * kMinute, "HostNotPrivileged"), reached(kNowMs - kMinute));
  EXPECT_EQ(condition.reason, "SourceReached");
  EXPECT_EQ(whitelist.at("lastVerifiedTime"), api::format_time(kNowMs - kMinute));
}

TEST_F(WhitelistReady, AServerThatRefusesTheLoginHasLetTheConnectionIn) {
  EXPECT_EQ(look(verified(kNowMs, "AccessDenied"), nullptr).first.reason, "SourceReached");
  EXPECT_EQ(look(verified(kNowMs, "Timeout"), nullptr).first.status, ConditionStatus::Unknown);
  EXPECT_EQ(look(verified(kNowMs, "HostBlocked"), nullptr).second.at("state"), "Blocked");
}

TEST_F(WhitelistReady, ACheckThatFailedWithoutAReasonReachedNobody) {
  json precheck = reached(kNowMs);
  precheck["items"][0]["result"] = "Failed";
  const auto [condition, whitelist] = look(std::nullopt, precheck);
  EXPECT_EQ(condition.status, ConditionStatus::Unknown);
  EXPECT_EQ(condition.reason, "NotReached");
}

TEST_F(WhitelistReady, WhereNobodyConnectedNothingIsKnown) {
  for (const char* reason : {"OpenApiUnreachable", "OpenApiForbiddenRAM", "EndpointMissing", "SecretMissing",
                             "UnknownHost", "Anything"}) {
    const auto [condition, whitelist] = look(verified(kNowMs, reason), nullptr);
    EXPECT_EQ(condition.status, ConditionStatus::Unknown) << reason;
    EXPECT_EQ(condition.reason, reason);
    EXPECT_EQ(whitelist.at("state"), "Unknown") << reason;
  }
}

/// Blocked a minute ago, as the tracker saw it.
json blocked_before() {
  return {
      {"whitelist",
       {{"state", "Blocked"}, {"message", "m"}, {"lastVerifiedTime", api::format_time(kNowMs - kMinute)}}},
      {"conditions", json::array({{{"type", "WhitelistReady"},
                                   {"status", "False"},
                                   {"reason", "HostNotPrivileged"},
                                   {"message", "let it in"}}})}};
}

TEST_F(WhitelistReady, ANewerAnswerStandsWhateverBecomesOfTheTracker) {
  task.status = blocked_before();
  const std::optional<task::TrackerStatus> kNone;
  struct Case {
    const char* what;
    std::optional<task::TrackerStatus> tracker;
    const json* pod;
    bool is_silent;
  };
  for (const Case& each : {Case{"not asked yet", kNone, &pod, false}, Case{"no pod", kNone, nullptr, false},
                           Case{"silent", verified(kNowMs - kMinute / 2), &pod, true},
                           Case{"has just begun", verified(0), &pod, false}}) {
    const auto [condition, whitelist] = whitelist_ready({.task = task,
                                                         .precheck = decision,
                                                         .pod = each.pod,
                                                         .tracker = each.tracker,
                                                         .is_silent = each.is_silent,
                                                         .now_ms = kNowMs},
                                                        reached(kNowMs - 10 * kMinute));
    EXPECT_EQ(condition.reason, "HostNotPrivileged") << each.what;
    EXPECT_EQ(condition.message, "let it in") << each.what;
    EXPECT_EQ(whitelist.at("state"), "Blocked") << each.what;
    EXPECT_EQ(whitelist.at("message"), "m") << each.what;
    EXPECT_EQ(whitelist.at("lastVerifiedTime"), api::format_time(kNowMs - kMinute)) << each.what;
  }
  EXPECT_EQ(look(std::nullopt, nullptr).first.reason, "HostNotPrivileged") << "without any precheck";
  EXPECT_EQ(look(std::nullopt, reached(kNowMs)).first.reason, "SourceReached") << "a newer one counts";
}

TEST_F(WhitelistReady, NamesTheNetworksThatTheSpecGives) {
  json object = task_json();
  object["spec"]["network"] = {{"whitelist", {{"egressCIDRs", {"10.0.3.0/24", "2001:db8::/64"}}}}};
  task = api::read_task_object(object);
  const auto [condition, whitelist] = look(verified(kNowMs, "HostNotPrivileged"), nullptr);
  EXPECT_EQ(whitelist.at("requiredCIDRs"), json::array({"10.0.3.0/24", "2001:db8::/64"}));
  EXPECT_NE(condition.message.find("to let in: 10.0.3.0/24, 2001:db8::/64"), std::string::npos);
  EXPECT_EQ(task.tracker_hash, test_task().tracker_hash) << "the tracker is not restarted for it";
}

TEST_F(WhitelistReady, IsNotAskedForWhereTheSpecSaysSo) {
  json object = task_json();
  object["spec"]["network"] = {{"whitelist", {{"mode", "Ignore"}}}};
  task = api::read_task_object(object);
  const auto [condition, whitelist] = look(verified(kNowMs, "HostNotPrivileged"), nullptr);
  EXPECT_EQ(condition.status, ConditionStatus::True);
  EXPECT_EQ(condition.reason, "NotRequired");
  EXPECT_EQ(whitelist.at("state"), "NotRequired");
}

}  // namespace
}  // namespace rowtide::op::tasks
