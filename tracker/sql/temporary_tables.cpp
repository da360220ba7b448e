#include "tracker/sql/temporary_tables.h"

#include "tracker/sql/lexer.h"

namespace rowtide::sql {

void TemporaryTables::follow(const Session& session, const Statement& statement, std::string_view sql) {
  if (statement.kind != StatementKind::Ddl || !statement.is_temporary || statement.tables.empty()) return;
  Lexer lexer(sql);
  const Token verb = lexer.next();
  // CREATE [UNIQUE ...] INDEX, DROP INDEX: the statement is the temporary table's, and no TEMPORARY stands in
  // it.
  while (!lexer.peek().is("TEMPORARY") && (verb.is("CREATE") || verb.is("DROP"))) {
    if (lexer.next().kind == TokenKind::End) return;
  }
  const std::pair first{session, key(statement.tables.front())};
  if (verb.is("CREATE")) {
    tables_.insert(first);
  } else if (verb.is("DROP")) {
    for (const StatementTable& table : statement.tables) tables_.erase({session, key(table)});
  } else if ((verb.is("RENAME") || verb.is("ALTER")) && statement.tables.size() > 1) {
    tables_.erase(first);
    tables_.insert({session, key(statement.tables.back())});
  }
}

void TemporaryTables::forget(std::uint32_t server_id) {
  std::erase_if(tables_, [server_id](const auto& entry) { return entry.first.server_id == server_id; });
}

bool TemporaryTables::contains(const Session& session, const StatementTable& table) const {
  return tables_.contains({session, key(table)});
}

}  // namespace rowtide::sql
