#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "common/task/group_status.h"
#include "common/task/tracker_status.h"
#include "operator/api/change_tracking_task.h"
#include "operator/api/conditions.h"
#include "operator/api/consumer_group.h"
#include "operator/tasks/cleanup_cycle.h"
#include "operator/tasks/refusal.h"

namespace rowtide::op::tasks {

/// What the task's groups need to know of it.
struct TaskSight {
  std::optional<api::TaskObject> task = std::nullopt;  ///< empty: there is none
  bool has_tracker = false;                            ///< its tracker's container runs
  /// Its last answer; empty: it has not given any, or runs another task.
  std::optional<task::TrackerStatus> tracker = std::nullopt;
  std::int64_t answered_at_ms = 0;                       ///< when it gave that
  bool is_silent = false;                                ///< several questions in a row had no answer
  std::optional<Refusal> groups_refusal = std::nullopt;  ///< the ConfigMap of its groups was not taken
};

/// Everything that was observed of a group, at one moment.
struct GroupView {
  const api::GroupObject& group;
  const api::Condition& accepted;
  const TaskSight& sight;
  /// What the tracker says of this very object, of whichever generation.
  std::optional<task::GroupStatus> said = std::nullopt;
  bool is_stale = false;  ///< what it says was looked at too long ago
  std::optional<Refusal> finalizer_refusal = std::nullopt;
  std::chrono::milliseconds seen_for{
      0};  ///< since we first saw the group deleted, by a clock that nobody sets
};

/// The tracker's word on the group of that uid.
[[nodiscard]] std::optional<task::GroupStatus> word_on(const std::optional<task::TrackerStatus>& tracker,
                                                       const std::string& uid);

/// The status that should stand in the object. Pure. Numbers are taken over from the status before until they
/// are old enough; what is not known any more is left out at once. `terminating`: of one that is deleted.
[[nodiscard]] nlohmann::json compute_group_status(const GroupView& view,
                                                  const std::optional<CleanupDecision>& terminating,
                                                  std::int64_t now_ms);

/// What to do next for a group that is deleted and has the finalizer: None or Release. Pure. The tracker
/// deletes it in Kafka; at once when no tracker of the task can any more, and after ten minutes it goes all
/// the same, and the event names what is left.
[[nodiscard]] CleanupDecision decide_group_cleanup(const GroupView& view, std::int64_t now_ms);

}  // namespace rowtide::op::tasks
