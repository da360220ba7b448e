#include "tracker/sink/kafka_client_config.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"

namespace rowtide::sink {
namespace {

constexpr std::chrono::seconds kMostDestroyTime{10};

std::string_view name_of(task::SecurityProtocol protocol) {
  switch (protocol) {
    case task::SecurityProtocol::Plaintext:
      return "PLAINTEXT";
    case task::SecurityProtocol::Ssl:
      return "SSL";
    case task::SecurityProtocol::SaslPlaintext:
      return "SASL_PLAINTEXT";
    case task::SecurityProtocol::SaslSsl:
      return "SASL_SSL";
  }
  return "";
}

bool has_sasl(task::SecurityProtocol protocol) {
  return protocol == task::SecurityProtocol::SaslPlaintext || protocol == task::SecurityProtocol::SaslSsl;
}

void log_line(const rd_kafka_t*, int level, const char* facility, const char* line) {
  // Connections that fail are logged as errors each time; the sink itself warns once.
  constexpr int kSyslogCritical = 2;
  constexpr int kSyslogWarning = 4;
  const auto severity = level <= kSyslogCritical  ? spdlog::level::warn
                        : level <= kSyslogWarning ? spdlog::level::info
                                                  : spdlog::level::debug;
  spdlog::log(severity, "Kafka client: {} ({})", line, facility);
}

absl::Status set_security(rd_kafka_conf_t& conf, const task::KafkaSecurity& security,
                          const task::SecretReader& secrets) {
  RETURN_IF_ERROR(set(conf, "security.protocol", std::string(name_of(security.protocol))));
  if (security.ca_secret_ref) {
    ASSIGN_OR_RETURN(const std::string ca,
                     secrets.path(*security.ca_secret_ref, "spec.sink.kafka.security.caSecretRef"));
    if (absl::Status status = set(conf, "ssl.ca.location", ca); !status.ok()) return status;
  }
  if (security.client_certificate_secret_ref) {
    ASSIGN_OR_RETURN(const task::ClientCertificate ours,
                     secrets.client_certificate(*security.client_certificate_secret_ref,
                                                "spec.sink.kafka.security.clientCertificateSecretRef"));
    RETURN_IF_ERROR(set(conf, "ssl.certificate.location", ours.certificate));
    RETURN_IF_ERROR(set(conf, "ssl.key.location", ours.key));
  }
  if (!has_sasl(security.protocol)) return absl::OkStatus();

  ASSIGN_OR_RETURN(const task::Credentials credentials, secrets.kafka_credentials(security));
  const std::array<std::pair<const char*, const std::string*>, 3> settings{
      {{"sasl.mechanism", &security.mechanism},
       {"sasl.username", &credentials.username},
       {"sasl.password", &credentials.password}}};
  for (const auto& [name, value] : settings) {
    if (absl::Status status = set(conf, name, *value); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<KafkaClient> make_client(rd_kafka_type_t type, KafkaConf conf) {
  constexpr std::array<std::string_view, 3> kOfOurs{"Private key check", "ssl.certificate", "ssl.key"};
  std::array<char, 512> error{};
  rd_kafka_t* client = rd_kafka_new(type, conf.get(), error.data(), error.size());
  if (client == nullptr) {
    // The conf stays ours; so far this is said of wrong certificates and impossible combinations.
    const std::string_view said = error.data();
    const bool is_ours = std::any_of(kOfOurs.begin(), kOfOurs.end(), [&](std::string_view part) {
      return said.find(part) != std::string_view::npos;
    });
    if (is_ours) {
      return failure(
          absl::StatusCode::kFailedPrecondition, "ClientCertificateUnusable",
          fmt::format(
              "the Kafka client cannot be made: {}; put a certificate (PEM) and its own key, without a "
              "passphrase, as tls.crt and tls.key into the Secret of "
              "spec.sink.kafka.security.clientCertificateSecretRef",
              said));
    }
    return absl::FailedPreconditionError(
        fmt::format("the Kafka client cannot be made: {}; check spec.sink.kafka.security", error.data()));
  }
  static_cast<void>(conf.release());
  return KafkaClient(client);
}

}  // namespace

void KafkaConfDeleter::operator()(rd_kafka_conf_s* conf) const noexcept {
  rd_kafka_conf_destroy(conf);
}

void KafkaClientDeleter::operator()(rd_kafka_s* client) const noexcept {
  try {
    std::packaged_task<void()> destroy([client] { rd_kafka_destroy(client); });
    const std::future<void> is_done = destroy.get_future();
    std::thread(std::move(destroy)).detach();
    if (is_done.wait_for(kMostDestroyTime) == std::future_status::timeout) {
      spdlog::warn("A Kafka client was left to end by itself: it had not within {} s",
                   kMostDestroyTime.count());
    }
  } catch (const std::system_error&) {  // no thread is to be had
    rd_kafka_destroy(client);
  }
}

absl::Status set(rd_kafka_conf_s& conf, const char* name, const std::string& value) {
  std::array<char, 512> error{};
  if (rd_kafka_conf_set(&conf, name, value.c_str(), error.data(), error.size()) == RD_KAFKA_CONF_OK) {
    return absl::OkStatus();
  }
  const bool is_secret =
      std::string_view(name) == "sasl.password" || std::string_view(name) == "sasl.username";
  return absl::InvalidArgumentError(fmt::format("Kafka client setting {}: {}", name,
                                                is_secret ? "not accepted; check the Secret" : error.data()));
}

std::string bootstrap_list(const task::KafkaSink& kafka) {
  return fmt::format("{}", fmt::join(kafka.bootstrap_servers, ","));
}

absl::StatusOr<KafkaConf> make_kafka_conf(const task::KafkaSink& kafka, const task::SecretReader& secrets,
                                          std::string_view client_id) {
  KafkaConf conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), log_line);
  const std::array<std::pair<const char*, std::string>, 6> settings{{
      {"bootstrap.servers", bootstrap_list(kafka)},
      {"client.id", std::string(client_id)},
      {"socket.keepalive.enable", "true"},
      // A broker that comes back is found soon; the default waits up to 10 s.
      {"reconnect.backoff.max.ms", "2000"},
      {"log.connection.close", "false"},
      // A topic that is deleted under us would come back as the brokers make topics: checkpoints would be
      // deleted by age in it. ensure_topic() alone makes topics.
      {"allow.auto.create.topics", "false"},
  }};
  for (const auto& [name, value] : settings) {
    if (absl::Status status = set(*conf, name, value); !status.ok()) return status;
  }
  RETURN_IF_ERROR(set_security(*conf, kafka.security, secrets));
  return conf;
}

absl::StatusOr<KafkaClient> make_kafka_producer(KafkaConf conf) {
  return make_client(RD_KAFKA_PRODUCER, std::move(conf));
}

absl::StatusOr<KafkaClient> make_kafka_consumer(KafkaConf conf) {
  // The protocol's own limit: what is greater than the library's default would be fetched again for ever.
  RETURN_IF_ERROR(set(*conf, "receive.message.max.bytes", "2147483647"));
  return make_client(RD_KAFKA_CONSUMER, std::move(conf));
}

}  // namespace rowtide::sink
