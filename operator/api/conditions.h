#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace rowtide::op::api {

enum class ConditionStatus : std::uint8_t { True, False, Unknown };
[[nodiscard]] std::string_view to_string(ConditionStatus status);

/// A condition as it should be now. reason: a CamelCase word; message: for people, without anything that
/// changes from one look to the next (counters, times), or every look would be a write.
struct Condition {
  std::string type;
  ConditionStatus status = ConditionStatus::Unknown;
  std::string reason;
  std::string message;
};

/// status.conditions from what should be and what was: lastTransitionTime moves only where the status did.
/// `before` may be null. `now`: RFC 3339.
[[nodiscard]] nlohmann::json merge_conditions(const nlohmann::json& before,
                                              const std::vector<Condition>& wanted, std::int64_t generation,
                                              const std::string& now);

/// The condition of that type in status.conditions; null if there is none.
[[nodiscard]] const nlohmann::json& find_condition(const nlohmann::json& conditions, std::string_view type);

/// RFC 3339 in UTC, whole seconds.
[[nodiscard]] std::string format_time(std::int64_t unix_ms);
/// Milliseconds since the epoch; 0 for a text that is no time.
[[nodiscard]] std::int64_t parse_time(std::string_view text);

}  // namespace rowtide::op::api
