#include "tracker/schema/changed_before.h"

#include "tracker/binlog/sql_lexer.h"
#include "tracker/binlog/statement.h"

namespace rowtide::schema {
namespace {

/// CREATE TABLE, not IF NOT EXISTS (it may have been there) nor OR REPLACE.
bool creates_table(std::string_view sql) {
  binlog::SqlLexer lexer(sql);
  return lexer.take("CREATE") && lexer.take("TABLE") && !lexer.take("IF");
}

}  // namespace

void ChangedBefore::add(std::string_view sql, std::string_view default_database, bool uses_temporary_table) {
  const binlog::Statement statement = binlog::classify_statement(sql, default_database, uses_temporary_table);
  if (statement.kind != binlog::StatementKind::Ddl || statement.is_temporary) return;
  if (statement.tables.empty()) changed_databases_.insert(std::string(default_database));
  const bool is_create = creates_table(sql);
  for (const binlog::StatementTable& each : statement.tables) {
    if (each.table.empty()) {
      changed_databases_.insert(each.database);
      continue;
    }
    const TableName name{each.database, each.table};
    if (created_.contains(name) || changed_.contains(name)) continue;
    (is_create ? created_ : changed_).insert(name);
  }
}

}  // namespace rowtide::schema
