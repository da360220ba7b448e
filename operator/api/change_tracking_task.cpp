#include "operator/api/change_tracking_task.h"

#include <iterator>
#include <set>
#include <utility>

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

/// Without what says nothing: defaults, nulls, and maps in which nothing else was. A default that the CRD
/// gains is so none that a tracker, perhaps of an older image, would meet.
void drop_defaults(nlohmann::json& value, const std::string& path, const std::set<std::string>& defaults) {
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      drop_defaults(value[i], path + "[" + std::to_string(i) + "]", defaults);
    }
    return;
  }
  if (!value.is_object()) return;
  for (auto member = value.begin(); member != value.end();) {
    const std::string member_path = path + "." + member.key();
    drop_defaults(*member, member_path, defaults);
    const bool says_nothing =
        member->is_null() || (member->is_object() && member->empty()) || defaults.contains(member_path);
    member = says_nothing ? value.erase(member) : std::next(member);
  }
}

nlohmann::json document_of(const nlohmann::json& object, nlohmann::json spec) {
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
  nlohmann::json spec = object_at(object, "spec");
  task.parsed = task::parse_task(document_of(object, spec).dump(), task::Mode::Kubernetes);

  const nlohmann::json* suspend = find_at(object, {"spec", "suspend"});
  task.is_suspended = suspend != nullptr && *suspend == true;

  for (const char* operators : {"description", "suspend", "tracker", "precheck"}) spec.erase(operators);
  drop_defaults(spec, "spec", {task.parsed.defaults.begin(), task.parsed.defaults.end()});
  nlohmann::json document = document_of(object, std::move(spec));
  task.tracker_document = document.dump(2) + "\n";
  task.tracker_hash = task::stable_hash(task.tracker_document);
  const std::vector<std::string>& skip = task.parsed.task.spec.precheck.skip;
  if (!skip.empty()) document["spec"]["precheck"]["skip"] = skip;
  task.precheck_document = document.dump(2) + "\n";
  task.precheck_hash = task::stable_hash(task.precheck_document);
  return task;
}

}  // namespace rowtide::op::api
