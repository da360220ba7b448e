#pragma once

#include <nlohmann/json.hpp>
#include <utility>

#include "operator/api/conditions.h"
#include "operator/tasks/status.h"

namespace rowtide::op::tasks {

/// WhitelistReady and status.whitelist: what the source said of the newest connection from the tracker's own
/// network, of the precheck (`precheck`: status.precheck as it will stand, or null) or of the tracker that
/// runs. The former answer stands where its time is newer: the tracker is silent, gone or has just begun.
/// lastVerifiedTime is always that of the answer. Pure.
[[nodiscard]] std::pair<api::Condition, nlohmann::json> whitelist_ready(const Observed& observed,
                                                                        const nlohmann::json& precheck);

}  // namespace rowtide::op::tasks
