#pragma once

#include "tracker/binlog/table_map.h"

namespace rowtide::binlog {

/// The fields after a table map's columns (binlog_row_metadata MINIMAL or FULL) into `map`, whose types and
/// metadata stand already. Fields that this version does not know or use (visibility, vector dimensions) are
/// left out. False where a field does not fit the columns. Source: MySQL
/// Table_map_event::Optional_metadata_fields.
[[nodiscard]] bool read_optional_metadata(Bytes fields, bool is_mariadb, TableMap& map);

}  // namespace rowtide::binlog
