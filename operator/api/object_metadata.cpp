#include "operator/api/object_metadata.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "operator/kube/json_access.h"

namespace rowtide::op::api {
namespace {

void drop_defaults_in(nlohmann::json& value, const std::string& path, const std::set<std::string>& defaults) {
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      drop_defaults_in(value[i], path + "[" + std::to_string(i) + "]", defaults);
    }
    return;
  }
  if (!value.is_object()) return;
  for (auto member = value.begin(); member != value.end();) {
    const std::string member_path = path + "." + member.key();
    drop_defaults_in(*member, member_path, defaults);
    const bool says_nothing =
        member->is_null() || (member->is_object() && member->empty()) || defaults.contains(member_path);
    member = says_nothing ? value.erase(member) : std::next(member);
  }
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

void drop_defaults(nlohmann::json& value, const std::string& path, const std::vector<std::string>& defaults) {
  drop_defaults_in(value, path, std::set<std::string>(defaults.begin(), defaults.end()));
}

}  // namespace rowtide::op::api
