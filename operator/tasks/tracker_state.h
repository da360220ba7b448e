#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "operator/api/conditions.h"

namespace rowtide::op::tasks {

/// TrackerAvailable, from the Deployment and its pod (nullptr: there is none): whether a container runs, and
/// if not, what keeps it from running, such as one before it, which is told to go and does not. Pure.
[[nodiscard]] api::Condition tracker_available(const nlohmann::json* deployment, const nlohmann::json* pod,
                                               const nlohmann::json* leaving_pod = nullptr,
                                               std::int64_t now_ms = 0);

/// The same of one container of a pod, by its name.
[[nodiscard]] api::Condition container_available(const nlohmann::json& pod, std::string_view container);

/// Restarts of the pod's container.
[[nodiscard]] int restarts_of(const nlohmann::json* pod);

}  // namespace rowtide::op::tasks
