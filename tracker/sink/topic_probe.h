#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_topics.h"

namespace rowtide::sink {

// How topics are looked at before anything runs: nothing is made or changed, and a broker is not brought to
// make a topic by the question.

/// A consumer that only asks. Its log lines would stand in the precheck's report.
[[nodiscard]] absl::StatusOr<KafkaConf> quiet_conf(const task::KafkaSink& kafka,
                                                   const task::SecretReader& secrets);
[[nodiscard]] absl::StatusOr<KafkaClient> make_asking_client(const task::KafkaSink& kafka,
                                                             const task::SecretReader& secrets);

/// Hidden: an authorizer does not let the task's account see it, nor whether it is there.
enum class TopicPresence : std::uint8_t { Missing, Hidden, There };

struct TopicSeen {
  TopicPresence presence = TopicPresence::Missing;
  std::int32_t replicas = 0;  ///< fewest of a partition
  bool has_leaders = true;    ///< else nothing can be written to some partition
  TopicInfo info;             ///< of one that is there
  absl::Status creatable;     ///< of one that is not There and may be made: errors as try_create()
};

/// Without its settings and whether it could be made. UNAVAILABLE when the brokers do not answer.
[[nodiscard]] absl::StatusOr<TopicSeen> see_topic(rd_kafka_s& client, const std::string& topic,
                                                  std::chrono::steady_clock::time_point deadline);

/// Each topic without its settings, in their order, as far as the time lasts: perhaps fewer, but the first.
/// UNAVAILABLE when the brokers do not answer for that one.
[[nodiscard]] absl::StatusOr<std::vector<TopicSeen>> see_topics(
    rd_kafka_s& client, const std::vector<TopicSpec>& topics, std::chrono::steady_clock::time_point deadline);

/// The same with their settings.
[[nodiscard]] absl::StatusOr<std::vector<TopicSeen>> see_topics(const task::KafkaSink& kafka,
                                                                const task::SecretReader& secrets,
                                                                const std::vector<TopicSpec>& topics,
                                                                std::chrono::milliseconds timeout);

/// Whether anything was ever written to one of these topics, by where their partitions end: also what was
/// deleted since. Errors where that cannot be told.
[[nodiscard]] absl::StatusOr<bool> were_written(const task::KafkaSink& kafka,
                                                const task::SecretReader& secrets,
                                                const std::vector<std::string>& topics,
                                                std::chrono::milliseconds timeout);

}  // namespace rowtide::sink
