#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rowtide::task {

// A ChangeTrackingTask's spec, as both programs see it: the operator validates and passes it on, the tracker
// runs it. Plain values with their defaults. parse.h reads it from YAML or JSON, crds/ describes the same to
// Kubernetes, and tests/unit/common holds the two against each other.

enum class SourceType { PolarDbMySql, MySql, MariaDb };
enum class TlsMode { Disabled, Preferred, Required, VerifyCa, VerifyIdentity };
enum class StartMode { Latest, Earliest, Timestamp, GtidSet, BinlogFile };
enum class PartitionBy { Task, Table, PrimaryKey };
enum class SecurityProtocol { Plaintext, Ssl, SaslPlaintext, SaslSsl };

struct SecretRef {
  std::string name;
};

struct SecretKeyRef {
  std::string name;
  std::string key;
};

/// Standalone only. The password stands in the file as ${env:NAME}, never itself.
struct InlineCredentials {
  std::string username;
  std::string password;
};

struct Tls {
  TlsMode mode = TlsMode::Preferred;
  std::optional<SecretKeyRef> ca_secret_ref;
  std::optional<SecretRef> client_certificate_secret_ref;  ///< keys tls.crt, tls.key
};

/// A PolarDB cluster as its cloud's OpenAPI knows it.
struct PolarDb {
  std::string region_id;
  std::string cluster_id;
  SecretRef open_api_secret_ref;  ///< keys accessKeyId, accessKeySecret, and securityToken of a temporary one
  std::string endpoint;           ///< of the API, "https://polardb.aliyuncs.com"
};

struct Source {
  SourceType type = SourceType::MySql;
  std::string host;  ///< empty: the cluster's primary endpoint, as `polardb` says
  std::optional<PolarDb> polardb;
  std::uint16_t port = 3306;
  std::optional<SecretRef> credentials_secret_ref;  ///< keys username, password
  std::optional<InlineCredentials> credentials;     ///< standalone only
  Tls tls;
  std::uint32_t server_id = 0;  ///< 0: derived from the task's uid (server_id.h)
};

/// One entry of objects.include or objects.exclude: `database` or `database_pattern`, and none, `tables` or
/// `table_pattern`. Patterns are RE2, anchored at both ends.
struct ObjectRule {
  std::optional<std::string> database;
  std::optional<std::string> database_pattern;
  std::vector<std::string> tables;
  std::optional<std::string> table_pattern;
};

/// One entry of objects.columns: what of a table's columns is left out, replaced by a fixed text, or by the
/// SHA-256 of its text.
struct ColumnRule {
  std::string database;
  std::string table;
  std::vector<std::string> exclude;
  std::vector<std::string> mask;
  std::vector<std::string> hash;
};

struct Objects {
  std::vector<ObjectRule> include;
  std::vector<ObjectRule> exclude;
  std::vector<ColumnRule> columns = {};
};

struct DataTypes {
  bool data_updates = true;
  bool schema_updates = true;
};

/// Row images that lack columns (binlog_row_image MINIMAL, NOBLOB): stop, or deliver what is there.
enum class RowImages { Full, AsLogged };
/// A change that cannot be delivered as the task wants it: stop, or leave it out, count it and go on.
enum class Unprocessable { Stop, SkipAndCount };
/// A record beyond its topic's limit: stop, deliver the row's key only, or leave it out and count it.
enum class OversizedRecord { Stop, KeysOnly, SkipAndCount };
enum class OnlineSchemaChangeMode { Translate, PassThrough };

/// How the work of gh-ost, pt-online-schema-change and their like is delivered.
struct OnlineSchemaChanges {
  OnlineSchemaChangeMode mode = OnlineSchemaChangeMode::Translate;
  /// RE2 with one group for the real table's name: other names than the two tools'. "": theirs.
  std::string ghost;
  std::string other;
};

struct StartPosition {
  StartMode mode = StartMode::Latest;
  std::int64_t timestamp_us = 0;  ///< microseconds since the epoch
  std::string gtid_set;
  std::string file;
  std::uint64_t offset = 4;
};

struct Precheck {
  std::vector<std::string> skip;
  std::int64_t run_nonce = 0;
};

struct KafkaTopic {
  std::string name;  ///< "" = <namespace>.<task>; may hold {database} and {table}
  std::int32_t partitions = 1;
  std::int16_t replication_factor = -1;  ///< -1: the broker's default
  std::int32_t retention_hours = 24;
  bool create = true;
};

struct KafkaSecurity {
  SecurityProtocol protocol = SecurityProtocol::Plaintext;
  std::string mechanism;  ///< PLAIN, SCRAM-SHA-256, SCRAM-SHA-512; with a SASL protocol
  std::optional<SecretRef> credentials_secret_ref;
  std::optional<InlineCredentials> credentials;  ///< standalone only
  std::optional<SecretKeyRef> ca_secret_ref;
  std::optional<SecretRef> client_certificate_secret_ref;  ///< keys tls.crt, tls.key; with SSL or SASL_SSL
};

enum class DebeziumDecimals { String, Precise, Double };
enum class DebeziumTime { AdaptiveMicroseconds, Connect };
enum class DebeziumBinary { Base64, Base64UrlSafe, Hex };
enum class DebeziumUnsignedBigint { Number, Long, Precise };

