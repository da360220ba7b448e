#pragma once

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "operator/kube/resource.h"

namespace rowtide::op::tasks {

/// What the API server drops of each task's status, because its CRD does not know it: writing that again
/// would never come to an end. Thread-safe.
class PrunedStatus {
 public:
  /// `missing`: the merge patch from the server's answer to what was written. True if it is the first of the
  /// task that is not empty.
  bool note(const kube::ObjectKey& task, nlohmann::json missing) {
    const std::lock_guard lock(mutex_);
    if (missing.empty()) {
      missing_.erase(task);
      return false;
    }
    return missing_.insert_or_assign(task, std::move(missing)).second;
  }

  [[nodiscard]] bool is_all_of(const kube::ObjectKey& task, const nlohmann::json& patch) const {
    const std::lock_guard lock(mutex_);
    const auto known = missing_.find(task);
    return known != missing_.end() && known->second == patch;
  }

  void forget(const kube::ObjectKey& task) {
    const std::lock_guard lock(mutex_);
    missing_.erase(task);
  }

 private:
  mutable std::mutex mutex_;
  std::map<kube::ObjectKey, nlohmann::json> missing_;
};

}  // namespace rowtide::op::tasks
