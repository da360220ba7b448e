#include "tracker/schema/source_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/status/try.h"
#include "tracker/schema/column_type.h"
#include "tracker/sql/quote.h"

namespace rowtide::schema {
namespace {

constexpr std::uint16_t kBinaryCollation = 63;

std::string where(const std::string& database, const std::string& table) {
  return fmt::format("TABLE_SCHEMA = {} AND TABLE_NAME = {}", sql::quote_literal(database),
                     sql::quote_literal(table));
}

/// NULL reads as empty.
std::string text_of(const sql::Row& row, std::size_t column) {
  return row[column].value_or(std::string());
}

void remember_collations(const sql::Result& result, std::map<std::string, std::uint16_t>& ids) {
  for (const sql::Row& row : result.rows) {
    const std::string number = text_of(row, 1);
    std::uint16_t id = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), id).ec == std::errc()) {
      ids.insert_or_assign(text_of(row, 0), id);
    }
  }
}

/// Names to ids. MariaDB's newer collations are listed without id under their short name; their full names
/// stand in another table, which older servers have without these columns.
absl::StatusOr<std::uint16_t> collation_id(sql::Session& session, std::map<std::string, std::uint16_t>& ids,
                                           const std::string& name) {
  if (ids.empty()) {
    ASSIGN_OR_RETURN(
        sql::Result all,
        session.query("SELECT COLLATION_NAME, ID FROM information_schema.COLLATIONS WHERE ID IS NOT NULL"));
    remember_collations(all, ids);
  }
  if (const auto known = ids.find(name); known != ids.end()) return known->second;
  ASSIGN_OR_RETURN(
      sql::Result full,
      session.query(fmt::format(
          "SELECT FULL_COLLATION_NAME, ID FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY "
          "WHERE FULL_COLLATION_NAME = {}",
          sql::quote_literal(name))));
  remember_collations(full, ids);
  if (const auto known = ids.find(name); known != ids.end()) return known->second;
  return absl::FailedPreconditionError(fmt::format("the source knows no id of its own collation {}", name));
}

/// Columns of the table's keys in rows of (index, column, nullable), in key order, the primary key first: the
/// first key without NULLs.
std::vector<std::uint32_t> best_key(const sql::Result& statistics,
                                    const std::vector<CatalogColumn>& columns) {
  std::vector<std::uint32_t> key;
  for (std::size_t begin = 0, end = 0; begin < statistics.rows.size(); begin = end) {
    bool is_usable = true;
    key.clear();
    for (end = begin; end < statistics.rows.size() && statistics.rows[end][0] == statistics.rows[begin][0];
         ++end) {
      const sql::Row& part = statistics.rows[end];
      const auto column = std::find_if(columns.begin(), columns.end(),
                                       [&](const CatalogColumn& c) { return c.name == text_of(part, 1); });
      // A part without a column is an expression.
      is_usable = is_usable && column != columns.end() && text_of(part, 2) != "YES";
      key.push_back(static_cast<std::uint32_t>(column - columns.begin()));
    }
    if (is_usable) return key;
  }
  return {};
}

absl::StatusOr<CatalogColumn> read_column(const sql::Row& row) {
  CatalogColumn column;
  column.name = text_of(row, 0);
  column.column_type = text_of(row, 1);
  column.data_type = text_of(row, 2);
  column.is_nullable = text_of(row, 3) == "YES";
  ASSIGN_OR_RETURN(ColumnTypeText type, parse_column_type(column.column_type));
  column.is_unsigned = type.is_unsigned;
  column.members = std::move(type.members);
  if (is_binary_type(column.data_type)) column.collation = kBinaryCollation;
  return column;
}

}  // namespace

absl::StatusOr<const CatalogTable*> SourceCatalog::describe(const std::string& database,
                                                            const std::string& table) {
  if (const auto known = tables_.find({database, table}); known != tables_.end()) return &known->second;

  ASSIGN_OR_RETURN(
      sql::Result columns,
      session_->query(fmt::format("SELECT COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, IS_NULLABLE, COLLATION_NAME "
                                  "FROM information_schema.COLUMNS WHERE {} ORDER BY ORDINAL_POSITION",
                                  where(database, table))));
  if (columns.rows.empty()) {
    return absl::NotFoundError(
        fmt::format("table {}.{} is not there (any more), or the account may not see it", database, table));
  }
  CatalogTable described;
  for (const sql::Row& row : columns.rows) {
    absl::StatusOr<CatalogColumn> column = read_column(row);
    if (!column.ok()) {
      return absl::FailedPreconditionError(fmt::format(
          "{}.{}, column {}: {}", database, table, text_of(row, 0), std::string(column.status().message())));
    }
    if (row[4]) {
      ASSIGN_OR_RETURN(std::uint16_t collation, collation_id(*session_, collation_ids_, *row[4]));
      column->collation = collation;
    }
    described.columns.push_back(*std::move(column));
  }

  ASSIGN_OR_RETURN(
      sql::Result keys,
      session_->query(fmt::format(
          "SELECT INDEX_NAME, COLUMN_NAME, NULLABLE FROM information_schema.STATISTICS "
          "WHERE {} AND NON_UNIQUE = 0 ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX",
          where(database, table))));
  described.key_columns = best_key(keys, described.columns);
  return &tables_.insert_or_assign({database, table}, std::move(described)).first->second;
}

void SourceCatalog::forget(const std::string& database, const std::string& table) {
  tables_.erase({database, table});
}

void SourceCatalog::forget_all() {
  tables_.clear();
}

}  // namespace rowtide::schema
