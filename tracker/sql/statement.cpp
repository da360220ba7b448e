#include "tracker/sql/statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <optional>

#include "tracker/sql/database_option.h"
#include "tracker/sql/lexer.h"

namespace rowtide::sql {
namespace {

/// Reads one statement's head into a Statement. One member function a verb.
class Classifier {
 public:
  Classifier(Lexer lexer, std::string_view database, bool uses_temporary_table)
      : lexer_(lexer), database_(database), uses_temporary_table_(uses_temporary_table) {}

  Statement classify();

 private:
  struct Object {
    Token keyword;  ///< TABLE, VIEW, INDEX, ...
    bool is_temporary = false;
    bool or_replace = false;
  };

  Statement create_or_alter(DdlVerb verb);
  Statement drop();
  Statement rename();
  Statement truncate();
  Statement insert();
  Statement update();
  Statement delete_from();
  Statement load();
  Statement set();
  Statement rollback();
  Statement savepoint(SavepointVerb verb);
  Statement xa();

  Object object_keyword();
  bool skip_if_exists();
  std::optional<StatementTable> table_name();
  void add_table(Statement& statement);
  static void add(StatementTable table, Statement& statement);
  void add_tables(Statement& statement);
  template <typename Call>
  void for_each_reference(std::string_view end, Call call);
  void replace_aliases(Statement& statement);
  void add_table_after(std::string_view word, Statement& statement);
  void add_database(Statement& statement);
  void add_database_of_routine(Statement& statement);
  void add_table_of_convert(Statement& statement);
  void add_tables_of_alter(Statement& statement);
  void skip_dml_modifiers();
  bool skip_past(std::string_view word);
  void find_end_of_create(Statement& statement);

