#include "operator/api/consumer_group.h"

#include <optional>
#include <utility>

#include "operator/kube/json_access.h"

namespace rowtide::op::api {

GroupObject read_group_object(const nlohmann::json& object) {
  GroupObject group;
  read_metadata(object, group);
  group.created = kube::text_at(object, "/metadata/creationTimestamp");
  if (std::optional<task::FieldError> error = nested_too_deep(object_at(object, "spec"))) {
    group.errors.push_back(*std::move(error));
    return group;
  }
  nlohmann::json document = document_of(object, object_at(object, "spec"));
  document["metadata"]["generation"] = group.generation;
  if (group.is_deleting) {
    document["metadata"]["deletionTimestamp"] = kube::text_at(object, "/metadata/deletionTimestamp");
  }
  task::ConsumerGroupsResult parsed = task::parse_consumer_groups(document.dump(), task::Mode::Kubernetes);
  if (!parsed.groups.empty()) group.group = std::move(parsed.groups.front());
  group.errors = std::move(parsed.errors);
  drop_defaults(document["spec"], "spec", parsed.defaults);
  group.document = document.dump(2) + "\n";
  return group;
}

}  // namespace rowtide::op::api
