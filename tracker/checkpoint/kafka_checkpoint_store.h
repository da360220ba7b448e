#pragma once

#include <memory>
#include <string_view>

#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/checkpoint/checkpoint_store.h"

namespace rowtide::checkpoint {

inline constexpr std::string_view kCheckpointTopic = "__rowtide_checkpoints";

/// The compacted topic __rowtide_checkpoints of the task's own cluster, shared by all tasks: key = the task's
/// identity, value = checkpoint_json.h. Made when it is missing. save() returns when every in-sync replica
/// has the record; UNAVAILABLE when the brokers do not take it within ten seconds, worth trying again.
/// `task` must have a Kafka sink; both arguments are copied.
[[nodiscard]] std::unique_ptr<CheckpointStore> make_kafka_checkpoint_store(const task::Task& task,
                                                                           const task::SecretReader& secrets);

}  // namespace rowtide::checkpoint
