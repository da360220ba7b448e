#include "tracker/sql/ddl_parser.h"

#include <fmt/format.h>

#include <utility>

#include "tracker/sql/ddl_alter.h"
#include "tracker/sql/sql_mode.h"

namespace rowtide::sql {
namespace {

/// MariaDB keeps a sequence in a table of one row and these columns, as its SHOW CREATE TABLE prints them
/// (MariaDB sql/sql_sequence.cc, sequence_structure()). The row is logged anew with each run of cached
/// values.
constexpr std::string_view kSequenceColumns =
    "CREATE TABLE sequence (`next_not_cached_value` bigint(21) NOT NULL, `minimum_value` bigint(21) NOT "
    "NULL, `maximum_value` bigint(21) NOT NULL, `start_value` bigint(21) NOT NULL COMMENT 'start value "
    "when sequences is created or value if RESTART is used', `increment` bigint(21) NOT NULL COMMENT "
    "'increment value', `cache_size` bigint(21) unsigned NOT NULL, `cycle_option` tinyint(1) unsigned NOT "
    "NULL COMMENT '0 if no cycles are allowed, 1 if the sequence should begin a new cycle when "
    "maximum_value is passed', `cycle_count` bigint(21) NOT NULL COMMENT 'How many cycles have been done')";

/// Reads one statement. One member function a verb.
class Parser {
 public:
  Parser(std::string_view sql, Dialect dialect, std::uint64_t sql_mode) : reader_(sql, dialect, sql_mode) {}

  DdlStatement statement();
  [[nodiscard]] const DdlReader& reader() const { return reader_; }

 private:
  DdlStatement set_statement();
  DdlStatement create();
  DdlStatement create_table(bool or_replace);
  DdlStatement create_sequence(bool or_replace);
  DdlStatement create_index(bool or_replace);
  DdlStatement alter();
  DdlStatement convert_partition(const AlterTable& alter);
  DdlStatement alter_sequence();
  DdlStatement drop();
  DdlStatement rename();
  DdlStatement truncate();
  DdlStatement database(bool is_new, bool or_replace);
  void create_body(CreateTable& create);
  void create_like(CreateTable& create);
  void create_tail(CreateTable& create);
  void add_column(CreateTable& create);
  void skip_wait();
  void expect_end();

