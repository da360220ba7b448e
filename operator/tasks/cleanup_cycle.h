#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "operator/api/change_tracking_task.h"

namespace rowtide::op::tasks {

enum class CleanupAction : std::uint8_t {
  None,
  StopTracker,
  CreateJob,
  DeleteJob,  ///< of a task of the same name that is no more
  Release,    ///< take the finalizer away: the task goes
};

/// What to do next for a task that is deleted and has the finalizer.
struct CleanupDecision {
  CleanupAction action = CleanupAction::None;
  std::string reason;       ///< of the condition Terminating; with Release, of the event
  std::string message;      ///< for people
  bool is_warning = false;  ///< with Release: something is left
};

/// What is there of it.
struct CleanupView {
  bool has_traces = false;                     ///< task_to_clean_up() gives one
  std::string unreadable = {};                 ///< why_unreadable()
  const nlohmann::json* deployment = nullptr;  ///< nullptr: there is none
  std::string tracker_pod = {};                ///< the name of one that has not ended, on its way out or not
  const nlohmann::json* job = nullptr;         ///< that of cleanup_name(), whosever it is
  const nlohmann::json* job_pod = nullptr;
  std::chrono::milliseconds seen_for{
      0};  ///< since we first saw the task deleted, by a clock that nobody sets
};

/// Pure. The tracker stops, then a Job deletes what the task has in Kafka. It never holds the task for ever:
/// ten minutes after its beginning, or when the Job has failed, the task goes, and the event names what is
/// left; at once with the annotation skip-cleanup or deletionPolicy Retain.
[[nodiscard]] CleanupDecision decide_cleanup(const api::TaskObject& task, const CleanupView& view,
                                             std::int64_t now_ms);

/// The decision when the server takes no new object, because the namespace is deleted.
[[nodiscard]] CleanupDecision leave_with_namespace(const api::TaskObject& task);

/// The status before, with what the decision says of it. Its condition Terminating remembers the beginning.
[[nodiscard]] nlohmann::json terminating_status(const api::TaskObject& task, const CleanupDecision& decision,
                                                std::int64_t now_ms);

}  // namespace rowtide::op::tasks
