// The pipeline's way of a DDL statement.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "tracker/binlog/query_variables.h"
#include "tracker/binlog/transaction_events.h"
#include "tracker/pipeline/pipeline.h"
#include "tracker/sql/lexer.h"
#include "tracker/sql/names.h"
#include "tracker/types/charset.h"

namespace rowtide::pipeline {

bool Pipeline::wants_schema_change_of(const sql::Statement& statement, std::string_view database) const {
  // When the objects could not be told, the database of the session decides: rather one record too many.
  if (statement.tables.empty()) return parts_.selector.wants_database(database);
  return std::any_of(statement.tables.begin(), statement.tables.end(), [&](const sql::StatementTable& table) {
    return table.table.empty() ? parts_.selector.wants_database(table.database)
                               : parts_.selector.wants(table.database, table.table);
  });
}

/// Known from the stream; or, where its CREATE stands before the tracker's beginning, by there being no other
/// table of that name.
bool Pipeline::is_temporary(const sql::TemporaryTables::Session& session,
                            const sql::StatementTable& table) const {
  if (temporary_tables_.contains(session, table)) return true;
  if (parts_.history == nullptr) return false;
  const auto found = parts_.history->find(parts_.history->canonical({table.database, table.table}));
  return found.is_known && found.table == nullptr;
}

/// Of statements that do not say of which kind the tables are that they change: data changes that used a
/// temporary table, and RENAME TABLE, of which MariaDB does not even say that. A temporary table goes before
/// another one of its name.
void Pipeline::find_temporary_tables(const binlog::EventView& event, const binlog::QueryEvent& query,
                                     sql::Statement& statement) {
  const sql::TemporaryTables::Session session{event.header.server_id, query.thread_id};
  const auto& tables = statement.tables;
  const bool uses_one = (event.header.flags & binlog::kFlagThreadSpecific) != 0;
  if (tables.empty()) return;
  if (statement.kind == sql::StatementKind::Dml && uses_one) {
    statement.is_temporary = std::all_of(tables.begin(), tables.end(),
                                         [&](const auto& table) { return is_temporary(session, table); });
  } else if (statement.kind == sql::StatementKind::Ddl && sql::Lexer(query.sql).take("RENAME")) {
    statement.is_temporary = temporary_tables_.contains(session, tables.front());
  }
  temporary_tables_.follow(session, statement, query.sql);
}

/// What is known of the tables is no longer so.
schema::DdlEffect Pipeline::change_schema(const binlog::EventView& event, const sql::Statement& statement,
                                          const binlog::QueryEvent& query, std::string_view sql) {
  tables_.forget_all();
  if (statement.tables.empty()) parts_.catalog.forget_all();
  for (const sql::StatementTable& table : statement.tables) {
    if (table.table.empty()) {
      parts_.catalog.forget_all();
    } else {
      parts_.catalog.forget(table.database, table.table);
    }
  }
  if (parts_.history == nullptr) return {};
  schema::DdlEffect effect = parts_.history->apply(
      sql, {std::string(query.database),
            binlog::parse_query_variables(query.status_variables, stream_.format().is_mariadb),
            (event.header.flags & binlog::kFlagThreadSpecific) != 0});
  for (const schema::TableChange& change : effect.tables) {
    if (change.kind != schema::TableChange::Kind::Unknown ||
        !parts_.selector.wants(change.name.database, change.name.table)) {
      continue;
    }
    spdlog::warn(
        "{}.{}: {}; its columns are read from the source when rows of it come, if nothing has changed it "
        "again by then",
        change.name.database, change.name.table, effect.doubt);
  }
  return effect;
}

absl::Status Pipeline::tell_schema_change(const binlog::EventView& event,
                                          const encode::SchemaChange& change) {
  if (!progress_.schema_changes().next()) return absl::OkStatus();  // delivered before a restart
  parts_.encoder.encode_schema_change(change, origin_of(event), batch_);
  add(parts_.counters.schema_changes, 1);
  return absl::OkStatus();
}

absl::Status Pipeline::tell_online_change(const binlog::EventView& event, std::string_view sql,
                                          const std::vector<schema::TableChange>& changes) {
  const sql::TableName& name = changes.front().name;
  return tell_schema_change(event,
                            {.database = name.database,
                             .table = changes.size() == 1 ? std::string_view(name.table) : std::string_view{},
                             .sql = sql,
                             .changes = changes});
}

absl::Status Pipeline::on_schema_change(const binlog::EventView& event, const sql::Statement& statement,
                                        const binlog::QueryEvent& query) {
  if (statement.is_temporary) return absl::OkStatus();  // seen by its own session only
  if (taken_back_.is_known()) return absl::OkStatus();  // told when its transaction was read first
  const std::string sql = types::to_utf8_replacing(query.client_collation, query.sql);
  schema::DdlEffect effect = change_schema(event, statement, query, sql);
  osc::Translator::Told told = translator_.translate(sql, effect);
  if (!parts_.wants_schema_changes || !wants_schema_change_of(statement, query.database) ||
      (told.is_changed && told.sql.empty())) {
    add(parts_.counters.unselected_schema_changes, 1);
    return absl::OkStatus();
  }
  if (told.is_changed) effect.tables = std::move(told.changes);
  std::erase_if(effect.tables, [this](const schema::TableChange& change) {
    return !parts_.selector.wants(change.name.database, change.name.table) &&
           !parts_.selector.wants(change.old_name.database, change.old_name.table);
  });
  if (told.is_changed && effect.tables.empty()) return absl::OkStatus();
  if (told.is_changed) return tell_online_change(event, told.sql, effect.tables);
  const bool names_one = statement.tables.size() == 1;
  return tell_schema_change(
      event, {.database = statement.tables.empty() ? query.database
                                                   : std::string_view(statement.tables.front().database),
              .table = names_one ? std::string_view(statement.tables.front().table) : std::string_view{},
              .sql = sql,
              .changes = effect.tables});
}

}  // namespace rowtide::pipeline
