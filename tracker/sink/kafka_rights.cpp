#include "tracker/sink/kafka_rights.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_handle.h"
#include "tracker/sink/kafka_transaction.h"
#include "tracker/sink/topic_probe.h"

namespace rowtide::sink {
namespace {

using RightsClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kRightsPollMs = 50;

Right right_of(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return Right::Denied;
    default:
      return Right::NotAsked;
  }
}

void on_refusal(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto& right = *static_cast<Right*>(message->_private);
  const bool is_past_authorizer =
      message->err == RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS || message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
  right = is_past_authorizer ? Right::Granted : right_of(message->err);
}

/// Writes with acks=2, which brokers have known no more since Kafka 0.9: they look at the right to write, and
/// then refuse the record.
absl::Status ask_write(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                       RightsClock::time_point deadline, std::vector<TopicRights>& topics) {
  ASSIGN_OR_RETURN(KafkaConf conf, quiet_conf(kafka, secrets));
  const std::array<std::pair<const char*, std::string>, 3> settings{{
      {"acks", "2"},
      {"linger.ms", "0"},
      {"message.timeout.ms", std::to_string(ms_until(deadline))},
  }};
  for (const auto& [name, value] : settings) {
    if (absl::Status status = set(*conf, name, value); !status.ok()) return status;
  }
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_refusal);
  ASSIGN_OR_RETURN(const KafkaClient producer, make_kafka_producer(std::move(conf)));
  for (TopicRights& rights : topics) {
    if (!rights.exists) continue;
    const KafkaTopicHandle topic(rd_kafka_topic_new(producer.get(), rights.topic.c_str(), nullptr));
    // No key: a compacted topic would refuse the record for that as well.
    rd_kafka_produce(topic.get(), 0, RD_KAFKA_MSG_F_COPY, nullptr, 0, nullptr, 0, &rights.write);
  }
  rd_kafka_flush(producer.get(), ms_until(deadline));
  rd_kafka_purge(producer.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(producer.get(), kRightsPollMs);
  return absl::OkStatus();
}

/// What an idempotent producer says of itself while it asks for its id.
struct ProducerIdSeen {
  bool is_assigned = false;
  Right right = Right::NotAsked;
};

int on_statistics(rd_kafka_t*, char* json, std::size_t size, void* opaque) {
  // Only these numbers tell that the id is there.
  constexpr std::string_view kAssigned = R"("idemp_state":"Assigned")";
  std::string text(json, size);
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  if (text.find(kAssigned) != std::string::npos) static_cast<ProducerIdSeen*>(opaque)->is_assigned = true;
  return 0;
}

void on_producer_error(rd_kafka_t* client, int code, const char*, void* opaque) {
  std::array<char, 256> text{};
  const auto error = static_cast<rd_kafka_resp_err_t>(code);
  const bool is_fatal = error == RD_KAFKA_RESP_ERR__FATAL;
  const Right right = right_of(is_fatal ? rd_kafka_fatal_error(client, text.data(), text.size()) : error);
  if (right != Right::NotAsked) static_cast<ProducerIdSeen*>(opaque)->right = right;
}

}  // namespace

absl::StatusOr<std::vector<TopicRights>> ask_topic_rights(const task::KafkaSink& kafka,
                                                          const task::SecretReader& secrets,
                                                          const std::vector<TopicSpec>& topics,
                                                          milliseconds timeout) {
  const RightsClock::time_point begin = RightsClock::now();
  const RightsClock::time_point deadline = begin + timeout;
  ASSIGN_OR_RETURN(const KafkaClient client, make_asking_client(kafka, secrets));
  // What is left is for writing.
  ASSIGN_OR_RETURN(const std::vector<TopicSeen> all, see_topics(*client, topics, begin + timeout * 2 / 3));
  std::vector<TopicRights> asked;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    TopicRights& rights = asked.emplace_back(TopicRights{.topic = topics[i].name});
    if (i >= all.size()) continue;
    const TopicSeen& seen = all[i];
    rights.exists = seen.presence == TopicPresence::There;
    rights.describe = seen.presence == TopicPresence::Hidden ? Right::Denied : Right::Granted;
    if (rights.exists || !topics[i].create) continue;
    if (seen.creatable.ok()) rights.create = Right::Granted;
    if (reason_of(seen.creatable) == kNotAuthorized) rights.create = Right::Denied;
  }
  RETURN_IF_ERROR(ask_write(kafka, secrets, deadline, asked));
  return asked;
}

Right ask_delete(const task::KafkaSink& kafka, const task::SecretReader& secrets, const std::string& topic,
                 milliseconds timeout) {
  const absl::StatusOr<KafkaClient> client = make_asking_client(kafka, secrets);
  if (!client.ok()) return Right::NotAsked;
  const KafkaPartitions offsets(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), 0)->offset = 0;  // before the first record
  std::array<rd_kafka_DeleteRecords_t*, 1> request{rd_kafka_DeleteRecords_new(offsets.get())};
  const KafkaDeletion owner(request[0]);
  const KafkaQueue queue(rd_kafka_queue_new(client->get()));
  rd_kafka_DeleteRecords(client->get(), request.data(), request.size(), nullptr, queue.get());
  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), static_cast<int>(timeout.count())));
  if (event == nullptr) return Right::NotAsked;
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return right_of(code);
  const rd_kafka_resp_err_t code =
      rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()))->elems[0].err;
  const bool is_past_authorizer =
      code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
  return is_past_authorizer ? Right::Granted : right_of(code);
}

Right ask_idempotent_write(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                           milliseconds timeout) {
  const RightsClock::time_point deadline = RightsClock::now() + timeout;
  absl::StatusOr<KafkaConf> conf = quiet_conf(kafka, secrets);
  if (!conf.ok() || !set(**conf, "enable.idempotence", "true").ok() ||
      !set(**conf, "statistics.interval.ms", std::to_string(kRightsPollMs)).ok()) {
    return Right::NotAsked;
  }
  ProducerIdSeen seen;
  rd_kafka_conf_set_opaque(conf->get(), &seen);
  rd_kafka_conf_set_stats_cb(conf->get(), on_statistics);
  rd_kafka_conf_set_error_cb(conf->get(), on_producer_error);
  const absl::StatusOr<KafkaClient> producer = make_kafka_producer(*std::move(conf));
  if (!producer.ok()) return Right::NotAsked;
  while (!seen.is_assigned && seen.right == Right::NotAsked && RightsClock::now() < deadline) {
    rd_kafka_poll(producer->get(), kRightsPollMs);
  }
  return seen.is_assigned ? Right::Granted : seen.right;
}

absl::Status ask_transactional_id(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                                  const std::string& transactional_id, milliseconds timeout) {
  ASSIGN_OR_RETURN(KafkaConf conf, quiet_conf(kafka, secrets));
  RETURN_IF_ERROR(KafkaTransaction::configure(*conf, transactional_id));
  ASSIGN_OR_RETURN(const KafkaClient producer, make_kafka_producer(std::move(conf)));
  return KafkaTransaction(*producer, transactional_id).take_over(timeout);
}

}  // namespace rowtide::sink
