#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/groups/topic_reader.h"

namespace rowtide::groups {

/// A move that was begun: after a failure nobody knows whether Kafka has carried it out.
struct BegunMove {
  std::int64_t nonce = 0;
  std::map<Partition, std::optional<std::int64_t>> from;  ///< where the group was; nullopt: it had no place

  bool operator==(const BegunMove&) const = default;
};

/// What was done for a ConsumerGroup, to be known after a restart: Kafka itself keeps no note that lasts
/// beside a group's offsets.
struct GroupNote {
  bool has_begun = false;           ///< it was given its first place
  std::int64_t applied_nonce = 0;   ///< spec.checkpointNonce of the last move
  std::optional<BegunMove> move;    ///< of a higher nonce, before its offsets are set
  std::string principal;            ///< to whom Read was granted; empty: to nobody
  std::vector<std::string> topics;  ///< on these
  std::string group_id;         ///< whose place is this ConsumerGroup's to say; empty: not known, given up
  std::string owner;            ///< its "<namespace>/<task>/<name>"
  std::int64_t kept_at_ms = 0;  ///< it was still kept

  bool operator==(const GroupNote&) const = default;
};

/// By the group's identity: its uid, or "<namespace>/<task>/<name>" standalone. In the compacted topic of the
/// checkpoints, key "group#<identity>": a group outlives the task that it belongs to.
/// A note that cannot be read is an error of its group only.
using GroupNotes = std::map<std::string, absl::StatusOr<GroupNote>>;
[[nodiscard]] absl::StatusOr<GroupNotes> load_notes(const task::KafkaSink& kafka,
                                                    const task::SecretReader& secrets, Deadline deadline);
/// Returns when every in-sync replica has it.
[[nodiscard]] absl::Status save_note(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                                     const std::string& identity, const GroupNote& note, Deadline deadline);
[[nodiscard]] absl::Status forget_note(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                                       const std::string& identity, Deadline deadline);

}  // namespace rowtide::groups
