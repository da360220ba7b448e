#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/sink/kafka_topics.h"

namespace rowtide::sink {

/// NotAsked: the brokers gave no answer in time, or there is no way to ask that leaves nothing behind.
enum class Right : std::uint8_t { NotAsked, Granted, Denied };

struct TopicRights {
  std::string topic;
  bool exists = false;  ///< false as well where Describe is denied or not asked
  Right describe = Right::NotAsked;
  Right create = Right::NotAsked;  ///< of topics that are not there and may be created
  Right write = Right::NotAsked;   ///< of topics that are there
};

/// What an authorizer lets the task's account do with each topic, in their order. Brokers have no question
/// for it that every account may put, so each right is tried, in a way that the brokers refuse for another
/// reason once they have looked at the right: nothing is created, written or deleted, and a tracker that runs
/// does not notice. What there is no time for is NotAsked, but for the first. UNAVAILABLE when the brokers do
/// not answer.
[[nodiscard]] absl::StatusOr<std::vector<TopicRights>> ask_topic_rights(const task::KafkaSink& kafka,
                                                                        const task::SecretReader& secrets,
                                                                        const std::vector<TopicSpec>& topics,
                                                                        std::chrono::milliseconds timeout);

/// The same for one topic that is there: Kafka's Delete, which a format that deletes old records itself
/// needs. Asks for nothing to be deleted.
[[nodiscard]] Right ask_delete(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                               const std::string& topic, std::chrono::milliseconds timeout);

/// May the account have an idempotent producer? Brokers before Kafka 2.8 want IdempotentWrite on the cluster,
/// later ones are content with Write on any topic.
[[nodiscard]] Right ask_idempotent_write(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                                         std::chrono::milliseconds timeout);

/// May the account have a transactional producer of that id? It is taken over, which fences a tracker that
/// runs: only for a task that was never delivered. The brokers remember the id for a week. Errors as
/// KafkaTransaction::take_over(), with kNotAuthorized.
[[nodiscard]] absl::Status ask_transactional_id(const task::KafkaSink& kafka,
                                                const task::SecretReader& secrets,
                                                const std::string& transactional_id,
                                                std::chrono::milliseconds timeout);

}  // namespace rowtide::sink
