#include "tracker/sink/kafka_transaction.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_handle.h"
#include "tracker/sink/kafka_topics.h"
#include "tracker/sink/sink.h"

namespace rowtide::sink {
namespace {

using std::chrono::milliseconds;

// One attempt; the library wants to be called again after it.
constexpr int kAttemptMs = 1000;

using Error = KafkaHandle<rd_kafka_error_t, rd_kafka_error_destroy>;

}  // namespace

absl::Status KafkaTransaction::configure(rd_kafka_conf_s& conf, const std::string& transactional_id) {
  const std::string timeout = std::to_string(milliseconds(kTimeout).count());
  RETURN_IF_ERROR(set(conf, "transactional.id", transactional_id));
  RETURN_IF_ERROR(set(conf, "transaction.timeout.ms", timeout));
  // No record outlives its transaction.
  return set(conf, "message.timeout.ms", timeout);
}

absl::Status KafkaTransaction::take_over(milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    const Error failure(rd_kafka_init_transactions(&producer_, kAttemptMs));
    if (failure == nullptr) return absl::OkStatus();
    if (rd_kafka_error_is_retriable(failure.get()) == 0 || std::chrono::steady_clock::now() >= deadline) {
      return error(rd_kafka_error_code(failure.get()), rd_kafka_error_string(failure.get()));
    }
  }
}

absl::Status KafkaTransaction::begin() {
  if (is_open_) return absl::OkStatus();
  if (const Error failure(rd_kafka_begin_transaction(&producer_)); failure != nullptr) {
    return error(rd_kafka_error_code(failure.get()), rd_kafka_error_string(failure.get()));
  }
  is_open_ = true;
  begun_at_ = std::chrono::steady_clock::now();
  return absl::OkStatus();
}

absl::Status KafkaTransaction::commit(const std::stop_token& stop) {
  // A stop waits for brokers that answer; the records are theirs already.
  constexpr int kAttemptsAfterStop = 10;
  int attempts_left = kAttemptsAfterStop;
  return commit_while([&] { return !stop.stop_requested() || --attempts_left > 0; });
}

absl::Status KafkaTransaction::commit_within(milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  return commit_while([&] { return std::chrono::steady_clock::now() < deadline; });
}

absl::Status KafkaTransaction::commit_while(const std::function<bool()>& may_wait) {
  while (true) {
    const Error failure(rd_kafka_commit_transaction(&producer_, kAttemptMs));
    if (failure == nullptr) break;
    if (rd_kafka_error_is_retriable(failure.get()) == 0 || !may_wait()) {
      return error(rd_kafka_error_code(failure.get()), rd_kafka_error_string(failure.get()));
    }
  }
  is_open_ = false;
  return absl::OkStatus();
}

absl::Status KafkaTransaction::abort(milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    std::array<char, 512> text{};
    const rd_kafka_resp_err_t cause = rd_kafka_fatal_error(&producer_, text.data(), text.size());
    if (cause != RD_KAFKA_RESP_ERR_NO_ERROR) return error(cause, text.data());
    if (!is_open_) return absl::OkStatus();
    const Error failure(rd_kafka_abort_transaction(&producer_, kAttemptMs));
    if (failure == nullptr) break;
    if (rd_kafka_error_is_fatal(failure.get()) != 0) continue;
    if (rd_kafka_error_is_retriable(failure.get()) == 0 || std::chrono::steady_clock::now() >= deadline) {
      return error(rd_kafka_error_code(failure.get()), rd_kafka_error_string(failure.get()));
    }
  }
  is_open_ = false;
  return absl::OkStatus();
}

absl::Status KafkaTransaction::error(int code, const std::string& reason) const {
  const std::string what = fmt::format("Kafka transaction of {}: {} ({})", id_, reason,
                                       rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code)));
  switch (code) {
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
      // The brokers fence us as well when they have aborted a transaction that took too long.
      if (is_open_ && std::chrono::steady_clock::now() - begun_at_.load() >= kTimeout) break;
      return absl::AbortedError(what +
                                "; another tracker of this task has taken over, so this one stops. If both "
                                "were started on purpose, "
                                "give one of the tasks another name or namespace");
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return failure(
          absl::StatusCode::kFailedPrecondition, kNotAuthorized,
          fmt::format("{}; give the tracker's Kafka user Write and Describe on the transactional id {} and "
                      "on its topics, or "
                      "set spec.sink.kafka.delivery to AtLeastOnce",
                      what, id_));
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
      return absl::FailedPreconditionError(
          fmt::format("{}; set transaction.max.timeout.ms of the brokers to {} or more (their default is "
                      "900000), or spec.sink.kafka.delivery to AtLeastOnce",
                      what, milliseconds(kTimeout).count()));
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
      return absl::FailedPreconditionError(
          what + "; the brokers know no transactions: set spec.sink.kafka.delivery to AtLeastOnce");
    default:
      break;
  }
  return sink_unavailable(what + "; what was not committed is written again");
}

}  // namespace rowtide::sink
