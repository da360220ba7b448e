#include "operator/api/object_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "operator/kube/json_access.h"

namespace rowtide::op::api {
namespace {

/// `path` is that of `value`, and is so again at the end: one text for all levels.
void drop_defaults_in(nlohmann::json& value, std::string& path, const std::set<std::string>& defaults) {
  const std::size_t length = path.size();
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      path += "[" + std::to_string(i) + "]";
      drop_defaults_in(value[i], path, defaults);
      path.resize(length);
    }
    return;
  }
  if (!value.is_object()) return;
  for (auto member = value.begin(); member != value.end();) {
    path += "." + member.key();
    drop_defaults_in(*member, path, defaults);
    const bool says_nothing =
        member->is_null() || (member->is_object() && member->empty()) || defaults.contains(path);
    path.resize(length);
    member = says_nothing ? value.erase(member) : std::next(member);
  }
}

/// Goes no deeper than that itself.
bool is_deeper_than(const nlohmann::json& value, int levels) {
  if (!value.is_structured()) return false;
  if (levels == 0) return true;
  return std::any_of(value.begin(), value.end(),
                     [&](const nlohmann::json& each) { return is_deeper_than(each, levels - 1); });
}

}  // namespace

bool ObjectMetadata::has_cleanup_finalizer() const {
  return std::find(finalizers.begin(), finalizers.end(), kCleanupFinalizer) != finalizers.end();
}

void read_metadata(const nlohmann::json& object, ObjectMetadata& metadata) {
  using kube::find_at;
  using kube::string_at;
  metadata.key = {std::string(string_at(object, {"metadata", "namespace"})),
                  std::string(string_at(object, {"metadata", "name"}))};
  metadata.uid = string_at(object, {"metadata", "uid"});
  const nlohmann::json* generation = find_at(object, {"metadata", "generation"});
  if (generation != nullptr && generation->is_number_integer()) metadata.generation = *generation;
  metadata.resource_version = string_at(object, {"metadata", "resourceVersion"});
  metadata.is_deleting = find_at(object, {"metadata", "deletionTimestamp"}) != nullptr;
  metadata.finalizers.clear();
  if (const nlohmann::json* finalizers = find_at(object, {"metadata", "finalizers"});
      finalizers != nullptr && finalizers->is_array()) {
    for (const nlohmann::json& name : *finalizers) {
      if (name.is_string()) metadata.finalizers.push_back(name.get<std::string>());
    }
  }
  metadata.skips_cleanup = string_at(object, {"metadata", "annotations", kSkipCleanup}) == "true";
  metadata.status = object_at(object, "status");
}

const nlohmann::json& object_at(const nlohmann::json& object, const char* name) {
  static const nlohmann::json kEmpty = nlohmann::json::object();
  const nlohmann::json* found = kube::find_at(object, {name});
  return found != nullptr && found->is_object() ? *found : kEmpty;
}

nlohmann::json document_of(const nlohmann::json& object, nlohmann::json spec) {
  using kube::string_at;
  return {{"apiVersion", string_at(object, {"apiVersion"})},
          {"kind", string_at(object, {"kind"})},
          {"metadata",
           {{"name", string_at(object, {"metadata", "name"})},
            {"namespace", string_at(object, {"metadata", "namespace"})},
            {"uid", string_at(object, {"metadata", "uid"})}}},
          {"spec", std::move(spec)}};
}

std::optional<task::FieldError> nested_too_deep(const nlohmann::json& spec) {
  constexpr int kMaxLevels = 64;
  constexpr int kToldLevels = 2;  // "spec.tracker.affinity"
  if (!is_deeper_than(spec, kMaxLevels)) return std::nullopt;
  std::string path = "spec";
  const nlohmann::json* at = &spec;
  for (int level = 1; level <= kToldLevels && at->is_object(); ++level) {
    for (const auto& [name, value] : at->items()) {
      if (!is_deeper_than(value, kMaxLevels - level)) continue;
      path += "." + name;
      at = &value;
      break;
    }
  }
  return task::FieldError{
      .path = std::move(path),
      .value = {},
      .message = fmt::format("nested deeper than {} levels, which no object needs: correct or remove it",
                             kMaxLevels)};
}

void drop_defaults(nlohmann::json& value, std::string path, const std::vector<std::string>& defaults) {
  drop_defaults_in(value, path, std::set<std::string>(defaults.begin(), defaults.end()));
}

}  // namespace rowtide::op::api
