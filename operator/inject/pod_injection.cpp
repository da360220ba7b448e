#include "operator/inject/pod_injection.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "common/status/try.h"
#include "common/task/server_id.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/desired.h"
#include "operator/tasks/pod_parts.h"
#include "operator/tasks/sidecar_names.h"

namespace rowtide::op::inject {
namespace {

using nlohmann::json;

constexpr const char* kStateFolder = "/var/lib/rowtide";
constexpr const char* kStateSubPath = "rowtide";
/// Where the API server mounts the pod's token into every container that has nothing there.
constexpr const char* kTokenFolder = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr const char* kNamePrefix = "rowtide-";  // of volumes, so that they are not those of the pod
constexpr int kLastPort = 65534;                 // the status is at the next one

bool is_true(const json& object, const char* pointer) {
  const json& value = kube::value_at(object, pointer);
  return value.is_boolean() && value.get<bool>();
}

absl::Status refused(const char* name, const std::string& value, const std::string& allowed) {
  return absl::InvalidArgumentError(
      fmt::format("annotation {}: {} is not allowed: {}", name, value, allowed));
}

absl::StatusOr<int> port_of(const json& pod) {
  const std::string text = annotation(pod, kInjectPort);
  if (text.empty()) return kDefaultPort;
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > kLastPort)
    return refused(kInjectPort, text,
                   fmt::format("a port from 1 to {}; the status is at the next one", kLastPort));
  return port;
}

/// Its loopback would be the node's, where everybody reads: there is no password.
absl::Status check_network(const json& pod) {
  if (!is_true(pod, "/spec/hostNetwork")) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "spec.hostNetwork: every process of the node could read the changes, which are on loopback; do without it, or "
      "use a task with sink.kafka");
}

absl::Status check_volume(const json& pod, const std::string& name) {
  const json& volumes = kube::value_at(pod, "/spec/volumes");
  const bool is_there =
      volumes.is_array() && std::any_of(volumes.begin(), volumes.end(), [&](const json& volume) {
        return kube::string_at(volume, {"name"}) == name;
      });
  if (is_there) return absl::OkStatus();
  return refused(kInjectStateVolume, name, "the name of a volume of the pod (spec.volumes)");
}

/// A pod that keeps its name keeps its place in a volume that others use, too. Of others the name says
/// nothing.
std::string state_sub_path(const json& pod) {
  const json& owners = kube::value_at(pod, "/metadata/ownerReferences");
  const bool keeps_name =
      owners.is_array() && std::any_of(owners.begin(), owners.end(), [](const json& owner) {
        return kube::text_at(owner, "/kind") == "StatefulSet";
      });
  const std::string name = kube::text_at(pod, "/metadata/name");
  return keeps_name && !name.empty() ? fmt::format("{}/{}", kStateSubPath, name) : kStateSubPath;
}

/// `restricted`, whatever the pod says for all its containers: what other trackers have from their pod.
void restrict(json& security, const json& pod, const task::Spec& spec) {
  security["runAsNonRoot"] = true;
  security["seccompProfile"] = {{"type", "RuntimeDefault"}};
  const json& pod_user = kube::value_at(pod, "/spec/securityContext/runAsUser");
  const bool would_be_root = pod_user.is_number_integer() && pod_user.get<std::int64_t>() == 0;
  // Our image says itself which user it runs as; of the task's own image nothing is known.
  const bool is_unknown = !spec.tracker.image.empty() && !pod_user.is_number_integer();
  if (would_be_root || is_unknown) {
    security["runAsUser"] = tasks::kUser;
    security["runAsGroup"] = tasks::kUser;
  }
}

json arguments(int port, bool has_state) {
  json arguments = json::array(
      {"run", fmt::format("{}/task.yaml", tasks::kTaskFolder), "--kubernetes", "--secrets",
       tasks::kSecretsFolder, "--listen", fmt::format("127.0.0.1:{}", port), "--status-listen",
       fmt::format(":{}", port + 1), "--failure-file", "/dev/termination-log", "--log-format", "json"});
  if (has_state) {
    arguments.push_back("--state");
    arguments.push_back(kStateFolder);
  }
  return arguments;
}

