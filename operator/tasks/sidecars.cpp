#include "operator/tasks/sidecars.h"

#include <nlohmann/json.hpp>
#include <string>

#include "operator/kube/json_access.h"
#include "operator/tasks/pod_state.h"
#include "operator/tasks/sidecar_names.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

const json& sidecar_container(const json& pod) {
  static const json kNoContainer;
  const json& containers = kube::value_at(pod, "/spec/initContainers");
  if (!containers.is_array()) return kNoContainer;
  for (const json& container : containers) {
    if (kube::string_at(container, {"name"}) == kSidecarContainer) return container;
  }
  return kNoContainer;
}

}  // namespace

bool is_sidecar_pod(const json& pod, const api::TaskObject& task) {
  return task.is_stream && sidecar_container(pod).is_object() && !has_ended(pod);
}

std::string task_uid_of(const json& pod) {
  return std::string(kube::string_at(pod, {"metadata", "annotations", kInjectedAnnotation}));
}

std::optional<std::uint16_t> sidecar_port(const json& pod) {
  const json& host_network = kube::value_at(pod, "/spec/hostNetwork");
  if (host_network.is_boolean() && host_network.get<bool>()) return std::nullopt;
  const json& ports = kube::value_at(sidecar_container(pod), "/ports");
  if (!ports.is_array()) return std::nullopt;
  for (const json& port : ports) {
    const json& number = kube::value_at(port, "/containerPort");
    if (kube::string_at(port, {"name"}) == kSidecarStatusPort && number.is_number_unsigned() &&
        number <= UINT16_MAX)
      return number.get<std::uint16_t>();
  }
  return std::nullopt;
}

}  // namespace rowtide::op::tasks
