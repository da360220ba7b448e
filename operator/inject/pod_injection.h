#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "operator/api/change_tracking_task.h"

namespace rowtide::op::inject {

// What an application's pod says of the tracker that it wants, as annotations.

/// The task whose changes it wants, of the pod's namespace and with the sink `stream`.
inline constexpr const char* kInject = "rowtide.dev/inject";
/// Port of loopback for the changes; the status is at the next one, on all addresses.
inline constexpr const char* kInjectPort = "rowtide.dev/inject-port";
/// The pod's volume in which the places of named readers are kept.
inline constexpr const char* kInjectStateVolume = "rowtide.dev/inject-state-volume";

inline constexpr int kDefaultPort = 9797;

/// The pod's value of an annotation; empty: it has none.
[[nodiscard]] std::string annotation(const nlohmann::json& pod, const char* name);

/// The pod wants a tracker, and has none yet.
[[nodiscard]] bool wants_tracker(const nlohmann::json& pod);

/// The pod with the task's tracker as its first init container, which goes on running (a native sidecar), and
/// that one's volumes, label and annotation. Nothing else of it is touched. Pure. INVALID_ARGUMENT: what the
/// pod asks for, or is, does not go.
[[nodiscard]] absl::StatusOr<nlohmann::json> with_tracker(nlohmann::json pod, const api::TaskObject& task,
                                                          const std::string& default_image);

}  // namespace rowtide::op::inject
