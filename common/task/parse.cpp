#include "common/task/parse.h"

#include <fmt/format.h>
#include <re2/re2.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/names/name_case.h"
#include "common/task/cidr.h"
#include "common/task/document.h"
#include "common/task/stable_hash.h"
#include "common/task/yaml_documents.h"

namespace rowtide::task {
namespace {

constexpr std::string_view kKind = "ChangeTrackingTask";
constexpr std::size_t kMaxNameLength = 48;  // leaves room for "-precheck" and a pod's suffix within 63
constexpr std::size_t kMaxRules = 1000;
constexpr std::size_t kMaxTables = 1000;
constexpr std::size_t kMaxPodEntries = 64;
constexpr std::size_t kMaxCidrs = 64;
constexpr std::int64_t kMaxAlertSeconds = 604'800;  // a week

template <typename Enum, std::size_t N>
using Choices = std::array<std::pair<std::string_view, Enum>, N>;

constexpr Choices<SourceType, 3> kSourceTypes{{{"PolarDBMySQL", SourceType::PolarDbMySql},
                                               {"MySQL", SourceType::MySql},
                                               {"MariaDB", SourceType::MariaDb}}};
constexpr Choices<TlsMode, 5> kTlsModes{{{"Disabled", TlsMode::Disabled},
                                         {"Preferred", TlsMode::Preferred},
                                         {"Required", TlsMode::Required},
                                         {"VerifyCA", TlsMode::VerifyCa},
                                         {"VerifyIdentity", TlsMode::VerifyIdentity}}};
constexpr Choices<StartMode, 5> kStartModes{{{"Latest", StartMode::Latest},
                                             {"Earliest", StartMode::Earliest},
                                             {"Timestamp", StartMode::Timestamp},
                                             {"GTIDSet", StartMode::GtidSet},
                                             {"BinlogFile", StartMode::BinlogFile}}};
constexpr Choices<Unprocessable, 2> kUnprocessable{
    {{"Stop", Unprocessable::Stop}, {"SkipAndCount", Unprocessable::SkipAndCount}}};
constexpr Choices<OversizedRecord, 3> kOversizedRecords{{{"Stop", OversizedRecord::Stop},
                                                         {"KeysOnly", OversizedRecord::KeysOnly},
                                                         {"SkipAndCount", OversizedRecord::SkipAndCount}}};
constexpr Choices<RowImages, 2> kRowImages{{{"Full", RowImages::Full}, {"AsLogged", RowImages::AsLogged}}};
constexpr Choices<OnlineSchemaChangeMode, 2> kOnlineSchemaChanges{
    {{"Translate", OnlineSchemaChangeMode::Translate}, {"PassThrough", OnlineSchemaChangeMode::PassThrough}}};
constexpr Choices<UpgradePolicy, 2> kUpgradePolicies{
    {{"Automatic", UpgradePolicy::Automatic}, {"Manual", UpgradePolicy::Manual}}};
constexpr Choices<WhitelistMode, 3> kWhitelistModes{{{"Report", WhitelistMode::Report},
                                                     {"Ignore", WhitelistMode::Ignore},
                                                     {"Manage", WhitelistMode::Manage}}};
constexpr Choices<NetworkType, 3> kNetworkTypes{
    {{"VPC", NetworkType::Vpc}, {"Classic", NetworkType::Classic}, {"Public", NetworkType::Public}}};
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

std::optional<SecretRef> read_secret_ref(const Field& field) {
  if (!field.present() || !field.is_map_of({"name"})) return std::nullopt;
  return SecretRef{field["name"].required_text("the Secret's name")};
}

std::optional<SecretKeyRef> read_secret_key_ref(const Field& field) {
  if (!field.present() || !field.is_map_of({"name", "key"})) return std::nullopt;
  return SecretKeyRef{field["name"].required_text("the Secret's name"), field["key"].text("ca.crt")};
}

std::optional<InlineCredentials> read_inline_credentials(const Field& field) {
  if (!field.present()) return std::nullopt;
  if (field.mode() == Mode::Kubernetes) {
    field.refuse_without_value("only for rowtide-tracker run without Kubernetes; use credentialsSecretRef");
    return std::nullopt;
  }
  if (!field.is_map_of({"username", "password"})) return std::nullopt;
  const Field password = field["password"];
  const std::string raw = password.raw_text();
  if (!raw.starts_with("${env:") || !raw.ends_with("}")) {
    password.refuse_without_value(
        "must be ${env:NAME}, the name of an environment variable: a password does not belong in a file like "
        "this");
    return std::nullopt;
  }
  return InlineCredentials{field["username"].required_text("the account's name"), password.text()};
}

void require_credentials(const Field& parent, bool has_reference, bool has_inline) {
  if (has_reference && has_inline) {
    parent["credentials"].refuse_without_value("give either credentials or credentialsSecretRef");
  } else if (!has_reference && !has_inline) {
    parent["credentialsSecretRef"].refuse(
        "required: {name: ...}, a Secret with the keys username and password");
  }
}

Tls read_tls(const Field& field) {
  Tls tls;
  if (!field.is_map_of({"mode", "caSecretRef", "clientCertificateSecretRef"})) return tls;
  tls.mode = field["mode"].choice(kTlsModes, tls.mode);
  tls.ca_secret_ref = read_secret_key_ref(field["caSecretRef"]);
  const bool verifies = tls.mode == TlsMode::VerifyCa || tls.mode == TlsMode::VerifyIdentity;
  if (verifies && !field["caSecretRef"].present()) {
    field["caSecretRef"].refuse("required with mode VerifyCA and VerifyIdentity: {name: ..., key: ca.crt}");
  }
  if (!verifies && field["caSecretRef"].present()) {
    field["caSecretRef"].refuse_without_value(
        "only with mode VerifyCA or VerifyIdentity, which verify against it");
  }
  tls.client_certificate_secret_ref = read_secret_ref(field["clientCertificateSecretRef"]);
  if (tls.mode == TlsMode::Disabled && field["clientCertificateSecretRef"].present()) {
    field["clientCertificateSecretRef"].refuse_without_value("only with TLS: another mode than Disabled");
  }
  return tls;
}

PolarDb read_polardb(const Field& field, SourceType type) {
  PolarDb polardb;
  if (type != SourceType::PolarDbMySql) field.refuse("only with type PolarDBMySQL");
  if (!field.is_map_of({"regionId", "dbClusterId", "openApiSecretRef", "endpoint"})) return polardb;
  polardb.region_id = field["regionId"].required_text("the cluster's region, e.g. cn-hangzhou");
  polardb.cluster_id = field["dbClusterId"].required_text("the cluster's id, e.g. pc-bp1...");
  const Field secret = field["openApiSecretRef"];
  if (!secret.present()) secret.refuse("required: a Secret with the keys accessKeyId and accessKeySecret");
  if (const auto ref = read_secret_ref(secret)) polardb.open_api_secret_ref = *ref;
  polardb.endpoint = field["endpoint"].text("https://polardb.aliyuncs.com");
  static const re2::RE2 kUrl(R"(https?://[a-zA-Z0-9.-]+(:[0-9]+)?)");
  if (!re2::RE2::FullMatch(polardb.endpoint, kUrl))
    field["endpoint"].refuse("the API's address without a path, e.g. https://polardb.aliyuncs.com");
  return polardb;
}

/// An IPv6 address has at least two colons; what has one has a port behind it.
void refuse_address(const Field& field, const std::string& host) {
  const bool is_more = host.find_first_of("/[] \t") != std::string::npos;
  if (is_more || std::count(host.begin(), host.end(), ':') == 1)
    field.refuse(
        "a host name or address alone, without scheme, brackets or port; the port goes into source.port");
}

Source read_source(const Field& field) {
  Source source;
  if (!field.present()) {
    field.refuse("required: type, host, credentialsSecretRef");
    return source;
  }
  if (!field.is_map_of(
          {"type", "host", "port", "credentialsSecretRef", "credentials", "tls", "serverId", "polardb"})) {
    return source;
  }
  if (!field["type"].present()) field["type"].refuse("required: one of PolarDBMySQL, MySQL, MariaDB");
  source.type = field["type"].required_choice(kSourceTypes, source.type);
  if (field["polardb"].present()) source.polardb = read_polardb(field["polardb"], source.type);
  source.host = source.polardb ? field["host"].text()
                               : field["host"].required_text("the source's host name or address, or polardb");
  refuse_address(field["host"], source.host);
  source.port = static_cast<std::uint16_t>(field["port"].integer(1, 65535, source.port));
  source.credentials_secret_ref = read_secret_ref(field["credentialsSecretRef"]);
  source.credentials = read_inline_credentials(field["credentials"]);
  require_credentials(field, field["credentialsSecretRef"].present(), field["credentials"].present());
  source.tls = read_tls(field["tls"]);
  source.server_id = static_cast<std::uint32_t>(field["serverId"].integer(0, 4294967295, 0));
  return source;
}

std::optional<std::string> read_pattern(const Field& field) {
  if (!field.present()) return std::nullopt;
  std::string pattern = field.required_text("a regular expression");
  const re2::RE2 compiled(pattern, re2::RE2::Quiet);
  if (!compiled.ok()) field.refuse("a regular expression in RE2 syntax: " + compiled.error());
  return pattern;
}

ObjectRule read_object_rule(const Field& field) {
  ObjectRule rule;
  if (!field.is_map_of({"database", "databasePattern", "tables", "tablePattern"})) return rule;
  if (field["database"].present()) rule.database = field["database"].required_text("a database's name");
  rule.database_pattern = read_pattern(field["databasePattern"]);
  rule.tables = field["tables"].texts(kMaxTables);
  rule.table_pattern = read_pattern(field["tablePattern"]);
  if (rule.database.has_value() == rule.database_pattern.has_value()) {
    field.refuse_without_value("needs exactly one of database, databasePattern");
  }
  if (field["tables"].present() && rule.table_pattern) {
    field.refuse_without_value("takes tables or tablePattern, not both");
  }
  if (field["tables"].present() && rule.tables.empty()) {
    field["tables"].refuse("at least one table; leave tables out for the whole database");
  }
  return rule;
}

/// "database.table", with one dot.
ColumnRule read_column_rule(const Field& field) {
  ColumnRule rule;
  if (!field.is_map_of({"table", "exclude", "mask", "hash"})) return rule;
  const std::string name = field["table"].required_text("a table, as database.table");
  const std::size_t dot = name.find('.');
  if (!name.empty() && (dot == std::string::npos || dot == 0 || dot + 1 == name.size() ||
                        name.find('.', dot + 1) != std::string::npos)) {
    field["table"].refuse("database.table, with one dot");
  } else if (!name.empty()) {
    rule.database = name.substr(0, dot);
    rule.table = name.substr(dot + 1);
  }
  rule.exclude = field["exclude"].texts(kMaxTables);
  rule.mask = field["mask"].texts(kMaxTables);
  rule.hash = field["hash"].texts(kMaxTables);
  if (rule.exclude.empty() && rule.mask.empty() && rule.hash.empty()) {
    field.refuse_without_value("needs columns in at least one of exclude, mask, hash");
  }
  return rule;
}

void add_all(std::vector<std::string>& to, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!names::holds_name(to, name)) to.push_back(name);
  }
}

