#include "tests/support/group_consumer.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <stdexcept>

#include "tests/support/kafka_conf.h"

namespace rowtide::test {
namespace {

constexpr int kMemberPollMs = 50;

struct FreeGroupMessage {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};

}  // namespace

struct GroupConsumer::Client {
  rd_kafka_t* handle = nullptr;
  ~Client() {
    if (handle == nullptr) return;
    rd_kafka_consumer_close(handle);
    rd_kafka_destroy(handle);
  }
  std::unique_ptr<rd_kafka_message_t, FreeGroupMessage> poll() const {
    return std::unique_ptr<rd_kafka_message_t, FreeGroupMessage>(
        rd_kafka_consumer_poll(handle, kMemberPollMs));
  }
};

GroupConsumer::GroupConsumer(const std::string& bootstrap, const std::string& group, const std::string& topic,
                             const std::map<std::string, std::string>& config)
    : client_(std::make_unique<Client>()) {
  std::map<std::string, std::string> settings{
      {"bootstrap.servers", bootstrap}, {"group.id", group},
      {"enable.auto.commit", "false"},  {"isolation.level", "read_committed"},
      {"auto.offset.reset", "error"},   {"fetch.wait.max.ms", "50"}};
  for (const auto& [key, value] : config) settings[key] = value;
  rd_kafka_conf_t* conf = make_kafka_conf(settings);
  char error[512];
  client_->handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (client_->handle == nullptr) throw std::runtime_error(error);
  rd_kafka_poll_set_consumer(client_->handle);
  rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t code = rd_kafka_subscribe(client_->handle, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(code));
}

GroupConsumer::~GroupConsumer() = default;
GroupConsumer::GroupConsumer(GroupConsumer&&) noexcept = default;

void GroupConsumer::join(std::chrono::milliseconds deadline) {
  wait_until(
      "the consumer has partitions",
      [&] {
        if (const auto message = client_->poll(); message != nullptr && message->err == 0)
          throw std::runtime_error("a record came before the consumer asked for one");
        rd_kafka_topic_partition_list_t* assigned = nullptr;
        rd_kafka_assignment(client_->handle, &assigned);
        const bool has_any = assigned != nullptr && assigned->cnt > 0;
        if (assigned != nullptr) rd_kafka_topic_partition_list_destroy(assigned);
        return has_any;
      },
      deadline);
}

std::vector<KafkaRecord> GroupConsumer::consume(std::size_t count, std::chrono::milliseconds deadline) {
  std::vector<KafkaRecord> records;
  std::string last_error = "nothing";
  wait_until(
      fmt::format("{} records for the group", count),
      [&] {
        const auto message = client_->poll();
        if (message == nullptr) return false;
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
          last_error = rd_kafka_message_errstr(message.get());
          return false;
        }
        KafkaRecord& record = records.emplace_back();
        record.topic = rd_kafka_topic_name(message->rkt);
        record.partition = message->partition;
        record.offset = message->offset;
        record.timestamp_ms = rd_kafka_message_timestamp(message.get(), nullptr);
        if (message->payload != nullptr)
          record.value = std::string(static_cast<const char*>(message->payload), message->len);
        return records.size() >= count;
      },
      deadline, [&] { return fmt::format("{} records, error: {}", records.size(), last_error); });
  if (const auto code = rd_kafka_commit(client_->handle, nullptr, 0); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(fmt::format("the place is not committed: {}", rd_kafka_err2str(code)));
  return records;
}

}  // namespace rowtide::test
