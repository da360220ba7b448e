#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "common/names/name_case.h"
#include "common/status/try.h"
#include "tracker/precheck/check_list.h"
#include "tracker/sql/quote.h"
#include "tracker/types/charset/charset.h"

namespace rowtide::precheck {
namespace {

/// Collations of the server that this version does not know: of newer servers, or the site's own.
absl::StatusOr<std::vector<std::string>> unknown_collations(CheckContext& context) {
  ASSIGN_OR_RETURN(const sql::Result rows,
                   context.session().query("SELECT COLLATION_NAME, ID FROM information_schema.COLLATIONS "
                                           "WHERE ID IS NOT NULL AND COLLATION_NAME IS NOT NULL"));
  std::vector<std::string> unknown;
  for (const sql::Row& row : rows.rows) {
    std::uint32_t id = 0;
    const bool is_number = absl::SimpleAtoi(row.at(1).value_or(""), &id) && id <= UINT16_MAX;
    if (!is_number || types::find_charset(static_cast<std::uint16_t>(id)) == nullptr)
      unknown.push_back(row.at(0).value_or(""));
  }
  return unknown;
}

/// Rows of it are delivered with this column. No row of a view is in a binlog.
bool is_delivered(const std::vector<SelectedTable>& tables, const task::Objects& objects,
                  const std::string& database, const std::string& table, const std::string& column) {
  const bool is_tracked = std::any_of(tables.begin(), tables.end(), [&](const SelectedTable& each) {
    return !each.is_view && each.database == database && each.name == table;
  });
  const bool is_left_out =
      std::any_of(objects.columns.begin(), objects.columns.end(), [&](const task::ColumnRule& rule) {
        return rule.database == database && rule.table == table && names::holds_name(rule.exclude, column);
      });
  return is_tracked && !is_left_out;
}

absl::StatusOr<std::vector<std::string>> delivered_columns(CheckContext& context,
                                                           const std::vector<std::string>& collations) {
  std::string list;
  for (const std::string& collation : collations)
    list += (list.empty() ? "" : ", ") + sql::quote_literal(collation);
  ASSIGN_OR_RETURN(
      const sql::Result rows,
      context.session().query(fmt::format(
          "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE "
          "COLLATION_NAME IN ({}) ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
          list)));
  ASSIGN_OR_RETURN(const source::ServerInfo* server, context.facts());
  ASSIGN_OR_RETURN(const std::vector<SelectedTable>* tables, context.tables());
  ASSIGN_OR_RETURN(const task::Objects* objects, context.objects());
  std::vector<std::string> columns;
  for (const sql::Row& row : rows.rows) {
    const std::string database = kept_name(row.at(0).value_or(""), *server);
    const std::string name = kept_name(row.at(1).value_or(""), *server);
    const std::string column = row.at(2).value_or("");
    if (!is_delivered(*tables, *objects, database, name, column)) continue;
    columns.push_back(fmt::format("{}.{}.{} ({})", database, name, column, row.at(3).value_or("")));
  }
  return columns;
}

}  // namespace

CheckItem check_charsets(CheckContext& context) {
  const std::string expected = "every text column has a collation that Rowtide knows";
  const absl::StatusOr<std::vector<std::string>> unknown = unknown_collations(context);
  if (!unknown.ok()) return failed(unknown.status(), expected);
  if (unknown->empty()) return passed("all collations of the server are known");
  const absl::StatusOr<std::vector<std::string>> columns = delivered_columns(context, *unknown);
  if (!columns.ok()) return failed(columns.status(), expected);
  if (columns->empty()) return passed("no delivered column has one of " + join_some(*unknown));
  return failed(
      Finding{.reason = "CollationUnknown",
              .observed = join_some(*columns),
              .expected = expected,
              .message = "it is not known how their bytes become text: a change of such a row would "
                         "stop the task",
              .repair = "ALTER TABLE ... MODIFY the columns to a collation of MySQL's or MariaDB's own; "
                        "or leave them out (spec.objects.columns[].exclude); or upgrade Rowtide"});
}

}  // namespace rowtide::precheck