bool have_common(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  return std::any_of(left.begin(), left.end(),
                     [&](const std::string& name) { return names::holds_name(right, name); });
}

/// Entries of one table add up.
std::vector<ColumnRule> read_column_rules(const Field& field) {
  std::vector<ColumnRule> rules;
  for (const Field& item : field.items(kMaxRules)) {
    const ColumnRule rule = read_column_rule(item);
    auto known = std::find_if(rules.begin(), rules.end(), [&](const ColumnRule& other) {
      return other.database == rule.database && other.table == rule.table;
    });
    if (known == rules.end()) {
      known = rules.insert(known, rule);
    } else {
      add_all(known->exclude, rule.exclude);
      add_all(known->mask, rule.mask);
      add_all(known->hash, rule.hash);
    }
    if (have_common(known->exclude, known->mask) || have_common(known->exclude, known->hash) ||
        have_common(known->mask, known->hash)) {
      item.refuse_without_value("takes a column in one of exclude, mask, hash");
    }
  }
  return rules;
}

Objects read_objects(const Field& field) {
  Objects objects;
  if (!field.is_map_of({"include", "exclude", "columns"})) return objects;
  for (const Field& item : field["include"].items(kMaxRules))
    objects.include.push_back(read_object_rule(item));
  for (const Field& item : field["exclude"].items(kMaxRules))
    objects.exclude.push_back(read_object_rule(item));
  objects.columns = read_column_rules(field["columns"]);
  if (objects.include.empty()) {
    field["include"].refuse_without_value(
        "at least one entry, e.g. {database: shop} or {databasePattern: \".*\"}");
  }
  return objects;
}

