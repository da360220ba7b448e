#include "operator/api/change_tracking_task.h"

#include <iterator>
#include <memory>
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

/// Metadata and status: what changes while the spec does not.
void read_around_spec(const nlohmann::json& object, TaskObject& task) {
  task.key = {std::string(string_at(object, {"metadata", "namespace"})),
              std::string(string_at(object, {"metadata", "name"}))};
  task.uid = string_at(object, {"metadata", "uid"});
  const nlohmann::json* generation = find_at(object, {"metadata", "generation"});
  if (generation != nullptr && generation->is_number_integer()) task.generation = *generation;
  task.resource_version = string_at(object, {"metadata", "resourceVersion"});
  task.is_deleting = find_at(object, {"metadata", "deletionTimestamp"}) != nullptr;
  task.finalizers.clear();
  if (const nlohmann::json* finalizers = find_at(object, {"metadata", "finalizers"});
      finalizers != nullptr && finalizers->is_array()) {
    for (const nlohmann::json& name : *finalizers) {
      if (name.is_string()) task.finalizers.push_back(name.get<std::string>());
    }
  }
  task.skips_cleanup = string_at(object, {"metadata", "annotations", kSkipCleanup}) == "true";
  task.is_paused = string_at(object, {"metadata", "annotations", kPaused}) == "true";
  task.upgrade_request = string_at(object, {"metadata", "annotations", kUpgradeRequest});
  task.status = object_at(object, "status");
}

void read_spec(const nlohmann::json& object, TaskObject& task) {
  nlohmann::json spec = object_at(object, "spec");
  const nlohmann::json* suspend = find_at(spec, {"suspend"});
  task.is_suspended = suspend != nullptr && *suspend == true;
  task.deletes_topics = string_at(spec, {"deletionPolicy"}) == "Delete";
  task.manages_whitelist = string_at(spec, {"network", "whitelist", "mode"}) == "Manage";
  task.spec = std::make_shared<const nlohmann::json>(spec);
  task.parsed = std::make_shared<const task::ParseResult>(
      task::parse_task(document_of(object, spec).dump(), task::Mode::Kubernetes));

  const std::set<std::string> defaults{task.parsed->defaults.begin(), task.parsed->defaults.end()};
  nlohmann::json pod_settings = object_at(spec, "tracker");
  drop_defaults(pod_settings, "spec.tracker", defaults);
  task.pod_settings_hash = task::stable_hash(pod_settings.dump());
  for (const char* operators :
       {"description", "suspend", "tracker", "precheck", "network", "alerts", "deletionPolicy"})
    if (operators != std::string_view("network") || !task.parsed->task.spec.source.polardb)
      spec.erase(operators);
  drop_defaults(spec, "spec", defaults);
  nlohmann::json document = document_of(object, std::move(spec));
  task.tracker_document = document.dump(2) + "\n";
  task.tracker_hash = task::stable_hash(task.tracker_document);
  const std::vector<std::string>& skip = task.parsed->task.spec.precheck.skip;
  if (!skip.empty()) document["spec"]["precheck"]["skip"] = skip;
  task.precheck_document = document.dump(2) + "\n";
  task.precheck_hash = task::stable_hash(task.precheck_document);
}

}  // namespace

TaskObject read_task_object(const nlohmann::json& object) {
  TaskObject task;
  read_around_spec(object, task);
  read_spec(object, task);
  return task;
}

TaskObject TaskReader::read(const nlohmann::json& object) {
  TaskObject task;
  read_around_spec(object, task);
  // By the spec itself: a default that the CRD gains changes it without another generation.
  nlohmann::json spec = object_at(object, "spec");
  {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(task.key);
    if (known != known_.end() && known->second.task.uid == task.uid && known->second.spec == spec) {
      TaskObject again = known->second.task;
      read_around_spec(object, again);
      return again;
    }
  }
  read_spec(object, task);
  const std::lock_guard lock(mutex_);
  known_.insert_or_assign(task.key, Known{std::move(spec), task});
  return task;
}

void TaskReader::forget(const kube::ObjectKey& key) {
  const std::lock_guard lock(mutex_);
  known_.erase(key);
}

}  // namespace rowtide::op::api
