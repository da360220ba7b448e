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

TEST_F(WhitelistReady, TheTimeIsRenewedSeldomAndWithTheState) {
  const json former = {
      {"whitelist", {{"state", "Allowed"}, {"lastVerifiedTime", api::format_time(kNowMs - 10 * kMinute)}}}};
  EXPECT_EQ(look(verified(kNowMs), nullptr, former).second.at("lastVerifiedTime"),
            api::format_time(kNowMs - 10 * kMinute));
  EXPECT_EQ(look(verified(kNowMs + 51 * kMinute), nullptr, former).second.at("lastVerifiedTime"),
            api::format_time(kNowMs + 51 * kMinute));
  EXPECT_EQ(look(verified(kNowMs, "HostBlocked"), nullptr, former).second.at("lastVerifiedTime"),
            api::format_time(kNowMs));
}

TEST_F(WhitelistReady, AnOperatorThatHasJustBegunKeepsTheNewerAnswer) {
  const json former = {
      {"whitelist",
       {{"state", "Blocked"}, {"message", "m"}, {"lastVerifiedTime", api::format_time(kNowMs - kMinute)}}},
      {"conditions", json::array({{{"type", "WhitelistReady"},
                                   {"status", "False"},
                                   {"reason", "HostNotPrivileged"},
                                   {"message", "let it in"}}})}};
  const auto [condition, whitelist] = look(std::nullopt, reached(kNowMs - 10 * kMinute), former);
  EXPECT_EQ(condition.reason, "HostNotPrivileged");
  EXPECT_EQ(condition.message, "let it in");
  EXPECT_EQ(whitelist, former.at("whitelist"));
  EXPECT_EQ(look(std::nullopt, reached(kNowMs), former).first.reason, "SourceReached");
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
