#include "operator/tasks/group_reconcile.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/time/clock.h"

namespace rowtide::op::tasks {
namespace {

using controller::Key;
using std::chrono::milliseconds;

constexpr milliseconds kWhileWaiting{10'000};
constexpr milliseconds kAfterOwnWrite{500};
constexpr std::int64_t kStaleMs = 60'000;

/// Of several: the first error, and the soonest look.
void merge_into(controller::Result& all, controller::Result one) {
  all.status.Update(std::move(one.status));
  if (one.requeue_after)
    all.requeue_after = std::min(all.requeue_after.value_or(*one.requeue_after), *one.requeue_after);
}

/// One that was let go stays as long as somebody else's finalizer holds it: the tracker is not to touch it.
bool is_for_tracker(const JudgedGroup& judged) {
  const api::GroupObject& group = judged.object;
  if (judged.accepted.status != api::ConditionStatus::True) return false;
  return !group.is_deleting || (group.has_cleanup_finalizer() && !group.skips_cleanup &&
                                group.group.deletion == task::DeletionPolicy::Delete);
}

}  // namespace

GroupReconciler::GroupReconciler(kube::Client& client, const controller::Controller& controller,
                                 std::size_t most_of_a_task, SteadyClock steady_clock)
    : controller_(controller),
      most_of_a_task_(most_of_a_task),
      steady_clock_(std::move(steady_clock)),
      writer_(client, kube::kConsumerGroup) {}

std::vector<JudgedGroup> GroupReconciler::judge(const Key& task, const nlohmann::json* object) const {
  const controller::ObjectStore& groups = *controller_.store(kube::kConsumerGroup);
  const std::vector<kube::ObjectPtr> of_task = groups.of_group(task);
  if (of_task.empty()) return {};
  const controller::ObjectStore& tasks = *controller_.store(kube::kChangeTrackingTask);
  return judge_groups(of_task, object, groups, tasks, most_of_a_task_);
}

std::string GroupReconciler::documents_of(const std::vector<JudgedGroup>& groups) {
  std::string documents;
  for (const JudgedGroup& judged : groups) {
    if (is_for_tracker(judged)) documents += (documents.empty() ? "" : "---\n") + judged.object.document;
  }
  return documents;
}

controller::Result GroupReconciler::tell(const Key& task, const std::vector<JudgedGroup>& groups,
                                         const TaskSight& sight) {
  forget_gone(task, groups);
  controller::Result result;
  for (const JudgedGroup& judged : groups) merge_into(result, tell_one(judged, sight));
  return result;
}

void GroupReconciler::forget_gone(const Key& task, const std::vector<JudgedGroup>& groups) {
  std::set<Key> now;
  for (const JudgedGroup& judged : groups) now.insert(judged.object.key);
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(task);
  if (known != known_.end()) {
    for (const Key& group : known->second) {
      if (now.contains(group)) continue;
      writer_.forget(group);
      samples_.forget(group);
      deletions_.forget(group);
      refusals_.forget(group);
    }
    if (now.empty()) known_.erase(known);
  }
  if (!now.empty()) known_.insert_or_assign(task, std::move(now));
}

controller::Result GroupReconciler::tell_one(const JudgedGroup& judged, const TaskSight& sight) {
  const api::GroupObject& group = judged.object;
  const std::int64_t now_ms = rowtide::now_ms();
  const std::int64_t steady_ms = steady_clock_();
  GroupView view{.group = group, .accepted = judged.accepted, .sight = sight};
  view.said = word_on(sight.tracker, group.uid);
  if (view.said && view.said->sampled_at_ms > 0) {
    const std::string sample = group.uid + "/" + std::to_string(view.said->sampled_at_ms);
    // A tracker that was not asked meanwhile may have looked again.
    view.is_stale = sight.answered_at_ms - samples_.first_seen(group.key, sample, now_ms) >= kStaleMs;
  }
  absl::Status finalizer_written;
  std::optional<CleanupDecision> terminating;
  if (group.is_deleting) {
    if (!group.has_cleanup_finalizer()) return {};
    view.seen_for = milliseconds(steady_ms - deletions_.first_seen(group.key, group.uid, steady_ms));
    terminating = decide_group_cleanup(view, now_ms);
    if (terminating->action == CleanupAction::Release) {
      finalizer_written = writer_.let_go(group, *terminating);
      if (finalizer_written.ok()) return {};
    }
  } else if (const bool is_wanted = group.group.deletion == task::DeletionPolicy::Delete;
             group.errors.empty() && group.has_cleanup_finalizer() != is_wanted &&
             !(sight.task && sight.task->is_paused)) {
    finalizer_written = writer_.set_finalizer(group, is_wanted);
    if (finalizer_written.ok()) return {absl::OkStatus(), kAfterOwnWrite};
  }
  if (absl::IsAborted(finalizer_written)) return {absl::OkStatus(), kAfterOwnWrite};
  const bool has_lasted = refusals_.last(group, {&finalizer_written}, steady_ms);
  view.finalizer_refusal =
      refusals_.as_told(group, "finalizer", finalizer_refusal_of(finalizer_written, has_lasted), steady_ms);
  if (view.finalizer_refusal && terminating) {
    terminating->reason = view.finalizer_refusal->reason;
    terminating->message = view.finalizer_refusal->message;
  }
  const absl::Status written = writer_.write_status(group, compute_group_status(view, terminating, now_ms));
  if (absl::IsAborted(written)) return {absl::OkStatus(), kAfterOwnWrite};
  if (!written.ok()) return {written};
  if (!finalizer_written.ok()) return {finalizer_written};
  // Nobody tells when another's task comes to this one's Kafka.
  return {absl::OkStatus(),
          terminating || judged.has_rival ? std::optional(kWhileWaiting) : std::optional<milliseconds>()};
}

}  // namespace rowtide::op::tasks