  DdlReader reader_;
};

DdlStatement Parser::statement() {
  if (reader_.take("CREATE")) return create();
  if (reader_.take("ALTER")) return alter();
  if (reader_.take("DROP")) return drop();
  if (reader_.take("RENAME")) return rename();
  if (reader_.take("TRUNCATE") || reader_.take({"DELETE", "FROM"})) return truncate();
  if (reader_.take({"SET", "STATEMENT"})) return set_statement();
  reader_.fail("a DDL statement");
  return OtherDdl{};
}

/// MariaDB: SET STATEMENT variable = value, ... FOR statement.
DdlStatement Parser::set_statement() {
  while (!reader_.at_end() && !reader_.is("FOR")) reader_.next();
  reader_.expect("FOR");
  return statement();
}

void Parser::skip_wait() {
  if (reader_.take("WAIT")) reader_.next();
  reader_.take("NOWAIT");
}

void Parser::expect_end() {
  while (reader_.take_symbol(';')) {
  }
  if (!reader_.at_end()) reader_.fail("the end of the statement");
}

DdlStatement Parser::create() {
  const bool or_replace = reader_.take({"OR", "REPLACE"});
  if (reader_.is("TEMPORARY")) return OtherDdl{};
  reader_.take_any({"ONLINE", "OFFLINE"});
  if (reader_.take("TABLE")) return create_table(or_replace);
  if (reader_.take_any({"DATABASE", "SCHEMA"})) return database(true, or_replace);
  if (reader_.is_any({"INDEX", "UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR"})) return create_index(or_replace);
  if (reader_.take("SEQUENCE")) return create_sequence(or_replace);
  return OtherDdl{};
}

DdlStatement Parser::create_table(bool or_replace) {
  CreateTable create;
  create.or_replace = or_replace;
  create.if_not_exists = reader_.if_not_exists();
  create.name = reader_.table_name();
  if (reader_.is("LIKE")) {
    create_like(create);
  } else if (reader_.take_symbol('(')) {
    if (reader_.is("LIKE")) {
      create_like(create);
      reader_.expect_symbol(')');
    } else {
      create_body(create);
      create_tail(create);
    }
  } else {
    reader_.fail("the columns of the table");
  }
  expect_end();
  return create;
}

void Parser::create_like(CreateTable& create) {
  reader_.expect("LIKE");
  create.like = reader_.table_name();
}

void Parser::create_body(CreateTable& create) {
  do {
    if (is_key(reader_)) {
      if (std::optional<KeySpec> key = read_key(reader_)) create.keys.push_back(*std::move(key));
    } else if (reader_.take({"PERIOD", "FOR"})) {
      create.period = read_period(reader_);
    } else {
      add_column(create);
    }
  } while (reader_.take_symbol(','));
  reader_.expect_symbol(')');
}

void Parser::add_column(CreateTable& create) {
  ColumnSpec column = read_column(reader_, false);
  if (column.is_primary) create.keys.push_back({KeySpec::Kind::Primary, {}, {column.name}});
  if (column.is_unique) create.keys.push_back({KeySpec::Kind::Unique, {}, {column.name}});
  create.is_versioned |= column.is_versioned;
  create.columns.push_back(std::move(column));
}

/// Options and partitions. A SELECT here means that the table has columns which nobody names: not understood.
void Parser::create_tail(CreateTable& create) {
  while (read_table_option(reader_, create.options, create.is_versioned)) reader_.take_symbol(',');
  if (!reader_.take({"PARTITION", "BY"})) return;
  while (!reader_.at_end() && !reader_.is_any({"SELECT", "AS"})) {
    if (reader_.is_symbol('(')) {
      reader_.skip_brackets();
    } else {
      reader_.next();
    }
  }
}

DdlStatement Parser::create_sequence(bool or_replace) {
  CreateTable create = std::get<CreateTable>(Parser(kSequenceColumns, {}, 0).statement());
  create.or_replace = or_replace;
  create.if_not_exists = reader_.if_not_exists();
  create.name = reader_.table_name();
  if (reader_.is("AS")) reader_.fail("a sequence of BIGINT");  // MariaDB 11.5: the columns have that type
  return create;
}

DdlStatement Parser::create_index(bool or_replace) {
  AlterTable alter;
  KeySpec key;
  if (reader_.take("UNIQUE")) key.kind = KeySpec::Kind::Unique;
  reader_.take_any({"FULLTEXT", "SPATIAL", "VECTOR"});
  reader_.expect("INDEX");
  key.if_not_exists = reader_.if_not_exists();
  key.name = reader_.name();
  read_index_type(reader_, key);
  reader_.expect("ON");
  alter.name = reader_.table_name();
  read_key_parts(reader_, key);
  if (or_replace) alter.actions.emplace_back(DropKey{key.name});
  alter.actions.emplace_back(AddKey{std::move(key)});
  expect_end();
  return alter;
}

DdlStatement Parser::alter() {
  while (reader_.take_any({"ONLINE", "OFFLINE", "IGNORE"})) {
  }
  if (reader_.take_any({"DATABASE", "SCHEMA"})) return database(false, false);
  if (reader_.is("SEQUENCE")) return alter_sequence();
  if (!reader_.take("TABLE")) return OtherDdl{};
  AlterTable alter;
  alter.if_exists = reader_.if_exists();
  alter.name = reader_.table_name();
  skip_wait();
  if (reader_.is("CONVERT") && !reader_.are({"CONVERT", "TO"})) return convert_partition(alter);
  while (reader_.take_symbol(';')) {
  }
  read_alter_actions(reader_, alter.actions);
  return alter;
}

/// MariaDB: CONVERT PARTITION p TO TABLE n, CONVERT TABLE n TO PARTITION p ..., which stand alone.
DdlStatement Parser::convert_partition(const AlterTable& alter) {
  ConvertPartition convert{.name = alter.name, .table = {}, .if_exists = alter.if_exists};
  reader_.expect("CONVERT");
  if (reader_.take("PARTITION")) {
    convert.makes_table = true;
    reader_.name();
    reader_.expect("TO");
  }
  reader_.expect("TABLE");
  convert.table = reader_.table_name();
  if (convert.makes_table) {
    expect_end();
  } else if (!reader_.are({"TO", "PARTITION"})) {
    reader_.fail("TO PARTITION");
  }
  return convert;
}

/// Its values change, and since MariaDB 11.5 (AS) perhaps the type of its columns.
DdlStatement Parser::alter_sequence() {
  while (!reader_.at_end()) {
    if (reader_.is("AS")) reader_.fail("a sequence of BIGINT");
    reader_.next();
  }
  return OtherDdl{};
}

DdlStatement Parser::drop() {
  if (reader_.is("TEMPORARY")) return OtherDdl{};
  if (reader_.take_any({"DATABASE", "SCHEMA"})) {
    reader_.if_exists();
    return DropDatabase{reader_.name()};
  }
  reader_.take_any({"ONLINE", "OFFLINE"});
  if (reader_.take("INDEX")) {
    AlterTable alter;
    reader_.if_exists();
    alter.actions.emplace_back(DropKey{reader_.name()});
    reader_.expect("ON");
    alter.name = reader_.table_name();
    skip_wait();
    KeySpec options;
    read_key_options(reader_, options);
    expect_end();
    return alter;
  }
  if (!reader_.take_any({"TABLE", "TABLES", "SEQUENCE"})) return OtherDdl{};
  DropTables drop;
  reader_.if_exists();
  do {
    drop.names.push_back(reader_.table_name());
  } while (reader_.take_symbol(','));
  skip_wait();
  reader_.take_any({"RESTRICT", "CASCADE"});
  expect_end();
  return drop;
}

DdlStatement Parser::rename() {
  if (!reader_.take_any({"TABLE", "TABLES"})) return OtherDdl{};
  RenameTables rename;
  rename.if_exists = reader_.if_exists();
  do {
    TableName from = reader_.table_name();
    skip_wait();
    reader_.expect("TO");
    rename.moves.push_back({std::move(from), reader_.table_name()});
  } while (reader_.take_symbol(','));
  expect_end();
  return rename;
}

DdlStatement Parser::truncate() {
  reader_.take("TABLE");
  TruncateTable truncate{reader_.table_name()};
  skip_wait();
  expect_end();
  return truncate;
}

DdlStatement Parser::database(bool is_new, bool or_replace) {
  SetDatabase database{.name = {}, .is_new = is_new, .or_replace = or_replace, .charset = {}};
  if (is_new) database.if_not_exists = reader_.if_not_exists();
  if (is_new || !reader_.is_database_option()) database.name = reader_.name();
  while (!reader_.at_end() && !reader_.is_symbol(';')) {
    if (read_charset(reader_, database.charset)) continue;
    // ENCRYPTION, READ ONLY, COMMENT and so on say nothing of tables.
    reader_.next();
  }
  expect_end();
  return database;
}

}  // namespace

absl::StatusOr<DdlStatement> parse_ddl(std::string_view sql, Dialect dialect, std::uint64_t sql_mode) {
  dialect.has_ansi_quotes = (sql_mode & kSqlModeAnsiQuotes) != 0;
  dialect.has_backslash_escapes = (sql_mode & kSqlModeNoBackslashEscapes) == 0;
  Parser parser(sql, dialect, sql_mode);
  DdlStatement statement = parser.statement();
  if (parser.reader().failed()) {
    return absl::UnimplementedError(
        fmt::format("the DDL statement is not understood: {}", parser.reader().error()));
  }
  return statement;
}

}  // namespace rowtide::sql
