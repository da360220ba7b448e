#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "operator/controller/controller.h"
#include "operator/kube/client.h"
#include "operator/tasks/first_seen.h"
#include "operator/tasks/group_claims.h"
#include "operator/tasks/group_state.h"
#include "operator/tasks/object_writer.h"
#include "operator/tasks/refusal.h"

namespace rowtide::op::tasks {

/// The ConsumerGroups of a task, which is there or not: which are kept, and what their status says.
/// Thread-safe for different tasks.
class GroupReconciler {
 public:
  /// All must outlive it.
  GroupReconciler(kube::Client& client, const controller::Controller& controller, std::size_t most_of_a_task,
                  SteadyClock steady_clock);

  /// `object`: the task as the caller saw it, so that all that is said of the groups is of one moment;
  /// nullptr: there is none.
  [[nodiscard]] std::vector<JudgedGroup> judge(const controller::Key& task,
                                               const nlohmann::json* object) const;
  /// What the task's tracker is to read: documents with "---" between them.
  [[nodiscard]] static std::string documents_of(const std::vector<JudgedGroup>& groups);
  /// Writes status and finalizers, each group whatever became of the others.
  [[nodiscard]] controller::Result tell(const controller::Key& task, const std::vector<JudgedGroup>& groups,
                                        const TaskSight& sight);

  [[nodiscard]] std::uint64_t status_writes() const { return writer_.status_writes(); }

 private:
  [[nodiscard]] controller::Result tell_one(const JudgedGroup& judged, const TaskSight& sight);
  void forget_gone(const controller::Key& task, const std::vector<JudgedGroup>& groups);

  const controller::Controller& controller_;
  const std::size_t most_of_a_task_;
  const SteadyClock steady_clock_;
  ObjectWriter writer_;
  FirstSeen samples_;
  FirstSeen deletions_;
  Refusals refusals_;
  std::mutex mutex_;
  std::map<controller::Key, std::set<controller::Key>> known_;  // by task; guarded by mutex_
};

}  // namespace rowtide::op::tasks
