#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "common/task/tracker_status.h"
#include "operator/api/change_tracking_task.h"
#include "operator/tasks/precheck_cycle.h"

namespace rowtide::op::tasks {

/// Everything that was observed of a task, at one moment.
struct Observed {
  const api::TaskObject& task;
  const PrecheckDecision& precheck;            ///< meaningless if the spec is invalid
  const nlohmann::json* deployment = nullptr;  ///< nullptr: there is none
  const nlohmann::json* pod = nullptr;         ///< the tracker's newest pod that is not on its way out
  std::optional<task::TrackerStatus>
      tracker;  ///< what the pod answered; empty: it did not, or runs an older task
  std::int64_t now_ms = 0;
};

/// The status that should stand in the object. Pure. What changes all the time (progress) is taken over from
/// the status before until it is old enough.
[[nodiscard]] nlohmann::json compute_status(const Observed& observed);

}  // namespace rowtide::op::tasks
