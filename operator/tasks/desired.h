#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

#include "operator/api/change_tracking_task.h"

namespace rowtide::op::tasks {

// What should exist for a task, as pure functions: the same input gives the same bytes. Every object carries
// the hash of its own content (kDesiredHash): drift.h compares field by field, and by the hash it is seen
// that a field is not wanted any more.

inline constexpr const char* kManagedBy = "rowtide-operator";
inline constexpr const char* kTaskLabel = "rowtide.dev/task";
inline constexpr const char* kComponentLabel = "app.kubernetes.io/component";
inline constexpr const char* kDesiredHash = "rowtide.dev/desired-hash";
inline constexpr const char* kPrecheckHash = "rowtide.dev/precheck-hash";
inline constexpr const char* kRunNonce = "rowtide.dev/run-nonce";
inline constexpr const char* kAttempt = "rowtide.dev/attempt";
/// Of the pod that a precheck's Job makes: a corrected image or toleration is noticed by it.
inline constexpr const char* kPodHash = "rowtide.dev/pod-hash";
/// On the tracker's pods: the hash of the document that their template was made for.
inline constexpr const char* kTrackerHash = "rowtide.dev/tracker-hash";
/// With upgradePolicy Manual, on the Deployment: the hash of what the task asks for, and the operator's
/// default image when it was written.
inline constexpr const char* kAskedHash = "rowtide.dev/asked-hash";
inline constexpr const char* kDefaultImage = "rowtide.dev/default-image";
/// On a cleanup's Job: whose topics it deletes. The task is not its owner: a deletion in the foreground would
/// take the Job away before it is done.
inline constexpr const char* kTaskUid = "rowtide.dev/task-uid";
/// On that Job's pods, and on those of applications that a tracker was put into: the document of the spec
/// that it reads there, through a downwardAPI volume.
inline constexpr const char* kTaskDocument = "rowtide.dev/task-document";
/// So long a document may be as an annotation: all of an object have 256 KiB together, and those of others
/// are some of them.
inline constexpr std::size_t kMostAnnotationBytes = 240UL * 1024;
inline constexpr const char* kCleanupContainer = "cleanup";
inline constexpr const char* kTrackerContainer = "tracker";
inline constexpr const char* kPrecheckContainer = "precheck";
/// Where a tracker serves metrics, health and status.
inline constexpr int kTrackerPort = 8080;

[[nodiscard]] std::string tracker_name(const api::TaskObject& task);
[[nodiscard]] std::string precheck_name(const api::TaskObject& task);
[[nodiscard]] std::string cleanup_name(const api::TaskObject& task);

/// The task's consumer groups as documents, which its tracker follows while it runs. There only for tasks
/// that have had a group.
[[nodiscard]] std::string groups_name(const api::TaskObject& task);
[[nodiscard]] nlohmann::json groups_config_map(const api::TaskObject& task, const std::string& documents);

[[nodiscard]] nlohmann::json tracker_config_map(const api::TaskObject& task);
/// Without replicas: those belong to tracker_scale(), so that a task can be suspended while its newest spec
/// is not fit to run and the Deployment must stay as it is.
[[nodiscard]] nlohmann::json tracker_deployment(const api::TaskObject& task,
                                                const std::string& default_image);
/// The Deployment to have, given the one that is there (or nullptr).
struct TrackerPlan {
  nlohmann::json deployment;   ///< null: leave the one that is there, which an older operator made, as it is
  bool upgrade_waits = false;  ///< upgradePolicy Manual: this operator would make it otherwise
  bool is_settled = false;     ///< the task's children are as they should be (Settled)
};
[[nodiscard]] TrackerPlan plan_tracker(const api::TaskObject& task, const std::string& default_image,
                                       const nlohmann::json* live);
[[nodiscard]] nlohmann::json tracker_scale(const api::TaskObject& task, int replicas);
[[nodiscard]] nlohmann::json tracker_service(const api::TaskObject& task);

[[nodiscard]] nlohmann::json precheck_config_map(const api::TaskObject& task);
[[nodiscard]] nlohmann::json precheck_job(const api::TaskObject& task, const std::string& default_image,
                                          int attempt);

/// Takes back what a task_to_clean_up() has outside of Kubernetes. The Job needs no other object than
/// Secrets, and goes by itself an hour after its end.
[[nodiscard]] nlohmann::json cleanup_job(const api::TaskObject& task, const std::string& default_image);

/// Of the pod that precheck_job() makes, whatever the attempt.
[[nodiscard]] std::string precheck_pod_hash(const api::TaskObject& task, const std::string& default_image);

/// Is the Deployment's only pod made of its newest template?
[[nodiscard]] bool is_rolled_out(const nlohmann::json& deployment);

/// The uid of the object's controller; empty if it has none.
[[nodiscard]] std::string controller_uid(const nlohmann::json& object);

}  // namespace rowtide::op::tasks
