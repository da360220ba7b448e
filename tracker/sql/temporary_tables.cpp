#include "tracker/sql/temporary_tables.h"

namespace rowtide::sql {

void TemporaryTables::follow(const Session& session, const Statement& statement) {
  if (statement.kind != StatementKind::Ddl || !statement.is_temporary || statement.tables.empty()) return;
  const std::pair first{session, key(statement.tables.front())};
  switch (statement.verb) {
    case DdlVerb::Create:
      if (statement.object != DdlObject::Index) tables_.insert(first);
      return;
    case DdlVerb::Drop:
      if (statement.object == DdlObject::Index) return;
      for (const StatementTable& table : statement.tables) tables_.erase({session, key(table)});
      return;
    case DdlVerb::Rename:
    case DdlVerb::Alter:
      if (statement.tables.size() < 2) return;
      tables_.erase(first);
      tables_.insert({session, key(statement.tables.back())});
      return;
    case DdlVerb::Truncate:
    case DdlVerb::None:
      return;
  }
}

void TemporaryTables::forget(std::uint32_t server_id) {
  std::erase_if(tables_, [server_id](const auto& entry) { return entry.first.server_id == server_id; });
}

bool TemporaryTables::contains(const Session& session, const StatementTable& table) const {
  return tables_.contains({session, key(table)});
}

}  // namespace rowtide::sql