  Lexer lexer_;
  std::string_view database_;
  bool uses_temporary_table_;
};

bool is_dml_modifier(const Token& token) {
  return token.is_any({"LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK", "IGNORE"});
}

Statement of_kind(StatementKind kind) {
  Statement statement;
  statement.kind = kind;
  return statement;
}

Statement of_ddl(DdlVerb verb, DdlObject object) {
  Statement statement;
  statement.kind = StatementKind::Ddl;
  statement.verb = verb;
  statement.object = object;
  return statement;
}

DdlObject ddl_object(const Token& keyword) {
  if (keyword.is_any({"TABLE", "TABLES"})) return DdlObject::Table;
  return keyword.is("INDEX") ? DdlObject::Index : DdlObject::Other;
}

/// Verbs whose first word decides.
struct Verb {
  std::string_view word;
  StatementKind kind;
};
constexpr Verb kSimpleVerbs[] = {
    {"BEGIN", StatementKind::Begin},
    {"START", StatementKind::Begin},
    {"COMMIT", StatementKind::Commit},
    {"RELEASE", StatementKind::Savepoint},
    {"CALL", StatementKind::Dml},
    {"WITH", StatementKind::Dml},
    {"SELECT", StatementKind::Dml},
    {"DO", StatementKind::Dml},
    {"GRANT", StatementKind::Administrative},
    {"REVOKE", StatementKind::Administrative},
    {"ANALYZE", StatementKind::Administrative},
    {"OPTIMIZE", StatementKind::Administrative},
    {"REPAIR", StatementKind::Administrative},
    {"CHECK", StatementKind::Administrative},
    {"CHECKSUM", StatementKind::Administrative},
    {"FLUSH", StatementKind::Administrative},
    {"RESET", StatementKind::Administrative},
    {"KILL", StatementKind::Administrative},
    {"INSTALL", StatementKind::Administrative},
    {"UNINSTALL", StatementKind::Administrative},
    {"CHANGE", StatementKind::Administrative},
    {"PURGE", StatementKind::Administrative},
    {"SHUTDOWN", StatementKind::Administrative},
    {"RESTART", StatementKind::Administrative},
    {"LOCK", StatementKind::Administrative},
    {"UNLOCK", StatementKind::Administrative},
    {"USE", StatementKind::Administrative},
    {"CACHE", StatementKind::Administrative},
    {"PREPARE", StatementKind::Administrative},
    {"DEALLOCATE", StatementKind::Administrative},
};

Statement Classifier::classify() {
  const Token verb = lexer_.next();
  const auto* const simple = std::find_if(std::begin(kSimpleVerbs), std::end(kSimpleVerbs),
                                          [&verb](const Verb& entry) { return verb.is(entry.word); });
  if (simple != std::end(kSimpleVerbs)) return of_kind(simple->kind);
  if (verb.is("SAVEPOINT")) return savepoint(SavepointVerb::Set);
  if (verb.is("XA")) return xa();
  if (verb.is("CREATE")) return create_or_alter(DdlVerb::Create);
  if (verb.is("ALTER")) return create_or_alter(DdlVerb::Alter);
  if (verb.is("DROP")) return drop();
  if (verb.is("RENAME")) return rename();
  if (verb.is("TRUNCATE")) return truncate();
  if (verb.is("INSERT") || verb.is("REPLACE")) return insert();
  if (verb.is("UPDATE")) return update();
  if (verb.is("DELETE")) return delete_from();
  if (verb.is("LOAD")) return load();
  if (verb.is("SET")) return set();
  if (verb.is("ROLLBACK")) return rollback();
  return of_kind(StatementKind::Unknown);
}

Statement Classifier::rollback() {
  lexer_.take("WORK");
  return lexer_.take("TO") ? savepoint(SavepointVerb::RollBackTo) : of_kind(StatementKind::Rollback);
}

Statement Classifier::savepoint(SavepointVerb verb) {
  Statement statement = of_kind(StatementKind::Savepoint);
  statement.savepoint = read_savepoint(verb, lexer_);
  return statement;
}

Statement Classifier::xa() {
  Statement statement = of_kind(StatementKind::Xa);
  statement.xa = read_xa_statement(lexer_);
  return statement;
}

/// MariaDB: SET STATEMENT variable = value, ... FOR statement.
Statement Classifier::set() {
  if (lexer_.take("STATEMENT") && skip_past("FOR")) return classify();
  return of_kind(StatementKind::Administrative);
}

/// Goes to the word that says what kind of object it is, past OR REPLACE, DEFINER = ..., UNIQUE, ALGORITHM =
/// ... and so on.
Classifier::Object Classifier::object_keyword() {
  Object object;
  while (true) {
    object.keyword = lexer_.next();
    const Token& word = object.keyword;
    if (word.kind == TokenKind::End) return object;
    if (word.is("TEMPORARY")) object.is_temporary = true;
    if (word.is("REPLACE")) object.or_replace = true;
    if (word.is_symbol('=') || word.is_symbol('@')) {
      lexer_.next();  // a value: DEFINER = event@localhost
    } else if (word.is_any({"TABLE",     "TABLES",    "VIEW",     "INDEX",      "DATABASE", "SCHEMA",
                            "TRIGGER",   "PROCEDURE", "FUNCTION", "EVENT",      "SEQUENCE", "PACKAGE",
                            "USER",      "ROLE",      "SERVER",   "TABLESPACE", "LOGFILE",  "INSTANCE",
                            "REFERENCE", "RESOURCE",  "PREPARE",  "LIBRARY"})) {
      return object;
    }
  }
}

Statement Classifier::create_or_alter(DdlVerb verb) {
  const auto [keyword, is_temporary, or_replace] = object_keyword();
  Statement statement = of_ddl(verb, ddl_object(keyword));
  statement.is_temporary = is_temporary;
  if (keyword.is("TABLE") && verb == DdlVerb::Alter) {
    statement.may_be_temporary = uses_temporary_table_;
    add_tables_of_alter(statement);
  } else if (keyword.is_any({"TABLE", "VIEW", "SEQUENCE"})) {
    const bool if_not_exists = skip_if_exists();
    add_table(statement);
    if (keyword.is("TABLE")) {
      statement.makes_new_table = !if_not_exists && !or_replace;
      find_end_of_create(statement);
    }
  } else if (keyword.is_any({"INDEX", "TRIGGER"})) {
    statement.may_be_temporary = uses_temporary_table_ && keyword.is("INDEX");
    add_table_after("ON", statement);
  } else if (keyword.is_any({"DATABASE", "SCHEMA"})) {
    add_database(statement);
  } else if (keyword.is_any({"PROCEDURE", "FUNCTION", "EVENT", "PACKAGE"})) {
    add_database_of_routine(statement);
  } else {
    statement.kind = keyword.kind == TokenKind::End ? StatementKind::Unknown : StatementKind::Administrative;
  }
  return statement;
}

Statement Classifier::drop() {
  const auto [keyword, is_temporary, or_replace] = object_keyword();
  Statement statement = of_ddl(DdlVerb::Drop, ddl_object(keyword));
  statement.is_temporary = is_temporary;
  if (keyword.is_any({"TABLE", "TABLES", "VIEW", "SEQUENCE"})) {
    skip_if_exists();
    add_tables(statement);
  } else if (keyword.is("INDEX")) {
    statement.may_be_temporary = uses_temporary_table_;
    add_table_after("ON", statement);
  } else if (keyword.is_any({"DATABASE", "SCHEMA"})) {
    add_database(statement);
  } else if (keyword.is_any({"TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE"})) {
    add_database_of_routine(statement);
  } else {
    statement.kind = keyword.kind == TokenKind::End ? StatementKind::Unknown : StatementKind::Administrative;
  }
  return statement;
}

/// RENAME TABLE a TO b, b TO c: all of them, each once.
Statement Classifier::rename() {
  if (!lexer_.take("TABLE") && !lexer_.take("TABLES")) return of_kind(StatementKind::Administrative);
  Statement statement = of_ddl(DdlVerb::Rename, DdlObject::Table);
  skip_if_exists();
  do {
    add_table(statement);
    // MariaDB: WAIT n, NOWAIT after the name.
    while (lexer_.peek().kind != TokenKind::End && !lexer_.peek().is_symbol(',') && !lexer_.peek().is("TO"))
      lexer_.next();
    if (lexer_.take("TO")) add_table(statement);
  } while (lexer_.take_symbol(','));
  return statement;
}

Statement Classifier::truncate() {
  Statement statement = of_ddl(DdlVerb::Truncate, DdlObject::Table);
  statement.may_be_temporary = uses_temporary_table_;
  lexer_.take("TABLE");
  add_table(statement);
  return statement;
}

/// Table references up to the word `end`: a name stands at the front, after a comma and after JOIN.
template <typename Call>
void Classifier::for_each_reference(std::string_view end, Call call) {
  bool name_follows = true;
  while (true) {
    const Token token = lexer_.peek();
    if (token.kind == TokenKind::End || token.is(end)) return;
    if (name_follows && token.is_name()) {
      if (const std::optional<StatementTable> table = table_name()) call(*table);
      name_follows = false;
      continue;
    }
    name_follows = token.is_symbol(',') || token.is_symbol('(') || token.is_any({"JOIN", "STRAIGHT_JOIN"});
    lexer_.next();
  }
}

Statement Classifier::insert() {
  Statement statement = of_kind(StatementKind::Dml);
  skip_dml_modifiers();
  lexer_.take("INTO");
  add_table(statement);
  return statement;
}

Statement Classifier::update() {
  Statement statement = of_kind(StatementKind::Dml);
  skip_dml_modifiers();
  for_each_reference("SET", [&](const StatementTable& table) { add(table, statement); });
  return statement;
}

/// DELETE FROM t ...; of several tables, which may be named by the aliases that the references give them:
/// DELETE t, u FROM references ..., DELETE FROM t, u USING references ...
Statement Classifier::delete_from() {
  Statement statement = of_kind(StatementKind::Dml);
  skip_dml_modifiers();
  const bool is_from_first = lexer_.take("FROM");
  add_tables(statement);
  if (lexer_.take(is_from_first ? "USING" : "FROM")) replace_aliases(statement);
  return statement;
}

/// By what the references that follow call so.
void Classifier::replace_aliases(Statement& statement) {
  for_each_reference("WHERE", [&](const StatementTable& table) {
    lexer_.take("AS");
    if (!lexer_.peek().is_name()) return;
    const StatementTable alias{std::string(database_), lexer_.peek().unquoted()};
    std::replace(statement.tables.begin(), statement.tables.end(), alias, table);
  });
}

Statement Classifier::load() {
  if (!lexer_.take("DATA") && !lexer_.take("XML")) return of_kind(StatementKind::Administrative);
  Statement statement = of_kind(StatementKind::Dml);
  if (skip_past("INTO") && lexer_.take("TABLE")) add_table(statement);
  return statement;
}

void Classifier::skip_dml_modifiers() {
  while (is_dml_modifier(lexer_.peek())) lexer_.next();
}

bool Classifier::skip_past(std::string_view word) {
  while (true) {
    const Token token = lexer_.next();
    if (token.is(word)) return true;
    if (token.kind == TokenKind::End) return false;
  }
}

/// What stands after the name of a new table, its columns and options: SELECT (MySQL 8 also TABLE and
/// VALUES), which may be all that stands in brackets there, or START TRANSACTION.
void Classifier::find_end_of_create(Statement& statement) {
  int depth = 0;
  for (bool is_alone = true;;) {
    const Token token = lexer_.next();
    if (token.kind == TokenKind::End) return;
    const bool is_values = token.is("VALUES") && lexer_.peek().is("ROW");  // not those of partitions
    if ((is_values || token.is_any({"SELECT", "TABLE"})) && (depth == 0 || is_alone)) {
      statement.writes_rows = true;
      return;
    }
    if (token.is("START") && depth == 0 && lexer_.take("TRANSACTION")) statement.starts_transaction = true;
    if (token.is_symbol('(')) ++depth;
    if (token.is_symbol(')')) --depth;
    is_alone = is_alone && (token.is_symbol('(') || token.is("AS"));
  }
}

bool Classifier::skip_if_exists() {
  if (!lexer_.take("IF")) return false;
  lexer_.take("NOT");
  lexer_.take("EXISTS");
  return true;
}

std::optional<StatementTable> Classifier::table_name() {
  if (!lexer_.peek().is_name()) return std::nullopt;
  std::string first = lexer_.next().unquoted();
  if (!lexer_.take_symbol('.')) return StatementTable{std::string(database_), std::move(first)};
  if (!lexer_.peek().is_name()) return std::nullopt;
  return StatementTable{std::move(first), lexer_.next().unquoted()};
}

void Classifier::add_table(Statement& statement) {
  if (std::optional<StatementTable> table = table_name()) add(*std::move(table), statement);
}

void Classifier::add(StatementTable table, Statement& statement) {
  const auto& tables = statement.tables;
  if (std::find(tables.begin(), tables.end(), table) == tables.end())
    statement.tables.push_back(std::move(table));
}

void Classifier::add_tables(Statement& statement) {
  do {
    add_table(statement);
    if (lexer_.take_symbol('.')) lexer_.take_symbol('*');  // DELETE t.* FROM
  } while (lexer_.take_symbol(','));
}

void Classifier::add_table_after(std::string_view word, Statement& statement) {
  if (skip_past(word)) add_table(statement);
}

void Classifier::add_database(Statement& statement) {
  skip_if_exists();
  const bool is_option = statement.verb == DdlVerb::Alter && begins_database_option(lexer_);
  if (lexer_.peek().is_name() && !is_option) {
    statement.tables.push_back({lexer_.next().unquoted(), {}});
  } else if (!database_.empty()) {
    statement.tables.push_back({std::string(database_), {}});
  }
}

void Classifier::add_database_of_routine(Statement& statement) {
  lexer_.take("BODY");
  skip_if_exists();
  const std::optional<StatementTable> routine = table_name();
  if (routine && !routine->database.empty()) statement.tables.push_back({routine->database, {}});
}

/// MariaDB: CONVERT PARTITION p TO TABLE n, CONVERT TABLE n TO PARTITION p.
void Classifier::add_table_of_convert(Statement& statement) {
  if (lexer_.take("PARTITION")) {
    lexer_.next();
    lexer_.take("TO");
  }
  if (lexer_.take("TABLE")) add_table(statement);
}

/// The table, its new name (RENAME TO), the one that it exchanges a partition with, and the one that is, or
/// was, a partition.
void Classifier::add_tables_of_alter(Statement& statement) {
  skip_if_exists();
  add_table(statement);
  int depth = 0;
  while (true) {
    const Token token = lexer_.next();
    if (token.kind == TokenKind::End) return;
    if (token.is_symbol('(')) ++depth;
    if (token.is_symbol(')')) --depth;
    if (depth != 0) continue;
    if (token.is("WITH") && lexer_.take("TABLE")) {
      add_table(statement);
    } else if (token.is("CONVERT")) {
      add_table_of_convert(statement);
    } else if (token.is("RENAME") && !lexer_.peek().is_any({"COLUMN", "INDEX", "KEY"})) {
      if (!lexer_.take("TO") && !lexer_.take("AS")) lexer_.take_symbol('=');
      add_table(statement);
    }
  }
}

/// What MySQL writes, in any binlog_format, when it first opens a MEMORY table after a restart
/// (open_table_entry_fini(), sql/sql_base.cc). MariaDB and MySQL from 8.0.22 on write TRUNCATE TABLE.
bool empties_memory_table(const Statement& statement, std::string_view sql) {
  return statement.tables.size() == 1 &&
         sql == fmt::format("DELETE FROM `{}`.`{}`", statement.tables[0].database, statement.tables[0].table);
}

}  // namespace

Statement classify_statement(std::string_view sql, std::string_view default_database,
                             bool uses_temporary_table) {
  Statement statement = Classifier(Lexer(sql), default_database, uses_temporary_table).classify();
  if (statement.kind == StatementKind::Dml && empties_memory_table(statement, sql)) {
    statement.kind = StatementKind::Ddl;
    statement.verb = DdlVerb::Truncate;
    statement.object = DdlObject::Table;
  }
  return statement;
}

}  // namespace rowtide::sql
