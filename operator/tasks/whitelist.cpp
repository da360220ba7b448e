#include "operator/tasks/whitelist.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/task/cidr.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::tasks {
namespace {

using api::Condition;
using api::ConditionStatus;
using nlohmann::json;

constexpr const char* kWhitelistType = "WhitelistReady";

/// One connection, and what became of it.
struct Attempt {
  std::int64_t at_ms = 0;
  std::string reason;  ///< empty: it was let in
  std::string message;
  std::string repair;
};

std::optional<Attempt> attempt_of_precheck(const json& precheck) {
  if (!precheck.is_object()) return std::nullopt;
  for (const json& item : precheck.value("items", json::array())) {
    if (item.value("name", "") != "SourceReachable") continue;
    Attempt attempt{.at_ms = api::parse_time(precheck.value("completionTime", "")),
                    .reason = item.value("reason", ""),
                    .message = item.value("message", ""),
                    .repair = item.value("repair", "")};
    const bool has_passed = item.value("result", "") == "Passed";
    if (!has_passed && attempt.reason.empty()) attempt.reason = "NotReached";
    if (has_passed) attempt.message = item.value("observed", "");
    return attempt;
  }
  return std::nullopt;
}

std::optional<Attempt> attempt_of_tracker(const Observed& observed) {
  if (!observed.tracker || observed.is_silent || observed.tracker->source_verified_at_ms == 0)
    return std::nullopt;
  return Attempt{.at_ms = observed.tracker->source_verified_at_ms,
                 .reason = observed.tracker->source_reason,
                 .message = observed.tracker->source_message,
                 .repair = {}};
}

/// 0: nothing is known from before.
std::int64_t former_time(const json& former) {
  return api::parse_time(former.value("lastVerifiedTime", ""));
}

std::optional<Condition> former_condition(const json& status) {
  const json& condition = api::find_condition(kube::value_at(status, "/conditions"), kWhitelistType);
  if (!condition.is_object()) return std::nullopt;
  const std::string was = condition.value("status", "");
  return Condition{kWhitelistType,
                   was == "True"    ? ConditionStatus::True
                   : was == "False" ? ConditionStatus::False
                                    : ConditionStatus::Unknown,
                   condition.value("reason", ""), condition.value("message", "")};
}

std::string client_address(const Observed& observed, const json& former) {
  if (observed.tracker && !observed.tracker->client_address.empty()) return observed.tracker->client_address;
  if (observed.precheck.report && !observed.precheck.report->client_address.empty())
    return observed.precheck.report->client_address;
  return former.value("clientAddress", "");
}

std::vector<std::string> required_cidrs(const task::Whitelist& spec, const std::string& address) {
  if (!spec.egress_cidrs.empty()) return spec.egress_cidrs;
  std::string own = task::cidr_of_address(address);
  return own.empty() ? std::vector<std::string>() : std::vector{std::move(own)};
}

bool is_blocked(const std::string& reason) {
  return reason == "HostNotPrivileged" || reason == "HostBlocked";
}

/// Of a failure that only a server can have told: it has let the connection in to do so.
bool is_answer_of_server(const std::string& reason) {
  static const std::set<std::string> kAnswers{"AccessDenied",
                                              "AccountLocked",
                                              "AuthPluginUnsupported",
                                              "BinlogDisabled",
                                              "BinlogPositionLost",
                                              "BinlogPositionPurged",
                                              "BinlogPositionUnknown",
                                              "BinlogReset",
                                              "BinlogUnreadable",
                                              "ClientCertificateRefused",
                                              "DuplicateServerId",
                                              "EventTooLarge",
                                              "GtidModeOff",
                                              "LockTimeout",
                                              "OfflineMode",
                                              "OffsetTooLarge",
                                              "PasswordExpired",
                                              "PermissionDenied",
                                              "PositionOfOtherServer",
                                              "PrivilegeMissing",
                                              "ServerShutdown",
                                              "SourceBehind",
                                              "SourceReplaced",
                                              "SourceUnsuitable",
                                              "StatementFailed",
                                              "TlsFailed",
                                              "TlsRequired",
                                              "TooManyConnections",
                                              "TransactionsWithoutGtid"};
  return reason.empty() || kAnswers.contains(reason);
}

/// The state for status.whitelist, and the condition.
std::pair<Condition, std::string> judge(const Attempt& attempt, const std::vector<std::string>& cidrs) {
  if (is_blocked(attempt.reason)) {
    std::string message = attempt.message;
    if (!attempt.repair.empty()) message += " Repair: " + attempt.repair;
    if (!cidrs.empty()) message += fmt::format("; to let in: {}", fmt::join(cidrs, ", "));
    return {{kWhitelistType, ConditionStatus::False, attempt.reason, std::move(message)}, "Blocked"};
  }
  if (!is_answer_of_server(attempt.reason))
    return {{kWhitelistType, ConditionStatus::Unknown, attempt.reason, attempt.message}, "Unknown"};
  return {
      {kWhitelistType, ConditionStatus::True, "SourceReached", "the source lets the tracker's network in"},
      "Allowed"};
}

}  // namespace

std::pair<Condition, json> whitelist_ready(const Observed& observed, const json& precheck) {
  const task::Whitelist& spec = observed.task.parsed->task.spec.network.whitelist;
  const json& before = kube::value_at(observed.task.status, "/whitelist");
  const json former = before.is_object() ? before : json::object();
  json whitelist = json::object();
  const std::string address = client_address(observed, former);
  if (!address.empty()) whitelist["clientAddress"] = address;
  const std::vector<std::string> cidrs = required_cidrs(spec, address);
  if (!cidrs.empty()) whitelist["requiredCIDRs"] = cidrs;
  if (spec.mode == task::WhitelistMode::Ignore) {
    whitelist["state"] = "NotRequired";
    Condition ignored{kWhitelistType, ConditionStatus::True, "NotRequired",
                      "spec.network.whitelist.mode is Ignore"};
    return {std::move(ignored), std::move(whitelist)};
  }

  std::optional<Attempt> newest = attempt_of_precheck(precheck);
  if (const std::optional<Attempt> tracker = attempt_of_tracker(observed);
      tracker && (!newest || tracker->at_ms >= newest->at_ms)) {
    newest = tracker;
  }
  // The tracker's answers are not kept, only what was made of them: without the tracker an older one would
  // come back.
  if (former_time(former) > (newest ? newest->at_ms : 0)) {
    for (const char* field : {"state", "message", "lastVerifiedTime"}) {
      if (former.contains(field)) whitelist[field] = former.at(field);
    }
    if (std::optional<Condition> kept = former_condition(observed.task.status))
      return {*std::move(kept), std::move(whitelist)};
  }
  if (!newest) {
    whitelist["state"] = "Unknown";
    Condition unknown{kWhitelistType, ConditionStatus::Unknown, "NotChecked",
                      "no precheck has reached the source yet"};
    return {std::move(unknown), std::move(whitelist)};
  }
  auto [judged, state] = judge(*newest, cidrs);
  whitelist["state"] = state;
  if (!newest->message.empty()) whitelist["message"] = newest->message;
  whitelist["lastVerifiedTime"] = api::format_time(newest->at_ms);
  return {std::move(judged), std::move(whitelist)};
}

}  // namespace rowtide::op::tasks
