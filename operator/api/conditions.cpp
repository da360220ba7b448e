#include "operator/api/conditions.h"

#include <absl/time/time.h>

#include <nlohmann/json.hpp>

namespace rowtide::op::api {

std::string_view to_string(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::True:
      return "True";
    case ConditionStatus::False:
      return "False";
    case ConditionStatus::Unknown:
      return "Unknown";
  }
  return "Unknown";
}

const nlohmann::json& find_condition(const nlohmann::json& conditions, std::string_view type) {
  static const nlohmann::json kNone;
  if (!conditions.is_array()) return kNone;
  for (const nlohmann::json& condition : conditions) {
    if (condition.is_object() && condition.value("type", "") == type) return condition;
  }
  return kNone;
}

nlohmann::json merge_conditions(const nlohmann::json& before, const std::vector<Condition>& wanted,
                                std::int64_t generation, const std::string& now) {
  auto merged = nlohmann::json::array();
  for (const Condition& condition : wanted) {
    const nlohmann::json& old = find_condition(before, condition.type);
    const bool same = old.is_object() && old.value("status", "") == to_string(condition.status) &&
                      !old.value("lastTransitionTime", "").empty();
    merged.push_back({{"type", condition.type},
                      {"status", to_string(condition.status)},
                      {"reason", condition.reason},
                      {"message", condition.message},
                      {"observedGeneration", generation},
                      {"lastTransitionTime", same ? old.at("lastTransitionTime").get<std::string>() : now}});
  }
  return merged;
}

std::string format_time(std::int64_t unix_ms) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMillis(unix_ms), absl::UTCTimeZone());
}

std::int64_t parse_time(std::string_view text) {
  absl::Time time;
  std::string error;
  const bool ok =
      absl::ParseTime(absl::RFC3339_full, absl::string_view(text.data(), text.size()), &time, &error);
  return ok ? absl::ToUnixMillis(time) : 0;
}

}  // namespace rowtide::op::api