DataTypes read_data_types(const Field& field) {
  if (!field.present()) return {};
  DataTypes types{.data_updates = false, .schema_updates = false};
  for (const Field& item : field.items(2)) {
    constexpr Choices<bool DataTypes::*, 2> kTypes{
        {{"DataUpdates", &DataTypes::data_updates}, {"SchemaUpdates", &DataTypes::schema_updates}}};
    types.*item.choice(kTypes, &DataTypes::data_updates) = true;
  }
  if (!types.data_updates && !types.schema_updates)
    field.refuse("at least one of DataUpdates, SchemaUpdates");
  if (types.data_updates && types.schema_updates) field.note_default();
  return types;
}

StartPosition read_start_position(const Field& field) {
  StartPosition start;
  if (!field.is_map_of({"mode", "timestamp", "gtidSet", "file", "offset"})) return start;
  start.mode = field["mode"].choice(kStartModes, start.mode);
  start.gtid_set = field["gtidSet"].text();
  start.file = field["file"].text();
  start.offset = static_cast<std::uint64_t>(field["offset"].integer(4, INT64_MAX, 4));
  if (start.mode == StartMode::Timestamp) {
    start.timestamp_us = field["timestamp"].time_us();
  } else if (field["timestamp"].present()) {
    field["timestamp"].refuse("only with mode Timestamp");
  }
  if (start.mode == StartMode::GtidSet && start.gtid_set.empty()) {
    field["gtidSet"].refuse("required with mode GTIDSet");
  }
  if (start.mode == StartMode::BinlogFile && start.file.empty()) {
    field["file"].refuse("required with mode BinlogFile, e.g. mysql-bin.000012");
  }
  if (start.mode != StartMode::GtidSet && field["gtidSet"].present()) {
    field["gtidSet"].refuse("only with mode GTIDSet");
  }
  for (const std::string_view key : {"file", "offset"}) {
    if (start.mode != StartMode::BinlogFile && field[key].present())
      field[key].refuse("only with mode BinlogFile");
  }
  return start;
}

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

