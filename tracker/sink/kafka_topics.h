#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/spec.h"
#include "tracker/record/record_batch.h"

struct rd_kafka_s;

namespace rowtide::sink {

/// A topic as it should be made if it is not there.
struct TopicSpec {
  std::string name;
  std::int32_t partitions = 1;
  std::int16_t replication_factor = -1;  ///< -1: the broker's default
  std::vector<std::pair<std::string, std::string>> config;
  bool create = true;
};
[[nodiscard]] TopicSpec topic_spec(const task::KafkaSink& kafka, std::string name,
                                   record::TimestampUnit unit);

/// "kafka-topics.sh --bootstrap-server ... --create ...", which makes it as we would.
[[nodiscard]] std::string create_command(const TopicSpec& spec, std::string_view servers);

/// reason_of() an error when an authorizer of the brokers does not let the task's account do it.
inline constexpr std::string_view kNotAuthorized = "NotAuthorized";

/// reason_of() an error when a topic is to have more replicas than there are brokers now: some may be down.
inline constexpr std::string_view kTooFewBrokers = "TooFewBrokers";

/// Would the brokers create them? They look at everything and create nothing; one that is there is OK. Of
/// each, in their order: errors as ensure_topic(), with kNotAuthorized. UNAVAILABLE: no answer. One request,
/// so not more than brokers take in one: 10,000 topics, partitions and settings (KRaft).
[[nodiscard]] absl::StatusOr<std::vector<absl::Status>> try_create(rd_kafka_s& client,
                                                                   const std::vector<TopicSpec>& specs,
                                                                   std::chrono::milliseconds timeout);

struct TopicInfo {
  bool is_new = false;  ///< made by ensure_topic() itself
  std::int32_t partitions = 0;
  std::int64_t max_message_bytes = 0;    ///< 0: the broker does not say
  std::string cleanup_policy;            ///< empty: the broker does not say
  std::string retention_ms;              ///< the same
  std::string timestamp_type;            ///< the same
  std::int32_t min_insync_replicas = 0;  ///< 0: the broker does not say
};

/// What the topic allows, into `facts`. Not being allowed to ask is no error: the facts stay unknown.
void read_topic_config(rd_kafka_s& client, const std::string& topic, std::chrono::milliseconds timeout,
                       TopicInfo& facts);

/// The topic as it is: made when it is missing and may be made, and waited for until it can be written to.
/// One that exists is left as it is, with however many partitions. `client` is any producer or consumer of
/// the same cluster. UNAVAILABLE: the brokers do not answer, worth trying again. FAILED_PRECONDITION:
/// somebody must do what it says.
[[nodiscard]] absl::StatusOr<TopicInfo> ensure_topic(rd_kafka_s& client, const TopicSpec& spec,
                                                     std::chrono::milliseconds timeout);

/// What a format with timestamps in seconds needs of a topic: one partition, timestamps from the producer, no
/// retention by time. FAILED_PRECONDITION with the command that mends it.
[[nodiscard]] absl::Status check_topic_for_seconds(const std::string& topic, const TopicInfo& facts);

}  // namespace rowtide::sink
