#include "tracker/sink/kafka_topics.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <span>
#include <thread>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/sink/admin_call.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_handle.h"
#include "tracker/sink/sink.h"

namespace rowtide::sink {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

using NewTopic = KafkaHandle<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using ConfigResource = KafkaHandle<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;

constexpr milliseconds kLeaderCheckInterval{50};
constexpr milliseconds kConfigTime{1'000};

std::string flags_of(const TopicSpec& spec) {
  std::string flags = fmt::format("--partitions {}", spec.partitions);
  if (spec.replication_factor > 0) flags += fmt::format(" --replication-factor {}", spec.replication_factor);
  for (const auto& [name, value] : spec.config) flags += fmt::format(" --config {}={}", name, value);
  return flags;
}

/// Number of partitions; 0: there is no such topic; -1: it is there, but not all partitions have a leader
/// yet. Asks for all topics, because a producer's question for one topic can make the broker create it.
absl::StatusOr<std::int32_t> look_up(rd_kafka_t& client, const std::string& topic,
                                     Clock::time_point deadline) {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(&client, 1, nullptr, &raw, ms_until(deadline));
  const KafkaMetadata metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return sink_unavailable(fmt::format(
        "Kafka does not answer: {}; check spec.sink.kafka.bootstrapServers and that the brokers run",
        rd_kafka_err2str(code)));
  }
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic& found = metadata->topics[i];
    if (found.topic != topic) continue;
    if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return 0;
    for (int p = 0; p < found.partition_cnt; ++p) {
      if (found.partitions[p].leader < 0) return -1;
    }
    return found.err == RD_KAFKA_RESP_ERR_NO_ERROR && found.partition_cnt > 0 ? found.partition_cnt : -1;
  }
  return 0;
}

absl::StatusOr<KafkaEvent> call(rd_kafka_t& client, rd_kafka_admin_op_t operation, std::string_view what,
                                Clock::time_point deadline, const AdminQuestion& ask) {
  return admin_call(client, operation, deadline, ask, [&](rd_kafka_resp_err_t code, const char* words) {
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
    return sink_unavailable(words == nullptr ? fmt::format("Kafka does not answer while {}", what)
                                             : fmt::format("{} failed: {}", what, words));
  });
}

absl::Status creation_error(const TopicSpec& spec, rd_kafka_resp_err_t code, const char* text) {
  const std::string what = fmt::format("topic {} cannot be created: {}", spec.name,
                                       text != nullptr ? text : rd_kafka_err2str(code));
  switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return failure(
          absl::StatusCode::kFailedPrecondition, kNotAuthorized,
          fmt::format("{}; give the tracker's Kafka user Create and Describe on it, or create it: {}", what,
                      create_command(spec, "BROKER")));
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
      return failure(absl::StatusCode::kFailedPrecondition, kTooFewBrokers,
                     fmt::format("{}; start the brokers that are down, or set "
                                 "spec.sink.kafka.topic.replicationFactor to at most the number of brokers",
                                 what));
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return absl::FailedPreconditionError(fmt::format(
          "{}; if it collides with another, because Kafka takes '.' and '_' for the same: delete the other topic, "
          "take the table out of spec.objects, or make a new task whose spec.sink.kafka.topic.name separates "
          "{{database}} and {{table}} with '-'",
          what));
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
      return sink_unavailable(what);
    default:
      return absl::FailedPreconditionError(
          fmt::format("{}; or create it: {}", what, create_command(spec, "BROKER")));
  }
}

enum class Creation { Tried, Made };

absl::StatusOr<NewTopic> new_topic(const TopicSpec& spec) {
  std::array<char, 256> error{};
  NewTopic topic(rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, spec.replication_factor,
                                       error.data(), error.size()));
  if (topic == nullptr) {
    return absl::InvalidArgumentError(fmt::format("topic {} cannot be created: {}", spec.name, error.data()));
  }
  for (const auto& [name, value] : spec.config) {
    rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
  }
  return topic;
}

/// What became of each, in their order.
absl::StatusOr<std::vector<absl::Status>> create(rd_kafka_t& client, std::span<const TopicSpec> specs,
                                                 Creation creation, Clock::time_point deadline) {
  if (specs.empty()) return std::vector<absl::Status>();
  std::vector<NewTopic> owners;
  std::vector<rd_kafka_NewTopic_t*> topics;
  for (const TopicSpec& spec : specs) {
    ASSIGN_OR_RETURN(NewTopic topic, new_topic(spec));
    topics.push_back(topic.get());
    owners.push_back(std::move(topic));
  }
  std::array<char, 256> error{};
  const std::string others = specs.size() == 1 ? "" : fmt::format(" and {} more", specs.size() - 1);
  ASSIGN_OR_RETURN(const KafkaEvent event,
                   call(client, RD_KAFKA_ADMIN_OP_CREATETOPICS,
                        fmt::format("creating topic {}{}", specs.front().name, others), deadline,
                        [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                          if (creation == Creation::Tried)
                            rd_kafka_AdminOptions_set_validate_only(options, 1, error.data(), error.size());
                          rd_kafka_CreateTopics(&client, topics.data(), topics.size(), options, queue);
                        }));
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  std::vector<absl::Status> each(specs.size());
  for (std::size_t i = 0; i < std::min(count, each.size()); ++i) {  // the library keeps the order
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    each[i] = creation_error(specs[i], code, rd_kafka_topic_result_error_string(results[i]));
  }
  return each;
}

}  // namespace

