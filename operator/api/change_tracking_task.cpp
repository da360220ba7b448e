#include "operator/api/change_tracking_task.h"

#include "common/task/stable_hash.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::api {
namespace {

using kube::find_at;
using kube::string_at;

nlohmann::json object_at(const nlohmann::json& object, const char* name) {
  const nlohmann::json* found = find_at(object, {name});
  return found != nullptr && found->is_object() ? *found : nlohmann::json::object();
}

nlohmann::json document_without(const nlohmann::json& object,
                                std::initializer_list<const char*> spec_fields) {
  nlohmann::json spec = object_at(object, "spec");
  for (const char* field : spec_fields) spec.erase(field);
  return {{"apiVersion", string_at(object, {"apiVersion"})},
          {"kind", string_at(object, {"kind"})},
          {"metadata",
           {{"name", string_at(object, {"metadata", "name"})},
            {"namespace", string_at(object, {"metadata", "namespace"})},
            {"uid", string_at(object, {"metadata", "uid"})}}},
          {"spec", std::move(spec)}};
}

}  // namespace

TaskObject read_task_object(const nlohmann::json& object) {
  TaskObject task;
  task.key = {std::string(string_at(object, {"metadata", "namespace"})),
              std::string(string_at(object, {"metadata", "name"}))};
  task.uid = string_at(object, {"metadata", "uid"});
  const nlohmann::json* generation = find_at(object, {"metadata", "generation"});
  if (generation != nullptr && generation->is_number_integer()) task.generation = *generation;
  task.resource_version = string_at(object, {"metadata", "resourceVersion"});
  task.is_deleting = find_at(object, {"metadata", "deletionTimestamp"}) != nullptr;
  task.status = object_at(object, "status");
  task.parsed = task::parse_task(object.dump(), task::Mode::Kubernetes);

  const nlohmann::json* suspend = find_at(object, {"spec", "suspend"});
  task.is_suspended = suspend != nullptr && *suspend == true;

  nlohmann::json document = document_without(object, {"description", "suspend", "tracker", "precheck"});
  task.tracker_document = document.dump(2) + "\n";
  task.tracker_hash = task::stable_hash(task.tracker_document);
  document["spec"]["precheck"]["skip"] = task.parsed.task.spec.precheck.skip;
  task.precheck_document = document.dump(2) + "\n";
  task.precheck_hash = task::stable_hash(task.precheck_document);
  return task;
}

}  // namespace rowtide::op::api
