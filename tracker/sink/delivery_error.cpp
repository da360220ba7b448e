#include "tracker/sink/delivery_error.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "common/status/reason.h"
#include "tracker/sink/kafka_topics.h"

namespace rowtide::sink {
namespace {

// A batch's framing, and room to grow.
constexpr std::uint64_t kRoom = std::uint64_t{64} * 1024;
// The brokers' own: less than that is never advised.
constexpr std::uint64_t kDefaultMaxMessageBytes = 1'048'588;

/// Keys are text but for dts-avro's; one can be as large as its record.
std::string shown(std::string_view key) {
  constexpr std::size_t kShown = 200;
  if (key.empty()) return "(none)";
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  if (std::any_of(key.begin(), key.end(), is_control))
    return absl::CHexEscape(std::string(key.substr(0, kShown)));
  if (key.size() <= kShown) return std::string(key);
  std::size_t end = kShown;
  while ((static_cast<unsigned char>(key[end]) & 0xC0U) == 0x80) --end;  // between two characters
  return std::string(key.substr(0, end)) + "...";
}

absl::Status too_large(const RejectedRecord& record) {
  const std::string limit =
      record.max_message_bytes > 0 ? fmt::format(" ({} bytes)", record.max_message_bytes) : std::string();
  // Whose limit is not known, nobody can keep to.
  const std::string_view other_way =
      record.max_message_bytes > 0
          ? "or set spec.sink.kafka.oversizedRecord to KeysOnly or SkipAndCount"
          : "or give the tracker's Kafka user DescribeConfigs on the topic, without which "
            "spec.sink.kafka.oversizedRecord has no effect";
  return absl::ResourceExhaustedError(fmt::format(
      "a record of table {} with key {} has {} bytes, more than topic {} allows with max.message.bytes{}; "
      "raise it: kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {} "
      "--add-config max.message.bytes={}, then start the task again; {}",
      record.table, shown(record.key), record.bytes, record.topic, limit, record.bootstrap_servers,
      record.topic, record.bytes + kRoom, other_way));
}

}  // namespace

absl::Status delivery_error(int code, std::string_view reason, const RejectedRecord& record) {
  const std::string what = fmt::format("a record of table {} ({} bytes) was not taken by topic {}: {}",
                                       record.table, record.bytes, record.topic, reason);
  switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
      return too_large(record);
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return absl::FailedPreconditionError(fmt::format(
          "{}; the topic was deleted while it was written to: start the task again, which creates it "
          "where spec.sink.kafka.topic.create is true",
          what));
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return absl::FailedPreconditionError(fmt::format(
          "{}; give the tracker's Kafka user Write on the topic: kafka-acls.sh --bootstrap-server {} "
          "--add --allow-principal User:NAME --operation Write --operation Describe --topic {}",
          what, record.bootstrap_servers, record.topic));
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return absl::FailedPreconditionError(fmt::format(
          "{}; give the tracker's Kafka user IdempotentWrite: kafka-acls.sh --bootstrap-server {} "
          "--add --allow-principal User:NAME --operation IdempotentWrite --cluster",
          what, record.bootstrap_servers));
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return absl::FailedPreconditionError(
          fmt::format("{}; the topic's settings (cleanup.policy=compact wants keys, "
                      "message.timestamp.*.max.ms) or a policy "
                      "of the brokers forbid it",
                      what));
    default:
      return absl::FailedPreconditionError(
          fmt::format("{}; see the broker's log, then start the task again", what));
  }
}

std::optional<absl::Status> state_error(int code, std::string_view reason, const RejectedState& state) {
  const std::string what = fmt::format(
      "the checkpoint ({} bytes with the definitions of tables that belong to "
      "it) was not taken by topic {}: {}",
      state.bytes, state.topic, reason);
  switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
      return absl::ResourceExhaustedError(fmt::format(
          "{}; raise max.message.bytes: kafka-configs.sh --bootstrap-server {} --alter --entity-type topics "
          "--entity-name {} --add-config max.message.bytes={}, then start the task again",
          what, state.bootstrap_servers, state.topic,
          std::max(kDefaultMaxMessageBytes, state.bytes + kRoom)));
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return failure(
          absl::StatusCode::kFailedPrecondition, kNotAuthorized,
          fmt::format(
              "{}; give the tracker's Kafka user Read, Write and Describe on it, and IdempotentWrite: "
              "kafka-acls.sh --bootstrap-server {} --add --allow-principal User:NAME --operation Read "
              "--operation Write --operation Describe --topic {}",
              what, state.bootstrap_servers, state.topic));
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return absl::FailedPreconditionError(
          fmt::format("{}; the topic's settings or a policy of the brokers forbid it: set "
                      "cleanup.policy=compact, and nothing else than replication, segments and "
                      "max.message.bytes, on the topic",
                      what));
    default:
      return std::nullopt;
  }
}

}  // namespace rowtide::sink
