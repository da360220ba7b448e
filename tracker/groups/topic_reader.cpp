#include "tracker/groups/topic_reader.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <utility>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "common/time/sleep.h"
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

/// Of a question about several topics whose answer does not say which of them it is.
absl::Status failed_together(std::string_view what, std::size_t topics, rd_kafka_resp_err_t code) {
  return absl::UnavailableError(
      fmt::format("{} of {} topics: {}; check that their brokers run", what, topics, rd_kafka_err2str(code)));
}

sink::KafkaPartitions list_of(std::span<const Partition> partitions, std::int64_t offset) {
  sink::KafkaPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const Partition& each : partitions)
    rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.number)->offset = offset;
  return list;
}

using Queue = sink::KafkaHandle<rd_kafka_queue_t, rd_kafka_queue_destroy>;

/// A partition that is read. Ends what rd_kafka_consume_start_queue() began, whatever happens between.
class Reading {
 public:
  Reading(rd_kafka_topic_t& topic, const ReadFrom& from)
      : read_to{.next = from.offset, .is_timed_out = true}, topic_(&topic), number_(from.partition.number) {}
  ~Reading() { end(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  Reading(Reading&&) = delete;
  Reading& operator=(Reading&&) = delete;

  [[nodiscard]] bool begin(rd_kafka_queue_t& queue) {
    is_open_ = rd_kafka_consume_start_queue(topic_, number_, read_to.next, &queue) == 0;
    return is_open_;
  }
  void end() {
    if (is_open_) rd_kafka_consume_stop(topic_, number_);
    is_open_ = false;
  }
  [[nodiscard]] bool is_open() const { return is_open_; }

  ReadTo read_to;

 private:
  rd_kafka_topic_t* topic_;
  std::int32_t number_;
  bool is_open_ = false;
};

/// What there is, or one message when it comes: the library waits for as many as are asked for.
absl::StatusOr<std::size_t> next_messages(rd_kafka_queue_t& queue, Deadline deadline,
                                          std::array<rd_kafka_message_t*, kBatch>& batch) {
  const ssize_t there = rd_kafka_consume_batch_queue(&queue, 0, batch.data(), batch.size());
  if (there < 0) return absl::UnavailableError(rd_kafka_err2str(rd_kafka_last_error()));
  if (there > 0) return static_cast<std::size_t>(there);
  batch[0] = rd_kafka_consume_queue(&queue, std::min(kReadPollMs, sink::ms_until(deadline)));
  return batch[0] != nullptr ? 1 : 0;
}

/// The library gives one partition's error as that of the whole question: which topic it is, is found by
/// asking for one after the other.
absl::Status why_no_offsets(rd_kafka_t& client, std::span<const Partition> partitions, std::int64_t timestamp,
                            rd_kafka_resp_err_t code, Deadline deadline) {
  constexpr std::string_view kWhat = "the offsets at a time";
  std::map<std::string, std::vector<Partition>> by_topic;
  for (const Partition& each : partitions) by_topic[each.topic].push_back(each);
  if (by_topic.size() == 1) return failed(kWhat, by_topic.begin()->first, code);
  for (const auto& [topic, its_own] : by_topic) {
    if (std::chrono::steady_clock::now() >= deadline) break;
    const sink::KafkaPartitions asked = list_of(its_own, timestamp);
    const rd_kafka_resp_err_t own_code =
        rd_kafka_offsets_for_times(&client, asked.get(), sink::ms_until(deadline));
    if (own_code == RD_KAFKA_RESP_ERR__TIMED_OUT) break;
    if (own_code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(kWhat, topic, own_code);
  }
  return failed_together(kWhat, by_topic.size(), code);
}

std::string_view view(const void* data, std::size_t size) {
  return {static_cast<const char*>(data), data == nullptr ? 0 : size};
}

}  // namespace

absl::StatusOr<TopicReader> TopicReader::open(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                                              Isolation isolation) {
  ASSIGN_OR_RETURN(sink::KafkaConf conf, sink::make_kafka_conf(kafka, secrets, "rowtide-groups"));
  const std::array<std::pair<const char*, std::string>, 12> settings{{
      {"group.id", "rowtide-groups"},  // demanded by the library; no group is joined, nothing committed
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"allow.auto.create.topics", "false"},
      {"enable.partition.eof", "true"},
      {"isolation.level", isolation == Isolation::Committed ? "read_committed" : "read_uncommitted"},
      {"auto.offset.reset", "error"},
      // A response is unpacked whole, whatever is queued: compressed, it is kept so small that it is not much
      // more than the queue then (a batch that is greater still comes, alone). In a queue smaller than a
      // response the library would wait a second after each.
      {"queued.max.messages.kbytes", "4096"},
      {"fetch.max.bytes", "131072"},
      {"message.max.bytes", "131072"},  // of producers; the library wants no more than the one above
      {"fetch.message.max.bytes", "65536"},
      // The next partition is not asked for while the broker waits for records behind the last one's end.
      {"fetch.wait.max.ms", "10"},
  }};
  for (const auto& [name, value] : settings) RETURN_IF_ERROR(sink::set(*conf, name, value));
  ASSIGN_OR_RETURN(sink::KafkaClient client, sink::make_kafka_consumer(std::move(conf)));
  return TopicReader(std::move(client));
}

rd_kafka_topic_t& TopicReader::topic(const std::string& name) {
  sink::KafkaTopicHandle& handle = topics_[name];
  if (handle == nullptr) handle.reset(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
  return *handle;
}

absl::Status TopicReader::reach(Deadline deadline, const std::stop_token& stop) {
  constexpr int kLongestMs = 5000;
  constexpr std::chrono::milliseconds kPause{100};
  int short_ms = 1000;
  while (!stop.stop_requested()) {
    const rd_kafka_metadata_t* raw = nullptr;
    const rd_kafka_resp_err_t code =
        rd_kafka_metadata(client_.get(), 0, nullptr, &raw, std::min(short_ms, sink::ms_until(deadline)));
    const sink::KafkaMetadata metadata(raw);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
    if (std::chrono::steady_clock::now() >= deadline) {
      return absl::UnavailableError(
          fmt::format("Kafka does not answer: {}; check that its brokers run and can be reached",
                      rd_kafka_err2str(code)));
    }
    // Connected, and slow.
    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT) short_ms = std::min(2 * short_ms, kLongestMs);
    sleep_for(kPause, stop);
  }
  return absl::CancelledError("stopped");
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

absl::StatusOr<std::vector<Partition>> TopicReader::partitions(const std::vector<std::string>& topics,
                                                               Deadline deadline) {
  std::vector<Partition> found;
  if (topics.empty()) return found;
  for (const std::string& name : topics) (void)topic(name);
  const rd_kafka_metadata_t* raw = nullptr;
  // Of the topics that the client has handles of.
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(client_.get(), 0, nullptr, &raw, sink::ms_until(deadline));
  const sink::KafkaMetadata metadata(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failed_together("the partitions", topics.size(), code);
  std::map<std::string_view, const rd_kafka_metadata_topic_t*> answers;
  for (int i = 0; i < metadata->topic_cnt; ++i)
    answers.emplace(metadata->topics[i].topic, &metadata->topics[i]);
  for (const std::string& name : topics) {
    const auto answer = answers.find(name);
    if (answer == answers.end()) continue;
    const auto error = answer->second->err;
    if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) continue;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("the partitions", name, error);
    for (int i = 0; i < answer->second->partition_cnt; ++i) found.push_back({name, i});
  }
  return found;
}

absl::StatusOr<std::vector<PartitionEnds>> TopicReader::ends(const std::vector<Partition>& partitions,
                                                             Deadline deadline) {
  ASSIGN_OR_RETURN(const auto begins, offsets_at(partitions, RD_KAFKA_OFFSET_BEGINNING, deadline));
  ASSIGN_OR_RETURN(const auto ends, offsets_at(partitions, RD_KAFKA_OFFSET_END, deadline));
  std::vector<PartitionEnds> found;
  for (std::size_t i = 0; i < partitions.size(); ++i)
    found.push_back({.begin = begins[i].value_or(0), .end = ends[i].value_or(0)});
  return found;
}

absl::StatusOr<std::vector<std::optional<std::int64_t>>> TopicReader::offsets_at(
    const std::vector<Partition>& partitions, std::int64_t timestamp, Deadline deadline) {
  std::vector<std::optional<std::int64_t>> offsets;
  if (partitions.empty()) return offsets;
  const sink::KafkaPartitions asked = list_of(partitions, timestamp);
  const rd_kafka_resp_err_t code =
      rd_kafka_offsets_for_times(client_.get(), asked.get(), sink::ms_until(deadline));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return why_no_offsets(*client_, partitions, timestamp, code, deadline);
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
  const std::array<ReadFrom, 1> from{{{partition, offset}}};
  ASSIGN_OR_RETURN(
      const std::vector<ReadTo> read_to,
      read_each(from, deadline, [&](std::size_t, const SeenRecord& record) { return on_record(record); }));
  return read_to.front();
}

absl::StatusOr<std::vector<ReadTo>> TopicReader::read_each(
    std::span<const ReadFrom> from, Deadline deadline,
    const std::function<bool(std::size_t index, const SeenRecord&)>& on_record) {
  const Queue queue(rd_kafka_queue_new(client_.get()));
  std::deque<Reading> readings;
  std::map<std::pair<std::string_view, std::int32_t>, std::size_t> index;
  for (const ReadFrom& each : from) {
    index.emplace(std::pair(std::string_view(each.partition.topic), each.partition.number), readings.size());
    if (!readings.emplace_back(topic(each.partition.topic), each).begin(*queue))
      return failed("reading", each.partition.topic, rd_kafka_last_error());
  }
  std::size_t open = readings.size();
  std::array<rd_kafka_message_t*, kBatch> batch{};
  while (open > 0 && std::chrono::steady_clock::now() < deadline) {
    ASSIGN_OR_RETURN(const std::size_t count, next_messages(*queue, deadline, batch));
    absl::Status status;
    for (std::size_t i = 0; i < count; ++i) {
      const sink::KafkaMessageHandle message(batch.at(i));  // all are freed, read or not
      if (message->rkt == nullptr) continue;
      const std::string_view name = rd_kafka_topic_name(message->rkt);
      const auto found = index.find({name, message->partition});
      if (found == index.end() || !readings[found->second].is_open()) continue;
      Reading& reading = readings[found->second];
      ReadTo& read_to = reading.read_to;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        read_to.is_timed_out = on_record(
            found->second, {message->offset, rd_kafka_message_timestamp(message.get(), nullptr),
                            view(message->key, message->key_len), view(message->payload, message->len)});
        read_to.next = message->offset + 1;
      } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        read_to = {.next = std::max(read_to.next, message->offset), .is_timed_out = false};
      } else {
        status.Update(failed("reading", std::string(name), message->err));
      }
      if (read_to.is_timed_out) continue;
      reading.end();
      --open;
    }
    RETURN_IF_ERROR(status);
  }
  std::vector<ReadTo> read_to;
  for (const Reading& reading : readings) read_to.push_back(reading.read_to);
  return read_to;
}

}  // namespace rowtide::groups
