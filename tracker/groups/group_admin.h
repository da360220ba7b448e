#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/groups/topic_reader.h"

struct rd_kafka_s;

namespace rowtide::groups {

struct GroupState {
  std::string name;  ///< Kafka's word: Stable, Empty, PreparingRebalance, ...; Dead: there is no such group
  std::int64_t members = 0;
};

/// reason_of() the error of a group that has members, whose place is theirs to move.
inline constexpr std::string_view kMembersActive = "MembersActive";
// What brokers do with consumer groups. Errors: UNAVAILABLE, worth trying again; FAILED_PRECONDITION with
// sink::kNotAuthorized or kMembersActive, and what to do. `client` is any of the cluster.

[[nodiscard]] absl::StatusOr<GroupState> describe_group(rd_kafka_s& client, const std::string& group,
                                                        Deadline deadline);

/// Where a group goes on in a partition.
struct GroupPlace {
  std::int64_t offset = 0;
  std::string note;  ///< what was committed beside it
};

/// For each partition, in their order; nullopt: the group has no place there.
[[nodiscard]] absl::StatusOr<std::vector<std::optional<GroupPlace>>> committed_places(
    rd_kafka_s& client, const std::string& group, const std::vector<Partition>& partitions,
    Deadline deadline);

/// Only of a group without members. `note` is committed beside each, until a consumer commits.
[[nodiscard]] absl::Status set_offsets(rd_kafka_s& client, const std::string& group,
                                       const std::vector<std::pair<Partition, std::int64_t>>& offsets,
                                       const std::string& note, Deadline deadline);

/// OK as well when there is none.
[[nodiscard]] absl::Status delete_group(rd_kafka_s& client, const std::string& group, Deadline deadline);

}  // namespace rowtide::groups
