#pragma once

#include <nlohmann/json_fwd.hpp>

namespace rowtide::op::tasks {

// What of a watched object is not kept, because nothing here looks at it: with a thousand tasks this is most
// of the memory. Pure; an object of any shape.

/// Of a pod's spec only what sidecars.h and pod_state.h read.
void trim_pod(nlohmann::json& pod);
/// The whole spec: what a Job is for stands in its annotations.
void trim_job(nlohmann::json& job);

}  // namespace rowtide::op::tasks
