#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/sql/session.h"

namespace rowtide::source {

struct ServerVersion {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t patch = 0;
  auto operator<=>(const ServerVersion&) const = default;
};

/// "8.0.15-log", "5.5.5-10.11.6-MariaDB" (the prefix with which MariaDB greets old replicas is taken off).
[[nodiscard]] ServerVersion parse_server_version(std::string_view text);
[[nodiscard]] bool is_mariadb_version(std::string_view text);

/// What every session of ours begins with, by the server's version text.
[[nodiscard]] std::vector<std::string_view> session_settings(std::string_view version_text);

/// What a source says of itself in its variables. Texts are the server's own spelling, empty where it has no
/// such variable.
struct ServerInfo {
  std::string version_text;
  ServerVersion version;
  bool is_mariadb = false;
  std::uint32_t server_id = 0;
  /// Which server it is, among those that may answer at the same address: MySQL's server_uuid; for MariaDB,
  /// which has none, "id@host:port".
  std::string server;
  /// Are names of databases and tables compared in small letters: is lower_case_table_names not 0?
  bool lower_case_names = false;
  bool log_bin = false;
  std::string binlog_format;
  std::string binlog_row_image;
  std::string binlog_row_metadata;
  std::string binlog_checksum;
  std::string gtid_mode;  ///< MySQL: ON, OFF, ON_PERMISSIVE, OFF_PERMISSIVE
  /// How long the server keeps its binlog, seconds; 0 = until somebody deletes it. nullopt: not known.
  std::optional<std::uint64_t> retention_seconds;
  /// How large it may grow before the server deletes its oldest files, bytes; 0: no limit.
  std::uint64_t binlog_size_limit = 0;
  std::string binlog_size_variable;  ///< that sets it; empty where there is none

  /// Does every transaction carry a GTID, so that a set of them is a position?
  [[nodiscard]] bool has_gtids() const { return is_mariadb || gtid_mode == "ON"; }
};

/// Needs no privilege.
[[nodiscard]] absl::StatusOr<ServerInfo> read_server_info(sql::Session& session);

/// The statement that says where the binlog ends: SHOW MASTER STATUS, or its name since MySQL 8.2.
[[nodiscard]] std::string_view binlog_status_statement(const ServerVersion& version, bool is_mariadb);
/// The statement that lists who reads the binlog: SHOW SLAVE HOSTS, or SHOW REPLICAS since MySQL 8.0.22.
[[nodiscard]] std::string_view show_replicas_statement(const ServerInfo& facts);

}  // namespace rowtide::source
