#include "tracker/sink/kafka_probe.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <atomic>
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
  std::string_view remark;                 ///< on the password
  std::atomic<int> certificate_error = 0;  ///< OpenSSL's number; of the client's own threads

  void add(ConnectError found, std::string_view said) {
    if (found >= error) return;
    error = found;
    text = said;
  }
};

/// The brokers' alert, in OpenSSL's words: they have looked at our certificate, or missed one.
bool is_about_ours(std::string_view text) {
  return text.find("alert") != std::string_view::npos &&
         (text.find("certificate") != std::string_view::npos ||
          text.find("unknown ca") != std::string_view::npos);
}

ConnectError connect_error_of(rd_kafka_resp_err_t code, std::string_view text) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return ConnectError::Authentication;
    case RD_KAFKA_RESP_ERR__SSL:
      return ConnectError::Tls;
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return ConnectError::UnknownHost;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
      if (is_about_ours(text)) return ConnectError::Tls;  // with TLS 1.3 said after the handshake
      return text.find("Connection refused") != std::string_view::npos ? ConnectError::Refused
                                                                       : ConnectError::Other;
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

/// The library says of any certificate only that it was not verified. It has judged already: 0 refuses.
int on_certificate(rd_kafka_t*, const char*, std::int32_t, int* error, int, const char*, std::size_t, char*,
                   std::size_t, void* opaque) {
  if (*error == 0) return 1;
  static_cast<ErrorLog*>(opaque)->certificate_error = *error;
  return 0;
}

struct CertificateFault {
  std::string_view reason;
  std::string_view text;
  std::string_view repair;
};

CertificateFault certificate_fault(int error) {
  // X509_V_ERR_..., which are part of OpenSSL's binary interface.
  constexpr int kNotYetValid = 9;
  constexpr int kHasExpired = 10;
  constexpr int kHostnameMismatch = 62;
  constexpr int kIpAddressMismatch = 64;
  switch (error) {
    case 0:
      return {"TlsFailed", "", "check spec.sink.kafka.security.protocol and caSecretRef"};
    case kHasExpired:
      return {"CertificateExpired", "the broker's certificate, or its CA's, has expired", "renew it"};
    case kNotYetValid:
      return {"CertificateNotYetValid", "the broker's certificate, or its CA's, is not valid yet",
              "set the clocks of broker and tracker"};
    case kHostnameMismatch:
    case kIpAddressMismatch:
      return {
          "CertificateNameMismatch", "the broker's certificate is for another name",
          "use a name that stands in its subjectAltName in spec.sink.kafka.bootstrapServers and the brokers' "
          "advertised.listeners, or renew it with this one"};
    default:
      return {"CertificateUntrusted", "the broker's certificate is not from a CA that is trusted here",
              "put its CA into the Secret of spec.sink.kafka.security.caSecretRef"};
  }
}

CertificateFault client_certificate_fault(bool is_shown) {
  if (!is_shown) {
    return {
        "ClientCertificateRequired", "the broker wants a certificate of the tracker's",
        "put one of a CA in the brokers' ssl.truststore into a Secret of type kubernetes.io/tls, and name it "
        "in spec.sink.kafka.security.clientCertificateSecretRef"};
  }
  return {"ClientCertificateRefused", "the broker does not take the tracker's certificate",
          "put one that is valid, and of a CA in the brokers' ssl.truststore, into the Secret of "
          "spec.sink.kafka.security.clientCertificateSecretRef"};
}

absl::Status explain_tls(const ErrorLog& seen, const task::KafkaSink& kafka) {
  const std::string servers = bootstrap_list(kafka);
  const CertificateFault fault =
      is_about_ours(seen.text)
          ? client_certificate_fault(kafka.security.client_certificate_secret_ref.has_value())
          : certificate_fault(seen.certificate_error);
  const std::string_view text = fault.text.empty() ? std::string_view(seen.text) : fault.text;
  return failure(absl::StatusCode::kUnavailable, fault.reason,
                 fmt::format("TLS with Kafka at {} failed: {}; {}", servers, text, fault.repair));
}

absl::Status explain(const ErrorLog& seen, const task::KafkaSink& kafka, milliseconds timeout) {
  const std::string servers = bootstrap_list(kafka);
  switch (seen.error) {
    case ConnectError::Authentication:
      return failure(
          absl::StatusCode::kUnauthenticated, "AuthenticationFailed",
          fmt::format("Kafka at {} refuses the login: {}; check username and password in "
                      "spec.sink.kafka.security.credentialsSecretRef or .credentials, and mechanism{}",
                      servers, seen.text, seen.remark));
    case ConnectError::Tls:
      return explain_tls(seen, kafka);
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
  if (const auto login = secrets.kafka_credentials(kafka.security); login.ok())
    seen.remark = task::remark_on_password(*login);
  rd_kafka_conf_set_opaque(conf->get(), &seen);
  rd_kafka_conf_set_error_cb(conf->get(), on_error);
  rd_kafka_conf_set_ssl_cert_verify_cb(conf->get(), on_certificate);
  // The error callback tells what matters; the same lines in the log would stand in the precheck's report.
  rd_kafka_conf_set_log_cb(conf->get(), nullptr);
  absl::StatusOr<KafkaClient> client = make_kafka_producer(*std::move(conf));
  if (!client.ok()) {
    const std::string reason = reason_of(client.status());
    return failure(client.status().code(), reason.empty() ? "TlsFailed" : reason,
                   std::string(text(client.status())));
  }

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
