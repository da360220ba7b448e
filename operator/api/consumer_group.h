#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/task/consumer_group.h"
#include "operator/api/object_metadata.h"

namespace rowtide::op::api {

/// A ConsumerGroup as the API server has it. Values only.
struct GroupObject : ObjectMetadata {
  std::string created;                   ///< metadata.creationTimestamp
  task::ConsumerGroup group;             ///< the spec as far as it could be read
  std::vector<task::FieldError> errors;  ///< what is wrong with it
  /// What the tracker reads: one document, JSON, without fields that say what their absence says.
  std::string document;
};

[[nodiscard]] GroupObject read_group_object(const nlohmann::json& object);

}  // namespace rowtide::op::api