/// How debezium-json writes, as the options of Debezium's connector of which they have the names.
struct DebeziumOptions {
  DebeziumDecimals decimals = DebeziumDecimals::String;                     ///< decimal.handling.mode
  DebeziumTime time = DebeziumTime::AdaptiveMicroseconds;                   ///< time.precision.mode
  DebeziumBinary binary = DebeziumBinary::Base64;                           ///< binary.handling.mode
  DebeziumUnsignedBigint unsigned_bigint = DebeziumUnsignedBigint::Number;  ///< bigint.unsigned.handling.mode
  bool tombstones = true;                                                   ///< tombstones.on.delete
  bool truncates = false;                                                   ///< skipped.operations without t
  bool transaction_metadata = false;                                        ///< provide.transaction.metadata
  bool schemas = false;  ///< the converters' schemas.enable
};

struct KafkaSink {
  std::vector<std::string> bootstrap_servers;
  KafkaTopic topic;
  PartitionBy partition_by = PartitionBy::PrimaryKey;
  std::string format = "debezium-json";
  DebeziumOptions debezium = {};  ///< of that format
  std::string delivery = "ExactlyOnce";
  OversizedRecord oversized_record = OversizedRecord::Stop;
  std::string compression = "lz4";
  KafkaSecurity security;
};

/// Standalone only: one JSON value a line.
struct StdoutSink {
  std::string format = "debezium-json";
  DebeziumOptions debezium = {};  ///< of that format
};

/// Standalone only: one JSON value a line over HTTP, to readers that each have a place of their own.
struct StreamSink {
  std::string format = "debezium-json";
  DebeziumOptions debezium = {};  ///< of that format
  std::int64_t buffer_mib = 4;    ///< read ahead of a reader that is slow
  std::int64_t max_readers = 4;   ///< at the same time
};

/// One of them is there.
struct Sink {
  std::optional<KafkaSink> kafka;
  std::optional<StdoutSink> stdout_sink;
  std::optional<StreamSink> stream;

  [[nodiscard]] const std::string& format() const {
    return kafka ? kafka->format : stream ? stream->format : stdout_sink->format;
  }
  [[nodiscard]] const DebeziumOptions& debezium() const {
    return kafka ? kafka->debezium : stream ? stream->debezium : stdout_sink->debezium;
  }
};

/// What becomes of a running tracker when only the operator, with its default image, is another.
enum class UpgradePolicy { Automatic, Manual };

/// Settings of the tracker's pod; without effect when run standalone, which is said there. Kubernetes' own
/// types are passed through as JSON text and checked by the API server.
struct TrackerPod {
  std::string image;
  std::string resources_json;
  std::string node_selector_json;
  std::string tolerations_json;
  std::string affinity_json;
  std::string topology_spread_constraints_json;
  std::string priority_class_name;
  std::string image_pull_secrets_json;
  std::string service_account_name;
  std::map<std::string, std::string> pod_labels;       ///< none of the operator's own
  std::map<std::string, std::string> pod_annotations;  ///< none of the operator's own
  std::string env_json;
  UpgradePolicy upgrade_policy = UpgradePolicy::Automatic;
};

enum class WhitelistMode { Report, Ignore, Manage };

/// Whether the source lets the tracker's network in is looked at, and told in the status; Ignore: not told.
/// Manage: the tracker's image lets itself in, through the OpenAPI of source.polardb.
struct Whitelist {
  WhitelistMode mode = WhitelistMode::Report;
  /// What the source must let in; empty: the address from which it sees the tracker.
  std::vector<std::string> egress_cidrs;
};

/// Which of a PolarDB cluster's addresses to use.
enum class NetworkType { Vpc, Classic, Public };

struct Network {
  NetworkType type = NetworkType::Vpc;  ///< where source.polardb looks the endpoint up
  std::string vpc_id;                   ///< of type Vpc
  std::string v_switch_id;              ///< the same; empty: any of the VPC
  Whitelist whitelist;
};

/// When a task counts as late: its lag was above lag_seconds for for_seconds; and no more, the other way
/// round.
struct Alerts {
  std::int64_t lag_seconds = 60;
  std::int64_t for_seconds = 120;
};

/// What becomes of topics and checkpoint when the custom resource is deleted.
enum class DeletionPolicy { Retain, Delete };

struct Spec {
  std::string description;
  bool suspend = false;
  Source source;
  DataTypes data_types;
  Objects objects;
  RowImages row_images = RowImages::Full;
  Unprocessable on_unprocessable = Unprocessable::Stop;
  OnlineSchemaChanges online_schema_changes;
  StartPosition start_position;
  std::int64_t reset_nonce = 0;  ///< above the checkpoint's: begin at start_position again, once
  Precheck precheck;
  Sink sink;
  Network network;
  TrackerPod tracker;
  std::optional<Alerts> alerts;  ///< the operator's; without effect when run standalone, which is said there
  DeletionPolicy deletion_policy = DeletionPolicy::Retain;  ///< the same
};

struct Task {
  std::string name;
  std::string task_namespace = "default";
  std::string uid;            ///< empty when standalone
  std::string document_hash;  ///< of the text that it was read from (stable_hash)
  Spec spec;

  /// What checkpoints and derived ids go by: the uid, or "<namespace>/<name>" without one.
  [[nodiscard]] std::string identity() const { return uid.empty() ? task_namespace + "/" + name : uid; }
  /// "<namespace>.<name>": the default topic, and Debezium's source name.
  [[nodiscard]] std::string qualified_name() const { return task_namespace + "." + name; }
};

}  // namespace rowtide::task
