#include "operator/tasks/desired.h"

#include <fmt/format.h>

#include <utility>

#include "common/task/stable_hash.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/pod_parts.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

constexpr const char* kGroupsFolder = "/etc/rowtide/groups";
constexpr const char* kGroupsFile = "groups.yaml";
// With the time that its image takes to be pulled; the checks themselves take seconds.
constexpr int kPrecheckDeadlineSeconds = 600;
constexpr int kKeptPrecheckSeconds = 3600;
constexpr int kCleanupRetries = 3;
constexpr int kCleanupDeadlineSeconds = 480;
constexpr int kKeptCleanupSeconds = 3600;

json labels(const api::TaskObject& task, const char* component) {
  return {{"app.kubernetes.io/name", "rowtide-tracker"},
          {"app.kubernetes.io/instance", task.key.name},
          {"app.kubernetes.io/managed-by", kManagedBy},
          {kComponentLabel, component},
          {kTaskLabel, task.key.name}};
}

/// What selects a task's pods for ever: a Deployment's selector cannot be changed.
json selector(const api::TaskObject& task) {
  return {{kTaskLabel, task.key.name}, {kComponentLabel, "tracker"}};
}

json metadata(const api::TaskObject& task, const std::string& name, const char* component) {
  return {{"name", name},
          {"namespace", task.key.name_space},
          {"labels", labels(task, component)},
          {"ownerReferences", json::array({{{"apiVersion", kube::api_version(kube::kChangeTrackingTask)},
                                            {"kind", kube::kChangeTrackingTask.kind},
                                            {"name", task.key.name},
                                            {"uid", task.uid},
                                            {"controller", true},
                                            {"blockOwnerDeletion", true}}})}};
}

json with_hash(json object) {
  const std::string hash = task::stable_hash(object.dump());
  object["metadata"]["annotations"][kDesiredHash] = hash;
  return object;
}

json pod_spec(const api::TaskObject& task, json pod_container, json pod_volumes) {
  const task::TrackerPod& settings = task.parsed->task.spec.tracker;
  json security = {{"runAsNonRoot", true}, {"seccompProfile", {{"type", "RuntimeDefault"}}}};
  // Our image says itself which user it runs as, and a platform (OpenShift) may choose another. Of the task's
  // own image nothing is known: one that would run as root is not to fail.
  if (!settings.image.empty()) {
    for (const char* id : {"runAsUser", "runAsGroup", "fsGroup"}) security[id] = kUser;
  }
  json spec = {{"automountServiceAccountToken", false},
               {"enableServiceLinks", false},
               {"securityContext", std::move(security)},
               {"containers", json::array({std::move(pod_container)})},
               {"volumes", std::move(pod_volumes)}};
  const auto pass_through = [&](const char* field, const std::string& text) {
    if (!text.empty()) spec[field] = json::parse(text);
  };
  pass_through("nodeSelector", settings.node_selector_json);
  pass_through("tolerations", settings.tolerations_json);
  pass_through("affinity", settings.affinity_json);
  pass_through("topologySpreadConstraints", settings.topology_spread_constraints_json);
  pass_through("imagePullSecrets", settings.image_pull_secrets_json);
  if (!settings.priority_class_name.empty()) spec["priorityClassName"] = settings.priority_class_name;
  if (!settings.service_account_name.empty()) spec["serviceAccountName"] = settings.service_account_name;
  return spec;
}

/// The task's own beside ours, which are reserved; of annotations that we only suggest, the task's win.
json pod_metadata(const api::TaskObject& task, const char* component, json annotations) {
  const task::TrackerPod& settings = task.parsed->task.spec.tracker;
  json pod_labels = labels(task, component);
  for (const auto& [key, value] : settings.pod_labels) pod_labels[key] = value;
  for (const auto& [key, value] : settings.pod_annotations) annotations[key] = value;
  json object = {{"labels", std::move(pod_labels)}};
  if (!annotations.empty()) object["annotations"] = std::move(annotations);
  return object;
}

json config_map(const api::TaskObject& task, const std::string& name, const char* component, const char* file,
                const std::string& content) {
  return with_hash({{"apiVersion", "v1"},
                    {"kind", "ConfigMap"},
                    {"metadata", metadata(task, name, component)},
                    {"data", {{file, content}}}});
}

/// A folder of its own and no subPath, so that what is mounted follows the ConfigMap; optional, because most
/// tasks have no groups.
void mount_groups(const api::TaskObject& task, json& pod_volumes, json& mounts) {
  pod_volumes.push_back(
      {{"name", "groups"}, {"configMap", {{"name", groups_name(task)}, {"optional", true}}}});
  mounts.push_back({{"name", "groups"}, {"mountPath", kGroupsFolder}, {"readOnly", true}});
}

