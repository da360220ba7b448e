#include "operator/tasks/lag_target.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

namespace rowtide::op::tasks {

using api::Condition;
using api::ConditionStatus;

LagSide lag_side(const task::Alerts& alerts, const std::optional<task::TrackerStatus>& tracker) {
  if (!tracker || !tracker->lag_seconds) return LagSide::Unknown;
  return *tracker->lag_seconds > static_cast<double>(alerts.lag_seconds) ? LagSide::Above : LagSide::Within;
}

Condition lag_within_target(const task::Alerts& alerts, LagSide side, std::int64_t since_ms,
                            const nlohmann::json& before, std::int64_t now_ms) {
  const char* type = "LagWithinTarget";
  if (side == LagSide::Unknown)
    return {type, ConditionStatus::Unknown, "LagUnknown",
            "the tracker that runs does not say how late it is"};
  const std::string was = before.is_object() ? before.value("status", "") : "";
  const bool counts = now_ms - since_ms >= alerts.for_seconds * 1000;
  const bool is_above = side == LagSide::Above;
  if (is_above ? counts || was == "False" : !counts && was == "False") {
    return {
        type, ConditionStatus::False, "LagHigh",
        fmt::format("the lag was above {} s for {} s (spec.alerts)", alerts.lag_seconds, alerts.for_seconds)};
  }
  if (is_above && was != "True") {
    return {type, ConditionStatus::Unknown, "LagNotSettled",
            fmt::format("the lag is above {} s, not yet for {} s (spec.alerts)", alerts.lag_seconds,
                        alerts.for_seconds)};
  }
  return {type, ConditionStatus::True, "LagLow",
          fmt::format("the lag is not above {} s (spec.alerts)", alerts.lag_seconds)};
}

}  // namespace rowtide::op::tasks
