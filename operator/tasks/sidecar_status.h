#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "operator/api/conditions.h"
#include "operator/tasks/status.h"

namespace rowtide::op::tasks {

// What the status of a stream says, whose trackers run in the pods of applications. Pure.

/// Of the document that pods get now, which is the last good spec's; empty: none has passed its precheck yet.
[[nodiscard]] std::string given_hash(const Observed& observed);

/// TrackerAvailable: True while pods that ask for the tracker get it, unless it cannot run or has failed in
/// one that has it. A pod that waits for a node, starts or ends is counted and changes nothing.
[[nodiscard]] api::Condition sidecars_available(const Observed& observed);
/// Streaming: True when it is ready in those that run; Unknown where it is in none yet.
[[nodiscard]] api::Condition sidecars_streaming(const Observed& observed, const api::Condition& available);
/// `held`: what keeps the newest spec from being given to pods.
[[nodiscard]] api::Condition stream_ready(const Observed& observed, const api::Condition& streaming,
                                          const std::optional<api::Condition>& held);

/// sidecarCount, sidecars and sidecarsSampledTime. A pod that comes, goes or changes in readiness is told at
/// once; what its readers do at most twice a minute (of many sidecars more seldom), and only if it says
/// something else. Bounded in bytes, whatever the pods say.
void add_sidecars(nlohmann::json& status, const Observed& observed);

}  // namespace rowtide::op::tasks
