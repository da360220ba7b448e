#include <array>

#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {

std::span<const Check> checks() {
  constexpr std::string_view kLogin = "Authentication";
  static const std::array kChecks{
      Check{"SourceReachable", check_source_reachable, {}},
      Check{"Tls", check_tls, {"SourceReachable"}, wants_tls},
      Check{kLogin, check_authentication, {"SourceReachable", "Tls"}},
      Check{"ServerVersion", check_server_version, {kLogin}},
      Check{"BinlogEnabled", check_binlog_enabled, {kLogin}},
      Check{"BinlogFormat", check_binlog_format, {kLogin}},
      Check{"BinlogRowImage", check_binlog_row_image, {kLogin}},
      Check{"BinlogRowMetadata", check_binlog_row_metadata, {kLogin}},
      Check{"RowValueOptions", check_row_value_options, {kLogin}},
      Check{"GtidMode", check_gtid_mode, {kLogin}},
      Check{"BinlogRetention", check_binlog_retention, {"BinlogEnabled"}},
      Check{"ReplicationSlavePrivilege", check_replication_slave_privilege, {kLogin}},
      Check{"ReplicationClientPrivilege", check_replication_client_privilege, {kLogin}},
      Check{"BinlogFilters", check_binlog_filters, {"BinlogEnabled", "ReplicationClientPrivilege"}},
      Check{"LogReplicaUpdates", check_log_replica_updates, {"BinlogEnabled"}},
      Check{"ServerIdUnique", check_server_id_unique, {kLogin}},
      Check{"ObjectsExist", check_objects_exist, {kLogin}},
      Check{"SelectPrivilege", check_select_privilege, {kLogin}},
      Check{"SystemVersioning", check_system_versioning, {kLogin}},
      Check{"PrimaryKeys", check_primary_keys, {kLogin}},
      Check{"StorageEngines", check_storage_engines, {kLogin}},
      Check{"ForeignKeyCascades", check_foreign_key_cascades, {kLogin}},
      Check{"Charsets", check_charsets, {kLogin}},
      Check{"OnlineSchemaChangeTools", check_online_schema_change_tools, {kLogin}, translates_online_changes},
      Check{"ClockSkew", check_clock_skew, {kLogin}},
      Check{"BinlogStream",
            check_binlog_stream,
            {"BinlogEnabled", "ReplicationSlavePrivilege", "ReplicationClientPrivilege"}},
      Check{"StartPositionAvailable",
            check_start_position_available,
            {"BinlogEnabled", "ReplicationClientPrivilege"}},
      Check{"KafkaReachable", check_kafka_reachable, {}, has_kafka_sink},
      Check{"KafkaPermissions", check_kafka_permissions, {"KafkaReachable"}, has_kafka_sink},
      Check{"KafkaTopic", check_kafka_topic, {"KafkaReachable"}, has_kafka_sink},
  };
  return kChecks;
}

}  // namespace rowtide::precheck
