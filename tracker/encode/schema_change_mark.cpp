#include "tracker/encode/schema_change_mark.h"

#include <string>
#include <utility>
#include <vector>

namespace rowtide::encode {

void mark_schema_change(const SchemaChange& change, record::RecordBatch& out) {
  out.mark_schema_change();
  if (change.tables.empty()) return;
  std::vector<std::string> tables;
  for (const sql::StatementTable& each : change.tables) {
    tables.push_back(each.table.empty() ? each.database : each.database + "." + each.table);
  }
  out.add_tables(std::move(tables));
}

}  // namespace rowtide::encode
