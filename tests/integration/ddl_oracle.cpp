#include "tests/integration/ddl_oracle.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace rowtide::test {
namespace {

using schema::CatalogColumn;
using schema::CatalogKey;
using schema::CatalogTable;

/// Hashes of long keys are those that there may be.
bool is_certain(const std::string& hidden) {
  return !hidden.starts_with("DB_ROW_HASH_");
}

}  // namespace

// Defaults are compared where both sides spell them alike: texts, not expressions.
std::string text_of(const CatalogTable& table) {
  std::string text;
  for (const CatalogColumn& column : table.columns) {
    text += fmt::format(
        "  {} {}{} collation {} members {} {}{}{} generated {} default {} '{}'\n", column.name,
        column.data_type, " " + column.column_type, column.collation, fmt::join(column.members, "|"),
        column.is_nullable ? "NULL" : "NOT NULL", column.is_auto_increment ? " AUTO" : "",
        column.is_invisible ? " INVISIBLE" : "", static_cast<int>(column.generated),
        column.is_default_expression ? "expression" : column.default_value.value_or("none"), column.comment);
  }
  std::vector<std::string> keys;
  std::vector<std::string> others;
  for (const CatalogKey& key : table.keys) {
    // Of other keys the names matter only where a unique one without a name comes to stand beside them; those
    // that foreign keys bring along come and go in the server's own way.
    if (key.kind == CatalogKey::Kind::Other) continue;
    // The order of UNIQUE ones decides which of them tells rows apart; those of expressions never do.
    (key.has_expression || key.kind == CatalogKey::Kind::Primary ? others : keys)
        .push_back(fmt::format("  {} kind {} ({}) prefixes ({}){}", key.name, static_cast<int>(key.kind),
                               fmt::join(key.columns, ","), fmt::join(key.prefixes, ","),
                               key.has_expression ? " expression" : ""));
  }
  std::sort(others.begin(), others.end());
  keys.insert(keys.end(), others.begin(), others.end());
  text += fmt::format("{}\n  key {} collation {} '{}' hidden {}\n", fmt::join(keys, "\n"),
                      fmt::join(table.key_columns, ","), table.collation, table.comment,
                      std::count_if(table.hidden_columns.begin(), table.hidden_columns.end(), is_certain));
  return text;
}

}  // namespace rowtide::test