bool has_schemas(const Sink& sink) {
  return (sink.kafka && sink.kafka->debezium.schemas) ||
         (sink.stdout_sink && sink.stdout_sink->debezium.schemas) ||
         (sink.stream && sink.stream->debezium.schemas);
}

Precheck read_precheck(const Field& field) {
  Precheck precheck;
  if (!field.is_map_of({"skip", "runNonce"})) return precheck;
  precheck.skip = field["skip"].texts(64);
  precheck.run_nonce = field["runNonce"].integer(0, INT64_MAX, 0);
  return precheck;
}

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

/// What the operator, the Deployment's and the Job's controllers find their pods by.
bool is_reserved_label(std::string_view key) {
  static constexpr std::array<std::string_view, 7> kReserved{"app.kubernetes.io/name",
                                                             "app.kubernetes.io/instance",
                                                             "app.kubernetes.io/managed-by",
                                                             "app.kubernetes.io/component",
                                                             "pod-template-hash",
                                                             "controller-uid",
                                                             "job-name"};
  return begins_with_any(key, {"rowtide.dev/", "batch.kubernetes.io/"}) ||
         std::find(kReserved.begin(), kReserved.end(), key) != kReserved.end();
}

bool is_reserved_annotation(std::string_view key) {
  return begins_with_any(key, {"rowtide.dev/"});
}

std::map<std::string, std::string> read_pod_map(const Field& field, bool (*is_reserved)(std::string_view)) {
  std::map<std::string, std::string> values;
  for (const auto& [key, value] : field.entries(kMaxPodEntries)) {
    if (is_reserved(key)) value.refuse("is set by Kubernetes or Rowtide; choose another key");
    values[key] = value.text();
  }
  return values;
}

