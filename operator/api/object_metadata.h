#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/task/parse.h"
#include "operator/kube/resource.h"

namespace rowtide::op::api {

/// On an object of ours, "true": its deletion does not wait for what it has in Kafka to be deleted.
inline constexpr const char* kSkipCleanup = "rowtide.dev/skip-cleanup";

/// The finalizer of objects of deletionPolicy Delete.
inline constexpr const char* kCleanupFinalizer = "rowtide.dev/cleanup";

/// What stands around the spec of an object of ours. Values only.
struct ObjectMetadata {
  kube::ObjectKey key;
  std::string uid;
  std::int64_t generation = 0;
  std::string resource_version;
  bool is_deleting = false;
  std::vector<std::string> finalizers;
  bool skips_cleanup = false;  ///< by the annotation kSkipCleanup
  nlohmann::json status;       ///< as last written; an object, perhaps empty

  [[nodiscard]] bool has_cleanup_finalizer() const;
};

void read_metadata(const nlohmann::json& object, ObjectMetadata& metadata);

/// The member of that name; an empty object if it is none. Lives as long as `object`.
[[nodiscard]] const nlohmann::json& object_at(const nlohmann::json& object, const char* name);

/// "SPEC" with its apiVersion, kind, name, namespace and uid around it.
[[nodiscard]] nlohmann::json document_of(const nlohmann::json& object, nlohmann::json spec);

/// Without what says nothing: the fields at the paths `defaults` ("spec.sink.kafka.format"), nulls, and maps
/// in which nothing else was. A default that the CRD gains is so none that a tracker, perhaps of an older
/// image, would meet.
void drop_defaults(nlohmann::json& value, std::string path, const std::vector<std::string>& defaults);

/// What is wrong with a spec that nests deeper than any that is meant (the pod settings of a task may have
/// any shape): to copy, compare or print it would go as deep. Asked before that is done.
[[nodiscard]] std::optional<task::FieldError> nested_too_deep(const nlohmann::json& spec);

}  // namespace rowtide::op::api
