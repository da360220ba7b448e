#pragma once

#include "tracker/precheck/check.h"

namespace rowtide::precheck {

// The checks, one a file: source_reachable.cpp holds check_source_reachable(), and so on.
[[nodiscard]] CheckItem check_source_reachable(CheckContext& context);
[[nodiscard]] CheckItem check_tls(CheckContext& context);
[[nodiscard]] CheckItem check_authentication(CheckContext& context);
[[nodiscard]] CheckItem check_server_version(CheckContext& context);
[[nodiscard]] CheckItem check_binlog_enabled(CheckContext& context);
[[nodiscard]] CheckItem check_binlog_format(CheckContext& context);
[[nodiscard]] CheckItem check_binlog_row_image(CheckContext& context);
[[nodiscard]] CheckItem check_binlog_row_metadata(CheckContext& context);
[[nodiscard]] CheckItem check_gtid_mode(CheckContext& context);
[[nodiscard]] CheckItem check_binlog_retention(CheckContext& context);
[[nodiscard]] CheckItem check_server_id_unique(CheckContext& context);
[[nodiscard]] CheckItem check_replication_slave_privilege(CheckContext& context);
[[nodiscard]] CheckItem check_replication_client_privilege(CheckContext& context);
[[nodiscard]] CheckItem check_select_privilege(CheckContext& context);
[[nodiscard]] CheckItem check_objects_exist(CheckContext& context);
[[nodiscard]] CheckItem check_primary_keys(CheckContext& context);
[[nodiscard]] CheckItem check_row_value_options(CheckContext& context);
[[nodiscard]] CheckItem check_log_replica_updates(CheckContext& context);
[[nodiscard]] CheckItem check_system_versioning(CheckContext& context);
[[nodiscard]] CheckItem check_storage_engines(CheckContext& context);
[[nodiscard]] CheckItem check_foreign_key_cascades(CheckContext& context);
[[nodiscard]] CheckItem check_charsets(CheckContext& context);
[[nodiscard]] CheckItem check_online_schema_change_tools(CheckContext& context);
[[nodiscard]] CheckItem check_clock_skew(CheckContext& context);
[[nodiscard]] CheckItem check_binlog_filters(CheckContext& context);
[[nodiscard]] CheckItem check_binlog_stream(CheckContext& context);
[[nodiscard]] CheckItem check_start_position_available(CheckContext& context);
[[nodiscard]] CheckItem check_kafka_reachable(CheckContext& context);
[[nodiscard]] CheckItem check_kafka_permissions(CheckContext& context);
[[nodiscard]] CheckItem check_kafka_topic(CheckContext& context);

[[nodiscard]] bool wants_tls(const task::Task& task);
[[nodiscard]] bool translates_online_changes(const task::Task& task);
[[nodiscard]] bool has_kafka_sink(const task::Task& task);
/// The tracker keeps the topic's retention, not Kafka.
[[nodiscard]] bool deletes_old_records(const task::Task& task);

}  // namespace rowtide::precheck
