#pragma once

#include <nlohmann/json_fwd.hpp>

#include "operator/api/conditions.h"

namespace rowtide::op::tasks {

/// TrackerAvailable, from the Deployment and its pod (nullptr: there is none): whether a container runs, and
/// if not, what keeps it from running. Pure.
[[nodiscard]] api::Condition tracker_available(const nlohmann::json* deployment, const nlohmann::json* pod);

/// Restarts of the pod's container.
[[nodiscard]] int restarts_of(const nlohmann::json* pod);

}  // namespace rowtide::op::tasks
