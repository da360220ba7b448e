#include "tracker/schema/catalog_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/status/try.h"
#include "tracker/schema/column_type.h"
#include "tracker/schema/hidden_columns.h"
#include "tracker/sql/lexer.h"
#include "tracker/sql/names.h"
#include "tracker/sql/quote.h"
#include "tracker/types/charset/charset.h"

namespace rowtide::schema {
namespace {

/// NULL reads as empty.
std::string text_of(const std::optional<std::string>& field) {
  return field.value_or(std::string());
}

std::uint32_t number_of(std::string_view text) {
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// MariaDB quotes texts and shows everything else as an expression; MySQL shows texts as they are.
void read_default(CatalogColumn& column, std::string value, std::string_view extra, bool is_mariadb) {
  const bool is_time = column.data_type == "timestamp" || column.data_type == "datetime";
  const std::string lowered = sql::to_lower(value);
  if (is_time && lowered.starts_with("current_timestamp")) {
    const std::size_t digits = lowered.find_first_of("123456");
    column.default_value = "CURRENT_TIMESTAMP";
    if (digits != std::string::npos) *column.default_value += fmt::format("({})", lowered[digits]);
    column.is_default_expression = true;
  } else if (!is_mariadb) {
    column.default_value = std::move(value);
    column.is_default_expression = extra.find("DEFAULT_GENERATED") != std::string_view::npos;
  } else if (value.starts_with('\'')) {
    column.default_value = sql::Token{sql::TokenKind::Quoted, value}.string_value({});
  } else if (value != "NULL") {
    column.is_default_expression = value.find_first_not_of("0123456789.-+eE") != std::string::npos &&
                                   !value.starts_with("b'") && !value.starts_with("0x");
    column.default_value = std::move(value);
  }
}

/// As the binlog has it: with lower_case_table_names=2 the information schema shows names as they were
/// written.
std::string kept_name(const std::string& name, const SourceDialect& dialect) {
  return dialect.lower_case_names ? sql::to_lower(name) : name;
}

struct Field {
  enum : std::size_t {
    Name = 2,
    Type,
    DataType,
    Nullable,
    Collation,
    Default,
    Extra,
    Comment,
  };
};
constexpr std::string_view kColumns =
    "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, IS_NULLABLE, COLLATION_NAME, "
    "COLUMN_DEFAULT, EXTRA, COLUMN_COMMENT FROM information_schema.COLUMNS WHERE {} "
    "ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION";

absl::StatusOr<CatalogColumn> read_column(const sql::Row& row, const SourceDialect& dialect) {
  CatalogColumn column;
  column.name = text_of(row[Field::Name]);
  column.column_type = text_of(row[Field::Type]);
  // MariaDB's COMPRESSED, which says how a value is stored: DDL statements are read without it, too.
  column.column_type.erase(std::min(column.column_type.find(" /*M!"), column.column_type.size()));
  column.data_type = text_of(row[Field::DataType]);
  column.is_nullable = row[Field::Nullable] == "YES";
  ASSIGN_OR_RETURN(ColumnTypeText type, parse_column_type(column.column_type));
  column.is_unsigned = type.is_unsigned;
  column.members = std::move(type.members);
  if (row[Field::Collation]) {
    column.collation = dialect.collations.find(*row[Field::Collation], {});
  } else if (is_binary_type(column.data_type)) {
    column.collation = types::kBinaryCollation;
  }
  const std::string extra = text_of(row[Field::Extra]);
  const auto has = [&extra](std::string_view word) { return extra.find(word) != std::string::npos; };
  if (row[Field::Default]) read_default(column, *row[Field::Default], extra, dialect.is_mariadb);
  column.is_auto_increment = has("auto_increment");
  column.is_invisible = has("INVISIBLE");
  if (has("VIRTUAL GENERATED")) column.generated = sql::Generated::Virtual;
  if (has("STORED GENERATED")) column.generated = sql::Generated::Stored;
  column.comment = text_of(row[Field::Comment]);
  return column;
}

using Tables = std::map<sql::TableName, CatalogTable>;

absl::Status read_tables(sql::Session& session, const std::string& condition, const SourceDialect& dialect,
                         Tables& tables) {
  ASSIGN_OR_RETURN(sql::Result rows,
                   session.query(fmt::format(
                       "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COLLATION, TABLE_COMMENT, TABLE_TYPE FROM "
                       "information_schema.TABLES WHERE {} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM "
                       "VERSIONED', 'SEQUENCE')",
                       condition)));
  for (const sql::Row& row : rows.rows) {
    CatalogTable& table = tables[{text_of(row[0]), text_of(row[1])}];
    if (row[2]) table.collation = dialect.collations.find(*row[2], {});
    table.comment = text_of(row[3]);
    // Unless its columns say so themselves: read_columns().
    table.is_versioned = row[4] == "SYSTEM VERSIONED";
    if (table.is_versioned) table.hidden_columns = {"row_start", "row_end"};
  }
  return absl::OkStatus();
}

absl::Status read_columns(sql::Session& session, const std::string& condition, const SourceDialect& dialect,
                          Tables& tables) {
  ASSIGN_OR_RETURN(sql::Result rows, session.query(fmt::format(kColumns, condition)));
  Tables::iterator table = tables.end();
  for (const sql::Row& row : rows.rows) {
    if (table == tables.end() || table->first.table != row[1] || table->first.database != row[0]) {
      table = tables.find({text_of(row[0]), text_of(row[1])});
      if (table == tables.end()) continue;  // a view
    }
    absl::StatusOr<CatalogColumn> column = read_column(row, dialect);
    if (!column.ok()) {
      return absl::FailedPreconditionError(fmt::format("{}.{}, column {}: {}", text_of(row[0]),
                                                       text_of(row[1]), text_of(row[Field::Name]),
                                                       std::string(column.status().message())));
    }
    // Declared: GENERATED ALWAYS AS ROW START.
    if (dialect.is_mariadb && column->generated != sql::Generated::No && column->data_type == "timestamp" &&
        !column->is_nullable) {
      table->second.hidden_columns.clear();
    }
    // With show_ipk_info.
    if (!dialect.adds_row_ids || !sql::is_same_name(column->name, kRowId))
      table->second.columns.push_back(*std::move(column));
  }
  return absl::OkStatus();
}

/// A row of STATISTICS.
void read_key_row(const sql::Row& row, CatalogKey& key, bool is_mariadb) {
  if (is_mariadb && key.kind == CatalogKey::Kind::Unique && row[6] == "HASH")
    key.hash = CatalogKey::Hash::Yes;
  if (!row[3]) {
    key.has_expression = true;
    return;
  }
  key.columns.push_back(*row[3]);
  if (row[5]) key.prefixes.resize(key.columns.size());
  if (row[5]) key.prefixes.back() = number_of(*row[5]);
  if (!key.prefixes.empty()) key.prefixes.resize(key.columns.size());
}

/// Which UNIQUE key is the first one is nowhere in information_schema.
absl::Status order_keys(sql::Session& session, const sql::TableName& name, CatalogTable& table) {
  const auto is_unique = [](const CatalogKey& key) { return key.kind == CatalogKey::Kind::Unique; };
  if (std::count_if(table.keys.begin(), table.keys.end(), is_unique) < 2) return absl::OkStatus();
  const absl::StatusOr<sql::Result> rows = session.query(fmt::format(
      "SHOW KEYS FROM {}.{}", sql::quote_identifier(name.database), sql::quote_identifier(name.table)));
  if (absl::IsFailedPrecondition(rows.status())) table.columns.clear();  // dropped since: see read_where()
  if (!rows.ok()) return absl::IsFailedPrecondition(rows.status()) ? absl::OkStatus() : rows.status();
  constexpr std::size_t kKeyName = 2;
  const auto place_of = [&rows](const CatalogKey& key) {
    return std::find_if(rows->rows.begin(), rows->rows.end(),
                        [&key](const sql::Row& row) { return row[kKeyName] == key.name; });
  };
  std::stable_sort(table.keys.begin(), table.keys.end(),
                   [&](const CatalogKey& a, const CatalogKey& b) { return place_of(a) < place_of(b); });
  return absl::OkStatus();
}

absl::Status read_keys(sql::Session& session, const std::string& condition, const SourceDialect& dialect,
                       Tables& tables) {
  ASSIGN_OR_RETURN(
      sql::Result rows,
      session.query(fmt::format(
          "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, COLUMN_NAME, NON_UNIQUE, SUB_PART, INDEX_TYPE FROM "
          "information_schema.STATISTICS WHERE {} ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, "
          "SEQ_IN_INDEX",
          condition)));
  for (const sql::Row& row : rows.rows) {
    const auto table = tables.find({text_of(row[0]), text_of(row[1])});
    if (table == tables.end()) continue;
    std::vector<CatalogKey>& keys = table->second.keys;
    if (keys.empty() || keys.back().name != row[2]) {
      keys.push_back({.name = text_of(row[2]), .columns = {}});
      if (row[4] == "0") keys.back().kind = CatalogKey::Kind::Unique;
      if (row[2] == "PRIMARY") keys.back().kind = CatalogKey::Kind::Primary;
    }
    read_key_row(row, keys.back(), dialect.is_mariadb);
  }
  for (auto& [name, table] : tables) {
    name_hidden_columns(table, dialect);
    if (absl::Status status = order_keys(session, name, table); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<Tables> read_where(sql::Session& session, const std::string& condition,
                                  const SourceDialect& dialect) {
  Tables tables;
  RETURN_IF_ERROR(read_tables(session, condition, dialect, tables));
  RETURN_IF_ERROR(read_columns(session, condition, dialect, tables));
  RETURN_IF_ERROR(read_keys(session, condition, dialect, tables));
  // A table that was made or dropped between the statements is none.
  std::erase_if(tables, [](const auto& entry) { return entry.second.columns.empty(); });
  for (auto& [name, table] : tables) table.choose_key();
  return tables;
}

absl::Status read_collations(sql::Session& session, SourceDialect& dialect) {
  absl::StatusOr<sql::Result> rows = session.query(
      "SELECT COLLATION_NAME, ID, CHARACTER_SET_NAME, IS_DEFAULT FROM information_schema.COLLATIONS WHERE ID "
      "IS NOT NULL AND CHARACTER_SET_NAME IS NOT NULL");
  if (!rows.ok()) return rows.status();
  for (const sql::Row& row : rows->rows) {
    dialect.collations.add(text_of(row[0]), static_cast<std::uint16_t>(number_of(text_of(row[1]))),
                           text_of(row[2]), row[3] == "Yes");
  }
  constexpr std::uint32_t kFirstWithFullNames = 101001;
  if (!dialect.is_mariadb || dialect.version < kFirstWithFullNames) return absl::OkStatus();
  rows = session.query(
      "SELECT FULL_COLLATION_NAME, ID, CHARACTER_SET_NAME, IS_DEFAULT FROM "
      "information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE ID IS NOT NULL");
  if (!rows.ok()) return rows.status();
  for (const sql::Row& row : rows->rows) {
    dialect.collations.add(text_of(row[0]), static_cast<std::uint16_t>(number_of(text_of(row[1]))),
                           text_of(row[2]), row[3] == "Yes");
  }
  return absl::OkStatus();
}

}  // namespace

std::uint32_t version_number(std::string_view text) {
  std::uint32_t version = 0;
  for (unsigned part = 0; part < 3; ++part) {
    const std::size_t dot = text.find('.');
    version = version * 100 + number_of(text);
    text = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  }
  return version;
}

absl::StatusOr<SourceDialect> read_source_dialect(sql::Session& session) {
  absl::StatusOr<sql::Result> rows =
      session.query("SELECT VERSION(), @@lower_case_table_names, @@explicit_defaults_for_timestamp");
  if (!rows.ok()) return rows.status();
  if (rows->rows.size() != 1) return absl::InternalError("the source does not say its version");
  const sql::Row& row = rows->rows.front();
  SourceDialect dialect;
  const std::string version = text_of(row[0]);
  dialect.is_mariadb = version.find("MariaDB") != std::string::npos;
  dialect.version = version_number(version);
  dialect.lower_case_names = row[1] != "0";
  dialect.explicit_defaults_for_timestamp = row[2] == "1";
  // implicit_primary_key, enable_implicit_primary_key: see hidden_columns.h.
  rows = session.query("SHOW VARIABLES LIKE '%implicit\\_primary\\_key'");
  if (!rows.ok()) return rows.status();
  dialect.adds_row_ids = !rows->rows.empty();
  dialect.collations = Collations(dialect.is_mariadb, dialect.version);
  RETURN_IF_ERROR(read_collations(session, dialect));
  return dialect;
}

absl::StatusOr<bool> read_lower_case_names(sql::Session& session) {
  ASSIGN_OR_RETURN(sql::Result rows, session.query("SELECT @@lower_case_table_names"));
  if (rows.rows.size() != 1) return absl::InternalError("the source does not say lower_case_table_names");
  return rows.rows.front().at(0) != "0";
}

absl::StatusOr<std::vector<std::string>> read_databases(sql::Session& session) {
  ASSIGN_OR_RETURN(sql::Result rows, session.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA"));
  std::vector<std::string> names;
  for (const sql::Row& row : rows.rows) names.push_back(text_of(row[0]));
  return names;
}

absl::StatusOr<CatalogSnapshot> read_catalog(sql::Session& session, const SourceDialect& dialect,
                                             std::span<const std::string> databases) {
  CatalogSnapshot snapshot;
  if (databases.empty()) return snapshot;
  std::string list;
  for (const std::string& database : databases) {
    list += list.empty() ? "(" : ", ";
    list += sql::quote_literal(database);
  }
  list += ')';
  ASSIGN_OR_RETURN(sql::Result rows,
                   session.query(fmt::format("SELECT SCHEMA_NAME, DEFAULT_COLLATION_NAME FROM "
                                             "information_schema.SCHEMATA WHERE SCHEMA_NAME IN {}",
                                             list)));
  for (const sql::Row& row : rows.rows) {
    snapshot.databases[kept_name(text_of(row[0]), dialect)] = dialect.collations.find(text_of(row[1]), {});
  }
  ASSIGN_OR_RETURN(Tables tables, read_where(session, fmt::format("TABLE_SCHEMA IN {}", list), dialect));
  for (auto& [name, table] : tables) {
    snapshot.tables.emplace(sql::TableName{kept_name(name.database, dialect), kept_name(name.table, dialect)},
                            std::make_shared<const CatalogTable>(std::move(table)));
  }
  return snapshot;
}

absl::StatusOr<TablePtr> read_table(sql::Session& session, const SourceDialect& dialect,
                                    const sql::TableName& name) {
  ASSIGN_OR_RETURN(Tables tables,
                   read_where(session,
                              fmt::format("TABLE_SCHEMA = {} AND TABLE_NAME = {}",
                                          sql::quote_literal(name.database), sql::quote_literal(name.table)),
                              dialect));
  if (tables.empty()) {
    return absl::NotFoundError(fmt::format(
        "table {}.{} is not there (any more), or the account may not see it", name.database, name.table));
  }
  return std::make_shared<const CatalogTable>(std::move(tables.begin()->second));
}

}  // namespace rowtide::schema
