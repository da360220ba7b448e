#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "operator/api/change_tracking_task.h"

namespace rowtide::op::tasks {

/// The task as the Job cleans up after it. What was written where is said by the spec that ran last; what of
/// it is taken back, and in which cluster's whitelist, by the newest spec, whether it ran or not: a precheck
/// of it has been let in. nullopt: nothing of the task is outside of Kubernetes. `object`: `task` as the
/// server has it. Pure.
[[nodiscard]] std::optional<api::TaskObject> task_to_clean_up(
    const nlohmann::json& object, const api::TaskObject& task,
    const std::optional<api::TaskObject>& last_good);

/// Why this operator cannot read the spec that ran (status.lastGoodSpec), which one that was less strict has
/// written; empty: it can, or none has run.
[[nodiscard]] std::string why_unreadable(const nlohmann::json& object);

}  // namespace rowtide::op::tasks
