#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "common/bytes/byte_reader.h"

namespace rowtide::binlog {

/// What a QUERY event tells of the session that ran the statement: the status variables that decide what a
/// DDL means. Those that are not sent are empty or 0.
/// Source: MySQL Query_event (libs/mysql/binlog/event/statement_events.h), MariaDB sql/log_event.h.
struct QueryVariables {
  std::uint64_t sql_mode = 0;
  std::uint16_t client_collation = 0;
  std::uint16_t server_collation = 0;
  std::optional<bool> explicit_defaults_for_timestamp;
  std::uint16_t default_utf8mb4_collation = 0;  ///< MySQL 8.0.11+
  /// MariaDB 11.2+: character_set_collations, as (any collation of the set, its default).
  std::vector<std::pair<std::uint16_t, std::uint16_t>> charset_collations;
};

/// Reads as far as it knows the codes: what stands after an unknown one is not told.
[[nodiscard]] QueryVariables parse_query_variables(Bytes status_variables, bool is_mariadb);

}  // namespace rowtide::binlog