json precheck_template(const api::TaskObject& task, const std::string& default_image) {
  auto [pod_volumes, mounts] = volumes(task.parsed->task.spec, from_config_map(precheck_name(task)));
  json precheck =
      container(task, default_image, kPrecheckContainer,
                json::array({"precheck", std::string(kTaskFolder) + "/task.yaml", "--kubernetes", "--secrets",
                             kSecretsFolder, "--report-file", "/dev/termination-log"}),
                std::move(mounts));
  // A program that ends before it writes its report says why in its log only.
  precheck["terminationMessagePolicy"] = "FallbackToLogsOnError";
  json spec = pod_spec(task, std::move(precheck), std::move(pod_volumes));
  spec["restartPolicy"] = "Never";
  return {{"metadata", pod_metadata(task, "precheck", json::object())}, {"spec", std::move(spec)}};
}

bool has_topic_per_table(const task::Spec& spec) {
  return spec.sink.kafka && spec.sink.kafka->topic.name.find('{') != std::string::npos;
}

/// Of thousands of tables it would not fit into an annotation: they are left out where no topic's name is
/// made of theirs, but for one, because a task has some.
std::string cleanup_document(const api::TaskObject& task) {
  json document = json::parse(task.tracker_document);
  if (task.deletes_topics && has_topic_per_table(task.parsed->task.spec)) return document.dump() + "\n";
  json& objects = document["spec"]["objects"];
  json rule = objects["include"][0];
  if (rule.contains("tables")) rule["tables"] = json::array({rule["tables"][0]});
  objects = {{"include", json::array({std::move(rule)})}};
  return document.dump() + "\n";
}

/// What tells later whether it is the task or the operator that changed. Not part of the hash.
void note_upgrade_state(json& deployment, const api::TaskObject& task, const std::string& default_image) {
  if (task.parsed->task.spec.tracker.upgrade_policy != task::UpgradePolicy::Manual) return;
  json& annotations = deployment["metadata"]["annotations"];
  annotations[kAskedHash] = task::stable_hash(task.tracker_hash + " " + task.pod_settings_hash);
  annotations[kDefaultImage] = default_image;
  if (!task.upgrade_request.empty()) annotations[api::kUpgradeRequest] = task.upgrade_request;
}

}  // namespace

std::string tracker_name(const api::TaskObject& task) {
  return task.key.name + "-tracker";
}
std::string precheck_name(const api::TaskObject& task) {
  return task.key.name + "-precheck";
}
std::string cleanup_name(const api::TaskObject& task) {
  return task.key.name + "-cleanup";
}

std::string groups_name(const api::TaskObject& task) {
  return task.key.name + "-groups";
}

json groups_config_map(const api::TaskObject& task, const std::string& documents) {
  return config_map(task, groups_name(task), "tracker", kGroupsFile, documents);
}

json tracker_config_map(const api::TaskObject& task) {
  return config_map(task, tracker_name(task), "tracker", "task.yaml", task.tracker_document);
}

json precheck_config_map(const api::TaskObject& task) {
  return config_map(task, precheck_name(task), "precheck", "task.yaml", task.precheck_document);
}

json tracker_deployment(const api::TaskObject& task, const std::string& default_image) {
  auto [pod_volumes, mounts] = volumes(task.parsed->task.spec, from_config_map(tracker_name(task)));
  mount_groups(task, pod_volumes, mounts);
  json tracker =
      container(task, default_image, kTrackerContainer,
                json::array({"run", std::string(kTaskFolder) + "/task.yaml", "--kubernetes", "--secrets",
                             kSecretsFolder, "--groups", fmt::format("{}/{}", kGroupsFolder, kGroupsFile),
                             "--listen", ":" + std::to_string(kTrackerPort), "--failure-file",
                             "/dev/termination-log", "--log-format", "json"}),
                std::move(mounts));
  tracker["ports"] = json::array({{{"name", "http"}, {"containerPort", kTrackerPort}, {"protocol", "TCP"}}});
  tracker["livenessProbe"] = http_probe("http", "/healthz", 10, 3);
  tracker["readinessProbe"] = http_probe("http", "/readyz", 2, 2);
  json spec = pod_spec(task, std::move(tracker), std::move(pod_volumes));
  spec["terminationGracePeriodSeconds"] = 60;
  json pod = pod_metadata(task, "tracker",
                          {{kTrackerHash, task.tracker_hash},  // a changed task rolls the pod
                           {"prometheus.io/scrape", "true"},
                           {"prometheus.io/port", std::to_string(kTrackerPort)}});
  json deployment =
      with_hash({{"apiVersion", "apps/v1"},
                 {"kind", "Deployment"},
                 {"metadata", metadata(task, tracker_name(task), "tracker")},
                 {"spec",
                  {{"strategy", {{"type", "Recreate"}}},  // the next begins when the last has stopped
                   {"revisionHistoryLimit", 2},
                   {"selector", {{"matchLabels", selector(task)}}},
                   {"template", {{"metadata", std::move(pod)}, {"spec", std::move(spec)}}}}}});
  note_upgrade_state(deployment, task, default_image);
  return deployment;
}

