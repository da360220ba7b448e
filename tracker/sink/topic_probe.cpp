#include "tracker/sink/topic_probe.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <utility>

#include "common/status/try.h"
#include "tracker/sink/kafka_handle.h"

namespace rowtide::sink {
namespace {

TopicPresence presence_of(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return TopicPresence::Hidden;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return TopicPresence::Missing;
    default:
      return TopicPresence::There;
  }
}

}  // namespace

absl::StatusOr<KafkaConf> quiet_conf(const task::KafkaSink& kafka, const task::SecretReader& secrets) {
  ASSIGN_OR_RETURN(KafkaConf conf, make_kafka_conf(kafka, secrets, "rowtide-precheck"));
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  return conf;
}

absl::StatusOr<KafkaClient> make_asking_client(const task::KafkaSink& kafka,
                                               const task::SecretReader& secrets) {
  ASSIGN_OR_RETURN(KafkaConf conf, quiet_conf(kafka, secrets));
  RETURN_IF_ERROR(set(*conf, "allow.auto.create.topics", "false"));
  return make_kafka_consumer(std::move(conf));
}

absl::StatusOr<TopicSeen> see_topic(rd_kafka_s& client, const std::string& topic,
                                    std::chrono::steady_clock::time_point deadline) {
  const KafkaTopicHandle handle(rd_kafka_topic_new(&client, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(&client, 0, handle.get(), &raw, ms_until(deadline));
  const KafkaMetadata metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || metadata->topic_cnt != 1) {
    return absl::UnavailableError(
        fmt::format("Kafka does not say what topic {} is: {}", topic, rd_kafka_err2str(code)));
  }
  const rd_kafka_metadata_topic& found = metadata->topics[0];
  TopicSeen seen;
  seen.presence = presence_of(found.err);
  seen.has_leaders = true;
  seen.info.partitions = found.partition_cnt;
  for (int p = 0; p < found.partition_cnt; ++p) {
    const rd_kafka_metadata_partition& partition = found.partitions[p];
    seen.replicas = p == 0 ? partition.replica_cnt : std::min(seen.replicas, partition.replica_cnt);
    seen.has_leaders = seen.has_leaders && partition.leader >= 0;
  }
  return seen;
}

absl::StatusOr<std::vector<TopicSeen>> see_topics(const task::KafkaSink& kafka,
                                                  const task::SecretReader& secrets,
                                                  const std::vector<TopicSpec>& topics,
                                                  std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  ASSIGN_OR_RETURN(const KafkaClient client, make_asking_client(kafka, secrets));
  std::vector<TopicSeen> all;
  for (const TopicSpec& spec : topics) {
    absl::StatusOr<TopicSeen> found = see_topic(*client, spec.name, deadline);
    if (!found.ok() && all.empty()) return found.status();
    if (!found.ok()) break;
    TopicSeen& seen = *found;
    const std::chrono::milliseconds left(ms_until(deadline));
    if (seen.presence == TopicPresence::There) read_topic_config(*client, spec.name, left, seen.info);
    if (seen.presence == TopicPresence::Missing && spec.create)
      seen.creatable = try_create(*client, spec, left);
    all.push_back(std::move(seen));
  }
  return all;
}

absl::StatusOr<bool> were_written(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                                  const std::vector<std::string>& topics, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  ASSIGN_OR_RETURN(const KafkaClient client, make_asking_client(kafka, secrets));
  for (const std::string& topic : topics) {
    ASSIGN_OR_RETURN(const TopicSeen seen, see_topic(*client, topic, deadline));
    if (seen.presence == TopicPresence::Missing) continue;
    if (seen.presence == TopicPresence::Hidden) {
      return absl::PermissionDeniedError(fmt::format("topic {} may not be seen", topic));
    }
    for (std::int32_t p = 0; p < seen.info.partitions; ++p) {
      std::int64_t first = 0;
      std::int64_t end = 0;
      const rd_kafka_resp_err_t code =
          rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), p, &first, &end, ms_until(deadline));
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return absl::UnavailableError(
            fmt::format("the end of topic {} could not be asked: {}", topic, rd_kafka_err2str(code)));
      }
      if (end > 0) return true;
    }
  }
  return false;
}

}  // namespace rowtide::sink
