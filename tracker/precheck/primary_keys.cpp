#include <fmt/format.h>

#include <set>
#include <utility>

#include "common/status/try.h"
#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {
namespace {

using Name = std::pair<std::string, std::string>;

/// Tables with a key whose rows it tells apart: a unique index without a nullable column.
absl::StatusOr<std::set<Name>> tables_with_key(CheckContext& context) {
  ASSIGN_OR_RETURN(const std::string condition, context.in_databases());
  ASSIGN_OR_RETURN(
      const sql::Result rows,
      context.session().query(fmt::format(
          "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND {} "
          "GROUP BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME HAVING MAX(NULLABLE = 'YES') = 0",
          condition)));
  ASSIGN_OR_RETURN(const source::ServerInfo* server, context.facts());
  std::set<Name> names;
  for (const sql::Row& row : rows.rows) {
    names.emplace(kept_name(row.at(0).value_or(""), *server), kept_name(row.at(1).value_or(""), *server));
  }
  return names;
}

}  // namespace

CheckItem check_primary_keys(CheckContext& context) {
  const std::string expected = "every tracked table has a primary key";
  const absl::StatusOr<const std::vector<SelectedTable>*> tables = context.tables();
  if (!tables.ok()) return not_known(tables.status(), expected);
  const absl::StatusOr<std::set<Name>> keyed = tables_with_key(context);
  if (!keyed.ok()) return not_known(keyed.status(), expected);
  std::vector<std::string> without;
  for (const SelectedTable& table : **tables) {
    // A sequence can have no key, and has one row.
    if (table.is_view || table.is_sequence || keyed->contains({table.database, table.name})) continue;
    without.push_back(table.database + "." + table.name);
  }
  if (without.empty()) return passed("every tracked table has one, or a unique key without NULLs");
  return warning(Finding{.reason = "TablesWithoutKey",
                         .observed = "without: " + join_some(without),
                         .expected = expected,
                         .message =
                             "their records have no key: consumers cannot tell which row changed, and all of "
                             "such a table's changes go to one partition",
                         .repair = "ALTER TABLE ... ADD PRIMARY KEY (...);"});
}

}  // namespace rowtide::precheck
