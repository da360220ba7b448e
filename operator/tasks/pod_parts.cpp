#include "operator/tasks/pod_parts.h"

#include <fmt/format.h>

#include <set>

#include "common/task/stable_hash.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/desired.h"
#include "operator/tasks/sidecar_names.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

std::set<std::string> secrets_of(const task::Spec& spec) {
  std::set<std::string> names;
  const auto add = [&](const auto& reference) {
    if (reference) names.insert(reference->name);
  };
  add(spec.source.credentials_secret_ref);
  if (spec.source.polardb) add(std::optional(spec.source.polardb->open_api_secret_ref));
  add(spec.source.tls.ca_secret_ref);
  add(spec.source.tls.client_certificate_secret_ref);
  if (spec.sink.kafka) {
    add(spec.sink.kafka->security.credentials_secret_ref);
    add(spec.sink.kafka->security.ca_secret_ref);
    add(spec.sink.kafka->security.client_certificate_secret_ref);
  }
  return names;
}

/// The defaults of a resource count where the task says nothing of it: half of them beside its own half would
/// be a request above its limit.
json resources_of(const task::TrackerPod& settings) {
  json resources = settings.resources_json.empty() ? json::object() : json::parse(settings.resources_json);
  const json defaults = {{"requests", {{"cpu", "50m"}, {"memory", "64Mi"}}},
                         {"limits", {{"memory", "256Mi"}}}};
  if (!resources.is_object()) return defaults;
  const json own = resources;
  const auto is_said = [&](const std::string& resource) {
    return kube::find_at(own, {"requests", resource.c_str()}) != nullptr ||
           kube::find_at(own, {"limits", resource.c_str()}) != nullptr;
  };
  for (const auto& [kind, amounts] : defaults.items()) {
    for (const auto& [resource, amount] : amounts.items()) {
      if (!is_said(resource)) resources[kind][resource] = amount;
    }
  }
  return resources;
}

}  // namespace

std::pair<json, json> volumes(const task::Spec& spec, json task_volume) {
  task_volume["name"] = "task";
  json volumes = json::array({std::move(task_volume)});
  json mounts = json::array({{{"name", "task"}, {"mountPath", kTaskFolder}, {"readOnly", true}}});
  int number = 0;
  for (const std::string& secret : secrets_of(spec)) {
    const std::string name = "secret-" + std::to_string(number++);
    volumes.push_back({{"name", name}, {"secret", {{"secretName", secret}, {"optional", true}}}});
    mounts.push_back(
        {{"name", name}, {"mountPath", std::string(kSecretsFolder) + "/" + secret}, {"readOnly", true}});
  }
  return {std::move(volumes), std::move(mounts)};
}

json from_config_map(const std::string& name) {
  return {{"configMap", {{"name", name}}}};
}

json from_annotation(const std::string& annotation) {
  const std::string path = fmt::format("metadata.annotations['{}']", annotation);
  return {{"downwardAPI",
           {{"items", json::array({{{"path", "task.yaml"}, {"fieldRef", {{"fieldPath", path}}}}})}}}};
}

std::optional<std::string> why_document_too_large(std::size_t bytes) {
  if (bytes <= kMostAnnotationBytes) return std::nullopt;
  return fmt::format(
      "the task's document has {} bytes, and as an annotation of a pod it may have {}: select tables by "
      "spec.objects.include[].tablePattern or whole databases instead of one by one, or make several tasks of it",
      bytes, kMostAnnotationBytes);
}

json container(const api::TaskObject& task, const std::string& default_image, const char* name,
               json arguments, json mounts) {
  const task::TrackerPod& settings = task.parsed->task.spec.tracker;
  json object = {{"name", name},
                 {"image", settings.image.empty() ? default_image : settings.image},
                 {"command", json::array({"/usr/local/bin/rowtide-tracker"})},
                 {"args", std::move(arguments)},
                 {"resources", resources_of(settings)},
                 {"volumeMounts", std::move(mounts)},
                 {"securityContext",
                  {{"allowPrivilegeEscalation", false},
                   {"readOnlyRootFilesystem", true},
                   {"capabilities", {{"drop", json::array({"ALL"})}}}}}};
  if (!settings.env_json.empty()) object["env"] = json::parse(settings.env_json);
  return object;
}

json http_probe(const char* port, const char* path, int period_seconds, int failures) {
  return {{"httpGet", {{"path", path}, {"port", port}}},
          {"periodSeconds", period_seconds},
          {"timeoutSeconds", 2},
          {"failureThreshold", failures}};
}

std::string sidecar_pod_hash(const api::TaskObject& task, const std::string& default_image) {
  return task::stable_hash(
      container(task, default_image, kSidecarContainer, json::array(), json::array()).dump());
}

}  // namespace rowtide::op::tasks
