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
};

}  // namespace rowtide::binlog
