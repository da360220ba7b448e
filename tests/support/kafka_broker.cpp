#include "tests/support/kafka_broker.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/support/kafka_conf.h"
#include "tests/support/process.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

constexpr int kRequestMs = 30'000;

struct FreeClient {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
};
using Client = std::unique_ptr<rd_kafka_t, FreeClient>;

struct FreeQueue {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, FreeQueue>;

struct FreeEvent {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
using Event = std::unique_ptr<rd_kafka_event_t, FreeEvent>;

struct FreeNewTopic {
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
};

[[noreturn]] void fail(std::string_view what, std::string_view why) {
  throw std::runtime_error(fmt::format("Kafka: {}: {}", what, why));
}

Client make_client(const std::string& bootstrap) {
  rd_kafka_conf_t* conf = make_kafka_conf({{"bootstrap.servers", bootstrap}});
  char error[512];
  // Each record's opaque is where its outcome goes.
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    *static_cast<rd_kafka_resp_err_t*>(message->_private) = message->err;
  });
  Client client{rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error)};
  if (!client) fail("new client", error);
  return client;
}

/// Sends one admin request about topics and throws unless it succeeded for each of them.
void admin_request(
    const std::string& bootstrap, const std::string& what,
    const std::function<void(rd_kafka_t*, rd_kafka_queue_t*)>& send,
    const std::function<const rd_kafka_topic_result_t**(rd_kafka_event_t*, std::size_t*)>& results) {
  const Client client = make_client(bootstrap);
  const Queue queue{rd_kafka_queue_new(client.get())};
  send(client.get(), queue.get());
  const Event event{rd_kafka_queue_poll(queue.get(), kRequestMs)};
  if (!event) fail(what, "no answer");
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(what, rd_kafka_event_error_string(event.get()));
  }
  std::size_t count = 0;
  const rd_kafka_topic_result_t** topics = results(event.get(), &count);
  if (count == 0) fail(what, "no result");
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_topic_result_error(topics[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
      fail(what, rd_kafka_topic_result_error_string(topics[i]));
  }
}

int count_partitions(const std::string& bootstrap, const std::string& topic) {
  const Client client = make_client(bootstrap);
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client.get(), topic.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(client.get(), 0, handle, &metadata, kRequestMs);
  rd_kafka_topic_destroy(handle);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("metadata of " + topic, rd_kafka_err2str(error));
  int led = 0;
  for (int i = 0; metadata->topic_cnt == 1 && i < metadata->topics[0].partition_cnt; ++i) {
    led += metadata->topics[0].partitions[i].leader >= 0 ? 1 : 0;
  }
  rd_kafka_metadata_destroy(metadata);
  return led;
}

std::vector<std::string> topics_of(const std::string& bootstrap) {
  const Client client = make_client(bootstrap);
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(client.get(), 1, nullptr, &metadata, kRequestMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("metadata", rd_kafka_err2str(error));
  std::vector<std::string> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) topics.emplace_back(metadata->topics[i].topic);
  rd_kafka_metadata_destroy(metadata);
  return topics;
}

/// Returns when they are gone.
void delete_topics(const std::string& bootstrap, const std::vector<std::string>& topics) {
  std::vector<rd_kafka_DeleteTopic_t*> requests;
  for (const std::string& topic : topics) requests.push_back(rd_kafka_DeleteTopic_new(topic.c_str()));
  const auto destroy = [](std::vector<rd_kafka_DeleteTopic_t*>* all) {
    rd_kafka_DeleteTopic_destroy_array(all->data(), all->size());
  };
  const std::unique_ptr<std::vector<rd_kafka_DeleteTopic_t*>, decltype(destroy)> owner{&requests, destroy};
  admin_request(
      bootstrap, "deleting topic " + topics.front(),
      [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
        rd_kafka_DeleteTopics(client, requests.data(), requests.size(), nullptr, queue);
      },
      [](rd_kafka_event_t* event, std::size_t* count) {
        return rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), count);
      });
  wait_until(topics.front() + " is gone", [&] {
    const std::vector<std::string> left = topics_of(bootstrap);
    return std::find_first_of(left.begin(), left.end(), topics.begin(), topics.end()) == left.end();
  });
}

