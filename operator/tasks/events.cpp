#include "operator/tasks/events.h"

#include <absl/time/time.h>

#include <set>
#include <utility>

#include "common/bytes/utf8.h"
#include "operator/api/conditions.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxNote = 1000;  // the API's limit is 1 kB

/// Whose changes people want to read of; Ready only repeats them.
const std::set<std::string>& told_conditions() {
  static const std::set<std::string> kTold{"Accepted",     "PrecheckPassed",  "WhitelistReady",
                                           "Streaming",    "LagWithinTarget", "CheckpointApplied",
                                           "AccessGranted"};
  return kTold;
}

/// Not-yet states that a task passes through are no news.
bool is_news(const json& old, const json& condition) {
  const std::string status = condition.value("status", "");
  if (status == "Unknown") return false;
  if (old.is_object() && old.value("status", "") == status &&
      old.value("reason", "") == condition.value("reason", ""))
    return false;
  static const std::set<std::string> kPassing{"NotStarted", "PodStarting", "Starting", "TrackerSilent"};
  return status == "True" || !kPassing.contains(condition.value("reason", ""));
}

}  // namespace

json event_about(const kube::ResourceType& kind, const api::ObjectMetadata& object, const char* type,
                 std::string reason, std::string action, std::string note, std::int64_t now_us) {
  note = cut(note, kMaxNote);
  return {{"apiVersion", kube::api_version(kube::kEvent)},
          {"kind", kube::kEvent.kind},
          {"metadata", {{"generateName", object.key.name + "-"}, {"namespace", object.key.name_space}}},
          {"eventTime",
           absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::FromUnixMicros(now_us), absl::UTCTimeZone())},
          {"type", type},
          {"reason", std::move(reason)},
          {"action", std::move(action)},
          {"note", std::move(note)},
          {"reportingController", "rowtide.dev/operator"},
          {"reportingInstance", "rowtide-operator"},
          {"regarding",
           {{"apiVersion", kube::api_version(kind)},
            {"kind", kind.kind},
            {"name", object.key.name},
            {"namespace", object.key.name_space},
            {"uid", object.uid}}}};
}

std::vector<json> events_between(const kube::ResourceType& kind, const api::ObjectMetadata& object,
                                 const json& before, const json& after, std::int64_t now_us) {
  std::vector<json> events;
  const json old_conditions = before.value("conditions", json::array());
  for (const json& condition : after.value("conditions", json::array())) {
    const std::string type = condition.value("type", "");
    if (!told_conditions().contains(type)) continue;
    if (!is_news(api::find_condition(old_conditions, type), condition)) continue;
    const bool is_bad =
        condition.value("status", "") == "False" && condition.value("reason", "") != "Suspended";
    events.push_back(event_about(kind, object, is_bad ? "Warning" : "Normal", condition.value("reason", ""),
                                 type, condition.value("message", ""), now_us));
  }
  const std::string remark = after.value("startRemark", "");
  if (!remark.empty() && remark != before.value("startRemark", "")) {
    events.push_back(event_about(kind, object, "Normal", "StartPosition", "Start", remark, now_us));
  }
  return events;
}

}  // namespace rowtide::op::tasks