std::string read_env(const Field& field) {
  for (const Field& item : field.items(kMaxPodEntries)) {
    if (!item.is_map_of({"name", "value", "valueFrom"})) continue;
    const std::string name = item["name"].required_text("the variable's name");
    if (begins_with_any(name, {"ROWTIDE_"}))
      item["name"].refuse("names that begin with ROWTIDE_ are reserved");
    if (item["value"].present() && item["valueFrom"].present())
      item.refuse_without_value("takes value or valueFrom, not both");
  }
  return field.json();
}

TrackerPod read_tracker_pod(const Field& field) {
  TrackerPod pod;
  if (field.mode() == Mode::Standalone) field.note_ignored();
  if (!field.is_map_of({"image", "resources", "nodeSelector", "tolerations", "affinity",
                        "topologySpreadConstraints", "priorityClassName", "imagePullSecrets",
                        "serviceAccountName", "podLabels", "podAnnotations", "env", "upgradePolicy"})) {
    return pod;
  }
  pod.image = field["image"].text();
  pod.resources_json = field["resources"].json();
  pod.node_selector_json = field["nodeSelector"].json();
  pod.tolerations_json = field["tolerations"].json();
  pod.affinity_json = field["affinity"].json();
  pod.topology_spread_constraints_json = field["topologySpreadConstraints"].json();
  pod.priority_class_name = field["priorityClassName"].text();
  pod.image_pull_secrets_json = field["imagePullSecrets"].json();
  pod.service_account_name = field["serviceAccountName"].text();
  pod.pod_labels = read_pod_map(field["podLabels"], is_reserved_label);
  pod.pod_annotations = read_pod_map(field["podAnnotations"], is_reserved_annotation);
  pod.env_json = read_env(field["env"]);
  pod.upgrade_policy = field["upgradePolicy"].choice(kUpgradePolicies, pod.upgrade_policy);
  return pod;
}

OnlineSchemaChanges read_online_schema_changes(const Field& spec) {
  OnlineSchemaChanges changes;
  changes.mode = spec["onlineSchemaChanges"].choice(kOnlineSchemaChanges, changes.mode);
  const Field tables = spec["onlineSchemaChangeTables"];
  if (!tables.present() || !tables.is_map_of({"ghost", "other"})) return changes;
  if (changes.mode == OnlineSchemaChangeMode::PassThrough) {
    tables.refuse("has no meaning with onlineSchemaChanges: PassThrough; leave it out");
  }
  for (const auto& [name, value] : {std::pair{"ghost", &changes.ghost}, {"other", &changes.other}}) {
    *value = tables[name].text();
    const re2::RE2 expression(*value, re2::RE2::Quiet);
    if (!value->empty() && (!expression.ok() || expression.NumberOfCapturingGroups() != 1)) {
      tables[name].refuse(
          "a regular expression in RE2 syntax with one group, which is the name of the table that is "
          "changed, such as "
          "_(.+)_shadow");
    }
  }
  return changes;
}

/// Which address of the cluster: only where that is looked up.
void read_network_type(const Field& field, const Source& source, Network& network) {
  const bool is_looked_up = source.polardb && source.host.empty();
  const Field vpc = field["vpc"];
  if (!is_looked_up) {
    for (const Field& choice : {field["type"], vpc})
      if (choice.present())
        choice.refuse("only where source.polardb looks the endpoint up, without source.host");
    return;
  }
  network.type = field["type"].choice(kNetworkTypes, network.type);
  if (network.type != NetworkType::Vpc) {
    if (vpc.present()) vpc.refuse("only with type VPC");
    return;
  }
  if (!vpc.present()) vpc.refuse("required with type VPC: vpcId");
  if (!vpc.is_map_of({"vpcId", "vSwitchId"})) return;
  if (vpc.present()) network.vpc_id = vpc["vpcId"].required_text("the VPC that the cluster's endpoint is in");
  network.v_switch_id = vpc["vSwitchId"].text();
}

