#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "operator/api/conditions.h"
#include "operator/api/object_metadata.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::tasks {

// What a finalizer of ours has to do with time: it holds nothing for ever.

/// The condition of an object that is deleted. Its lastTransitionTime remembers when that began.
inline constexpr const char* kTerminating = "Terminating";
inline constexpr std::chrono::minutes kCleanupDeadline{10};

/// When the object's deletion began: by the condition, which outlives the operator, and by what we saw first,
/// where it could not be written.
[[nodiscard]] inline std::int64_t termination_begun_ms(const api::ObjectMetadata& object,
                                                       std::int64_t first_seen_ms) {
  const nlohmann::json& condition =
      api::find_condition(kube::value_at(object.status, "/conditions"), kTerminating);
  const std::int64_t told = api::parse_time(kube::text_at(condition, "/lastTransitionTime"));
  return told > 0 ? std::min(told, first_seen_ms) : first_seen_ms;
}

[[nodiscard]] inline bool is_past_deadline(const api::ObjectMetadata& object, std::int64_t first_seen_ms,
                                           std::int64_t now_ms) {
  return std::chrono::milliseconds(now_ms - termination_begun_ms(object, first_seen_ms)) >= kCleanupDeadline;
}

}  // namespace rowtide::op::tasks
