#include "operator/api/change_tracking_task.h"

#include <fmt/format.h>

namespace rowtide::op::api {
namespace {

nlohmann::json document_without(const nlohmann::json& object,
                                std::initializer_list<const char*> spec_fields) {
  nlohmann::json spec = object.value("spec", nlohmann::json::object());
  if (spec.is_object()) {
    for (const char* field : spec_fields) spec.erase(field);
  }
  const nlohmann::json& metadata = object.at("metadata");
  return {{"apiVersion", object.value("apiVersion", "")},
          {"kind", object.value("kind", "")},
          {"metadata",
           {{"name", metadata.value("name", "")},
            {"namespace", metadata.value("namespace", "")},
            {"uid", metadata.value("uid", "")}}},
          {"spec", std::move(spec)}};
}

}  // namespace

std::string stable_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (const char character : text) hash = (hash ^ static_cast<unsigned char>(character)) * 1099511628211ULL;
  return fmt::format("{:016x}", hash);
}

TaskObject read_task_object(const nlohmann::json& object) {
  const nlohmann::json& metadata = object.at("metadata");
  TaskObject task;
  task.key = {metadata.value("namespace", ""), metadata.value("name", "")};
  task.uid = metadata.value("uid", "");
  task.generation = metadata.value("generation", std::int64_t{0});
  task.resource_version = metadata.value("resourceVersion", "");
  task.is_deleting = metadata.contains("deletionTimestamp");
  task.status = object.value("status", nlohmann::json::object());
  task.parsed = task::parse_task(object.dump(), task::Mode::Kubernetes);

  nlohmann::json document = document_without(object, {"description", "suspend", "tracker", "precheck"});
  task.tracker_document = document.dump(2) + "\n";
  task.tracker_hash = stable_hash(task.tracker_document);
  document["spec"]["precheck"]["skip"] = task.parsed.task.spec.precheck.skip;
  task.precheck_document = document.dump(2) + "\n";
  task.precheck_hash = stable_hash(task.precheck_document);
  return task;
}

}  // namespace rowtide::op::api