TopicSpec topic_spec(const task::KafkaSink& kafka, std::string name, record::TimestampUnit unit) {
  constexpr std::int64_t kMsPerHour = 3'600'000;
  const task::KafkaTopic& settings = kafka.topic;
  TopicSpec spec{.name = std::move(name),
                 .partitions = settings.partitions,
                 .replication_factor = settings.replication_factor,
                 .config = {},
                 .create = settings.create};
  if (unit == record::TimestampUnit::Seconds) {
    spec.config = {{"retention.ms", "-1"}, {"message.timestamp.type", "CreateTime"}};
  } else {
    spec.config = {{"retention.ms", std::to_string(settings.retention_hours * kMsPerHour)}};
  }
  return spec;
}

absl::Status check_topic_for_seconds(const std::string& topic, const TopicInfo& facts) {
  if (facts.partitions != 1) {
    return absl::FailedPreconditionError(
        fmt::format("topic {} has {} partitions, and consumers of dts-avro read one only; choose another "
                    "spec.sink.kafka.topic.name, or delete the topic",
                    topic, facts.partitions));
  }
  const bool keeps_all = facts.retention_ms.empty() || facts.retention_ms == "-1";
  const bool takes_ours = facts.timestamp_type.empty() || facts.timestamp_type == "CreateTime";
  if (keeps_all && takes_ours) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "topic {} has retention.ms={} and message.timestamp.type={}: messages of dts-avro carry seconds as "
      "their timestamps, and Kafka would delete them at once; set both (Rowtide keeps retentionHours "
      "itself): kafka-configs.sh --bootstrap-server BROKER --alter --topic {} --add-config "
      "retention.ms=-1,message.timestamp.type=CreateTime",
      topic, facts.retention_ms, facts.timestamp_type, topic));
}

std::string create_command(const TopicSpec& spec, std::string_view servers) {
  return fmt::format("kafka-topics.sh --bootstrap-server {} --create --topic {} {}", servers, spec.name,
                     flags_of(spec));
}

void read_topic_config(rd_kafka_s& client, const std::string& topic, milliseconds timeout, TopicInfo& facts) {
  const Clock::time_point deadline = Clock::now() + timeout;
  const ConfigResource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  std::array<rd_kafka_ConfigResource_t*, 1> resources{resource.get()};
  const absl::StatusOr<KafkaEvent> event =
      call(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, "reading a topic's settings", deadline,
           [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
             rd_kafka_DescribeConfigs(&client, resources.data(), resources.size(), options, queue);
           });
  if (!event.ok()) return;
  std::size_t count = 0;
  const rd_kafka_ConfigResource_t** results =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t entry_count = 0;
    const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(results[i], &entry_count);
    for (std::size_t e = 0; e < entry_count; ++e) {
      const std::string_view name = rd_kafka_ConfigEntry_name(entries[e]);
      const char* raw = rd_kafka_ConfigEntry_value(entries[e]);
      const std::string_view value = raw == nullptr ? std::string_view() : std::string_view(raw);
      if (name == "max.message.bytes") {
        std::from_chars(value.data(), value.data() + value.size(), facts.max_message_bytes);
      } else if (name == "min.insync.replicas") {
        std::from_chars(value.data(), value.data() + value.size(), facts.min_insync_replicas);
      } else if (name == "cleanup.policy") {
        facts.cleanup_policy = value;
      } else if (name == "retention.ms") {
        facts.retention_ms = value;
      } else if (name == "message.timestamp.type") {
        facts.timestamp_type = value;
      }
    }
  }
}

absl::StatusOr<std::vector<absl::Status>> try_create(rd_kafka_s& client, const std::vector<TopicSpec>& specs,
                                                     milliseconds timeout) {
  return create(client, specs, Creation::Tried, Clock::now() + timeout);
}

absl::StatusOr<TopicInfo> ensure_topic(rd_kafka_s& client, const TopicSpec& spec, milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  bool is_created = false;
  while (true) {
    ASSIGN_OR_RETURN(const std::int32_t partitions, look_up(client, spec.name, deadline));
    if (partitions > 0) {
      TopicInfo facts;
      facts.is_new = is_created;
      facts.partitions = partitions;
      // Of its own time: a topic that was just made has used up most of the other.
      read_topic_config(client, spec.name, std::max(milliseconds(ms_until(deadline)), kConfigTime), facts);
      return facts;
    }
    if (partitions == 0 && !is_created) {
      if (!spec.create) {
        return absl::FailedPreconditionError(
            fmt::format("topic {} does not exist, and spec.sink.kafka.topic.create is false; create it: {}",
                        spec.name, create_command(spec, "BROKER")));
      }
      ASSIGN_OR_RETURN(const auto made, create(client, {&spec, 1}, Creation::Made, deadline));
      RETURN_IF_ERROR(made.front());
      is_created = true;
    }
    if (Clock::now() >= deadline) {
      return sink_unavailable(
          fmt::format("topic {} has partitions without a leader; check that its brokers run", spec.name));
    }
    std::this_thread::sleep_for(kLeaderCheckInterval);
  }
}

}  // namespace rowtide::sink
