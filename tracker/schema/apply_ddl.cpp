#include "tracker/schema/apply_ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "common/status/text.h"
#include "tracker/schema/alter_table.h"
#include "tracker/schema/column_type.h"
#include "tracker/sql/ddl_parser.h"
#include "tracker/sql/names.h"
#include "tracker/sql/statement.h"

namespace rowtide::schema {
namespace {

/// Texts in the character set of a database of which it is not known.
bool has_texts_of_unknown_charset(const CatalogTable& table) {
  return std::any_of(table.columns.begin(), table.columns.end(), [](const CatalogColumn& column) {
    return column.collation == 0 && is_text_type(column.data_type);
  });
}
constexpr std::string_view kUnknownCharset =
    "the character set of its texts is its database's, which is not known";

/// One statement on top of the definitions. One member function per kind.
class Application {
 public:
  Application(const DdlSession& session, const SourceDialect& dialect, const Definitions& definitions)
      : session_(session), dialect_(dialect), definitions_(definitions) {}

  DdlEffect run(std::string_view sql);

 private:
  void apply(const sql::OtherDdl& /*other*/) {}
  void apply(const sql::CreateTable& create);
  void apply(const sql::AlterTable& alter);
  void apply(const sql::ConvertPartition& convert);
  void apply(const sql::DropTables& drop);
  void apply(const sql::RenameTables& rename);
  void apply(const sql::TruncateTable& truncate);
  void apply(const sql::SetDatabase& database);
  void apply(const sql::DropDatabase& drop);

  void not_understood(std::string_view sql, std::string why);
  void create_like(const sql::TableName& name, const sql::TableName& like, TablePtr before);
  void move(const sql::TableName& from, const sql::TableName& to, TablePtr after);
  void change(TableChange::Kind kind, const sql::TableName& name, TablePtr before, TablePtr after);
  void doubt(const sql::TableName& name, TablePtr before, std::string_view why);

  [[nodiscard]] std::string keep_case(const std::string& name) const {
    return dialect_.lower_case_names ? sql::to_lower(name) : name;
  }
  [[nodiscard]] sql::TableName full(const sql::TableName& name) const {
    return {keep_case(name.database.empty() ? session_.database : name.database), keep_case(name.table)};
  }
  [[nodiscard]] Definitions::Found find(const sql::TableName& name) const;

