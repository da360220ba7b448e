#include "operator/tasks/reconcile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "common/status/text.h"
#include "common/status/try.h"
#include "common/time/clock.h"
#include "operator/kube/errors.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/claims.h"
#include "operator/tasks/cleanup_task.h"
#include "operator/tasks/desired.h"
#include "operator/tasks/lag_target.h"
#include "operator/tasks/pod_parts.h"
#include "operator/tasks/pod_state.h"
#include "operator/tasks/sidecar_names.h"
#include "operator/tasks/sidecars.h"
#include "operator/tasks/tracker_state.h"
#include "operator/tasks/trim.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kWhileMoving{2'000};
constexpr milliseconds kWhileSteady{10'000};
constexpr milliseconds kWhileRefused{20'000};
constexpr milliseconds kForOwnNews{500};

const json* get(const kube::ObjectPtr& object) {
  return object.get();
}

std::string version_in(const kube::ObjectPtr& object) {
  return object ? kube::text_at(*object, "/metadata/resourceVersion") : "";
}

bool is_leaving(const json& object) {
  return object.at("metadata").contains("deletionTimestamp");
}

/// Labels can be written by anybody: the pod must be that of a ReplicaSet of the task's Deployment.
bool is_tracker_pod(const json& pod, const api::TaskObject& task) {
  const json& labels = kube::value_at(pod, "/metadata/labels");
  if (!labels.is_object() || labels.value(kComponentLabel, "") != "tracker") return false;
  const std::string replica_set = tracker_name(task) + "-" + labels.value("pod-template-hash", "");
  const json& owners = kube::value_at(pod, "/metadata/ownerReferences");
  return owners.is_array() && std::any_of(owners.begin(), owners.end(), [&](const json& owner) {
           return owner.is_object() && owner.value("controller", false) &&
                  kube::text_at(owner, "/kind") == "ReplicaSet" &&
                  kube::text_at(owner, "/name") == replica_set;
         });
}

/// A cleanup's Job has no owner.
std::optional<controller::Key> task_of_job(const json& job) {
  static const controller::MapToPrimary kOwner = controller::by_owner(kube::kChangeTrackingTask);
  static const controller::MapToPrimary kLabel = controller::by_label(kTaskLabel);
  std::optional<controller::Key> owner = kOwner(job);
  return owner ? std::move(owner) : kLabel(job);
}

/// The answer of NamespaceLifecycle to whoever makes an object.
bool is_of_leaving_namespace(const absl::Status& status) {
  return absl::IsPermissionDenied(status) &&
         status.message().find("because it is being terminated") != std::string_view::npos;
}

absl::Status belongs_to_another(const kube::ResourceType& type, const kube::ObjectKey& key) {
  return absl::FailedPreconditionError(fmt::format(
      "{} {} is there already and does not belong to this task; delete or rename it, or rename the task",
      type.kind, to_string(key)));
}

/// Watches tell of everything but a tracker's answers, a Job whose pods are refused, and what does not
/// happen. What is refused does not keep a tracker from being looked at, but it is tried again as seldom as
/// that allows.
std::optional<milliseconds> next_look(const Observed& observed, const json& status, bool has_failed) {
  std::optional<milliseconds> next = observed.precheck.look_again_after;
  const auto at_least = [&](milliseconds delay) { next = next ? std::min(*next, delay) : delay; };
  if (observed.pod != nullptr || !observed.sidecars.empty()) {
    const std::string phase = status.value("phase", "");
    at_least(phase == "Tracking" || phase == "Injectable" ? kWhileSteady : kWhileMoving);
  } else if (observed.precheck.verdict == PrecheckVerdict::Running) {
    at_least(kWhileSteady);
  }
  if (has_failed && next) next = std::max(*next, kWhileRefused);
  if (observed.pod == nullptr && observed.leaving_pod != nullptr) {
    const std::int64_t left_ms = overdue_at_ms(*observed.leaving_pod) - observed.now_ms;
    if (left_ms > 0) at_least(milliseconds(left_ms));
  }
  if (const auto& alerts = observed.task.parsed->task.spec.alerts; alerts && observed.lag_since_ms > 0) {
    const std::int64_t left_ms = observed.lag_since_ms + alerts->for_seconds * 1000 - observed.now_ms;
    if (left_ms > 0) at_least(milliseconds(left_ms));
  }
  return next;
}

}  // namespace

struct Reconciler::Objects {
  kube::ObjectPtr deployment;
  kube::ObjectPtr tracker_pod;
  kube::ObjectPtr leaving_pod;                // the tracker's, told to go, not ended
  std::vector<kube::ObjectPtr> sidecar_pods;  // by name
  kube::ObjectPtr job;
  kube::ObjectPtr job_pod;
};

controller::ControllerOptions controller_options(std::set<std::string> name_spaces, int workers) {
  const std::string ours = std::string("app.kubernetes.io/managed-by=") + kManagedBy;
  const auto owned = [&](const kube::ResourceType& type) {
    return controller::WatchedKind{{.type = type, .name_space = {}, .label_selector = ours},
                                   controller::by_owner(kube::kChangeTrackingTask)};
  };
  return {.name = "changetrackingtask",
          .name_spaces = std::move(name_spaces),
          .primary = {.type = kube::kChangeTrackingTask, .name_space = {}, .label_selector = {}},
          .primary_groups = claims_of,
          .watched = {owned(kube::kDeployment),
                      {{.type = kube::kConsumerGroup, .name_space = {}, .label_selector = {}},
                       task_of_group,
                       group_id_of},
                      {{.type = kube::kJob, .name_space = {}, .label_selector = ours, .trim = trim_job},
                       task_of_job},
                      owned(kube::kConfigMap),
                      owned(kube::kService),
                      // Also those of applications that a tracker was put into.
                      {{.type = kube::kPod, .name_space = {}, .label_selector = kTaskLabel, .trim = trim_pod},
                       controller::by_label(kTaskLabel)}},
          .workers = workers};
}

void enqueue_streams(controller::Controller& controller) {
  controller.store(kube::kChangeTrackingTask)->for_each([&](const json& task) {
    if (kube::find_at(task, {"spec", "sink", "stream"}) != nullptr)
      controller.enqueue(controller::key_of(task));
  });
}

Reconciler::Reconciler(kube::Client& client, kube::Client& scale_client,
                       const controller::Controller& controller, ProbePool& probes, std::string default_image,
                       std::size_t most_groups_of_a_task, Injection injection, SteadyClock steady_clock)
    : client_(client),
      scale_client_(scale_client),
      controller_(controller),
      probes_(probes),
      default_image_(std::move(default_image)),
      injection_(std::move(injection)),
      steady_clock_(std::move(steady_clock)),
      writer_(client, kube::kChangeTrackingTask),
      groups_(client, controller, most_groups_of_a_task, steady_clock_) {}

/// Of that name, if the task controls it.
kube::ObjectPtr Reconciler::child_of(const api::TaskObject& task, const kube::ResourceType& type,
                                     const std::string& name) const {
  kube::ObjectPtr object = controller_.store(type)->find({task.key.name_space, name});
  return object && controller_uid(*object) == task.uid ? object : nullptr;
}

Reconciler::Objects Reconciler::observe(const api::TaskObject& task) const {
  Objects objects;
  objects.deployment = child_of(task, kube::kDeployment, tracker_name(task));
  objects.job = child_of(task, kube::kJob, precheck_name(task));

  for (const kube::ObjectPtr& pod : controller_.store(kube::kPod)->of_group(task.key)) {
    if (objects.job && controller_uid(*pod) == kube::text_at(*objects.job, "/metadata/uid") &&
        supersedes(*pod, get(objects.job_pod))) {
      objects.job_pod = pod;
    }
    if (is_leaving(*pod)) {
      if (is_tracker_pod(*pod, task) && !has_ended(*pod)) objects.leaving_pod = pod;
      continue;
    }
    if (is_sidecar_pod(*pod, task)) objects.sidecar_pods.push_back(pod);
    if (task.is_stream || !is_tracker_pod(*pod, task)) continue;
    // What is left of one that was evicted says nothing of a task that is to have none.
    if (task.is_suspended && has_ended(*pod)) continue;
    if (supersedes(*pod, get(objects.tracker_pod))) objects.tracker_pod = pod;
  }
  std::sort(objects.sidecar_pods.begin(), objects.sidecar_pods.end(), [](const auto& a, const auto& b) {
    return kube::text_at(*a, "/metadata/name") < kube::text_at(*b, "/metadata/name");
  });
  return objects;
}

controller::Result Reconciler::reconcile(const controller::Key& key) {
  const kube::ObjectPtr object = controller_.store(kube::kChangeTrackingTask)->find(key);
  const std::vector<JudgedGroup> groups = groups_.judge(key, object.get());
  TaskSight sight;
  controller::Result result;
  if (object) {
    result = reconcile_task(*object, groups, sight);
  } else {
    forget(key);  // deleted; what it owned goes with it
  }
  if (object && !sight.task) return result;  // it was not looked at, because it is another by now
  const controller::Result told = groups_.tell(key, groups, sight);
  if (!result.status.ok()) return result;
  if (told.requeue_after) {
    result.requeue_after = std::min(result.requeue_after.value_or(*told.requeue_after), *told.requeue_after);
  }
  // A group that fails does not make its task be looked at less.
  if (!told.status.ok() && result.requeue_after)
    result.requeue_after = std::max(*result.requeue_after, kWhileSteady);
  result.status = told.status;
  return result;
}

void Reconciler::forget(const controller::Key& key) {
  tasks_.forget(key);
  job_ends_.forget(key);
  lag_sides_.forget(key);
  last_good_.forget(key);
  deletions_.forget(key);
  refusals_.forget(key);
  kept_otherwise_.forget(key);
  settled_.forget(key);
  writer_.forget(key);
  probes_.forget(key);
}

controller::Result Reconciler::reconcile_task(const json& object, const std::vector<JudgedGroup>& groups,
                                              TaskSight& sight) {
  const api::TaskObject& task = sight.task.emplace(tasks_.read(object));
  const std::optional<api::TaskObject> last_good = last_good_of(object, task);
  if (task.is_deleting)
    return terminate(task, task_to_clean_up(object, task, last_good), why_unreadable(object));
  absl::Status finalizer_written;
  if (std::optional<controller::Result> result = keep_finalizer(task, finalizer_written)) {
    sight.task.reset();
    return *std::move(result);
  }

  const std::optional<std::string> conflict =
      conflict_of(object, *controller_.store(kube::kChangeTrackingTask));
  const bool is_fit = task.parsed->ok() && !conflict;
  const Objects objects = observe(task);
  const std::int64_t now_ms = rowtide::now_ms();
  TrackerPlan plan;  // of the newest spec
  PrecheckDecision precheck;
  absl::Status precheck_written;
  absl::Status tracker_written;
  absl::Status groups_written;
  if (is_fit) {
    if (!task.is_stream) plan = plan_for(task, objects);
    precheck = decide_precheck(task, precheck_run(task, objects, now_ms), now_ms);
    if (precheck.verdict == PrecheckVerdict::Running && objects.job && !objects.job_pod) {
      precheck.job_failure = why_no_pod(task, objects);
    }
    if (!task.is_paused) {
      precheck_written = act_on_precheck(task, precheck, objects);
    }
  }
  // Only a spec that passed its precheck replaces the one that runs, which is kept as it was meant meanwhile.
  const bool has_passed = is_fit && precheck.verdict == PrecheckVerdict::Passed;
  if (!task.is_paused && has_passed) tracker_written = act_on_tracker(task, objects, plan);
  if (!task.is_paused && !has_passed && last_good)
    tracker_written = act_on_tracker(*last_good, objects, plan_for(*last_good, objects));
  // Also of a task that is not fit to run in other respects.
  if (!task.is_paused) {
    tracker_written.Update(scale(task, get(objects.deployment), task.is_suspended ? 0 : 1));
    groups_written = act_on_groups(task, groups);
  }

  Observed observed{.task = task, .precheck = precheck};
  observed.deployment = get(objects.deployment);
  observed.pod = get(objects.tracker_pod);
  observed.leaving_pod = get(objects.leaving_pod);
  observed.conflict = conflict;
  observed.is_rolled_out =
      is_fit && is_applied(task, observed.deployment, plan.deployment) && is_rolled_out(*observed.deployment);
  observed.upgrade_waits = plan.upgrade_waits;
  const std::int64_t steady_ms = steady_clock_();
  const bool has_lasted = refusals_.last(
      task, {&precheck_written, &tracker_written, &groups_written, &finalizer_written}, steady_ms);
  const auto told = [&](const char* write, std::optional<Refusal> refusal) {
    return refusals_.as_told(task, write, std::move(refusal), steady_ms);
  };
  observed.precheck_refusal = told("precheck", refusal_of(precheck_written, has_lasted));
  observed.tracker_refusal = told("tracker", refusal_of(tracker_written, has_lasted));
  observed.is_tracker_written = tracker_written.ok();
  observed.finalizer_refusal = told("finalizer", finalizer_refusal_of(finalizer_written, has_lasted));
  observed.now_ms = now_ms;
  if (last_good) observed.last_good_hash = last_good->tracker_hash;
  observed.injects = injection_.is_on;
  if (task.is_stream && injection_.fault) observed.injection_fault = injection_.fault();
  if (task.is_stream && (last_good || is_last_good(observed))) {
    const api::TaskObject& given = is_last_good(observed) ? task : *last_good;
    observed.sidecar_pod_hash = sidecar_pod_hash(given, default_image_);
    observed.given_bytes = given.tracker_document.size();
  }
  ask_tracker(observed, objects);
  ask_sidecars(observed, objects);
  const json status = compute_status(observed);
  sight.has_tracker =
      tracker_available(observed.deployment, observed.pod).status == api::ConditionStatus::True;
  sight.tracker = std::move(observed.tracker);
  sight.answered_at_ms = observed.answered_at_ms;
  sight.is_silent = observed.is_silent;
  sight.groups_refusal = told("groups", refusal_of(groups_written, has_lasted));

  // Whatever happened to the children: what is known of the task is told.
  absl::Status outcome = writer_.write_status(task, status);
  const bool was_outdated = absl::IsAborted(outcome);
  if (was_outdated) outcome = absl::OkStatus();
  outcome.Update(precheck_written);
  outcome.Update(tracker_written);
  outcome.Update(groups_written);
  outcome.Update(finalizer_written);
  const bool has_failed = !outcome.ok();
  return {std::move(outcome), was_outdated ? kForOwnNews : next_look(observed, status, has_failed)};
}

/// The outcome of the run, where the rest of it has to wait for the finalizer; else what became of its write.
std::optional<controller::Result> Reconciler::keep_finalizer(const api::TaskObject& task,
                                                             absl::Status& written) {
  if (task.is_paused || task.has_cleanup_finalizer() == task.needs_cleanup()) return std::nullopt;
  written = writer_.set_finalizer(task, task.needs_cleanup());
  if (written.ok() || absl::IsAborted(written)) return controller::Result{absl::OkStatus(), kForOwnNews};
  // Nothing is begun that nobody would clean up after, unless the finalizer is not to be had.
  const bool has_lasted = refusals_.last(task, {&written}, steady_clock_());
  if (finalizer_refusal_of(written, has_lasted)) return std::nullopt;
  return controller::Result{written, std::nullopt};
}

/// The spec that passed last, as status keeps it, with the task's metadata of today.
std::optional<api::TaskObject> Reconciler::last_good_of(const json& object, const api::TaskObject& task) {
  const json& spec = kube::value_at(task.status, "/lastGoodSpec");
  if (!spec.is_object()) return std::nullopt;
  if (spec == *task.spec) {  // as most are: what is read already is not kept twice
    last_good_.forget(task.key);
    return task.parsed->ok() ? std::optional(task) : std::nullopt;
  }
  json former = object;
  former["spec"] = spec;
  api::TaskObject last_good = last_good_.read(former);
  if (!last_good.parsed->ok()) return std::nullopt;
  last_good.is_suspended = task.is_suspended;
  return last_good;
}

controller::Result Reconciler::terminate(const api::TaskObject& task,
                                         const std::optional<api::TaskObject>& traces,
                                         std::string unreadable) {
  if (!task.has_cleanup_finalizer()) return {};  // what it owned goes with it
  const std::int64_t now_ms = rowtide::now_ms();
  const std::int64_t steady_ms = steady_clock_();
  const Objects objects = observe(task);
  const kube::ObjectPtr job = controller_.store(kube::kJob)->find({task.key.name_space, cleanup_name(task)});
  CleanupView view{
      .has_traces = traces.has_value(),
      .unreadable = std::move(unreadable),
      .deployment = get(objects.deployment),
      .job = get(job),
      .seen_for = milliseconds(steady_ms - deletions_.first_seen(task.key, task.uid, steady_ms))};
  kube::ObjectPtr job_pod;
  for (const kube::ObjectPtr& pod : controller_.store(kube::kPod)->of_group(task.key)) {
    if (is_tracker_pod(*pod, task) && !has_ended(*pod))
      view.tracker_pod = kube::text_at(*pod, "/metadata/name");
    if (job && controller_uid(*pod) == kube::text_at(*job, "/metadata/uid") && supersedes(*pod, get(job_pod)))
      job_pod = pod;
  }
  view.job_pod = get(job_pod);
  CleanupDecision decision = decide_cleanup(task, view, now_ms);
  const absl::Status acted = act_on_cleanup(task, decision, view, traces);
  if (is_of_leaving_namespace(acted)) decision = leave_with_namespace(task);
  absl::Status released;
  if (decision.action == CleanupAction::Release) {
    released = writer_.let_go(task, decision);
    if (released.ok()) return {};
    if (absl::IsAborted(released)) return {absl::OkStatus(), kForOwnNews};
  }
  const bool has_lasted = refusals_.last(task, {&acted, &released}, steady_ms);
  std::optional<Refusal> refusal = refusal_of(acted, has_lasted);
  if (!refusal) refusal = finalizer_refusal_of(released, has_lasted);
  refusal = refusals_.as_told(task, "cleanup", std::move(refusal), steady_ms);
  if (refusal) {
    decision.reason = refusal->reason;
    decision.message = refusal->message;
  }
  absl::Status outcome = writer_.write_status(task, terminating_status(task, decision, now_ms));
  const bool was_outdated = absl::IsAborted(outcome);
  if (was_outdated) outcome = absl::OkStatus();
  outcome.Update(acted);
  outcome.Update(released);
  return {outcome, was_outdated ? kForOwnNews : outcome.ok() ? kWhileSteady : std::optional<milliseconds>()};
}

absl::Status Reconciler::act_on_cleanup(const api::TaskObject& task, const CleanupDecision& decision,
                                        const CleanupView& view,
                                        const std::optional<api::TaskObject>& traces) {
  switch (decision.action) {
    case CleanupAction::None:
    case CleanupAction::Release:
      return absl::OkStatus();
    case CleanupAction::StopTracker:
      return scale(task, view.deployment, 0);
    case CleanupAction::CreateJob: {
      const absl::Status made = client_.create(kube::kJob, cleanup_job(*traces, default_image_)).status();
      return absl::IsAlreadyExists(made) ? check_cleanup_job(task) : made;
    }
    case CleanupAction::DeleteJob: {
      const absl::Status gone =
          client_.remove(kube::kJob, {task.key.name_space, cleanup_name(task)},
                         {.uid = kube::text_at(*view.job, "/metadata/uid"), .resource_version = {}});
      return absl::IsNotFound(gone) ? absl::OkStatus() : gone;
    }
  }
  return absl::OkStatus();
}

/// One that an operator made is on its way to the store: this task's, or a former one's of the name.
absl::Status Reconciler::check_cleanup_job(const api::TaskObject& task) {
  const kube::ObjectKey key{task.key.name_space, cleanup_name(task)};
  const absl::StatusOr<json> live = client_.get(kube::kJob, key);
  if (absl::IsNotFound(live.status())) return absl::OkStatus();
  RETURN_IF_ERROR(live.status());
  if (!kube::string_at(*live, {"metadata", "annotations", kTaskUid}).empty()) return absl::OkStatus();
  return belongs_to_another(kube::kJob, key);
}

PrecheckRun Reconciler::precheck_run(const api::TaskObject& task, const Objects& objects,
                                     std::int64_t now_ms) {
  PrecheckRun run{.job = get(objects.job),
                  .pod = get(objects.job_pod),
                  .default_image = default_image_,
                  .end_seen_ms = 0};
  if (run.job != nullptr && is_finished(*run.job)) {
    run.end_seen_ms = job_ends_.first_seen(task.key, kube::text_at(*run.job, "/metadata/uid"), now_ms);
  }
  return run;
}

/// A Job's status does not say that its pods are refused (quota, Pod Security, admission): only events do.
std::string Reconciler::why_no_pod(const api::TaskObject& task, const Objects& objects) {
  const absl::StatusOr<kube::ObjectList> events =
      client_.list(kube::kEvent, {.name_space = task.key.name_space,
                                  .label_selector = {},
                                  .field_selector = "reason=FailedCreate,regarding.uid=" +
                                                    kube::text_at(*objects.job, "/metadata/uid")});
  return events.ok() ? pod_refusal(events->items) : "";
}

void Reconciler::ask_tracker(Observed& observed, const Objects& objects) {
  if (!objects.tracker_pod || has_ended(*objects.tracker_pod)) return;  // its address may be another's
  const ProbedPod pod{.uid = kube::text_at(*objects.tracker_pod, "/metadata/uid"),
                      .address = kube::text_at(*objects.tracker_pod, "/status/podIP"),
                      .port = kTrackerPort};
  if (pod.address.empty()) return;
  probes_.keep_only(observed.task.key, {pod.uid});
  const bool is_ready = is_container_ready(*objects.tracker_pod, kTrackerContainer);
  ProbeResult known = probes_.newest(observed.task.key, pod, is_ready ? kWhileSteady : kWhileMoving);
  observed.is_silent = known.is_silent;
  if (known.answer && known.answer->task_uid == observed.task.uid)
    observed.tracker = *std::move(known.answer);
  observed.answered_at_ms = observed.now_ms - known.age.count();
  if (const auto& alerts = observed.task.parsed->task.spec.alerts; alerts && observed.tracker) {
    const auto side = static_cast<int>(lag_side(*alerts, observed.tracker));
    observed.lag_since_ms = lag_sides_.first_seen(
        observed.task.key, observed.task.uid + "/" + std::to_string(side), observed.now_ms);
  }
}

void Reconciler::ask_sidecars(Observed& observed, const Objects& objects) {
  const api::TaskObject& task = observed.task;
  if (!task.is_stream) return;
  std::set<std::string> uids;
  for (const kube::ObjectPtr& pod : objects.sidecar_pods) {
    Sidecar& sidecar = observed.sidecars.emplace_back(Sidecar{.pod = get(pod)});
    const std::optional<std::uint16_t> port = sidecar_port(*pod);
    const ProbedPod asked{.uid = kube::text_at(*pod, "/metadata/uid"),
                          .address = kube::text_at(*pod, "/status/podIP"),
                          .port = port.value_or(std::uint16_t{0})};
    if (!port || asked.address.empty() || uids.size() == kMostSidecarsTold) continue;
    uids.insert(asked.uid);
    const bool is_ready = is_container_ready(*pod, kSidecarContainer);
    ProbeResult known = probes_.newest(task.key, asked, is_ready ? kWhileSteady : kWhileMoving);
    sidecar.is_silent = known.is_silent;
    if (known.answer && known.answer->task_uid == task_uid_of(*pod))
      sidecar.tracker = *std::move(known.answer);
  }
  probes_.keep_only(task.key, uids);
}

absl::Status Reconciler::act_on_precheck(const api::TaskObject& task, const PrecheckDecision& decision,
                                         const Objects& objects) {
  switch (decision.action) {
    case PrecheckAction::None:
      return absl::OkStatus();
    case PrecheckAction::DeleteJob: {
      const absl::Status status =
          client_.remove(kube::kJob, {task.key.name_space, precheck_name(task)},
                         {.uid = kube::text_at(*objects.job, "/metadata/uid"), .resource_version = {}});
      return absl::IsNotFound(status) ? absl::OkStatus() : status;
    }
    case PrecheckAction::CreateJob: {
      const kube::ObjectPtr config = child_of(task, kube::kConfigMap, precheck_name(task));
      RETURN_IF_ERROR(apply_if_changed(task, kube::kConfigMap, get(config), precheck_config_map(task)));
      return create_job(task, decision.attempt);
    }
  }
  return absl::OkStatus();
}

absl::Status Reconciler::create_job(const api::TaskObject& task, int attempt) {
  const absl::Status status =
      client_.create(kube::kJob, precheck_job(task, default_image_, attempt)).status();
  return absl::IsAlreadyExists(status) ? check_ownership(task, kube::kJob, precheck_name(task)) : status;
}

ChildrenState Reconciler::children_of(const api::TaskObject& task, const Objects& objects) const {
  const kube::ObjectKey key{task.key.name_space, tracker_name(task)};
  return {.parsed = task.parsed,
          .upgrade_request = task.upgrade_request,
          .config_version = controller_.store(kube::kConfigMap)->version_of(key),
          .deployment_version = version_in(objects.deployment),
          .service_version = controller_.store(kube::kService)->version_of(key)};
}

TrackerPlan Reconciler::plan_for(const api::TaskObject& task, const Objects& objects) const {
  if (const std::optional<bool> upgrade_waits = settled_.find(task.key, children_of(task, objects)))
    return {.deployment = nullptr, .upgrade_waits = *upgrade_waits, .is_settled = true};
  return plan_tracker(task, default_image_, get(objects.deployment));
}

absl::Status Reconciler::act_on_tracker(const api::TaskObject& task, const Objects& objects,
                                        const TrackerPlan& plan) {
  // A pod of an application has its document in an annotation.
  if (task.is_stream || (task.is_suspended && !objects.deployment)) return absl::OkStatus();
  if (plan.is_settled) return absl::OkStatus();
  const kube::ObjectPtr live_config = child_of(task, kube::kConfigMap, tracker_name(task));
  const kube::ObjectPtr live_service = child_of(task, kube::kService, tracker_name(task));
  const json config = tracker_config_map(task);
  const json service = tracker_service(task);
  if (is_applied(task, get(live_config), config) &&
      is_applied(task, get(objects.deployment), plan.deployment) &&
      is_applied(task, get(live_service), service)) {
    settled_.note(task.key,
                  {.parsed = task.parsed,
                   .upgrade_request = task.upgrade_request,
                   .config_version = version_in(live_config),
                   .deployment_version = version_in(objects.deployment),
                   .service_version = version_in(live_service)},
                  plan.upgrade_waits);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(apply_if_changed(task, kube::kConfigMap, get(live_config), config));
  if (!plan.deployment.is_null()) {
    RETURN_IF_ERROR(apply_if_changed(task, kube::kDeployment, get(objects.deployment), plan.deployment));
  }
  return apply_if_changed(task, kube::kService, get(live_service), service);
}

/// A ConfigMap that the task had groups in stays, empty: nothing else is deleted for it either.
absl::Status Reconciler::act_on_groups(const api::TaskObject& task, const std::vector<JudgedGroup>& groups) {
  const kube::ObjectPtr live = child_of(task, kube::kConfigMap, groups_name(task));
  const std::string documents = GroupReconciler::documents_of(groups);
  if (documents.empty() && !live) return absl::OkStatus();
  return apply_if_changed(task, kube::kConfigMap, get(live), groups_config_map(task, documents));
}

absl::Status Reconciler::scale(const api::TaskObject& task, const json* deployment, int replicas) {
  if (deployment == nullptr) return absl::OkStatus();
  if (deployment->at("spec").value("replicas", 1) == replicas) return absl::OkStatus();
  return scale_client_.apply(kube::kDeployment, tracker_scale(task, replicas)).status();
}

bool Reconciler::is_applied(const api::TaskObject& task, const json* live, const json& desired) const {
  return live != nullptr && (desired.is_null() || kept_otherwise_.explains(task.key, *live, desired));
}

absl::Status Reconciler::apply_if_changed(const api::TaskObject& task, const kube::ResourceType& type,
                                          const json* live, const json& desired) {
  if (is_applied(task, live, desired)) return absl::OkStatus();
  // An object that is not in the store may be there all the same: one of ours that is new, or somebody
  // else's.
  if (live == nullptr) RETURN_IF_ERROR(check_ownership(task, type, kube::text_at(desired, "/metadata/name")));
  const auto hash = [](const json& object) {
    return kube::string_at(object, {"metadata", "annotations", kDesiredHash});
  };
  if (live != nullptr && hash(*live) == hash(desired)) {  // not an edit of the task's: somebody else's
    spdlog::info("{}: {} {} is put back: {}", to_string(task.key), type.kind,
                 kube::text_at(desired, "/metadata/name"), fmt::join(differences(*live, desired), "; "));
  }
  ASSIGN_OR_RETURN(const json answer, client_.apply(type, desired));
  kept_otherwise_.note(task.key, desired, answer);
  return absl::OkStatus();
}

/// FailedPrecondition: an object of that name is there, and the task is not its controller.
absl::Status Reconciler::check_ownership(const api::TaskObject& task, const kube::ResourceType& type,
                                         const std::string& name) {
  const kube::ObjectKey key{task.key.name_space, name};
  const absl::StatusOr<json> live = client_.get(type, key);
  if (absl::IsNotFound(live.status())) return absl::OkStatus();
  RETURN_IF_ERROR(live.status());
  if (controller_uid(*live) == task.uid) return absl::OkStatus();
  return belongs_to_another(type, key);
}

}  // namespace rowtide::op::tasks
