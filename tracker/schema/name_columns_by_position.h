#pragma once

#include <string>

#include "tracker/binlog/table_map.h"

namespace rowtide::schema {

/// For reading a binlog file when nobody can say what a table's columns are called: they become @1, @2, ...
/// as in mysqlbinlog -v. What the event does not say of them (binlog_row_metadata) is filled in as well:
/// numbers count as signed, CHAR and VARCHAR as utf8mb4, TEXT and BLOB as bytes, and ENUM and SET become the
/// numbers that stand for their members. Returns what had to be guessed, for a warning: "whether numbers are
/// signed, character sets"; empty if nothing. Never for a tracked task: there only what is known is
/// delivered.
std::string name_columns_by_position(binlog::TableMap& map);

}  // namespace rowtide::schema
