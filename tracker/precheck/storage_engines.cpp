#include <fmt/format.h>

#include <algorithm>

#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {

/// Tables whose changes are not all rows in the binlog, or cannot be rolled back.
CheckItem check_storage_engines(CheckContext& context) {
  const std::string expected = "every tracked table is transactional (InnoDB)";
  const absl::StatusOr<const source::ServerInfo*> server = context.facts();
  if (!server.ok()) return not_known(server.status(), expected);
  const absl::StatusOr<const std::vector<SelectedTable>*> tables = context.tables();
  if (!tables.ok()) return not_known(tables.status(), expected);
  const absl::StatusOr<std::string> condition = context.in_databases("t.TABLE_SCHEMA");
  if (!condition.ok()) return not_known(condition.status(), expected);
  const absl::StatusOr<sql::Result> rows = context.session().query(fmt::format(
      "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.ENGINE FROM information_schema.TABLES t LEFT JOIN "
      "information_schema.ENGINES e ON e.ENGINE = t.ENGINE WHERE t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM "
      "VERSIONED', 'SEQUENCE') AND COALESCE(e.TRANSACTIONS, '') <> 'YES' AND {} "
      "ORDER BY t.TABLE_SCHEMA, t.TABLE_NAME",
      *condition));
  if (!rows.ok()) return not_known(rows.status(), expected);
  std::vector<std::string> others;
  bool has_black_hole = false;
  for (const sql::Row& row : rows->rows) {
    const std::string database = kept_name(row.at(0).value_or(""), **server);
    const std::string name = kept_name(row.at(1).value_or(""), **server);
    const std::string engine = row.at(2).value_or("none");
    if (!is_among(**tables, database, name)) continue;
    others.push_back(fmt::format("{}.{} ({})", database, name, engine));
    has_black_hole |= engine == "BLACKHOLE";
  }
  if (others.empty()) return passed(expected);
  return warning(Finding{
      .reason = "TablesNotTransactional",
      .observed = "not transactional: " + join_some(others),
      .expected = expected,
      .message =
          std::string("what a failed or rolled back transaction changed in them stays, and is delivered") +
          (has_black_hole ? "; BLACKHOLE keeps no rows, so that UPDATE and DELETE write none" : ""),
      .repair = "ALTER TABLE ... ENGINE = InnoDB;"});
}

}  // namespace rowtide::precheck
