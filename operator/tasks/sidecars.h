#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "common/task/tracker_status.h"
#include "operator/api/change_tracking_task.h"

namespace rowtide::op::tasks {

/// So many are asked and stand in status.sidecars.
inline constexpr std::size_t kMostSidecarsTold = 50;

/// A pod of an application with the task's tracker in it, and what that says.
struct Sidecar {
  const nlohmann::json* pod = nullptr;
  /// Its last answer; empty: it has not given any, or is not the tracker of this pod.
  std::optional<task::TrackerStatus> tracker = std::nullopt;
  bool is_silent = false;  ///< several questions in a row had no answer
};

/// Whether the tracker of a task of this name was put into the pod, which has not ended and has the task's
/// label.
[[nodiscard]] bool is_sidecar_pod(const nlohmann::json& pod, const api::TaskObject& task);

/// The uid of the task that the tracker was put into the pod for: perhaps a former one of the same name.
[[nodiscard]] std::string task_uid_of(const nlohmann::json& pod);

/// Where the sidecar answers on the pod's address; empty: the pod does not say, or has its node's network,
/// where whoever it likes may answer.
[[nodiscard]] std::optional<std::uint16_t> sidecar_port(const nlohmann::json& pod);

}  // namespace rowtide::op::tasks
