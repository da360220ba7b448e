#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/task/parse.h"

namespace rowtide::task {

enum class GroupStart { Earliest, Latest, Timestamp };

/// A ConsumerGroup: a group of Kafka consumers of one task's topics, as both programs see it. The operator
/// writes the documents into a ConfigMap, the tracker does what they say; standalone they stand in a file.
struct ConsumerGroup {
  std::string name;
  std::string group_namespace = "default";
  std::string uid;              ///< empty when standalone
  std::int64_t generation = 0;  ///< of the document; 0 when standalone
  bool is_being_deleted = false;

  std::string task;       ///< the ChangeTrackingTask's name, in the same namespace
  std::string group_id;   ///< Kafka's; "<namespace>.<name>" unless given
  std::string principal;  ///< "User:cache", who may read as this group; empty: nobody is granted anything
  GroupStart start = GroupStart::Latest;
  std::int64_t start_us = 0;          ///< of Timestamp: microseconds since 1970
  std::int64_t checkpoint_nonce = 0;  ///< above the last one that was carried out: move the group again
  DeletionPolicy deletion = DeletionPolicy::Retain;  ///< of the group in Kafka
};

struct ConsumerGroupsResult {
  std::vector<ConsumerGroup> groups;  ///< each as far as it could be read
  std::vector<FieldError> errors;     ///< paths begin with the group's name: "cache: spec.groupId"
  /// Those of groups[i]; without what is wrong with the file as a whole.
  std::vector<std::vector<FieldError>> errors_of;
  std::vector<std::string> defaults;  ///< of one document: paths of fields that say what their absence says
  [[nodiscard]] bool ok() const { return errors.empty(); }
};

/// Reads and validates all documents of kind ConsumerGroup, YAML or JSON; others are passed over, so that one
/// file can hold a task and its groups. Reports every error it finds. Never throws.
[[nodiscard]] ConsumerGroupsResult parse_consumer_groups(std::string_view documents, Mode mode);

}  // namespace rowtide::task