TrackerPlan plan_tracker(const api::TaskObject& task, const std::string& default_image, const json* live) {
  TrackerPlan plan{.deployment = tracker_deployment(task, default_image)};
  if (task.parsed->task.spec.tracker.upgrade_policy != task::UpgradePolicy::Manual || live == nullptr) {
    return plan;
  }
  const auto annotation = [](const json& object, const char* name) {
    return kube::string_at(object, {"metadata", "annotations", name});
  };
  const bool is_asked =
      annotation(*live, kAskedHash) != annotation(plan.deployment, kAskedHash) ||
      (!task.upgrade_request.empty() && annotation(*live, api::kUpgradeRequest) != task.upgrade_request);
  if (is_asked || annotation(*live, kDesiredHash) == annotation(plan.deployment, kDesiredHash)) return plan;
  plan.upgrade_waits = true;
  plan.deployment = tracker_deployment(task, std::string(annotation(*live, kDefaultImage)));
  if (annotation(*live, kDesiredHash) != annotation(plan.deployment, kDesiredHash)) plan.deployment = nullptr;
  return plan;
}

json tracker_scale(const api::TaskObject& task, int replicas) {
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", {{"name", tracker_name(task)}, {"namespace", task.key.name_space}}},
          {"spec", {{"replicas", replicas}}}};
}

json tracker_service(const api::TaskObject& task) {
  return with_hash(
      {{"apiVersion", "v1"},
       {"kind", "Service"},
       {"metadata", metadata(task, tracker_name(task), "tracker")},
       {"spec",
        {{"clusterIP", "None"},
         {"selector", selector(task)},
         {"publishNotReadyAddresses", true},  // metrics of a tracker that cannot stream are wanted most
         {"ports",
          json::array(
              {{{"name", "http"}, {"port", kTrackerPort}, {"targetPort", "http"}, {"protocol", "TCP"}}})}}}});
}

json precheck_job(const api::TaskObject& task, const std::string& default_image, int attempt) {
  json pod_template = precheck_template(task, default_image);
  json object = {{"apiVersion", "batch/v1"},
                 {"kind", "Job"},
                 {"metadata", metadata(task, precheck_name(task), "precheck")},
                 {"spec",
                  {{"backoffLimit", 0},
                   {"activeDeadlineSeconds", kPrecheckDeadlineSeconds},
                   {"ttlSecondsAfterFinished", kKeptPrecheckSeconds}}}};
  object["metadata"]["annotations"] = {
      {kPrecheckHash, task.precheck_hash},
      {kPodHash, task::stable_hash(pod_template.dump())},
      {kRunNonce, std::to_string(task.parsed->task.spec.precheck.run_nonce)},
      {kAttempt, std::to_string(attempt)},
  };
  object["spec"]["template"] = std::move(pod_template);
  return object;
}

json cleanup_job(const api::TaskObject& task, const std::string& default_image) {
  auto [pod_volumes, mounts] = volumes(task.parsed->task.spec, from_annotation(kTaskDocument));
  json cleanup =
      container(task, default_image, kCleanupContainer,
                json::array({"cleanup", std::string(kTaskFolder) + "/task.yaml", "--kubernetes", "--secrets",
                             kSecretsFolder, "--report-file", "/dev/termination-log"}),
                std::move(mounts));
  if (!task.deletes_topics) cleanup["args"].push_back("--keep-topics");
  cleanup["terminationMessagePolicy"] = "FallbackToLogsOnError";
  json spec = pod_spec(task, std::move(cleanup), std::move(pod_volumes));
  spec["restartPolicy"] = "Never";
  json job_metadata = metadata(task, cleanup_name(task), "cleanup");
  job_metadata.erase("ownerReferences");
  // The task is gone from where it was applied from: what prunes by this label would take a Job without an
  // owner along.
  job_metadata["labels"].erase("app.kubernetes.io/instance");
  job_metadata["annotations"] = {{kTaskUid, task.uid}};
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", std::move(job_metadata)},
          {"spec",
           {{"backoffLimit", kCleanupRetries},
            {"activeDeadlineSeconds", kCleanupDeadlineSeconds},
            {"ttlSecondsAfterFinished", kKeptCleanupSeconds},
            {"template",
             {{"metadata", pod_metadata(task, "cleanup", {{kTaskDocument, cleanup_document(task)}})},
              {"spec", std::move(spec)}}}}}};
}

std::string precheck_pod_hash(const api::TaskObject& task, const std::string& default_image) {
  return task::stable_hash(precheck_template(task, default_image).dump());
}

bool is_rolled_out(const json& deployment) {
  const auto number = [&](const char* pointer) {
    const json& value = kube::value_at(deployment, pointer);
    return value.is_number_integer() ? value.get<std::int64_t>() : 0;
  };
  return number("/status/observedGeneration") >= number("/metadata/generation") &&
         number("/status/updatedReplicas") == 1 && number("/status/replicas") == 1;
}

std::string controller_uid(const json& object) {
  const json& owners = kube::value_at(object, "/metadata/ownerReferences");
  if (!owners.is_array()) return "";
  for (const json& owner : owners) {
    if (owner.is_object() && owner.value("controller", false)) return kube::text_at(owner, "/uid");
  }
  return "";
}

}  // namespace rowtide::op::tasks
