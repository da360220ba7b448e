#pragma once

#include <atomic>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/status/status.h"
#include "operator/api/object_metadata.h"
#include "operator/kube/client.h"
#include "operator/kube/resource.h"
#include "operator/tasks/cleanup_cycle.h"
#include "operator/tasks/pruned_status.h"

namespace rowtide::op::tasks {

/// What is written into one kind of our own objects: status, finalizer, and events about them. Thread-safe.
class ObjectWriter {
 public:
  /// `client` must outlive it.
  ObjectWriter(kube::Client& client, const kube::ResourceType& kind) : client_(client), kind_(kind) {}

  /// Nothing where the status says the same already. Aborted: the object is another by now than the one that
  /// was looked at, often by our own last write, of which the watch has not told yet. What was computed from
  /// it would be told twice, or of an object that is gone.
  [[nodiscard]] absl::Status write_status(const api::ObjectMetadata& object, const nlohmann::json& status);
  /// Puts kCleanupFinalizer on or takes it away; those of others stay. Aborted as above.
  [[nodiscard]] absl::Status set_finalizer(const api::ObjectMetadata& object, bool is_wanted);
  /// Takes the finalizer away, and tells people what became of what the object had. Aborted as above.
  [[nodiscard]] absl::Status let_go(const api::ObjectMetadata& object, const CleanupDecision& decision);
  void tell(const api::ObjectMetadata& object, const char* type, const std::string& reason,
            const std::string& action, const std::string& note);
  void forget(const kube::ObjectKey& object) { pruned_.forget(object); }

  [[nodiscard]] std::uint64_t status_writes() const { return status_writes_; }

 private:
  [[nodiscard]] absl::Status patch_finalizer(const api::ObjectMetadata& object, bool is_wanted);
  void record(const api::ObjectMetadata& object, const std::vector<nlohmann::json>& events);

  kube::Client& client_;
  const kube::ResourceType kind_;
  PrunedStatus pruned_;
  std::atomic<std::uint64_t> status_writes_{0};
};

}  // namespace rowtide::op::tasks
