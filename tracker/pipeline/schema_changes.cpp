#include "tracker/pipeline/schema_changes.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "tracker/binlog/query_variables.h"
#include "tracker/sql/names.h"
#include "tracker/types/charset/charset.h"

namespace rowtide::pipeline {
namespace {

bool uses_temporary_table(const binlog::EventView& event) {
  return (event.header.flags & binlog::kFlagThreadSpecific) != 0;
}

/// Of a RENAME or DROP of several tables: the first that it names, of RENAME its new name.
sql::TableName first_of(const sql::Statement& statement) {
  const bool is_rename = statement.verb == sql::DdlVerb::Rename;
  if (statement.tables.size() < 2 || (!is_rename && statement.verb != sql::DdlVerb::Drop)) return {};
  const sql::StatementTable& first = statement.tables[is_rename ? 1 : 0];
  return {first.database, first.table};
}

/// All that the statement names, where these are several.
std::vector<sql::StatementTable> several_of(const sql::Statement& statement) {
  return statement.tables.size() > 1 ? statement.tables : std::vector<sql::StatementTable>();
}

std::vector<sql::StatementTable> several_of(const std::vector<schema::TableChange>& changes) {
  std::vector<sql::StatementTable> tables;
  for (const schema::TableChange& change : changes) {
    tables.push_back({change.name.database, change.name.table});
    if (change.old_name != change.name) tables.push_back({change.old_name.database, change.old_name.table});
  }
  return tables.size() > 1 ? tables : std::vector<sql::StatementTable>();
}

}  // namespace

sql::Statement SchemaChanges::classify(const binlog::EventView& event, const binlog::QueryEvent& query) {
  const std::string sql = types::to_utf8_replacing(query.client_collation, query.sql);
  sql::Statement statement = sql::classify_statement(sql, query.database, uses_temporary_table(event));
  if (parts_.history != nullptr) keep_names(statement);
  find_temporary_tables(event, query, statement);
  return statement;
}

/// Names in the form of table maps, however the statement writes them.
void SchemaChanges::keep_names(sql::Statement& statement) const {
  for (sql::StatementTable& each : statement.tables) {
    sql::TableName name = parts_.history->canonical({std::move(each.database), std::move(each.table)});
    each = {std::move(name.database), std::move(name.table)};
  }
}

/// Known from the stream; or, where its CREATE stands before the tracker's beginning, by there being no other
/// table of that name.
bool SchemaChanges::is_temporary(const sql::TemporaryTables::Session& session,
                                 const sql::StatementTable& table) const {
  if (temporary_tables_.contains(session, table)) return true;
  if (parts_.history == nullptr) return false;
  const auto found = parts_.history->find({table.database, table.table});
  return found.is_known && found.table == nullptr;
}

/// Of statements that do not say of which kind the tables are that they change: those that used a temporary
/// table, or what belongs to their session, and RENAME TABLE, of which MariaDB does not even say that. A
/// temporary table goes before another one of its name.
void SchemaChanges::find_temporary_tables(const binlog::EventView& event, const binlog::QueryEvent& query,
                                          sql::Statement& statement) {
  const sql::TemporaryTables::Session session{event.header.server_id, query.thread_id};
  const auto& tables = statement.tables;
  if (tables.empty()) return;
  if (statement.kind == sql::StatementKind::Dml && uses_temporary_table(event)) {
    statement.is_temporary = std::all_of(tables.begin(), tables.end(),
                                         [&](const auto& table) { return is_temporary(session, table); });
  } else if (statement.may_be_temporary) {
    statement.is_temporary = is_temporary(session, tables.front());
  } else if (statement.kind == sql::StatementKind::Ddl && statement.verb == sql::DdlVerb::Rename) {
    statement.is_temporary = temporary_tables_.contains(session, tables.front());
  }
  temporary_tables_.follow(session, statement);
}

bool SchemaChanges::is_selected(const sql::Statement& statement, std::string_view database) const {
  // When the objects are not known, the database of the session decides: rather one record too many.
  if (statement.tables.empty()) return parts_.selector.wants_database(database);
  return std::any_of(statement.tables.begin(), statement.tables.end(), [&](const sql::StatementTable& table) {
    return table.table.empty() ? parts_.selector.wants_database(table.database)
                               : parts_.selector.wants(table.database, table.table);
  });
}

/// What is known of the tables is no longer so.
void SchemaChanges::forget(const sql::Statement& statement) {
  if (statement.tables.empty()) parts_.catalog.forget_all();
  for (const sql::StatementTable& table : statement.tables) {
    if (table.table.empty()) {
      parts_.catalog.forget_all();
    } else {
      parts_.catalog.forget(table.database, table.table);
    }
  }
}

schema::DdlEffect SchemaChanges::change_definitions(const binlog::EventView& event,
                                                    const binlog::QueryEvent& query, std::string_view sql,
                                                    bool is_mariadb) {
  if (parts_.history == nullptr) return {};
  schema::DdlEffect effect = parts_.history->apply(
      sql, {std::string(query.database), binlog::parse_query_variables(query.status_variables, is_mariadb),
            uses_temporary_table(event)});
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

SchemaChanges::Effect SchemaChanges::apply(const binlog::EventView& event, const sql::Statement& statement,
                                           const binlog::QueryEvent& query, bool is_mariadb) {
  std::string sql = types::to_utf8_replacing(query.client_collation, query.sql);
  forget(statement);
  schema::DdlEffect effect = change_definitions(event, query, sql, is_mariadb);
  osc::Translator::Rewrite rewritten = translator_.translate(sql, effect);
  if (!parts_.is_wanted || !is_selected(statement, query.database) ||
      (rewritten.is_rewritten && rewritten.sql.empty())) {
    return {};
  }
  std::vector<schema::TableChange>& changes = rewritten.is_rewritten ? rewritten.changes : effect.tables;
  std::erase_if(changes, [this](const schema::TableChange& change) {
    return !parts_.selector.wants(change.name.database, change.name.table) &&
           !parts_.selector.wants(change.old_name.database, change.old_name.table);
  });
  if (rewritten.is_rewritten) {
    if (changes.empty()) return {.is_selected = true, .change = {}};
    const sql::TableName& name = changes.front().name;
    const sql::Statement head = sql::classify_statement(rewritten.sql, {});  // an ALTER, or a RENAME alone
    Change change{.database = name.database,
                  .table = changes.size() == 1 ? name.table : std::string(),
                  .sql = std::move(rewritten.sql),
                  .first = name,
                  .tables = several_of(changes),
                  .changes = {},
                  .verb = head.verb,
                  .object = head.object};
    change.changes = std::move(changes);
    return {.is_selected = true, .change = std::move(change)};
  }
  const bool names_one = statement.tables.size() == 1;
  return {.is_selected = true,
          .change = Change{.database = statement.tables.empty() ? std::string(query.database)
                                                                : statement.tables.front().database,
                           .table = names_one ? statement.tables.front().table : std::string(),
                           .sql = std::move(sql),
                           .first = first_of(statement),
                           .tables = several_of(statement),
                           .changes = std::move(changes),
                           .verb = statement.verb,
                           .object = statement.object}};
}

}  // namespace rowtide::pipeline
