#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "operator/api/change_tracking_task.h"

namespace rowtide::op::tasks {

// What the pods that the operator makes for a task have in common with those of applications that it puts a
// tracker into. Pure.

inline constexpr const char* kTaskFolder = "/etc/rowtide/task";
inline constexpr const char* kSecretsFolder = "/etc/rowtide/secrets";
inline constexpr int kUser = 65532;  // our image's

/// The task and its Secrets as files: the pod's volumes, and the container's mounts. Secrets are optional: a
/// pod that waits for one that is missing says nothing, a precheck that misses it says which.
[[nodiscard]] std::pair<nlohmann::json, nlohmann::json> volumes(const task::Spec& spec,
                                                                nlohmann::json task_volume);
[[nodiscard]] nlohmann::json from_config_map(const std::string& name);
/// The task as an annotation of the pod.
[[nodiscard]] nlohmann::json from_annotation(const std::string& annotation);

/// What to do where the document does not fit there; nothing: it does.
[[nodiscard]] std::optional<std::string> why_document_too_large(std::size_t bytes);

/// rowtide-tracker with these arguments, in the task's image, with its resources and environment; fits Pod
/// Security `restricted` in a pod that does.
[[nodiscard]] nlohmann::json container(const api::TaskObject& task, const std::string& default_image,
                                       const char* name, nlohmann::json arguments, nlohmann::json mounts);

/// GET of a path at the container's port of that name.
[[nodiscard]] nlohmann::json http_probe(const char* port, const char* path, int period_seconds, int failures);

/// Of a sidecar what the task and the operator say of its container: image, resources, environment.
[[nodiscard]] std::string sidecar_pod_hash(const api::TaskObject& task, const std::string& default_image);

}  // namespace rowtide::op::tasks
