#include "tests/support/kafka_reader.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "tests/support/kafka_conf.h"

namespace rowtide::test {
namespace {

struct FreeMessage {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using Message = std::unique_ptr<rd_kafka_message_t, FreeMessage>;

constexpr int kPollMs = 100;
constexpr int kMetadataMs = 30'000;

std::optional<std::string> text(const void* bytes, std::size_t size) {
  if (bytes == nullptr) return std::nullopt;
  return std::string{static_cast<const char*>(bytes), size};
}

KafkaRecord to_record(const rd_kafka_message_t& message, const std::string& topic) {
  KafkaRecord record;
  record.topic = topic;
  record.partition = message.partition;
  record.offset = message.offset;
  record.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
  record.key = text(message.key, message.key_len);
  record.value = text(message.payload, message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    record.headers.emplace_back(name, text(value, size));
  }
  return record;
}

rd_kafka_t* make_consumer(const std::string& bootstrap, const std::map<std::string, std::string>& config) {
  std::map<std::string, std::string> settings{
      {"bootstrap.servers", bootstrap}, {"group.id", "rowtide-test-reader"},  // required, never joined
      {"enable.auto.commit", "false"},  {"isolation.level", "read_committed"},
      {"enable.partition.eof", "true"}, {"auto.offset.reset", "error"},
      {"fetch.wait.max.ms", "50"},      {"reconnect.backoff.max.ms", "500"}};
  for (const auto& [key, value] : config) settings[key] = value;
  rd_kafka_conf_t* conf = make_kafka_conf(settings);
  char error[512];
  // A broker that is away is part of many tests; what matters comes as a failure of the reader's functions.
  rd_kafka_conf_set_log_cb(conf, nullptr);
  rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int, const char*, void*) {});
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (consumer != nullptr) return consumer;
  rd_kafka_conf_destroy(conf);
  throw std::runtime_error(fmt::format("no Kafka consumer: {}", error));
}

}  // namespace

struct KafkaReader::Consumer {
  rd_kafka_t* client;
  std::string topic;
  std::vector<KafkaRecord> records;
  std::set<int> not_at_end;
  std::map<int, std::int64_t> next;  ///< offset, by partition

  Consumer(rd_kafka_t* consumer, std::string topic_name) : client(consumer), topic(std::move(topic_name)) {}
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  ~Consumer() { rd_kafka_destroy(client); }

  void assign_from_beginning() {
    rd_kafka_poll_set_consumer(client);
    const int partitions = partition_count();
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
    for (int i = 0; i < partitions; ++i) {
      rd_kafka_topic_partition_list_add(list, topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
      not_at_end.insert(i);
    }
    const rd_kafka_resp_err_t error = rd_kafka_assign(client, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("assigning partitions", error);
  }

  int partition_count() {
    rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
    const rd_kafka_metadata_t* metadata = nullptr;
    rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, handle, &metadata, kMetadataMs);
    rd_kafka_topic_destroy(handle);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("metadata", error);
    error = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    const int count = error == RD_KAFKA_RESP_ERR_NO_ERROR ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    if (count == 0) fail("metadata", error);
    return count;
  }

  void poll() {
    const Message message{rd_kafka_consumer_poll(client, kPollMs)};
    if (!message) return;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      not_at_end.insert(message->partition);
      std::int64_t& expected = next[message->partition];
      // Fetched before the assignment was renewed.
      if (message->offset < expected) return;
      expected = message->offset + 1;
      records.push_back(to_record(*message, topic));
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      not_at_end.erase(message->partition);
    } else if (!passes_by_itself(message->err)) {
      fail("reading", message->err);
    }
  }

  /// The broker is away or coming back: librdkafka goes on trying.
  static bool passes_by_itself(rd_kafka_resp_err_t error) {
    return error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
           error == RD_KAFKA_RESP_ERR__RESOLVE || error == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
  }

  [[noreturn]] void fail(std::string_view what, rd_kafka_resp_err_t error) const {
    throw std::runtime_error(fmt::format("topic {}: {}: {}", topic, what, rd_kafka_err2str(error)));
  }
};

std::optional<std::string> KafkaRecord::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.rbegin(), headers.rend(), [&](const auto& h) { return h.first == name; });
  return found == headers.rend() ? std::nullopt : found->second;
}

KafkaReader::KafkaReader(const std::string& bootstrap, std::string topic,
                         const std::map<std::string, std::string>& config)
    : consumer_(std::make_unique<Consumer>(make_consumer(bootstrap, config), std::move(topic))) {
  consumer_->assign_from_beginning();
}

KafkaReader::~KafkaReader() = default;
KafkaReader::KafkaReader(KafkaReader&&) noexcept = default;

const std::vector<KafkaRecord>& KafkaReader::records() const {
  return consumer_->records;
}

std::vector<KafkaRecord> KafkaReader::take() {
  return std::exchange(consumer_->records, {});
}

const std::vector<KafkaRecord>& KafkaReader::read_to_end(std::chrono::milliseconds deadline) {
  // What was reached before may have grown since: ask again for the end of each partition.
  for (int i = consumer_->partition_count(); i-- > 0;) consumer_->not_at_end.insert(i);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  for (const int partition : consumer_->not_at_end) {
    const auto known = consumer_->next.find(partition);
    rd_kafka_topic_partition_list_add(list, consumer_->topic.c_str(), partition)->offset =
        known == consumer_->next.end() ? RD_KAFKA_OFFSET_BEGINNING : known->second;
  }
  const rd_kafka_resp_err_t error = rd_kafka_assign(consumer_->client, list);
  rd_kafka_topic_partition_list_destroy(list);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) consumer_->fail("assigning partitions", error);
  return wait_for(
      "the end of topic " + consumer_->topic, [this](const auto&) { return consumer_->not_at_end.empty(); },
      deadline);
}

const std::vector<KafkaRecord>& KafkaReader::wait_for_count(std::size_t count,
                                                            std::chrono::milliseconds deadline) {
  return wait_for(
      fmt::format("{} records in topic {}", count, consumer_->topic),
      [count](const auto& records) { return records.size() >= count; }, deadline);
}

const std::vector<KafkaRecord>& KafkaReader::wait_for(
    std::string_view what, const std::function<bool(const std::vector<KafkaRecord>&)>& enough,
    std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!enough(consumer_->records)) {
    if (std::chrono::steady_clock::now() >= end) {
      throw std::runtime_error(fmt::format("waited {} ms in vain: {}; {} records came", deadline.count(),
                                           what, consumer_->records.size()));
    }
    consumer_->poll();
  }
  return consumer_->records;
}

}  // namespace rowtide::test
