#include "tracker/groups/topic_reader.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <utility>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/sink/kafka_topics.h"

namespace rowtide::groups {
namespace {

constexpr std::size_t kBatch = 1000;
constexpr int kReadPollMs = 100;

absl::Status failed(std::string_view what, const std::string& topic, rd_kafka_resp_err_t code) {
  const std::string message = fmt::format("{} of topic {}: {}", what, topic, rd_kafka_err2str(code));
  if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
    return failure(
        absl::StatusCode::kFailedPrecondition, sink::kNotAuthorized,
        fmt::format("{}; give the tracker's Kafka user Read and Describe on it: kafka-acls.sh "
                    "--bootstrap-server BROKER --add --allow-principal User:TRACKER --operation Read "
                    "--operation Describe --topic {}",
                    message, topic));
  }
  return absl::UnavailableError(message + "; check that its brokers run");
}

/// Ends what consume_start() began, whatever happens between.
class Consumption {
 public:
  Consumption(rd_kafka_topic_t& topic, std::int32_t partition) : topic_(topic), partition_(partition) {}
  ~Consumption() { rd_kafka_consume_stop(&topic_, partition_); }
  Consumption(const Consumption&) = delete;
  Consumption& operator=(const Consumption&) = delete;
  Consumption(Consumption&&) = delete;
  Consumption& operator=(Consumption&&) = delete;

 private:
  rd_kafka_topic_t& topic_;
  std::int32_t partition_;
};

std::string_view view(const void* data, std::size_t size) {
  return {static_cast<const char*>(data), data == nullptr ? 0 : size};
}

}  // namespace

absl::StatusOr<TopicReader> TopicReader::open(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                                              Isolation isolation) {
  ASSIGN_OR_RETURN(sink::KafkaConf conf, sink::make_kafka_conf(kafka, secrets, "rowtide-groups"));
  const std::array<std::pair<const char*, std::string>, 8> settings{{
      {"group.id", "rowtide-groups"},  // demanded by the library; no group is joined, nothing committed
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"allow.auto.create.topics", "false"},
      {"enable.partition.eof", "true"},
      {"isolation.level", isolation == Isolation::Committed ? "read_committed" : "read_uncommitted"},
      {"auto.offset.reset", "error"},
      {"queued.max.messages.kbytes", "1024"},
  }};
  for (const auto& [name, value] : settings) RETURN_IF_ERROR(sink::set(*conf, name, value));
  RETURN_IF_ERROR(sink::set(*conf, "fetch.message.max.bytes", "262144"));
  ASSIGN_OR_RETURN(sink::KafkaClient client, sink::make_kafka_consumer(std::move(conf)));
  return TopicReader(std::move(client));
}

rd_kafka_topic_t& TopicReader::topic(const std::string& name) {
  sink::KafkaTopicHandle& handle = topics_[name];
  if (handle == nullptr) handle.reset(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
  return *handle;
}

absl::StatusOr<std::vector<std::string>> TopicReader::topics(Deadline deadline) {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(client_.get(), 1, nullptr, &raw, sink::ms_until(deadline));
  const sink::KafkaMetadata metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("the list", "*", code);
  std::vector<std::string> names;
  for (int i = 0; i < metadata->topic_cnt; ++i) names.emplace_back(metadata->topics[i].topic);
  return names;
}

absl::StatusOr<std::vector<Partition>> TopicReader::partitions(const std::string& name, Deadline deadline) {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(client_.get(), 0, &topic(name), &raw, sink::ms_until(deadline));
  const sink::KafkaMetadata metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("the partitions", name, code);
  std::vector<Partition> found;
  if (metadata->topic_cnt != 1 || metadata->topics[0].err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    return found;
  if (const auto error = metadata->topics[0].err; error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return failed("the partitions", name, error);
  for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) found.push_back({name, i});
  return found;
}

absl::StatusOr<PartitionEnds> TopicReader::ends(const Partition& partition, Deadline deadline) {
  PartitionEnds ends;
  const rd_kafka_resp_err_t code =
      rd_kafka_query_watermark_offsets(client_.get(), partition.topic.c_str(), partition.number, &ends.begin,
                                       &ends.end, sink::ms_until(deadline));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("the end", partition.topic, code);
  return ends;
}

absl::StatusOr<std::vector<std::optional<std::int64_t>>> TopicReader::offsets_at(
    const std::vector<Partition>& partitions, std::int64_t timestamp, Deadline deadline) {
  std::vector<std::optional<std::int64_t>> offsets;
  if (partitions.empty()) return offsets;
  const sink::KafkaPartitions asked(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const Partition& each : partitions) {
    rd_kafka_topic_partition_list_add(asked.get(), each.topic.c_str(), each.number)->offset = timestamp;
  }
  const rd_kafka_resp_err_t code =
      rd_kafka_offsets_for_times(client_.get(), asked.get(), sink::ms_until(deadline));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("the offsets at a time", partitions[0].topic, code);
  for (int i = 0; i < asked->cnt; ++i) {
    const rd_kafka_topic_partition_t& found = asked->elems[i];
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return failed("the offset at a time", found.topic, found.err);
    offsets.push_back(found.offset >= 0 ? std::optional(found.offset) : std::nullopt);
  }
  return offsets;
}

absl::StatusOr<ReadTo> TopicReader::read(const Partition& partition, std::int64_t offset, Deadline deadline,
                                         const std::function<bool(const SeenRecord&)>& on_record) {
  rd_kafka_topic_t& topic = this->topic(partition.topic);
  if (rd_kafka_consume_start(&topic, partition.number, offset) != 0)
    return failed("reading", partition.topic, rd_kafka_last_error());
  const Consumption consumption(topic, partition.number);
  std::array<rd_kafka_message_t*, kBatch> batch{};
  ReadTo read_to{.next = offset, .is_timed_out = true};
  while (read_to.is_timed_out && std::chrono::steady_clock::now() < deadline) {
    const ssize_t count =
        rd_kafka_consume_batch(&topic, partition.number, std::min(kReadPollMs, sink::ms_until(deadline)),
                               batch.data(), batch.size());
    if (count < 0) return failed("reading", partition.topic, rd_kafka_last_error());
    absl::Status status;
    for (ssize_t i = 0; i < count; ++i) {
      const sink::KafkaMessageHandle message(
          batch.at(static_cast<std::size_t>(i)));  // all are freed, read or not
      if (!read_to.is_timed_out) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        read_to.is_timed_out =
            on_record({message->offset, rd_kafka_message_timestamp(message.get(), nullptr),
                       view(message->key, message->key_len), view(message->payload, message->len)});
        read_to.next = message->offset + 1;
      } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        read_to = {.next = std::max(read_to.next, message->offset), .is_timed_out = false};
      } else {
        status = failed("reading", partition.topic, message->err);
        read_to.is_timed_out = false;
      }
    }
    RETURN_IF_ERROR(status);
  }
  return read_to;
}

}  // namespace rowtide::groups
