#include "tracker/schema/ddl_since_start.h"

#include <algorithm>
#include <variant>

#include "tracker/sql/ddl_parser.h"

namespace rowtide::schema {
namespace {

/// Keys that are not UNIQUE identify no rows, and only functional ones have columns.
bool changes_definition(const sql::AlterAction& action) {
  if (const auto* add = std::get_if<sql::AddKey>(&action)) {
    return add->key.kind == sql::KeySpec::Kind::Primary || add->key.kind == sql::KeySpec::Kind::Unique ||
           add->key.has_expression;
  }
  if (const auto* options = std::get_if<sql::SetTableOptions>(&action))
    return !options->charset.empty() || options->comment.has_value();
  return !std::holds_alternative<sql::RenameKey>(action);
}

}  // namespace

std::string DdlSinceStart::as_kept(const std::string& name) const {
  return lower_case_names_ ? sql::to_lower(name) : name;
}

sql::TableName DdlSinceStart::full(const sql::TableName& name, const Place& place) const {
  return {as_kept(name.database.empty() ? place.database : name.database), as_kept(name.table)};
}

void DdlSinceStart::add(std::string_view sql, const DdlSession& session,
                        const binlog::BinlogCoordinates& at) {
  const sql::Statement head = sql::classify_statement(sql, session.database, session.uses_temporary_table);
  if (head.kind != sql::StatementKind::Ddl || head.is_temporary) return;
  const Place place{session.database, at};
  const absl::StatusOr<sql::DdlStatement> statement =
      sql::parse_ddl(sql, dialect_, session.variables.sql_mode);
  if (!statement.ok()) return not_understood(head, place);
  std::visit([&](const auto& parsed) { note(parsed, place); }, *statement);
}

/// It may have changed whatever its head names.
void DdlSinceStart::not_understood(const sql::Statement& head, const Place& place) {
  if (head.tables.empty()) change_database(place.database, place.at);
  for (const sql::StatementTable& each : head.tables) {
    if (each.table.empty()) {
      change_database(each.database, place.at);
    } else if (head.makes_new_table) {
      make(full({each.database, each.table}, place));
    } else {
      change(full({each.database, each.table}, place), place.at);
    }
  }
}

/// A table that is made was not there before, so that nothing of before is changed: what took an older one of
/// its name away is noted by itself.
void DdlSinceStart::make(const sql::TableName& name) {
  if (created_.contains(name)) return;
  const bool may_have_been_there = changed_.contains(name) || changed_databases_.contains(name.database);
  (may_have_been_there ? changed_ : created_).insert(name);
}

void DdlSinceStart::change(const sql::TableName& name, const binlog::BinlogCoordinates& at) {
  last_[name] = at;
  if (!created_.contains(name)) changed_.insert(name);
}

void DdlSinceStart::change_database(const std::string& name, const binlog::BinlogCoordinates& at) {
  changed_databases_.insert(as_kept(name));
  converted_databases_.insert(as_kept(name));
  last_[{as_kept(name), {}}] = at;
}

void DdlSinceStart::note(const sql::CreateTable& create, const Place& place) {
  const sql::TableName name = full(create.name, place);
  if (create.or_replace) return change(name, place.at);
  if (!create.if_not_exists) return make(name);
  // It was there, and stays what it is; or not.
  if (!created_.contains(name)) changed_.insert(name);
}

void DdlSinceStart::note(const sql::AlterTable& alter, const Place& place) {
  if (std::none_of(alter.actions.begin(), alter.actions.end(), changes_definition)) return;
  change(full(alter.name, place), place.at);
  for (const sql::AlterAction& action : alter.actions) {
    if (const auto* rename = std::get_if<sql::RenameTo>(&action)) change(full(rename->name, place), place.at);
  }
}

/// The partitioned table is what it was.
void DdlSinceStart::note(const sql::ConvertPartition& convert, const Place& place) {
  change(full(convert.table, place), place.at);
}

void DdlSinceStart::note(const sql::DropTables& drop, const Place& place) {
  for (const sql::TableName& name : drop.names) change(full(name, place), place.at);
}

void DdlSinceStart::note(const sql::RenameTables& rename, const Place& place) {
  for (const sql::RenameTables::Move& each : rename.moves) {
    change(full(each.from, place), place.at);
    change(full(each.to, place), place.at);
  }
}

/// CREATE and ALTER DATABASE leave the tables alone, unless the old ones go.
void DdlSinceStart::note(const sql::SetDatabase& database, const Place& place) {
  if (database.or_replace) return change_database(database.name, place.at);
  // Where there was none, or IF NOT EXISTS found one, it had no other than now.
  if (database.is_new || database.charset.empty()) return;
  converted_databases_.insert(as_kept(database.name.empty() ? place.database : database.name));
}

void DdlSinceStart::note(const sql::DropDatabase& drop, const Place& place) {
  change_database(drop.name, place.at);
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
