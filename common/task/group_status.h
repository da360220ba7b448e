#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace rowtide::task {

/// How a thing that was asked for stands. Empty reason: not known yet.
struct GroupOutcome {
  bool is_done = false;
  std::string reason;   ///< CamelCase word: "Applied", "MembersActive", "TimeOutsideDataRange"
  std::string message;  ///< for people: what, on what, what to do
};

/// What the tracker says of one ConsumerGroup, as a part of its /status.
struct GroupStatus {
  std::string name;             ///< the ConsumerGroup's
  std::string uid;              ///< the same; empty when standalone
  std::int64_t generation = 0;  ///< of the document that this speaks of
  std::string group_id;
  std::string state;  ///< Kafka's word: Stable, Empty, Dead, ...; empty: not known
  std::int64_t members = 0;
  std::optional<std::int64_t> unconsumed_records;  ///< without Kafka's own marks and what was taken back
  /// The number is not counted to its end yet, and may hold marks: too large by at most these.
  bool is_being_counted = false;
  /// The age of the first record that is not consumed, by its own time; 0: all are consumed.
  std::optional<double> delay_seconds;
  /// What is older is consumed; milliseconds since 1970; 0: not known.
  std::int64_t consumption_checkpoint_ms = 0;
  std::int64_t data_begin_ms = 0;  ///< the first record that the topics still hold; 0: none
  std::int64_t data_end_ms = 0;    ///< the last one
  std::int64_t sampled_at_ms = 0;
  /// The highest spec.checkpointNonce that was carried out; nullopt: not looked at yet.
  std::optional<std::int64_t> applied_nonce;
  GroupOutcome checkpoint;
  GroupOutcome access;    ///< of spec.principal; not done and without a reason where there is none
  GroupOutcome deletion;  ///< of one that is being deleted
};

[[nodiscard]] nlohmann::ordered_json to_json_value(const GroupStatus& status);
/// Missing fields have their defaults, unknown ones are passed over. Throws nlohmann::json::exception for a
/// field of another type.
[[nodiscard]] GroupStatus group_status_from_json(const nlohmann::json& json);

}  // namespace rowtide::task
