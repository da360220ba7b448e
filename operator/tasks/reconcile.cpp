#include "operator/tasks/reconcile.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "common/status/text.h"
#include "common/status/try.h"
#include "common/time/clock.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/desired.h"
#include "operator/tasks/events.h"
#include "operator/tasks/merge_patch.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kWhileMoving{2'000};
constexpr milliseconds kWhileSteady{10'000};

const json* get(const kube::ObjectPtr& object) {
  return object.get();
}

bool is_leaving(const json& object) {
  return object.at("metadata").contains("deletionTimestamp");
}

}  // namespace

struct Reconciler::Objects {
  kube::ObjectPtr tracker_config;
  kube::ObjectPtr deployment;
  kube::ObjectPtr service;
  kube::ObjectPtr tracker_pod;
  kube::ObjectPtr precheck_config;
  kube::ObjectPtr job;
  kube::ObjectPtr job_pod;
};

controller::ControllerOptions controller_options(const std::string& name_space, int workers) {
  const std::string ours = std::string("app.kubernetes.io/managed-by=") + kManagedBy;
  const auto owned = [&](const kube::ResourceType& type) {
    return controller::WatchedKind{{.type = type, .name_space = name_space, .label_selector = ours},
                                   controller::by_owner(kube::kChangeTrackingTask)};
  };
  return {.name = "changetrackingtask",
          .primary = {.type = kube::kChangeTrackingTask, .name_space = name_space, .label_selector = {}},
          .watched = {owned(kube::kDeployment),
                      owned(kube::kJob),
                      owned(kube::kConfigMap),
                      owned(kube::kService),
                      {{.type = kube::kPod, .name_space = name_space, .label_selector = ours},
                       controller::by_label(kTaskLabel)}},
          .workers = workers};
}

Reconciler::Reconciler(kube::Client& client, kube::Client& scale_client,
                       const controller::Controller& controller, TrackerProbe& probe,
                       std::string default_image)
    : client_(client),
      scale_client_(scale_client),
      controller_(controller),
      probe_(probe),
      default_image_(std::move(default_image)) {}

Reconciler::Objects Reconciler::observe(const api::TaskObject& task) const {
  const auto named = [&](const kube::ResourceType& type, const std::string& name) -> kube::ObjectPtr {
    kube::ObjectPtr object = controller_.store(type)->find({task.key.name_space, name});
    // Another owner's object of that name is not ours to read; applying over it will say so.
    const bool is_ours = object && kube::text_at(*object, "/metadata/ownerReferences/0/uid") == task.uid;
    return is_ours ? object : nullptr;
  };
  Objects objects;
  objects.tracker_config = named(kube::kConfigMap, tracker_name(task));
  objects.deployment = named(kube::kDeployment, tracker_name(task));
  objects.service = named(kube::kService, tracker_name(task));
  objects.precheck_config = named(kube::kConfigMap, precheck_name(task));
  objects.job = named(kube::kJob, precheck_name(task));

  const auto pods = controller_.store(kube::kPod)->select([&](const json& pod) {
    const json& metadata = pod.at("metadata");
    return metadata.value("namespace", "") == task.key.name_space &&
           metadata.value("labels", json::object()).value(kTaskLabel, "") == task.key.name;
  });
  for (const kube::ObjectPtr& pod : pods) {
    if (objects.job && kube::text_at(*pod, "/metadata/ownerReferences/0/uid") ==
                           kube::text_at(*objects.job, "/metadata/uid")) {
      objects.job_pod = pod;
    }
    if (pod->at("metadata").at("labels").value(kComponentLabel, "") != "tracker" || is_leaving(*pod))
      continue;
    const bool is_newer =
        !objects.tracker_pod || kube::text_at(*objects.tracker_pod, "/metadata/creationTimestamp") <=
                                    kube::text_at(*pod, "/metadata/creationTimestamp");
    if (is_newer) objects.tracker_pod = pod;
  }
  return objects;
}

