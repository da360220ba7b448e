#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "common/task/precheck_report.h"
#include "operator/api/change_tracking_task.h"

namespace rowtide::op::tasks {

enum class PrecheckVerdict : std::uint8_t {
  Pending,  ///< not begun for this spec
  Running,
  Passed,
  Failed,
};

enum class PrecheckAction : std::uint8_t { None, CreateJob, DeleteJob };

/// What the precheck of the newest spec came to, and what to do next.
struct PrecheckDecision {
  PrecheckVerdict verdict = PrecheckVerdict::Pending;
  PrecheckAction action = PrecheckAction::None;
  int attempt = 1;  ///< of the job to create, or of the one that is there
  /// Of the finished job that is there; empty when status.precheck already tells the outcome, or it left
  /// none.
  std::optional<task::PrecheckReport> report;
  std::int64_t finished_at_ms = 0;
  std::string pod_hash;  ///< of the finished job that is there: of the pod that it ran in
  /// Why a job does not start, or failed without a report (node, image, deadline); for people.
  std::string job_failure;
  std::optional<std::chrono::milliseconds> look_again_after;
};

/// The run that is there.
struct PrecheckRun {
  const nlohmann::json* job = nullptr;  ///< the Job of that name; nullptr: there is none
  const nlohmann::json* pod = nullptr;  ///< its pod
  std::string_view default_image;       ///< of the pod that a run of today would have
  /// When we first saw the Job finished, by our clock: the server's may be ahead or behind. 0: now.
  std::int64_t end_seen_ms = 0;
};

[[nodiscard]] bool is_finished(const nlohmann::json& job);

/// Pure. One run at a time; one that belongs to another spec or nonce is removed, and one that has not passed
/// when the pod settings change; a failed one is repeated with growing pauses (10 s to 5 min), because the
/// repair is made at the source, where nothing tells us; a passed one is not repeated. What status.precheck
/// says of this spec and nonce stands, whatever becomes of the Job and its pod.
[[nodiscard]] PrecheckDecision decide_precheck(const api::TaskObject& task, const PrecheckRun& run,
                                               std::int64_t now_ms);

[[nodiscard]] std::chrono::milliseconds precheck_pause(int attempt);

}  // namespace rowtide::op::tasks
