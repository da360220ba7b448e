#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "common/task/spec.h"
#include "common/task/tracker_status.h"
#include "operator/api/conditions.h"

namespace rowtide::op::tasks {

/// Where a tracker's lag is, seen from spec.alerts.lagSeconds.
enum class LagSide : std::uint8_t { Unknown, Within, Above };
[[nodiscard]] LagSide lag_side(const task::Alerts& alerts, const std::optional<task::TrackerStatus>& tracker);

/// The condition LagWithinTarget, from the one before (null if there is none). A side counts when the lag has
/// been there since `since_ms` for forSeconds; until then the condition is as it was.
[[nodiscard]] api::Condition lag_within_target(const task::Alerts& alerts, LagSide side,
                                               std::int64_t since_ms, const nlohmann::json& before,
                                               std::int64_t now_ms);

}  // namespace rowtide::op::tasks