/// The class behind a script of Kafka's bin folder.
std::string class_of(const std::string& script) {
  static const std::map<std::string, std::string> kClasses{{"kafka-acls.sh", "kafka.admin.AclCommand"},
                                                           {"kafka-configs.sh", "kafka.admin.ConfigCommand"}};
  const auto found = kClasses.find(script);
  if (found == kClasses.end()) fail("running " + script, "no such command is known here");
  return found->second;
}

}  // namespace

KafkaBroker::KafkaBroker(ServerOptions options) : server_("kafka", std::move(options)) {}

KafkaBroker::KafkaBroker(Shared /*shared*/) : server_("kafka") {
  if (!server_.was_used()) return;
  std::vector<std::string> topics = topics_of(admin_bootstrap());
  std::erase_if(topics, [](const std::string& topic) {
    return topic == "__consumer_offsets" || topic == "__transaction_state";
  });
  if (!topics.empty()) delete_topics(admin_bootstrap(), topics);
}

KafkaBroker& KafkaBroker::shared() {
  static KafkaBroker broker{Shared{}};
  return broker;
}

std::string KafkaBroker::bootstrap() const {
  return server_.fact("HOST") + ":" + server_.fact("PORT");
}

std::string KafkaBroker::admin_bootstrap() const {
  return "127.0.0.1:" + server_.fact("ADMIN_PORT");
}

void KafkaBroker::create_topic(const std::string& topic, int partitions_wanted,
                               const std::map<std::string, std::string>& config) {
  const std::string what = "creating topic " + topic;
  char error[512];
  std::unique_ptr<rd_kafka_NewTopic_t, FreeNewTopic> request{
      rd_kafka_NewTopic_new(topic.c_str(), partitions_wanted, 1, error, sizeof error)};
  if (!request) fail(what, error);
  for (const auto& [key, value] : config)
    rd_kafka_NewTopic_set_config(request.get(), key.c_str(), value.c_str());
  admin_request(
      admin_bootstrap(), what,
      [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
        rd_kafka_NewTopic_t* requests[] = {request.get()};
        rd_kafka_CreateTopics(client, requests, 1, nullptr, queue);
      },
      [](rd_kafka_event_t* event, std::size_t* count) {
        return rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), count);
      });
  wait_until(topic + " has a leader for each partition",
             [&] { return partitions(topic) == partitions_wanted; });
}

std::string KafkaBroker::fresh_topic(int partitions_wanted) {
  static std::atomic<int> last{0};
  // Of the process, because groups called after it outlive it on a broker of the pool.
  std::string topic = fmt::format("topic{}-{}", ::getpid(), ++last);
  create_topic(topic, partitions_wanted);
  return topic;
}

void KafkaBroker::delete_topic(const std::string& topic) {
  delete_topics(admin_bootstrap(), {topic});
}

void KafkaBroker::delete_records(const std::string& topic, std::int64_t offset) const {
  const Client client = make_client(admin_bootstrap());
  const Queue queue{rd_kafka_queue_new(client.get())};
  const std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)> places{
      rd_kafka_topic_partition_list_new(1), rd_kafka_topic_partition_list_destroy};
  rd_kafka_topic_partition_list_add(places.get(), topic.c_str(), 0)->offset = offset;
  rd_kafka_DeleteRecords_t* deletion = rd_kafka_DeleteRecords_new(places.get());
  rd_kafka_DeleteRecords(client.get(), &deletion, 1, nullptr, queue.get());
  rd_kafka_DeleteRecords_destroy(deletion);
  const Event event{rd_kafka_queue_poll(queue.get(), kRequestMs)};
  if (!event) fail("deleting records of " + topic, "no answer");
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    fail("deleting records of " + topic, rd_kafka_event_error_string(event.get()));
}

