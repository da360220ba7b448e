#include "operator/api/change_tracking_task.h"

#include <memory>
#include <optional>
#include <utility>

#include "common/task/stable_hash.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::api {
namespace {

using kube::find_at;
using kube::string_at;

/// Metadata and status: what changes while the spec does not.
void read_around_spec(const nlohmann::json& object, TaskObject& task) {
  read_metadata(object, task);
  task.is_paused = string_at(object, {"metadata", "annotations", kPaused}) == "true";
  task.upgrade_request = string_at(object, {"metadata", "annotations", kUpgradeRequest});
}

/// What a task is whatever the rest of its spec is worth.
void read_kind(const nlohmann::json& spec, TaskObject& task) {
  task.is_stream = find_at(spec, {"sink", "stream"}) != nullptr;
  if (!task.is_stream) {
    const nlohmann::json* suspend = find_at(spec, {"suspend"});
    task.is_suspended = suspend != nullptr && *suspend == true;
    task.deletes_topics = string_at(spec, {"deletionPolicy"}) == "Delete";
    task.manages_whitelist = string_at(spec, {"network", "whitelist", "mode"}) == "Manage";
  }
}

/// As one that says nothing but what is wrong with it.
void refuse_spec(TaskObject& task, task::FieldError error) {
  task.spec = std::make_shared<const nlohmann::json>(nlohmann::json::object());
  auto parsed = std::make_shared<task::ParseResult>();
  parsed->errors.push_back(std::move(error));
  task.parsed = std::move(parsed);
}

/// The status keeps a copy of the spec, and etcd takes 1.5 MiB of both together.
std::optional<task::FieldError> too_large(const nlohmann::json& spec) {
  constexpr std::size_t kMaxBytes = 600'000;
  const std::size_t bytes = spec.dump().size();
  if (bytes <= kMaxBytes) return std::nullopt;
  return task::FieldError{
      .path = "spec",
      .value = std::to_string(bytes) + " bytes",
      .message =
          "at most " + std::to_string(kMaxBytes) +
          " bytes; select by tablePattern or whole databases instead of table by table, or make several "
          "tasks of it"};
}

void read_spec(const nlohmann::json& object, TaskObject& task) {
  const nlohmann::json& given = object_at(object, "spec");
  read_kind(given, task);
  for (const auto& check : {nested_too_deep, too_large}) {
    if (std::optional<task::FieldError> error = check(given)) return refuse_spec(task, *std::move(error));
  }
  nlohmann::json spec = given;
  task.spec = std::make_shared<const nlohmann::json>(spec);
  auto parsed = std::make_shared<task::ParseResult>(
      task::parse_task(document_of(object, spec).dump(), task::Mode::Kubernetes));
  const std::vector<std::string> defaults = std::exchange(parsed->defaults, {});  // of no use but here
  task.parsed = std::move(parsed);
  nlohmann::json pod_settings = object_at(spec, "tracker");
  drop_defaults(pod_settings, "spec.tracker", defaults);
  task.pod_settings_hash = task::stable_hash(pod_settings.dump());
  for (const char* operators :
       {"description", "suspend", "tracker", "precheck", "network", "alerts", "deletionPolicy"})
    if (operators != std::string_view("network") || !task.parsed->task.spec.source.polardb)
      spec.erase(operators);
  drop_defaults(spec, "spec", defaults);
  if (task.is_stream)
    spec["sink"]["stream"].update(nlohmann::json::object());  // which says something empty, too
  nlohmann::json document = document_of(object, std::move(spec));
  // Of a stream it is an annotation, which has a bound; in a ConfigMap people read it.
  task.tracker_document = document.dump(task.is_stream ? -1 : 2) + "\n";
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
  const kube::ObjectKey key{std::string(string_at(object, {"metadata", "namespace"})),
                            std::string(string_at(object, {"metadata", "name"}))};
  TaskObject task;
  {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(key);
    // By the spec itself: a default that the CRD gains changes it without another generation.
    if (known != known_.end() && known->second.uid == string_at(object, {"metadata", "uid"}) &&
        *known->second.spec == object_at(object, "spec"))
      task = known->second;
  }
  read_around_spec(object, task);
  if (task.parsed != nullptr) return task;
  read_spec(object, task);
  TaskObject kept = task;
  kept.status = nullptr;  // it is read anew each time
  const std::lock_guard lock(mutex_);
  known_.insert_or_assign(task.key, std::move(kept));
  return task;
}

void TaskReader::forget(const kube::ObjectKey& key) {
  const std::lock_guard lock(mutex_);
  known_.erase(key);
}

}  // namespace rowtide::op::api