controller::Result Reconciler::reconcile(const controller::Key& key) {
  const kube::ObjectPtr object = controller_.store(kube::kChangeTrackingTask)->find(key);
  if (!object) return {};  // deleted; what it owned goes with it
  const api::TaskObject task = api::read_task_object(*object);
  if (task.is_deleting) return {};

  const Objects objects = observe(task);
  const std::int64_t now = now_us();
  PrecheckDecision precheck;
  if (task.parsed.ok()) {
    precheck = decide_precheck(task, get(objects.job), get(objects.job_pod), now / 1000);
    if (absl::Status status = act_on_precheck(task, precheck, objects); !status.ok()) return {status};
    if (absl::Status status = act_on_tracker(task, precheck, objects); !status.ok()) return {status};
  }

  Observed observed{.task = task,
                    .precheck = precheck,
                    .deployment = get(objects.deployment),
                    .pod = get(objects.tracker_pod),
                    .tracker = std::nullopt,
                    .now_ms = now / 1000};
  if (objects.tracker_pod) {
    if (const std::string address = kube::text_at(*objects.tracker_pod, "/status/podIP"); !address.empty()) {
      if (auto answer = probe_.ask(address); answer.ok() && answer->task_uid == task.uid) {
        observed.tracker = *std::move(answer);
      }
    }
  }
  const json status = compute_status(observed);
  if (absl::Status written = write_status(task, status); !written.ok()) return {written};

  const std::string phase = status.value("phase", "");
  const bool is_steady =
      phase == "Tracking" || phase == "Suspended" || (phase == "Failed" && !task.parsed.ok());
  milliseconds again = is_steady ? kWhileSteady : kWhileMoving;
  if (precheck.look_again_after) again = std::min(again, *precheck.look_again_after);
  return {absl::OkStatus(), again};
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
      RETURN_IF_ERROR(
          apply_if_changed(kube::kConfigMap, get(objects.precheck_config), precheck_config_map(task)));
      const absl::Status status =
          client_.create(kube::kJob, precheck_job(task, default_image_, decision.attempt)).status();
      return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
    }
  }
  return absl::OkStatus();
}

absl::Status Reconciler::act_on_tracker(const api::TaskObject& task, const PrecheckDecision& decision,
                                        const Objects& objects) {
  const bool suspended = task.parsed.task.spec.suspend;
  // Only a spec that passed its precheck replaces the one that runs.
  if (decision.verdict == PrecheckVerdict::Passed && !(suspended && !objects.deployment)) {
    RETURN_IF_ERROR(
        apply_if_changed(kube::kConfigMap, get(objects.tracker_config), tracker_config_map(task)));
    RETURN_IF_ERROR(apply_if_changed(kube::kDeployment, get(objects.deployment),
                                     tracker_deployment(task, default_image_)));
    RETURN_IF_ERROR(apply_if_changed(kube::kService, get(objects.service), tracker_service(task)));
  }
  return scale(task, get(objects.deployment), suspended ? 0 : 1);
}

absl::Status Reconciler::scale(const api::TaskObject& task, const json* deployment, int replicas) {
  if (deployment == nullptr) return absl::OkStatus();
  if (deployment->at("spec").value("replicas", 1) == replicas) return absl::OkStatus();
  return scale_client_.apply(kube::kDeployment, tracker_scale(task, replicas)).status();
}

absl::Status Reconciler::apply_if_changed(const kube::ResourceType& type, const json* live,
                                          const json& desired) {
  if (is_applied(live, desired)) return absl::OkStatus();
  return client_.apply(type, desired).status();
}

absl::Status Reconciler::write_status(const api::TaskObject& task, const json& status) {
  const json patch = merge_patch_between(task.status, status);
  if (patch.empty()) return absl::OkStatus();
  const absl::Status written = client_.patch_status(kube::kChangeTrackingTask, task.key, patch).status();
  if (absl::IsNotFound(written)) return absl::OkStatus();  // deleted meanwhile
  if (!written.ok()) return written;
  ++status_writes_;
  for (const json& event : events_between(task, task.status, status, now_us())) {
    // Events are for people and may be lost; the status has it all.
    if (const absl::Status sent = client_.create(kube::kEvent, event).status(); !sent.ok()) {
      spdlog::warn("An event of {} was not recorded: {}", to_string(task.key), text(sent));
    }
  }
  return absl::OkStatus();
}

}  // namespace rowtide::op::tasks
