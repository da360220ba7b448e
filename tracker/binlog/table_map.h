#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/bytes/byte_reader.h"

namespace rowtide::binlog {

/// A TABLE_MAP event, parsed: what the wire says of a table's columns. Vectors are indexed by column.
/// Optional metadata (binlog_row_metadata): empty or nullopt where the server does not send it.
/// Source: MySQL Table_map_event (libs/mysql/binlog/event/rows_event.h), optional metadata fields included.
struct TableMap {
  std::uint64_t table_id = 0;
  bool is_mariadb = false;  ///< of such a server
  std::string database;
  std::string table;
  std::vector<std::uint8_t> wire_types;
  std::vector<std::uint16_t> wire_metadata;
  std::vector<bool> is_nullable;

  std::optional<std::vector<bool>> is_unsigned;  ///< false for columns that are not numeric
  std::vector<std::uint16_t> collations;  ///< per column; 0 where the column has none or it is not sent
  std::vector<std::string> column_names;  ///< FULL only
  std::vector<std::vector<std::string>> members;  ///< of ENUM and SET columns, FULL only; others empty
  std::vector<std::uint8_t> geometry_types;       ///< per column; 0 for others
  std::optional<std::vector<std::uint32_t>>
      primary_key;  ///< column indexes in key order, FULL only; empty = no key

  [[nodiscard]] std::size_t column_count() const { return wire_types.size(); }
  [[nodiscard]] bool has_names() const { return !column_names.empty(); }
};

/// Just enough to decide whether the table is wanted, without parsing (or allocating for) the rest.
struct TableMapHead {
  std::uint64_t table_id = 0;
  std::string_view database;
  std::string_view table;
};

[[nodiscard]] absl::StatusOr<TableMapHead> parse_table_map_head(Bytes body);
/// `is_mariadb`: from the FORMAT_DESCRIPTION. The two count differently which columns the optional metadata
/// is about.
[[nodiscard]] absl::StatusOr<TableMap> parse_table_map(Bytes body, bool is_mariadb);

}  // namespace rowtide::binlog
