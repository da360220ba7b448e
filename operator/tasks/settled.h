#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "operator/api/change_tracking_task.h"

namespace rowtide::op::tasks {

/// All that decides what a task's tracker should be made of, and whether it is: what the task asks for, and
/// the versions of the children. `parsed` is the same as long as spec and uid are (api::TaskReader).
struct ChildrenState {
  std::shared_ptr<const task::ParseResult> parsed;
  std::string upgrade_request;
  std::string config_version;
  std::string deployment_version;
  std::string service_version;

  bool operator==(const ChildrenState&) const = default;
};

/// In which state each task's children were found to be as they should: while that is the same they are
/// neither made nor compared again, which would be most of what an idle task costs. Thread-safe.
class Settled {
 public:
  void note(const kube::ObjectKey& task, ChildrenState state, bool upgrade_waits) {
    const std::lock_guard lock(mutex_);
    known_.insert_or_assign(task, Known{std::move(state), upgrade_waits});
  }
  /// TrackerPlan::upgrade_waits, if the children are settled; nullopt: they are to be looked at.
  [[nodiscard]] std::optional<bool> find(const kube::ObjectKey& task, const ChildrenState& now) const {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(task);
    if (known == known_.end() || known->second.state != now) return std::nullopt;
    return known->second.upgrade_waits;
  }
  void forget(const kube::ObjectKey& task) {
    const std::lock_guard lock(mutex_);
    known_.erase(task);
  }

 private:
  struct Known {
    ChildrenState state;
    bool upgrade_waits = false;
  };
  mutable std::mutex mutex_;
  std::map<kube::ObjectKey, Known> known_;
};

}  // namespace rowtide::op::tasks
