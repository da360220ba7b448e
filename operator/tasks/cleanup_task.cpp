#include "operator/tasks/cleanup_task.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "operator/kube/json_access.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

/// The spec that ran, with the newest's whitelist.
json spec_to_clean_up(const api::TaskObject& task, const api::TaskObject& last_good) {
  json spec = *last_good.spec;
  if (spec.contains("network")) spec["network"].erase("whitelist");
  if (!task.manages_whitelist) return spec;
  spec["network"]["whitelist"] = kube::value_at(*task.spec, "/network/whitelist");
  if (const json& cluster = kube::value_at(*task.spec, "/source/polardb"); cluster.is_object())
    spec["source"]["polardb"] = cluster;
  return spec;
}

}  // namespace

std::optional<api::TaskObject> task_to_clean_up(const json& object, const api::TaskObject& task,
                                                const std::optional<api::TaskObject>& last_good) {
  std::optional<api::TaskObject> result;
  if (last_good) {
    json merged = object;
    merged["spec"] = spec_to_clean_up(task, *last_good);
    result = api::read_task_object(merged);
    if (!result->parsed->ok()) result = last_good;  // the newest spec is invalid
  } else if (task.manages_whitelist && task.parsed->ok()) {
    result = task;
  } else {
    return std::nullopt;
  }
  result->deletes_topics = last_good && task.deletes_topics;
  result->manages_whitelist = task.manages_whitelist;
  return result;
}

std::string why_unreadable(const json& object) {
  const json& spec = kube::value_at(object, "/status/lastGoodSpec");
  if (!spec.is_object()) return "";
  json former = object;
  former["spec"] = spec;
  std::vector<task::FieldError> errors = api::read_task_object(former).parsed->errors;
  if (errors.empty()) return "";
  errors.resize(1);
  std::string text = task::to_string(errors);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace rowtide::op::tasks
