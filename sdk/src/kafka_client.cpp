#include "sdk/src/kafka_client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>

namespace rowtide {
inline namespace v1 {
namespace {

constexpr std::chrono::seconds kMostDestroyTime{10};

void set_config(rd_kafka_conf_t* config, const char* name, const std::string& value) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(config, name, value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK) return;
  const bool is_secret = std::string_view(name).ends_with("password");
  throw Error(ErrorCode::InvalidOptions, std::string("librdkafka does not take ") + name +
                                             (is_secret ? "" : ": " + std::string(why.data())));
}

void set_security(rd_kafka_conf_t* config, const Security& security) {
  const std::pair<const char*, const std::string*> settings[] = {
      {"security.protocol", &security.protocol}, {"sasl.mechanism", &security.mechanism},
      {"sasl.username", &security.username},     {"sasl.password", &security.password},
      {"ssl.ca.location", &security.ca_file},    {"ssl.certificate.location", &security.certificate_file},
      {"ssl.key.location", &security.key_file},  {"ssl.key.password", &security.key_password},
  };
  for (const auto& [name, value] : settings) {
    if (!value->empty()) set_config(config, name, *value);
  }
}

void set_connection(rd_kafka_conf_t* config, const Options& options) {
  set_config(config, "bootstrap.servers", options.bootstrap_servers);
  set_config(config, "client.id", "rowtide-sdk");
  // As much as an answer can have: one with a larger record than librdkafka's 100 MB would be asked for again
  // and again, as after a broken connection. It takes memory for what comes only.
  set_config(config, "receive.message.max.bytes", "2147483647");
  set_security(config, options.security);
}

/// Nothing may be thrown through librdkafka's frames, which are C.
template <typename... Arguments>
void call_back(void* opaque, std::function<void(Arguments...)> KafkaCallbacks::*which,
               std::type_identity_t<Arguments>... arguments) noexcept {
  auto* const callbacks = static_cast<KafkaCallbacks*>(opaque);
  try {
    (callbacks->*which)(arguments...);
  } catch (...) {
    callbacks->on_thrown(std::current_exception());
  }
}

KafkaConfig make_config(const Options& options, KafkaCallbacks& callbacks) {
  KafkaConfig owned(rd_kafka_conf_new());
  rd_kafka_conf_t* const config = owned.get();
  set_connection(config, options);
  set_config(config, "group.id", options.group_id);
  set_config(config, "isolation.level", "read_committed");
  set_config(config, "enable.auto.commit", "false");
  set_config(config, "enable.auto.offset.store", "false");
  set_config(config, "auto.offset.reset", "error");  // where to begin is said at each assignment
  set_config(config, "enable.partition.eof", "true");
  set_config(config, "allow.auto.create.topics", "false");
  const std::size_t kilobytes = std::clamp<std::size_t>(options.max_buffered_bytes / 1024, 1, 2'000'000);
  set_config(config, "queued.max.messages.kbytes", std::to_string(kilobytes));
  set_config(config, "queued.min.messages", "100000");
  // librdkafka's megabyte is a question to the broker per thousand records.
  constexpr std::size_t kMegabyte = 1024UL * 1024;
  const std::size_t fetch = std::clamp<std::size_t>(options.max_buffered_bytes, kMegabyte, 8 * kMegabyte);
  set_config(config, "max.partition.fetch.bytes", std::to_string(fetch));
  rd_kafka_conf_set_opaque(config, &callbacks);
  rd_kafka_conf_set_rebalance_cb(
      config, [](rd_kafka_t*, rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t* partitions,
                 void* opaque) { call_back(opaque, &KafkaCallbacks::on_rebalance, event, partitions); });
  rd_kafka_conf_set_error_cb(config, [](rd_kafka_t*, int error, const char* reason, void* opaque) {
    call_back(opaque, &KafkaCallbacks::on_error, static_cast<rd_kafka_resp_err_t>(error), reason);
  });
  rd_kafka_conf_set_offset_commit_cb(
      config, [](rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
                 void* opaque) { call_back(opaque, &KafkaCallbacks::on_commit, error, partitions); });
  return owned;
}

KafkaHandle make_client(KafkaConfig config) {
  std::array<char, 512> why{};
  KafkaHandle client(rd_kafka_new(RD_KAFKA_CONSUMER, config.get(), why.data(), why.size()));
  if (!client) {
    throw Error(ErrorCode::InvalidOptions,
                "the Kafka client cannot be made: " + std::string(why.data()) + "; check Options::security");
  }
  static_cast<void>(config.release());
  return client;
}

}  // namespace

void KafkaClientDeleter::operator()(rd_kafka_t* client) const noexcept {
  try {
    std::packaged_task<void()> destroy([client] { rd_kafka_destroy(client); });
    const std::future<void> is_done = destroy.get_future();
    std::thread(std::move(destroy)).detach();
    is_done.wait_for(kMostDestroyTime);
  } catch (const std::system_error&) {  // no thread is to be had
    rd_kafka_destroy(client);
  }
}

KafkaHandle make_kafka_client(const Options& options, KafkaCallbacks& callbacks) {
  return make_client(make_config(options, callbacks));
}

KafkaHandle make_uncommitted_client(const Options& options) {
  KafkaConfig config(rd_kafka_conf_new());
  set_connection(config.get(), options);
  set_config(config.get(), "isolation.level", "read_uncommitted");
  return make_client(std::move(config));
}

KafkaHandle make_committed_reader(const Options& options) {
  KafkaConfig config(rd_kafka_conf_new());
  set_connection(config.get(), options);
  set_config(config.get(), "isolation.level", "read_committed");
  set_config(config.get(), "enable.partition.eof", "true");
  set_config(config.get(), "auto.offset.reset", "earliest");
  set_config(config.get(), "queued.min.messages", "1");
  set_config(config.get(), "fetch.wait.max.ms", "10");  // an empty partition is told as soon as it is asked
  set_config(config.get(), "max.partition.fetch.bytes", "1024");  // a first batch comes whole
  return make_client(std::move(config));
}

bool is_passing(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
      return true;
    default:
      return false;
  }
}

ErrorCode code_of(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return ErrorCode::UnknownTopic;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      return ErrorCode::Unauthorized;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return ErrorCode::PositionLost;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      return ErrorCode::Unreachable;
    default:
      return ErrorCode::Kafka;
  }
}

std::string place_of(const std::string& topic, std::int32_t partition) {
  return topic + " [" + std::to_string(partition) + "]";
}

}  // namespace v1
}  // namespace rowtide
