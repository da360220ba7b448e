#include "common/task/parse_sections.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace rowtide::task {
namespace {

constexpr Choices<OversizedRecord, 3> kOversizedRecords{{{"Stop", OversizedRecord::Stop},
                                                         {"KeysOnly", OversizedRecord::KeysOnly},
                                                         {"SkipAndCount", OversizedRecord::SkipAndCount}}};
constexpr Choices<PartitionBy, 3> kPartitionBys{
    {{"Task", PartitionBy::Task}, {"Table", PartitionBy::Table}, {"PrimaryKey", PartitionBy::PrimaryKey}}};
constexpr Choices<SecurityProtocol, 4> kSecurityProtocols{
    {{"PLAINTEXT", SecurityProtocol::Plaintext},
     {"SSL", SecurityProtocol::Ssl},
     {"SASL_PLAINTEXT", SecurityProtocol::SaslPlaintext},
     {"SASL_SSL", SecurityProtocol::SaslSsl}}};

// Settings that are texts all the way down to librdkafka: the choice is the text.
template <std::size_t N>
Choices<std::string_view, N> text_choices(const std::array<std::string_view, N>& allowed) {
  Choices<std::string_view, N> choices;
  for (std::size_t i = 0; i < N; ++i) choices[i] = {allowed[i], allowed[i]};
  return choices;
}
template <std::size_t N>
std::string text_choice(const Field& field, const std::array<std::string_view, N>& allowed,
                        std::string_view fallback) {
  return std::string(field.choice(text_choices(allowed), fallback));
}

constexpr std::array<std::string_view, 3> kFormats{"debezium-json", "canal-json", "dts-avro"};
constexpr std::array<std::string_view, 2> kTextFormats{"debezium-json", "canal-json"};
constexpr std::array<std::string_view, 2> kDeliveries{"AtLeastOnce", "ExactlyOnce"};
constexpr std::array<std::string_view, 5> kCompressions{"none", "gzip", "snappy", "lz4", "zstd"};
constexpr std::array<std::string_view, 3> kMechanisms{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};

KafkaTopic read_topic(const Field& field) {
  KafkaTopic topic;
  if (!field.is_map_of({"name", "partitions", "replicationFactor", "retentionHours", "create"})) return topic;
  topic.name = field["name"].text();
  std::string literal = topic.name;
  for (const std::string_view part : {"{database}", "{table}"}) {
    for (std::size_t at = literal.find(part); at != std::string::npos; at = literal.find(part)) {
      literal.erase(at, part.size());
    }
  }
  static const re2::RE2 kLegal("[a-zA-Z0-9._-]*");
  if (topic.name.size() > 249 || topic.name == "." || topic.name == ".." ||
      !re2::RE2::FullMatch(literal, kLegal)) {
    field["name"].refuse("at most 249 letters, digits, '.', '_', '-', and {database}, {table}");
  }
  topic.partitions = static_cast<std::int32_t>(field["partitions"].integer(1, 10000, topic.partitions));
  topic.replication_factor =
      static_cast<std::int16_t>(field["replicationFactor"].integer(-1, 100, topic.replication_factor));
  if (topic.replication_factor == 0)
    field["replicationFactor"].refuse("-1 (the broker's default), or 1 to 100");
  topic.retention_hours =
      static_cast<std::int32_t>(field["retentionHours"].integer(1, 87600, topic.retention_hours));
  topic.create = field["create"].boolean(topic.create);
  return topic;
}

KafkaSecurity read_security(const Field& field) {
  KafkaSecurity security;
  if (!field.is_map_of({"protocol", "mechanism", "credentialsSecretRef", "credentials", "caSecretRef",
                        "clientCertificateSecretRef"})) {
    return security;
  }
  security.protocol = field["protocol"].choice(kSecurityProtocols, security.protocol);
  security.ca_secret_ref = read_secret_key_ref(field["caSecretRef"]);
  security.client_certificate_secret_ref = read_secret_ref(field["clientCertificateSecretRef"]);
  security.credentials_secret_ref = read_secret_ref(field["credentialsSecretRef"]);
  security.credentials = read_inline_credentials(field["credentials"]);

  const bool sasl =
      security.protocol == SecurityProtocol::SaslPlaintext || security.protocol == SecurityProtocol::SaslSsl;
  const bool tls =
      security.protocol == SecurityProtocol::Ssl || security.protocol == SecurityProtocol::SaslSsl;
  if (sasl) {
    if (!field["mechanism"].present()) {
      field["mechanism"].refuse("required with a SASL protocol: one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512");
    }
    security.mechanism = field["mechanism"].required_choice(text_choices(kMechanisms), kMechanisms[0]);
    require_credentials(field, field["credentialsSecretRef"].present(), field["credentials"].present());
  } else {
    for (const std::string_view key : {"mechanism", "credentialsSecretRef", "credentials"}) {
      if (field[key].present()) {
        field[key].refuse_without_value("only with protocol SASL_PLAINTEXT or SASL_SSL");
      }
    }
  }
  for (const std::string_view key : {"caSecretRef", "clientCertificateSecretRef"}) {
    if (!tls && field[key].present()) field[key].refuse_without_value("only with protocol SSL or SASL_SSL");
  }
  return security;
}

/// Options belong to the format: with another they would be read and ignored.
DebeziumOptions read_debezium(const Field& field, std::string_view format, bool has_schema_updates) {
  constexpr Choices<DebeziumDecimals, 3> kDecimals{{{"string", DebeziumDecimals::String},
                                                    {"precise", DebeziumDecimals::Precise},
                                                    {"double", DebeziumDecimals::Double}}};
  constexpr Choices<DebeziumTime, 2> kTimes{
      {{"adaptive_time_microseconds", DebeziumTime::AdaptiveMicroseconds},
       {"connect", DebeziumTime::Connect}}};
  constexpr Choices<DebeziumBinary, 3> kBinaries{{{"base64", DebeziumBinary::Base64},
                                                  {"base64-url-safe", DebeziumBinary::Base64UrlSafe},
                                                  {"hex", DebeziumBinary::Hex}}};
  constexpr Choices<DebeziumUnsignedBigint, 3> kBigints{{{"number", DebeziumUnsignedBigint::Number},
                                                         {"long", DebeziumUnsignedBigint::Long},
                                                         {"precise", DebeziumUnsignedBigint::Precise}}};
  DebeziumOptions options;
  if (!field.present()) return options;
  if (format != "debezium-json") {
    field.refuse_without_value("only with format debezium-json");
    return options;
  }
  if (!field.is_map_of({"decimals", "time", "binary", "unsignedBigint", "tombstones", "truncates",
                        "transactionMetadata", "schemas"})) {
    return options;
  }
  options.decimals = field["decimals"].choice(kDecimals, options.decimals);
  options.time = field["time"].choice(kTimes, options.time);
  options.binary = field["binary"].choice(kBinaries, options.binary);
  options.unsigned_bigint = field["unsignedBigint"].choice(kBigints, options.unsigned_bigint);
  options.tombstones = field["tombstones"].boolean(options.tombstones);
  options.truncates = field["truncates"].boolean(options.truncates);
  options.transaction_metadata = field["transactionMetadata"].boolean(options.transaction_metadata);
  options.schemas = field["schemas"].boolean(options.schemas);
  if (options.truncates && !has_schema_updates) {
    field["truncates"].refuse("only with SchemaUpdates in spec.dataTypes: a TRUNCATE is one");
  }
  return options;
}

/// The SDK that reads it knows partition 0 of one topic, and finds its place by seconds in the timestamps:
/// the markers that end Kafka's transactions have the broker's milliseconds, so it would find the first one.
void check_dts(const Field& field, const KafkaSink& kafka) {
  if (kafka.format != "dts-avro") return;
  const Field topic = field["topic"];
  if (kafka.topic.partitions != 1) {
    topic["partitions"].refuse("1 with format dts-avro, whose consumers read one partition");
  }
  if (kafka.topic.name.find('{') != std::string::npos) {
    topic["name"].refuse(
        "without {database} and {table} with format dts-avro, whose consumers read one topic");
  }
  if (kafka.delivery != "AtLeastOnce") {
    field["delivery"].refuse(
        "AtLeastOnce with format dts-avro, whose consumers find their place by timestamps in seconds, which "
        "the markers of Kafka's transactions do not have");
  }
}

/// Kafka's clients take its protocols as schemes, and no others.
bool is_broker(std::string_view server) {
  const std::size_t scheme = server.find("://");
  if (scheme == std::string_view::npos) return server.find('/') == std::string_view::npos;
  const std::string_view rest = server.substr(scheme + 3);
  const bool is_protocol =
      std::any_of(kSecurityProtocols.begin(), kSecurityProtocols.end(),
                  [&](const auto& protocol) { return server.substr(0, scheme) == protocol.first; });
  return is_protocol && !rest.empty() && rest.find('/') == std::string_view::npos;
}

KafkaSink read_kafka_sink(const Field& field, bool has_schema_updates) {
  KafkaSink kafka;
  if (!field.is_map_of({"bootstrapServers", "topic", "partitionBy", "format", "debezium", "delivery",
                        "oversizedRecord", "compression", "security"})) {
    return kafka;
  }
  for (const Field& server : field["bootstrapServers"].items(64)) {
    kafka.bootstrap_servers.push_back(server.required_text("a text"));
    if (!is_broker(kafka.bootstrap_servers.back()))
      server.refuse("host:port; a protocol goes into kafka.security.protocol");
  }
  if (kafka.bootstrap_servers.empty()) field["bootstrapServers"].refuse("at least one host:port");
  kafka.topic = read_topic(field["topic"]);
  kafka.partition_by = field["partitionBy"].choice(kPartitionBys, kafka.partition_by);
  kafka.format = text_choice(field["format"], kFormats, kFormats[0]);
  kafka.debezium = read_debezium(field["debezium"], kafka.format, has_schema_updates);
  kafka.delivery = text_choice(field["delivery"], kDeliveries, kafka.delivery);
  check_dts(field, kafka);
  kafka.oversized_record = field["oversizedRecord"].choice(kOversizedRecords, kafka.oversized_record);
  // A record left out, or made again without its columns, would break the counts.
  if (kafka.debezium.transaction_metadata && kafka.oversized_record != OversizedRecord::Stop)
    field["oversizedRecord"].refuse(
        "Stop with debezium.transactionMetadata, whose counts are of whole records");
  if (kafka.debezium.schemas && kafka.oversized_record == OversizedRecord::KeysOnly)
    field["oversizedRecord"].refuse(
        "Stop or SkipAndCount with debezium.schemas, by which a record holds all columns");
  kafka.compression = text_choice(field["compression"], kCompressions, "lz4");
  kafka.security = read_security(field["security"]);
  return kafka;
}

StdoutSink read_stdout_sink(const Field& field, bool has_schema_updates) {
  StdoutSink sink;
  if (!field.is_map_of({"format", "debezium"})) return sink;
  sink.format = text_choice(field["format"], kTextFormats, kTextFormats[0]);
  sink.debezium = read_debezium(field["debezium"], sink.format, has_schema_updates);
  return sink;
}

StreamSink read_stream_sink(const Field& field, bool has_schema_updates) {
  StreamSink sink;
  if (!field.is_map_of({"format", "debezium", "bufferMiB", "maxReaders"})) return sink;
  sink.format = text_choice(field["format"], kTextFormats, kTextFormats[0]);
  sink.debezium = read_debezium(field["debezium"], sink.format, has_schema_updates);
  sink.buffer_mib = field["bufferMiB"].integer(1, 256, sink.buffer_mib);
  sink.max_readers = field["maxReaders"].integer(1, 8, sink.max_readers);
  return sink;
}

}  // namespace

Sink read_sink(const Field& field, bool has_schema_updates) {
  Sink sink;
  const Field kafka = field["kafka"];
  const Field standard_output = field["stdout"];
  const Field stream = field["stream"];
  const bool is_standalone = field.mode() == Mode::Standalone;
  if (!field.is_map_of({"kafka", "stdout", "stream"})) return sink;
  if (kafka.present()) sink.kafka = read_kafka_sink(kafka, has_schema_updates);
  if (stream.present()) sink.stream = read_stream_sink(stream, has_schema_updates);
  if (standard_output.present() && is_standalone)
    sink.stdout_sink = read_stdout_sink(standard_output, has_schema_updates);
  if (standard_output.present() && !is_standalone) {
    standard_output.refuse_without_value(
        "only for rowtide-tracker run without Kubernetes; use sink.kafka or sink.stream");
  }
  if (int{kafka.present()} + int{standard_output.present()} + int{stream.present()} != 1) {
    field.refuse_without_value(is_standalone ? "needs exactly one of kafka, stdout, stream"
                                             : "needs exactly one of kafka, stream");
  }
  return sink;
}

}  // namespace rowtide::task
