#include "sdk/src/filter.h"

#include <string>

namespace rowtide {
inline namespace v1 {

bool passes(const Filter& filter, const Change& change) {
  if (!filter.operations.empty() && !filter.operations.contains(change.operation)) return false;
  if (!filter.databases.empty() && !filter.databases.contains(change.database)) return false;
  if (filter.tables.empty() || (change.operation == Operation::SchemaChange && change.table.empty()))
    return true;
  return filter.tables.contains(std::string(change.database).append(".").append(change.table));
}

}  // namespace v1
}  // namespace rowtide
