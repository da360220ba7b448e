#include "tracker/sink/kafka_probe.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "tracker/sink/kafka_client_config.h"

namespace rowtide::sink {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kSettleTime{500};

/// What can go wrong, the most telling first: a refused login explains a closed connection, not the other way
/// round.
enum class ConnectError { Authentication, Tls, UnknownHost, Refused, Other, None };

struct ErrorLog {
  ConnectError error = ConnectError::None;
  std::string text;

  void add(ConnectError found, std::string_view said) {
    if (found >= error) return;
    error = found;
    text = said;
  }
};

ConnectError connect_error_of(rd_kafka_resp_err_t code, std::string_view text) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return ConnectError::Authentication;
    case RD_KAFKA_RESP_ERR__SSL:
      return ConnectError::Tls;
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return ConnectError::UnknownHost;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      return ConnectError::None;  // says nothing that the brokers' own errors do not
    default:
      return text.find("Connection refused") != std::string_view::npos ? ConnectError::Refused
                                                                       : ConnectError::Other;
  }
}

void on_error(rd_kafka_t*, int code, const char* reason, void* opaque) {
  static_cast<ErrorLog*>(opaque)->add(connect_error_of(static_cast<rd_kafka_resp_err_t>(code), reason),
                                      reason);
}

absl::Status explain(const ErrorLog& seen, const task::KafkaSink& kafka, milliseconds timeout) {
  const std::string servers = bootstrap_list(kafka);
  switch (seen.error) {
    case ConnectError::Authentication:
      return failure(absl::StatusCode::kUnauthenticated, "AuthenticationFailed",
                     fmt::format("Kafka at {} refuses the login: {}; check username and password in "
                                 "spec.sink.kafka.security.credentialsSecretRef, and mechanism",
                                 servers, seen.text));
    case ConnectError::Tls:
      return failure(
          absl::StatusCode::kUnavailable, "TlsFailed",
          fmt::format("TLS with Kafka at {} failed: {}; check spec.sink.kafka.security.protocol and "
                      "caSecretRef, and that the broker's certificate is for this name",
                      servers, seen.text));
    case ConnectError::UnknownHost:
      return failure(absl::StatusCode::kUnavailable, "UnknownHost",
                     fmt::format("no address for Kafka's name in {}: {}; check "
                                 "spec.sink.kafka.bootstrapServers and the brokers' advertised.listeners",
                                 servers, seen.text));
    case ConnectError::Refused:
      return failure(
          absl::StatusCode::kUnavailable, "ConnectionRefused",
          fmt::format("nobody listens for Kafka at {}: {}; start the broker, or correct the port in "
                      "spec.sink.kafka.bootstrapServers",
                      servers, seen.text));
    case ConnectError::Other:
      return failure(absl::StatusCode::kUnavailable, "Unreachable",
                     fmt::format("Kafka at {} cannot be used: {}; check spec.sink.kafka.bootstrapServers and "
                                 "security.protocol",
                                 servers, seen.text));
    case ConnectError::None:
      break;
  }
  return failure(
      absl::StatusCode::kUnavailable, "Timeout",
      fmt::format("Kafka at {} did not answer within {} ms; check firewalls and network policies on "
                  "the way, and spec.sink.kafka.bootstrapServers",
                  servers, timeout.count()));
}

BrokerInfo facts_of(const rd_kafka_metadata_t& metadata) {
  BrokerInfo facts;
  facts.brokers = metadata.broker_cnt;
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    const rd_kafka_metadata_topic& topic = metadata.topics[i];
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) facts.topics.emplace(topic.topic, topic.partition_cnt);
  }
  return facts;
}

/// Waiting longer does not help, except where a server may just be starting.
bool is_settled(const ErrorLog& seen) {
  return seen.error == ConnectError::Authentication || seen.error == ConnectError::Tls ||
         seen.error == ConnectError::UnknownHost;
}

}  // namespace

absl::StatusOr<BrokerInfo> probe_kafka(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                                       milliseconds timeout) {
  absl::StatusOr<KafkaConf> conf = make_kafka_conf(kafka, secrets, "rowtide-precheck");
  if (!conf.ok()) {
    return failure(conf.status().code(), "SecretMissing", std::string(text(conf.status())));
  }
  ErrorLog seen;
  rd_kafka_conf_set_opaque(conf->get(), &seen);
  rd_kafka_conf_set_error_cb(conf->get(), on_error);
  // The error callback tells what matters; the same lines in the log would stand in the precheck's report.
  rd_kafka_conf_set_log_cb(conf->get(), nullptr);
  absl::StatusOr<KafkaClient> client = make_kafka_producer(*std::move(conf));
  if (!client.ok()) return failure(client.status().code(), "TlsFailed", std::string(text(client.status())));

  const Clock::time_point deadline = Clock::now() + timeout;
  do {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    const rd_kafka_metadata_t* metadata = nullptr;
    const rd_kafka_resp_err_t code =
        rd_kafka_metadata(client->get(), 1, nullptr, &metadata,
                          static_cast<int>(std::clamp(left, milliseconds{1}, kSettleTime).count()));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      BrokerInfo facts = facts_of(*metadata);
      rd_kafka_metadata_destroy(metadata);
      return facts;
    }
    rd_kafka_poll(client->get(), 0);
  } while (!is_settled(seen) && Clock::now() < deadline);
  return explain(seen, kafka, timeout);
}

}  // namespace rowtide::sink
