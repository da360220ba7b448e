#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "operator/api/object_metadata.h"

namespace rowtide::op::tasks {

/// Kubernetes Events (events.k8s.io/v1) for the conditions whose status changed between two statuses: one a
/// change, nothing while all stays as it is. Pure; `now_us` is the eventTime, microseconds since the epoch.
[[nodiscard]] std::vector<nlohmann::json> events_between(const kube::ResourceType& kind,
                                                         const api::ObjectMetadata& object,
                                                         const nlohmann::json& before,
                                                         const nlohmann::json& after, std::int64_t now_us);

/// One event about the object. `type` is Normal or Warning.
[[nodiscard]] nlohmann::json event_about(const kube::ResourceType& kind, const api::ObjectMetadata& object,
                                         const char* type, std::string reason, std::string action,
                                         std::string note, std::int64_t now_us);

}  // namespace rowtide::op::tasks