Network read_network(const Field& field, const Source& source) {
  Network network;
  if (field.mode() == Mode::Standalone && !source.polardb) field.note_ignored();
  if (!field.is_map_of({"type", "vpc", "whitelist"})) return network;
  read_network_type(field, source, network);
  const Field whitelist = field["whitelist"];
  if (!whitelist.is_map_of({"mode", "egressCIDRs"})) return network;
  network.whitelist.mode = whitelist["mode"].choice(kWhitelistModes, network.whitelist.mode);
  for (const Field& item : whitelist["egressCIDRs"].items(kMaxCidrs)) {
    const std::string cidr = item.required_text("a network, e.g. 10.0.3.0/24");
    if (!is_cidr(cidr)) item.refuse("a network in CIDR notation, e.g. 10.0.3.0/24 or 2001:db8::/64");
    if (network.whitelist.mode == WhitelistMode::Manage && cidr.find(':') != std::string::npos)
      item.refuse("IPv4 where mode is Manage: a whitelist of PolarDB takes no IPv6");
    network.whitelist.egress_cidrs.push_back(cidr);
  }
  if (network.whitelist.mode == WhitelistMode::Manage && !source.polardb)
    whitelist["mode"].refuse("Manage only with source.polardb, whose API does it");
  return network;
}

std::optional<Alerts> read_alerts(const Field& field) {
  if (!field.present()) return std::nullopt;
  Alerts alerts;
  if (field.mode() == Mode::Standalone) field.note_ignored();
  if (!field.is_map_of({"lagSeconds", "forSeconds"})) return alerts;
  alerts.lag_seconds = field["lagSeconds"].integer(1, kMaxAlertSeconds, alerts.lag_seconds);
  alerts.for_seconds = field["forSeconds"].integer(0, kMaxAlertSeconds, alerts.for_seconds);
  return alerts;
}

/// On Kubernetes the trackers of a stream run in the pods of applications, as many as there are: what speaks
/// of the one tracker that the operator runs has no meaning.
void check_sidecars(const Field& field, const Spec& spec) {
  if (!spec.sink.stream || field.mode() != Mode::Kubernetes) return;
  if (spec.suspend) {
    field["suspend"].refuse(
        "false with sink.stream, whose trackers run in the pods of applications: run those without it instead");
  }
  if (spec.source.server_id != 0) {
    field["source"]["serverId"].refuse(
        "0 with sink.stream, whose trackers have server ids of their own, each derived from its pod's uid");
  }
  if (spec.network.whitelist.mode == WhitelistMode::Manage) {
    field["network"]["whitelist"]["mode"].refuse(
        "Report or Ignore with sink.stream, whose trackers are many: let the network of their pods in yourself");
  }
  if (spec.tracker.upgrade_policy == UpgradePolicy::Manual) {
    field["tracker"]["upgradePolicy"].refuse(
        "Automatic with sink.stream, whose trackers are upgraded when their pods are made anew");
  }
  if (field["alerts"].present()) {
    field["alerts"].refuse_without_value(
        "not with sink.stream, each of whose readers is late by itself: status.sidecars samples the lag of some, the "
        "metric rowtide_reader_lag_seconds of a pod has that of all of its readers");
  }
  if (spec.deletion_policy == DeletionPolicy::Delete) {
    field["deletionPolicy"].refuse("Retain with sink.stream, which leaves nothing outside of the pods");
  }
}

Spec read_spec(const Field& field) {
  Spec spec;
  if (!field.present()) {
    field.refuse("required: source, objects, sink");
    return spec;
  }
  if (!field.is_map_of({"description", "suspend", "source", "dataTypes", "objects", "rowImages",
                        "onUnprocessable", "onlineSchemaChanges", "onlineSchemaChangeTables", "startPosition",
                        "resetNonce", "precheck", "sink", "network", "tracker", "alerts",
                        "deletionPolicy"})) {
    return spec;
  }
  spec.description = field["description"].text();
  spec.suspend = field["suspend"].boolean(false);
  spec.source = read_source(field["source"]);
  spec.data_types = read_data_types(field["dataTypes"]);
  spec.objects = read_objects(field["objects"]);
  spec.row_images = field["rowImages"].choice(kRowImages, spec.row_images);
  spec.on_unprocessable = field["onUnprocessable"].choice(kUnprocessable, spec.on_unprocessable);
  spec.online_schema_changes = read_online_schema_changes(field);
  spec.start_position = read_start_position(field["startPosition"]);
  spec.reset_nonce = field["resetNonce"].integer(0, INT64_MAX, 0);
  spec.precheck = read_precheck(field["precheck"]);
  spec.sink = read_sink(field["sink"], spec.data_types.schema_updates);
  if (spec.sink.stream && spec.source.server_id > UINT32_MAX - (spec.sink.stream->max_readers - 1)) {
    field["source"]["serverId"].refuse(
        "so far below 4294967295 that each reader of sink.stream (maxReaders) has one from there on");
  }
  if (spec.row_images == RowImages::AsLogged && has_schemas(spec.sink))
    field["rowImages"].refuse("Full with debezium.schemas, by which a record holds all columns");
  spec.network = read_network(field["network"], spec.source);
  spec.tracker = read_tracker_pod(field["tracker"]);
  spec.alerts = read_alerts(field["alerts"]);
  const Field deletion_policy = field["deletionPolicy"];
  if (field.mode() == Mode::Standalone && deletion_policy.present()) deletion_policy.note_ignored();
  spec.deletion_policy = deletion_policy.choice(kDeletionPolicies, spec.deletion_policy);
  check_sidecars(field, spec);
  return spec;
}

