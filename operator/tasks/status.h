#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/task/tracker_status.h"
#include "operator/api/change_tracking_task.h"
#include "operator/tasks/precheck_cycle.h"
#include "operator/tasks/refusal.h"
#include "operator/tasks/sidecars.h"

namespace rowtide::op::tasks {

/// Everything that was observed of a task, at one moment.
struct Observed {
  const api::TaskObject& task;
  const PrecheckDecision& precheck;             ///< meaningless if the spec is invalid
  const nlohmann::json* deployment = nullptr;   ///< nullptr: there is none
  const nlohmann::json* pod = nullptr;          ///< the tracker's newest pod that is not on its way out
  const nlohmann::json* leaving_pod = nullptr;  ///< one on its way out that has not ended
  /// The pod's last answer; empty: it has not given any, or runs another task.
  std::optional<task::TrackerStatus> tracker = std::nullopt;
  std::int64_t answered_at_ms = 0;  ///< when it gave that
  bool is_silent = false;           ///< several questions in a row had no answer
  bool is_rolled_out = false;       ///< the Deployment and its pod are those of the newest spec
  std::optional<Refusal> precheck_refusal = std::nullopt;
  std::optional<Refusal> tracker_refusal = std::nullopt;
  bool is_tracker_written =
      true;  ///< what the newest spec asks of the children was taken, or nothing was asked
  std::optional<Refusal> finalizer_refusal = std::nullopt;
  std::optional<std::string> conflict = std::nullopt;  ///< conflict_of
  bool upgrade_waits = false;                          ///< TrackerPlan
  std::int64_t lag_since_ms = 0;  ///< since when the tracker's lag is seen on its side of spec.alerts
  // Of a stream only:
  /// sidecar_pod_hash of what pods are given now; empty: nothing.
  std::string sidecar_pod_hash = {};
  bool injects = true;                                        ///< this operator puts trackers into pods
  std::optional<std::string> injection_fault = std::nullopt;  ///< what keeps it from that at the moment
  std::string last_good_hash = {};     ///< of the document of status.lastGoodSpec; empty: there is none
  std::size_t given_bytes = 0;         ///< of the document that pods are given now
  std::vector<Sidecar> sidecars = {};  ///< by name
  std::int64_t now_ms = 0;
};

/// Whether the newest spec stands in status.lastGoodSpec from now on: what the children are made by until
/// another has passed, what pods get of a stream, and what a deletion cleans up after.
[[nodiscard]] bool is_last_good(const Observed& observed);

/// The status that should stand in the object. Pure. What changes all the time (progress) is taken over from
/// the status before until it is old enough. Streaming is the pod's readiness, whatever reaches us of its
/// answers; Ready speaks of the newest spec: True when that one streams.
[[nodiscard]] nlohmann::json compute_status(const Observed& observed);

}  // namespace rowtide::op::tasks
