#include "tracker/sink/topic_deletion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <librdkafka/rdkafka.h>

#include <array>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/sink/admin_call.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_handle.h"
#include "tracker/sink/kafka_topics.h"

namespace rowtide::sink {
namespace {

using DoomedTopic = KafkaHandle<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy>;

/// What became of the topics, as the brokers told it.
struct Deletion {
  std::vector<std::string> deleted;
  std::vector<std::string> kept;  ///< each with the brokers' words
  rd_kafka_resp_err_t worst = RD_KAFKA_RESP_ERR_NO_ERROR;
};

bool passes_by_itself(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT || code == RD_KAFKA_RESP_ERR_NOT_CONTROLLER ||
         code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT;
}

Deletion read_deletion(const rd_kafka_event_t& event) {
  Deletion deletion;
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = rd_kafka_DeleteTopics_result_topics(
      rd_kafka_event_DeleteTopics_result(const_cast<rd_kafka_event_t*>(&event)), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
    const std::string name = rd_kafka_topic_result_name(results[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      deletion.deleted.push_back(name);
    } else if (code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
      deletion.kept.push_back(fmt::format("{} ({})", name, rd_kafka_err2str(code)));
      if (deletion.worst == RD_KAFKA_RESP_ERR_NO_ERROR || passes_by_itself(deletion.worst))
        deletion.worst = code;
    }
  }
  return deletion;
}

absl::Status not_deleted(const Deletion& deletion) {
  const std::string what =
      fmt::format("these topics could not be deleted: {}", fmt::join(deletion.kept, ", "));
  if (deletion.worst == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
    return failure(absl::StatusCode::kFailedPrecondition, kNotAuthorized,
                   what +
                       "; give the tracker's Kafka user Delete and Describe on them, or delete them: "
                       "kafka-topics.sh --bootstrap-server BROKER --delete --topic TOPIC");
  }
  if (passes_by_itself(deletion.worst)) return absl::UnavailableError(what);
  return absl::FailedPreconditionError(
      what + "; delete them: kafka-topics.sh --bootstrap-server BROKER --delete --topic TOPIC");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> delete_topics(const task::KafkaSink& kafka,
                                                       const task::SecretReader& secrets,
                                                       const std::vector<std::string>& names,
                                                       std::chrono::milliseconds timeout) {
  if (names.empty()) return std::vector<std::string>();
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  ASSIGN_OR_RETURN(KafkaConf conf, make_kafka_conf(kafka, secrets, "rowtide-cleanup"));
  ASSIGN_OR_RETURN(const KafkaClient client, make_kafka_producer(std::move(conf)));
  std::vector<DoomedTopic> topics;
  std::vector<rd_kafka_DeleteTopic_t*> doomed;
  for (const std::string& name : names) {
    doomed.push_back(topics.emplace_back(rd_kafka_DeleteTopic_new(name.c_str())).get());
  }
  const auto failed = [&](rd_kafka_resp_err_t code, const char* words) {
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
    return absl::UnavailableError(fmt::format(
        "the topics {} could not be deleted: {}; check that the brokers at {} run", fmt::join(names, ", "),
        words == nullptr ? "Kafka does not answer" : words, bootstrap_list(kafka)));
  };
  ASSIGN_OR_RETURN(const KafkaEvent event,
                   admin_call(
                       *client, RD_KAFKA_ADMIN_OP_DELETETOPICS, deadline,
                       [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                         // The brokers answer when the topics are gone.
                         std::array<char, 256> error{};
                         rd_kafka_AdminOptions_set_operation_timeout(options, ms_until(deadline),
                                                                     error.data(), error.size());
                         rd_kafka_DeleteTopics(client.get(), doomed.data(), doomed.size(), options, queue);
                       },
                       failed));
  const Deletion deletion = read_deletion(*event);
  if (!deletion.kept.empty()) return not_deleted(deletion);
  return deletion.deleted;
}

}  // namespace rowtide::sink
