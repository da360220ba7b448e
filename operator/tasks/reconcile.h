#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/time/clock.h"
#include "operator/api/change_tracking_task.h"
#include "operator/controller/controller.h"
#include "operator/kube/client.h"
#include "operator/tasks/cleanup_cycle.h"
#include "operator/tasks/desired.h"
#include "operator/tasks/drift.h"
#include "operator/tasks/first_seen.h"
#include "operator/tasks/group_reconcile.h"
#include "operator/tasks/object_writer.h"
#include "operator/tasks/precheck_cycle.h"
#include "operator/tasks/probe_pool.h"
#include "operator/tasks/refusal.h"
#include "operator/tasks/settled.h"
#include "operator/tasks/status.h"

namespace rowtide::op::tasks {

/// What the operator watches, for its Controller: tasks, and what it made for them.
[[nodiscard]] controller::ControllerOptions controller_options(std::set<std::string> name_spaces,
                                                               int workers);

inline constexpr std::size_t kMostGroupsOfATask = 20;

/// Whether trackers of streams are put into pods by this operator.
struct Injection {
  bool is_on = true;
  /// What keeps it from that at the moment, if anything does; for any thread. A turn of it is news to the
  /// tasks: enqueue_streams.
  std::function<std::optional<std::string>()> fault = nullptr;
};

/// Lets all tasks with a stream be looked at. For any thread.
void enqueue_streams(controller::Controller& controller);

/// Brings the world towards one task's spec, one step per call: observe everything, decide (pure functions),
/// apply what differs, write the status. A child that the server refuses is told in the status, and keeps
/// neither the others nor the status from being written. The task's ConsumerGroups come after it, also where
/// it is not there. Thread-safe for different keys.
class Reconciler {
 public:
  /// All must outlive it.
  Reconciler(kube::Client& client, kube::Client& scale_client, const controller::Controller& controller,
             ProbePool& probes, std::string default_image,
             std::size_t most_groups_of_a_task = kMostGroupsOfATask, Injection injection = {},
             SteadyClock steady_clock = steady_ms);

  [[nodiscard]] controller::Result reconcile(const controller::Key& key);

  [[nodiscard]] std::uint64_t status_writes() const {
    return writer_.status_writes() + groups_.status_writes();
  }

 private:
  struct Objects;  // what the stores hold for the task

  void forget(const controller::Key& key);
  /// Leaves in `sight` what the task's groups need to know.
  [[nodiscard]] controller::Result reconcile_task(const nlohmann::json& object,
                                                  const std::vector<JudgedGroup>& groups, TaskSight& sight);
  [[nodiscard]] absl::Status act_on_groups(const api::TaskObject& task,
                                           const std::vector<JudgedGroup>& groups);
  /// A task that is deleted and has the finalizer, one step towards its end.
  [[nodiscard]] controller::Result terminate(const api::TaskObject& task,
                                             const std::optional<api::TaskObject>& traces,
                                             std::string unreadable);
  [[nodiscard]] absl::Status act_on_cleanup(const api::TaskObject& task, const CleanupDecision& decision,
                                            const CleanupView& view,
                                            const std::optional<api::TaskObject>& traces);
  [[nodiscard]] absl::Status check_cleanup_job(const api::TaskObject& task);
  [[nodiscard]] std::optional<controller::Result> keep_finalizer(const api::TaskObject& task,
                                                                 absl::Status& written);
  [[nodiscard]] std::optional<api::TaskObject> last_good_of(const nlohmann::json& object,
                                                            const api::TaskObject& task);
  [[nodiscard]] kube::ObjectPtr child_of(const api::TaskObject& task, const kube::ResourceType& type,
                                         const std::string& name) const;
  [[nodiscard]] Objects observe(const api::TaskObject& task) const;
  [[nodiscard]] PrecheckRun precheck_run(const api::TaskObject& task, const Objects& objects,
                                         std::int64_t now_ms);
  [[nodiscard]] std::string why_no_pod(const api::TaskObject& task, const Objects& objects);
  void ask_tracker(Observed& observed, const Objects& objects);
  /// Fills in what is observed of a stream only.
  void ask_sidecars(Observed& observed, const Objects& objects);
  [[nodiscard]] absl::Status act_on_precheck(const api::TaskObject& task, const PrecheckDecision& decision,
                                             const Objects& objects);
  [[nodiscard]] ChildrenState children_of(const api::TaskObject& task, const Objects& objects) const;
  [[nodiscard]] TrackerPlan plan_for(const api::TaskObject& task, const Objects& objects) const;
  [[nodiscard]] absl::Status act_on_tracker(const api::TaskObject& task, const Objects& objects,
                                            const TrackerPlan& plan);
  [[nodiscard]] absl::Status create_job(const api::TaskObject& task, int attempt);
  [[nodiscard]] bool is_applied(const api::TaskObject& task, const nlohmann::json* live,
                                const nlohmann::json& desired) const;
  [[nodiscard]] absl::Status apply_if_changed(const api::TaskObject& task, const kube::ResourceType& type,
                                              const nlohmann::json* live, const nlohmann::json& desired);
  [[nodiscard]] absl::Status check_ownership(const api::TaskObject& task, const kube::ResourceType& type,
                                             const std::string& name);
  [[nodiscard]] absl::Status scale(const api::TaskObject& task, const nlohmann::json* deployment,
                                   int replicas);

  kube::Client& client_;
  kube::Client& scale_client_;
  const controller::Controller& controller_;
  ProbePool& probes_;
  const std::string default_image_;
  const Injection injection_;
  const SteadyClock steady_clock_;
  api::TaskReader tasks_;
  api::TaskReader last_good_;
  FirstSeen job_ends_;
  FirstSeen lag_sides_;
  FirstSeen deletions_;
  Refusals refusals_;
  KeptOtherwise kept_otherwise_;
  Settled settled_;
  ObjectWriter writer_;
  GroupReconciler groups_;
};

}  // namespace rowtide::op::tasks
