#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tracker/types/column.h"

namespace rowtide::binlog {

/// A table map compiled once (schema/bind_table.h): rows only follow it. Immutable once built.
struct TablePlan {
  std::string database;
  std::string table;
  std::vector<types::Column> columns;      ///< in the order of the row image
  std::vector<std::uint32_t> key_columns;  ///< primary key, else first UNIQUE key without NULLs; empty = none
  /// Positions in the table map that are no columns of the table and that no row image holds (what MySQL
  /// keeps functional indexes in). `columns` does not count them. Sorted.
  std::vector<std::uint32_t> hidden = {};
  /// Columns that each row image holds after all others and that the server keeps to itself: BIGINTs, read
  /// over. Neither `columns` nor `hidden` counts them.
  std::uint32_t unread = 0;
  bool are_hidden_assumed = false;  ///< only a full row image that holds all but them proves them
};

}  // namespace rowtide::binlog
