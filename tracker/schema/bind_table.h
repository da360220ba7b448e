#pragma once

#include "absl/status/statusor.h"
#include "tracker/binlog/table_map.h"
#include "tracker/binlog/table_plan.h"
#include "tracker/schema/catalog.h"

namespace rowtide::schema {

/// Compiles a table map into the plan that its rows follow. Names, members, signedness, character sets and
/// key come from the event where the server sends them (binlog_row_metadata), the rest from the catalog. The
/// catalog's view must fit the wire's column count and types; if not, FAILED_PRECONDITION with table, what
/// differs, and the repair. The catalog is not asked at all when the event says everything (FULL), but for a
/// table without primary key, to find a unique one (a table that is gone, or was changed since, has none),
/// and on MariaDB for columns that may be more than the event says.
[[nodiscard]] absl::StatusOr<binlog::TablePlan> bind_table(const binlog::TableMap& map, Catalog& catalog);

}  // namespace rowtide::schema
