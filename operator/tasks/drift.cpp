#include "operator/tasks/drift.h"

#include <algorithm>
#include <string_view>

#include "operator/kube/json_access.h"
#include "operator/tasks/desired.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

/// The server leaves such values out of what it stores.
bool is_empty_value(const json& value) {
  return value.is_null() || (value.is_structured() && value.empty());
}

bool is_list_of_objects(const json& value) {
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const json& item) { return item.is_object(); });
}

class Comparison {
 public:
  explicit Comparison(std::vector<std::string>& found) : found_(found) {}

  void compare(const json& live, const json& desired, const std::string& path) {
    if (is_empty_value(desired) && is_empty_value(live)) return;
    if (desired.is_object() && live.is_object() && !path.ends_with("/selector")) {
      compare_members(live, desired, path);
    } else if (is_list_of_objects(desired) && is_list_of_objects(live)) {
      for (const json& item : desired) compare_item(live, item, path);
    } else if (live != desired) {
      found_.push_back(path + " = " + live.dump(-1, ' ', false, json::error_handler_t::replace));
    }
  }

 private:
  void compare_members(const json& live, const json& desired, const std::string& path) {
    static const json kAbsent;
    for (const auto& [name, value] : desired.items()) {
      const auto member = live.find(name);
      compare(member == live.end() ? kAbsent : *member, value, path + "/" + name);
    }
  }

  void compare_item(const json& live, const json& item, const std::string& path) {
    const std::string_view name = kube::string_at(item, {"name"});
    const json* namesake = nullptr;
    for (const json& candidate : live) {
      if (differences(candidate, item).empty()) return;
      if (!name.empty() && kube::string_at(candidate, {"name"}) == name) namesake = &candidate;
    }
    if (namesake != nullptr) return compare(*namesake, item, path + "/" + std::string(name));
    found_.push_back(path + " lacks " + item.dump(-1, ' ', false, json::error_handler_t::replace));
  }

  std::vector<std::string>& found_;
};

std::string version_of(const json& desired) {
  return kube::text_at(desired, "/kind") + " " + kube::text_at(desired, "/metadata/name") + " " +
         std::string(kube::string_at(desired, {"metadata", "annotations", kDesiredHash}));
}

}  // namespace

std::vector<std::string> differences(const json& live, const json& desired) {
  std::vector<std::string> found;
  Comparison(found).compare(live, desired, "");
  return found;
}

void KeptOtherwise::note(const kube::ObjectKey& task, const json& desired, const json& answer) {
  std::vector<std::string> kept = differences(answer, desired);
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::vector<std::string>>& of_task = kept_[task];
  // Of one object, only the newest version is asked for.
  const std::string version = version_of(desired);
  const std::string object = version.substr(0, version.rfind(' ') + 1);
  std::erase_if(of_task, [&](const auto& entry) { return entry.first.starts_with(object); });
  if (!kept.empty()) of_task[version] = std::move(kept);
  if (of_task.empty()) kept_.erase(task);
}

bool KeptOtherwise::explains(const kube::ObjectKey& task, const json& live, const json& desired) const {
  const std::vector<std::string> found = differences(live, desired);
  if (found.empty()) return true;
  const std::lock_guard lock(mutex_);
  const auto of_task = kept_.find(task);
  if (of_task == kept_.end()) return false;
  const auto kept = of_task->second.find(version_of(desired));
  return kept != of_task->second.end() &&
         std::all_of(found.begin(), found.end(), [&](const std::string& difference) {
           return std::find(kept->second.begin(), kept->second.end(), difference) != kept->second.end();
         });
}

void KeptOtherwise::forget(const kube::ObjectKey& task) {
  const std::lock_guard lock(mutex_);
  kept_.erase(task);
}

}  // namespace rowtide::op::tasks
