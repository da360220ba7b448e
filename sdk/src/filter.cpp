#include "sdk/src/filter.h"

#include <string>

namespace rowtide {
inline namespace v1 {

bool passes(const Filter& filter, const Change& change) {
  if (!filter.operations.empty() && !filter.operations.contains(change.operation)) return false;
  // Of a schema change of several tables it is not said of which, and the database is that of the first.
  const bool is_schema_change = change.operation == Operation::SchemaChange;
  const bool may_name_others = change.table.empty() && change.ddl.find('.') != std::string_view::npos;
  const bool is_of_any_database = is_schema_change && (change.database.empty() || may_name_others);
  if (!filter.databases.empty() && !is_of_any_database && !filter.databases.contains(change.database))
    return false;
  if (filter.tables.empty() || (is_schema_change && change.table.empty())) return true;
  return filter.tables.contains(std::string(change.database).append(".").append(change.table));
}

}  // namespace v1
}  // namespace rowtide
