#include "tracker/schema/ddl_since_start.h"

#include "tracker/sql/names.h"
#include "tracker/sql/statement.h"

namespace rowtide::schema {

void DdlSinceStart::add(std::string_view sql, std::string_view default_database, bool uses_temporary_table,
                        const binlog::BinlogCoordinates& at) {
  const sql::Statement statement = sql::classify_statement(sql, default_database, uses_temporary_table);
  if (statement.kind != sql::StatementKind::Ddl || statement.is_temporary) return;
  const auto as_kept = [this](std::string_view name) {
    return lower_case_names_ ? sql::to_lower(std::string(name)) : std::string(name);
  };
  if (statement.tables.empty()) {
    changed_databases_.insert(as_kept(default_database));
    last_[{as_kept(default_database), {}}] = at;
  }
  for (const sql::StatementTable& each : statement.tables) {
    const sql::TableName name{as_kept(each.database), as_kept(each.table)};
    last_[name] = at;
    if (name.table.empty()) {
      changed_databases_.insert(name.database);
      continue;
    }
    if (created_.contains(name) || changed_.contains(name)) continue;
    (statement.makes_new_table ? created_ : changed_).insert(name);
  }
}

bool DdlSinceStart::is_changed_from(const sql::TableName& name,
                                    const binlog::BinlogCoordinates& place) const {
  for (const sql::TableName& each : {name, sql::TableName{name.database, {}}}) {
    const auto last = last_.find(each);
    if (last != last_.end() && !(last->second < place)) return true;
  }
  return false;
}

}  // namespace rowtide::schema
