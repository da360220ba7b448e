#include "operator/tasks/trim.h"

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

json only(const json& object, std::initializer_list<const char*> names) {
  json kept = json::object();
  for (const char* name : names) {
    if (object.is_object() && object.contains(name)) kept[name] = object.at(name);
  }
  return kept;
}

}  // namespace

void trim_pod(json& pod) {
  if (!pod.is_object() || !pod.contains("spec")) return;
  json spec = only(pod["spec"], {"hostNetwork", "initContainers", "nodeName", "readinessGates"});
  if (spec.contains("initContainers") && spec["initContainers"].is_array()) {
    for (json& container : spec["initContainers"])
      container = only(container, {"name", "ports", "restartPolicy"});
  }
  pod["spec"] = std::move(spec);
}

void trim_job(json& job) {
  if (job.is_object()) job.erase("spec");
}

}  // namespace rowtide::op::tasks
