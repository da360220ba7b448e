#pragma once

namespace rowtide::op::tasks {

// Of a pod that an application's tracker was put into, as an init container that goes on running. It stands
// in the task's namespace and has kTaskLabel like every pod of a task, but not kComponentLabel.

/// On the pod: the uid of the task that the tracker in it was made for.
inline constexpr const char* kInjectedAnnotation = "rowtide.dev/injected";
inline constexpr const char* kSidecarContainer = "rowtide-tracker";
/// The sidecar's containerPort where the pod's IP answers /status, /readyz and /metrics. What readers read is
/// on loopback only.
inline constexpr const char* kSidecarStatusPort = "rowtide-status";

}  // namespace rowtide::op::tasks