Task read_task(const Field& root) {
  Task task;
  if (!root.is_map_of({"apiVersion", "kind", "metadata", "spec", "status"})) return task;
  if (root["apiVersion"].text() != kApiVersion) root["apiVersion"].refuse(std::string(kApiVersion));
  const Field metadata = root["metadata"];
  task.name = metadata["name"].required_text("the task's name");
  static const re2::RE2 kName("[a-z]([-a-z0-9]*[a-z0-9])?");
  if (!task.name.empty() && (task.name.size() > kMaxNameLength || !re2::RE2::FullMatch(task.name, kName))) {
    metadata["name"].refuse(fmt::format(
        "a lower-case letter, then lower-case letters, digits and '-', at most {} in all", kMaxNameLength));
  }
  task.task_namespace = metadata["namespace"].text(task.task_namespace);
  task.uid = metadata["uid"].text();
  task.spec = read_spec(root["spec"]);
  return task;
}

/// The one ChangeTrackingTask among the file's documents: a file for kubectl may hold a Secret beside it.
YAML::Node find_task(const std::vector<YAML::Node>& documents, DocumentContext& context) {
  YAML::Node found(YAML::NodeType::Undefined);
  std::vector<std::string> kinds;
  int count = 0;
  for (const YAML::Node& document : documents) {
    if (document.IsNull()) continue;
    const bool has_kind = document.IsMap() && document["kind"].IsDefined() && document["kind"].IsScalar();
    kinds.push_back(has_kind ? "one of kind " + document["kind"].Scalar() : "one without a kind");
    if (!has_kind || document["kind"].Scalar() != kKind) continue;
    found.reset(document);
    ++count;
  }
  if (count != 1) {
    context.errors.push_back(
        {"(document)", "",
         fmt::format(
             "exactly one document with apiVersion: {} and kind: {} is needed; {}", kApiVersion, kKind,
             kinds.empty() ? "the file is empty" : fmt::format("there is {}", fmt::join(kinds, ", "))),
         0});
  }
  return found;
}

}  // namespace

std::string to_string(const std::vector<FieldError>& errors) {
  std::string text;
  for (const FieldError& error : errors) {
    text += error.path;
    if (!error.value.empty()) text += fmt::format(": {} is not allowed", error.value);
    text += ": " + error.message;
    if (error.line > 0) text += fmt::format(" (line {})", error.line);
    text += '\n';
  }
  return text;
}

ParseResult parse_task(std::string_view document, Mode mode) {
  ParseResult result;
  DocumentContext context{.mode = mode, .errors = {}, .defaults = {}, .ignored = {}};
  try {
    const YAML::Node node = find_task(load_documents(std::string(document)), context);
    if (context.errors.empty()) result.task = read_task(Field(node, "", context));
    result.task.document_hash = stable_hash(document);
  } catch (const YAML::Exception& error) {
    context.errors.push_back({"(document)", "", "not YAML: " + error.msg, error.mark.line + 1});
  }
  result.errors = std::move(context.errors);
  result.defaults = std::move(context.defaults);
  result.ignored = std::move(context.ignored);
  return result;
}

}  // namespace rowtide::task