  const DdlSession& session_;
  const SourceDialect& dialect_;
  const Definitions& definitions_;
  std::map<sql::TableName, Definitions::Found> changed_;  ///< by this statement so far
  DdlEffect effect_;
};

DdlEffect Application::run(std::string_view sql) {
  const sql::Dialect dialect{.is_mariadb = dialect_.is_mariadb, .version = dialect_.version};
  const absl::StatusOr<sql::DdlStatement> statement =
      sql::parse_ddl(sql, dialect, session_.variables.sql_mode);
  if (!statement.ok()) {
    not_understood(sql, std::string(text(statement.status())));
  } else {
    std::visit([this](const auto& parsed) { apply(parsed); }, *statement);
  }
  return std::move(effect_);
}

Definitions::Found Application::find(const sql::TableName& name) const {
  const auto changed = changed_.find(name);
  return changed == changed_.end() ? definitions_.find(name) : changed->second;
}

void Application::change(TableChange::Kind kind, const sql::TableName& name, TablePtr before,
                         TablePtr after) {
  changed_[name] = {true, after};
  effect_.tables.push_back({kind, name, name, std::move(before), std::move(after)});
}

void Application::doubt(const sql::TableName& name, TablePtr before, std::string_view why) {
  changed_[name] = {};
  effect_.tables.push_back({TableChange::Kind::Unknown, name, name, std::move(before), nullptr});
  if (effect_.doubt.empty()) effect_.doubt = why;
}

/// The tables that its head names may be anything now.
void Application::not_understood(std::string_view sql, std::string why) {
  const sql::Statement statement = sql::classify_statement(sql, session_.database);
  if (statement.kind != sql::StatementKind::Ddl || statement.is_temporary) return;
  effect_.doubt = std::move(why);
  for (const sql::StatementTable& table : statement.tables) {
    const std::string database = keep_case(table.database);
    if (!table.table.empty()) {
      const sql::TableName name{database, keep_case(table.table)};
      doubt(name, find(name).table, effect_.doubt);
      continue;
    }
    for (const std::string& each : definitions_.tables_of(database)) {
      doubt({database, each}, find({database, each}).table, effect_.doubt);
    }
  }
}

void Application::apply(const sql::CreateTable& create) {
  const sql::TableName name = full(create.name);
  const Definitions::Found found = find(name);
  if (create.if_not_exists && !create.or_replace) {
    if (found.table != nullptr) return;
    if (!found.is_known) return doubt(name, nullptr, "it is not known whether the table was there before");
  }
  if (create.like) return create_like(name, full(*create.like), found.table);
  const TableContext context{dialect_, session_.variables, definitions_.database_collation(name.database)};
  auto table = std::make_shared<const CatalogTable>(create_table(create, context));
  if (has_texts_of_unknown_charset(*table)) return doubt(name, found.table, kUnknownCharset);
  change(TableChange::Kind::Create, name, found.table, std::move(table));
}

void Application::create_like(const sql::TableName& name, const sql::TableName& like, TablePtr before) {
  const Definitions::Found model = find(like);
  if (session_.uses_temporary_table) {
    return doubt(
        name, std::move(before),
        fmt::format("{}.{}, which it is made like, was a temporary table", like.database, like.table));
  }
  if (model.table == nullptr) {
    return doubt(name, std::move(before),
                 fmt::format("{}.{}, which it is made like, is not known", like.database, like.table));
  }
  // Its keys are put in order anew: one that stood before the PRIMARY KEY that made its column NOT NULL
  // moves.
  auto table = std::make_shared<CatalogTable>(*model.table);
  table->settle_keys(true);
  table->choose_key();
  change(TableChange::Kind::Create, name, std::move(before), std::move(table));
}

void Application::apply(const sql::AlterTable& alter) {
  const sql::TableName name = full(alter.name);
  const Definitions::Found found = find(name);
  sql::TableName new_name = name;
  for (const sql::AlterAction& action : alter.actions) {
    if (const auto* rename = std::get_if<sql::RenameTo>(&action)) new_name = full(rename->name);
  }
  if (found.table == nullptr) {
    if (found.is_known && alter.if_exists) return;
    if (new_name != name) move(name, new_name, nullptr);
    return doubt(new_name, nullptr, "the table was not known before");
  }
  const bool converts = std::any_of(
      alter.actions.begin(), alter.actions.end(),
      [](const sql::AlterAction& action) { return std::holds_alternative<sql::ConvertCharset>(action); });
  const TableContext context{
      dialect_, session_.variables,
      converts ? definitions_.database_collation(name.database) : found.table->collation};
  std::string why;
  auto after = std::make_shared<const CatalogTable>(alter_table(*found.table, alter.actions, context, why));
  if (why.empty() && has_texts_of_unknown_charset(*after) && !has_texts_of_unknown_charset(*found.table))
    why = kUnknownCharset;
  if (!why.empty()) {
    if (new_name != name) change(TableChange::Kind::Drop, name, found.table, nullptr);
    return doubt(new_name, found.table, why);
  }
  if (new_name != name) return move(name, new_name, std::move(after));
  change(TableChange::Kind::Alter, name, found.table, std::move(after));
}

void Application::apply(const sql::ConvertPartition& convert) {
  const sql::TableName name = full(convert.name);
  const sql::TableName table = full(convert.table);
  const auto [is_known, partitioned] = find(name);
  if (is_known && partitioned == nullptr && convert.if_exists) return;
  const Definitions::Found found = find(table);
  constexpr std::string_view kWhy = "the table was not known before";
  if (partitioned != nullptr) {
    change(TableChange::Kind::Alter, name, partitioned, partitioned);
  } else {
    doubt(name, nullptr, kWhy);
  }
  if (!convert.makes_table) {
    change(TableChange::Kind::Drop, table, found.table, nullptr);
  } else if (partitioned != nullptr) {
    change(TableChange::Kind::Create, table, found.table, partitioned);
  } else {
    doubt(table, nullptr, kWhy);
  }
}

void Application::apply(const sql::DropTables& drop) {
  for (const sql::TableName& each : drop.names) {
    const sql::TableName name = full(each);
    const Definitions::Found found = find(name);
    if (found.is_known && found.table == nullptr) continue;  // IF EXISTS
    change(TableChange::Kind::Drop, name, found.table, nullptr);
  }
}

void Application::move(const sql::TableName& from, const sql::TableName& to, TablePtr after) {
  const Definitions::Found found = find(from);
  changed_[from] = {true, nullptr};
  if (after == nullptr) after = found.table;
  if (after == nullptr) {
    // Tell that the old name is free, too.
    effect_.tables.push_back({TableChange::Kind::Drop, from, from, nullptr, nullptr});
    return doubt(to, nullptr, fmt::format("{}.{}, renamed to it, was not known", from.database, from.table));
  }
  changed_[to] = {true, after};
  effect_.tables.push_back({TableChange::Kind::Alter, to, from, found.table, std::move(after)});
}

void Application::apply(const sql::RenameTables& rename) {
  for (const sql::RenameTables::Move& each : rename.moves) {
    const Definitions::Found found = find(full(each.from));
    if (rename.if_exists && found.is_known && found.table == nullptr) continue;
    move(full(each.from), full(each.to), nullptr);
  }
}

void Application::apply(const sql::TruncateTable& truncate) {
  const sql::TableName name = full(truncate.name);
  const Definitions::Found found = find(name);
  if (found.table == nullptr) return doubt(name, nullptr, "the table was not known before");
  change(TableChange::Kind::Truncate, name, found.table, found.table);
}

void Application::apply(const sql::SetDatabase& database) {
  const std::string name = keep_case(database.name.empty() ? session_.database : database.name);
  // It may have been there: then it stays what it is.
  if (database.if_not_exists && !definitions_.is_absent(name)) return;
  if (database.or_replace) apply(sql::DropDatabase{name});
  const std::uint16_t server = session_.variables.server_collation;
  // ALTER DATABASE ... DEFAULT means the server's too; what it leaves out stays.
  const bool is_servers =
      database.is_new || database.charset.charset == "default" || database.charset.collation == "default";
  const std::uint16_t fallback = is_servers ? server : definitions_.database_collation(name);
  effect_.databases.push_back(
      {.name = name,
       .collation = resolve_charset(database.charset, fallback, dialect_, session_.variables),
       .is_new = database.is_new});
}

void Application::apply(const sql::DropDatabase& drop) {
  const std::string name = keep_case(drop.name);
  for (const std::string& table : definitions_.tables_of(name)) {
    change(TableChange::Kind::Drop, {name, table}, find({name, table}).table, nullptr);
  }
  effect_.databases.push_back({.name = name, .is_dropped = true});
}

}  // namespace

DdlEffect apply_ddl(std::string_view sql, const DdlSession& session, const SourceDialect& dialect,
                    const Definitions& definitions) {
  return Application(session, dialect, definitions).run(sql);
}

}  // namespace rowtide::schema
