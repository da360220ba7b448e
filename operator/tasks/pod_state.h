#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rowtide::op::tasks {

/// What keeps a container from running: a CamelCase reason, and words for people that stay the same from one
/// look to the next.
struct Obstacle {
  std::string reason;
  std::string message;
};

/// The container's status by its name: the list is sorted by names, and pods may get containers that are not
/// ours (sidecars). Also of an init container, as ours is in the pod of an application. Null if there is none
/// yet. Lives as long as `pod`.
[[nodiscard]] const nlohmann::json& container_status(const nlohmann::json& pod, std::string_view container);

/// Whether no container of the pod will run any more (phase Succeeded or Failed). One that was evicted or
/// that a kubelet rejected stays so, with its address, for as long as whoever made it does.
[[nodiscard]] bool has_ended(const nlohmann::json& pod);

/// When a pod that is told to go has had its time and a minute more: one that is still there is not confirmed
/// gone, because its node is lost or cannot end it.
[[nodiscard]] std::int64_t overdue_at_ms(const nlohmann::json& pod);

/// Of two pods that one controller made (nullptr: there is none) the one that speaks for it: it runs or may,
/// else it succeeded, else it failed; the younger, as far as whole seconds tell.
[[nodiscard]] bool supersedes(const nlohmann::json& pod, const nlohmann::json* other);

/// Why the kubelet or a controller ended the pod, where the container had no word of its own; often empty.
[[nodiscard]] std::string why_ended(const nlohmann::json& pod);

/// What keeps the container from its first start: Unschedulable, ImagePullFailed, ContainerNotCreated, or
/// PodStarting while nothing does. Empty when it runs, has run, or never will.
[[nodiscard]] std::optional<Obstacle> start_obstacle(const nlohmann::json& pod, std::string_view container);

/// Why the API server takes no pod of a Job, from the events about the Job; empty if none says so. Without
/// the pod's name, which is another at each try.
[[nodiscard]] std::string pod_refusal(const std::vector<nlohmann::json>& events);

/// Whether the container's readiness probe succeeds, and its node still tells.
[[nodiscard]] bool is_container_ready(const nlohmann::json& pod, std::string_view container);

}  // namespace rowtide::op::tasks
