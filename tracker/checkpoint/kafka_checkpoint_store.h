#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/checkpoint/checkpoint_store.h"
#include "tracker/checkpoint/owner.h"
#include "tracker/sink/kafka_topics.h"
#include "tracker/sink/transactional.h"

namespace rowtide::checkpoint {

inline constexpr std::string_view kCheckpointTopic = "__rowtide_checkpoints";

/// How it is made where it is missing.
[[nodiscard]] sink::TopicSpec checkpoint_topic_spec(const task::KafkaSink& kafka);

/// FAILED_PRECONDITION, with the command that mends it, where the topic would not keep checkpoints.
[[nodiscard]] absl::Status check_checkpoint_topic(const task::KafkaSink& kafka, const sink::TopicInfo& facts);

/// What save_schemas(), save_topics() and save() would write, for a sink that writes it itself (delivery
/// ExactlyOnce).
[[nodiscard]] std::vector<sink::StateRecord> kafka_checkpoint_records(const task::Task& task,
                                                                      const Checkpoint& checkpoint,
                                                                      const std::vector<SchemaEntry>& schemas,
                                                                      const std::vector<std::string>& topics);

/// The compacted topic __rowtide_checkpoints of the task's own cluster, shared by all tasks: key = the task's
/// identity, value = checkpoint_json.h. Made when it is missing. save() returns when every in-sync replica
/// has the record; UNAVAILABLE when the brokers do not take it within ten seconds, worth trying again.
/// `task` must have a Kafka sink; both arguments are copied.
[[nodiscard]] std::unique_ptr<CheckpointStore> make_kafka_checkpoint_store(const task::Task& task,
                                                                           const task::SecretReader& secrets);

/// The task's checkpoint, if there is one, and changes nothing: a topic that is missing is not made. Whatever
/// the brokers do, within twice `timeout`. reason_of() is sink::kNotAuthorized where Read is denied.
[[nodiscard]] absl::StatusOr<std::optional<Checkpoint>> find_kafka_checkpoint(
    const task::Task& task, const task::SecretReader& secrets, std::chrono::milliseconds timeout);

/// What a task that is to be removed has in the topic.
struct Traces {
  bool has_checkpoint = false;
  std::set<std::string> topics;  ///< as save_topics() kept them; none: of an older Rowtide's task
};

/// Tombstones for the task's checkpoint and what is beside it, once `before` has done its work: the records
/// stay until it succeeds. With delivery ExactlyOnce a tracker
/// that still runs is fenced first, and cannot write them again; with AtLeastOnce it must be stopped. Within
/// a few times `timeout`, beside what `before` takes. UNAVAILABLE: try again.
[[nodiscard]] absl::Status remove_kafka_checkpoint(const task::Task& task, const task::SecretReader& secrets,
                                                   std::chrono::milliseconds timeout,
                                                   const std::function<absl::Status(const Traces&)>& before);

/// The tasks of other names that have a checkpoint with Kafka's topic in the same cluster. Errors as
/// find_kafka_checkpoint().
[[nodiscard]] absl::StatusOr<std::vector<Owner>> other_owners(const task::Task& task,
                                                              const task::SecretReader& secrets,
                                                              std::chrono::milliseconds timeout);

}  // namespace rowtide::checkpoint