int KafkaBroker::partitions(const std::string& topic) const {
  return count_partitions(admin_bootstrap(), topic);
}

std::optional<std::string> KafkaBroker::committed_metadata(const std::string& group,
                                                           const std::string& topic) const {
  char error[512];
  rd_kafka_conf_t* conf = make_kafka_conf({{"bootstrap.servers", admin_bootstrap()}, {"group.id", group}});
  const Client client{rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error)};
  if (!client) fail("new consumer", error);
  const std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)> offsets{
      rd_kafka_topic_partition_list_new(1), rd_kafka_topic_partition_list_destroy};
  const rd_kafka_topic_partition_t* offset =
      rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), 0);
  const rd_kafka_resp_err_t failed = rd_kafka_committed(client.get(), offsets.get(), kRequestMs);
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) fail("offsets of group " + group, rd_kafka_err2str(failed));
  if (offset->offset < 0) return std::nullopt;
  return std::string(static_cast<const char*>(offset->metadata), offset->metadata_size);
}

void KafkaBroker::produce(const std::string& topic, const std::optional<std::string>& key,
                          const std::optional<std::string>& value, int partition) {
  const Client client = make_client(admin_bootstrap());
  const std::string what = "writing to topic " + topic;
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client.get(), topic.c_str(), nullptr);
  rd_kafka_resp_err_t delivered = RD_KAFKA_RESP_ERR__IN_PROGRESS;
  std::string body = value.value_or("");
  const int queued =
      rd_kafka_produce(handle, partition, RD_KAFKA_MSG_F_COPY, value ? body.data() : nullptr, body.size(),
                       key ? key->data() : nullptr, key ? key->size() : 0, &delivered);
  const rd_kafka_resp_err_t error = queued == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
  rd_kafka_topic_destroy(handle);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail(what, rd_kafka_err2str(error));
  rd_kafka_flush(client.get(), kRequestMs);
  if (delivered != RD_KAFKA_RESP_ERR_NO_ERROR) fail(what, rd_kafka_err2str(delivered));
}

void KafkaBroker::run_commands(const std::string& commands) const {
  std::istringstream rest(commands);
  for (std::string command; std::getline(rest, command, ';');) {
    std::istringstream text(command);
    std::vector<std::string> words{std::istream_iterator<std::string>(text), {}};
    if (words.empty()) continue;
    const auto server = std::find(words.begin(), words.end(), "--bootstrap-server");
    if (words.end() - server < 2) fail(command, "it names no server");
    *std::next(server) = admin_bootstrap();
    words[0] = class_of(words[0]);
    const std::vector<std::string> java{"java",
                                        "-XX:TieredStopAtLevel=1",
                                        "-XX:+UseSerialGC",
                                        "-XX:SharedArchiveFile=" + server_.fact("ARCHIVE"),
                                        "-cp",
                                        jars() + "/*"};
    words.insert(words.begin(), java.begin(), java.end());
    const RunResult result = run({words, {}, {}}, std::chrono::minutes(1));
    if (!result.status.ok()) fail(command, result.out + result.err);
  }
}

KafkaReader KafkaBroker::reader(const std::string& topic) const {
  return {admin_bootstrap(), topic};
}

void KafkaBroker::restart(std::optional<std::vector<std::string>> options) {
  stop();
  if (options) server_.set_options(*std::move(options));
  start();
}

std::vector<std::string> plain_logins(const std::map<std::string, std::string>& users) {
  std::string login = "org.apache.kafka.common.security.plain.PlainLoginModule required";
  for (const auto& [name, password] : users) login += fmt::format(" user_{}=\"{}\"", name, password);
  return {"listener.security.protocol.map=CLIENT:SASL_PLAINTEXT,ADMIN:PLAINTEXT,CONTROLLER:PLAINTEXT",
          "listener.name.client.sasl.enabled.mechanisms=PLAIN",
          "listener.name.client.plain.sasl.jaas.config=" + login + ";"};
}

}  // namespace rowtide::test
