#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/task/parse.h"
#include "operator/api/object_metadata.h"

namespace rowtide::op::api {

/// On a task: another value than before asks for the tracker's upgrade (upgradePolicy Manual).
inline constexpr const char* kUpgradeRequest = "rowtide.dev/upgrade";

/// On a task, "true": the operator changes nothing of it.
inline constexpr const char* kPaused = "rowtide.dev/paused";

/// A ChangeTrackingTask as the API server has it, read once. Values only.
struct TaskObject : ObjectMetadata {
  bool is_paused = false;                           ///< by the annotation kPaused
  std::shared_ptr<const task::ParseResult> parsed;  ///< the spec, or what is wrong with it; never null
  std::string upgrade_request;                      ///< the annotation kUpgradeRequest; often empty
  bool is_stream = false;          ///< spec.sink.stream is there, whatever the rest of the spec is worth: its
                                   ///< trackers run in the pods of applications
  bool is_suspended = false;       ///< spec.suspend is true; the same. Of a stream never, as the next two
  bool deletes_topics = false;     ///< spec.deletionPolicy is Delete; the same
  bool manages_whitelist = false;  ///< spec.network.whitelist.mode is Manage; the same
  std::shared_ptr<const nlohmann::json> spec;  ///< as the server has it; never null

  /// Something outside of the cluster goes with the task.
  [[nodiscard]] bool needs_cleanup() const { return deletes_topics || manages_whitelist; }

  /// What the tracker is to run: the document without what only the operator looks at (description, suspend,
  /// pod settings, nonces, alerts) and without fields that say what their absence says, so that a change of
  /// those, or of the CRD's defaults, restarts nothing. JSON, which is YAML.
  std::string tracker_document;
  std::string tracker_hash;  ///< of tracker_document
  /// What the precheck is to check: the same, and the checks to skip.
  std::string precheck_document;
  std::string precheck_hash;
  std::string pod_settings_hash;  ///< of spec.tracker
};

[[nodiscard]] TaskObject read_task_object(const nlohmann::json& object);

/// The same, and parses a spec only when it has changed: a task is looked at far more often. Thread-safe.
class TaskReader {
 public:
  [[nodiscard]] TaskObject read(const nlohmann::json& object);
  void forget(const kube::ObjectKey& key);

 private:
  std::mutex mutex_;
  std::map<kube::ObjectKey, TaskObject> known_;
};

}  // namespace rowtide::op::api
