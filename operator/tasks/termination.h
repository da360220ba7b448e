#pragma once

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

/// Whether the object's deletion has had its time: by our own sight, or, because that begins anew with each
/// operator, by what another told in the condition. That one's clock may have been off, or ours may be: it
/// holds only after a minute of our own.
[[nodiscard]] inline bool is_past_deadline(const api::ObjectMetadata& object,
                                           std::chrono::milliseconds seen_for, std::int64_t now_ms) {
  constexpr std::chrono::minutes kOwnSight{1};
  if (seen_for >= kCleanupDeadline) return true;
  const nlohmann::json& condition =
      api::find_condition(kube::value_at(object.status, "/conditions"), kTerminating);
  const std::int64_t told = api::parse_time(kube::text_at(condition, "/lastTransitionTime"));
  return told > 0 && seen_for >= kOwnSight && std::chrono::milliseconds(now_ms - told) >= kCleanupDeadline;
}

}  // namespace rowtide::op::tasks