void append(json& object, const char* member, json items) {
  json& array = object[member];
  if (!array.is_array()) array = json::array();
  for (json& item : items) array.push_back(std::move(item));
}

}  // namespace

std::string annotation(const json& pod, const char* name) {
  return std::string(kube::string_at(pod, {"metadata", "annotations", name}));
}

bool wants_tracker(const json& pod) {
  if (annotation(pod, kInject).empty()) return false;
  const json& containers = kube::value_at(pod, "/spec/initContainers");
  return !containers.is_array() || std::none_of(containers.begin(), containers.end(), [](const json& each) {
    return kube::text_at(each, "/name") == tasks::kSidecarContainer;
  });
}

absl::StatusOr<json> with_tracker(json pod, const api::TaskObject& task, const std::string& default_image) {
  const task::Spec& spec = task.parsed->task.spec;
  if (std::optional<std::string> too_large = tasks::why_document_too_large(task.tracker_document.size()))
    return absl::InvalidArgumentError(*too_large);
  RETURN_IF_ERROR(check_network(pod));
  ASSIGN_OR_RETURN(const int port, port_of(pod));
  const std::string state_volume = annotation(pod, kInjectStateVolume);

  // The document goes with the pod: the Secrets that it names are mounted for as long as the pod lives, too.
  auto [volumes, mounts] = tasks::volumes(spec, tasks::from_annotation(tasks::kTaskDocument));
  for (json* each : {&volumes, &mounts}) {
    for (json& named : *each) named["name"] = kNamePrefix + named["name"].get<std::string>();
  }
  // The task's again: an emptyDir would keep the node from being drained.
  mounts.push_back({{"name", mounts.at(0).at("name")}, {"mountPath", kTokenFolder}, {"readOnly", true}});
  if (!state_volume.empty()) {
    RETURN_IF_ERROR(check_volume(pod, state_volume));
    mounts.push_back({{"name", state_volume}, {"mountPath", kStateFolder}, {"subPath", state_sub_path(pod)}});
  }
  json tracker = tasks::container(task, default_image, tasks::kSidecarContainer,
                                  arguments(port, !state_volume.empty()), std::move(mounts));
  tracker["restartPolicy"] = "Always";
  append(tracker, "env",
         {{{"name", task::kPodUid}, {"valueFrom", {{"fieldRef", {{"fieldPath", "metadata.uid"}}}}}}});
  restrict(tracker["securityContext"], pod, spec);
  tracker["ports"] =
      json::array({{{"name", tasks::kSidecarStatusPort}, {"containerPort", port + 1}, {"protocol", "TCP"}}});
  // The pod's containers begin when the tracker serves; a source that is away does not keep them from it.
  tracker["startupProbe"] = tasks::http_probe(tasks::kSidecarStatusPort, "/readyz", 1, 60);
  tracker["livenessProbe"] = tasks::http_probe(tasks::kSidecarStatusPort, "/healthz", 10, 3);

  json others = kube::value_at(pod, "/spec/initContainers");
  json all = json::array({std::move(tracker)});
  if (others.is_array()) {
    for (json& each : others) all.push_back(std::move(each));
  }
  pod["spec"]["initContainers"] = std::move(all);
  append(pod["spec"], "volumes", std::move(volumes));
  pod["metadata"]["labels"][tasks::kTaskLabel] = task.key.name;
  json& annotations = pod["metadata"]["annotations"];
  annotations[tasks::kInjectedAnnotation] = task.uid;
  annotations[tasks::kTaskDocument] = task.tracker_document;
  annotations[tasks::kPodHash] = tasks::sidecar_pod_hash(task, default_image);
  return pod;
}

}  // namespace rowtide::op::inject
