#include <fmt/format.h>

#include <sstream>

#include "common/status/try.h"
#include "tracker/precheck/check_list.h"
#include "tracker/sql/quote.h"

namespace rowtide::precheck {
namespace {

struct Cascades {
  std::vector<std::string> found;
  std::size_t not_looked_at = 0;  ///< tables for which there was no time
};

std::string describe_key(const SelectedTable& table, std::string_view name, std::string_view rules) {
  return fmt::format("{}.{}: {} {}", table.database, table.name, name, rules);
}

absl::StatusOr<Cascades> from_information_schema(CheckContext& context,
                                                 const std::vector<SelectedTable>& tables) {
  ASSIGN_OR_RETURN(
      const sql::Result rows,
      context.session().query(
          "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE FROM "
          "information_schema.REFERENTIAL_CONSTRAINTS WHERE DELETE_RULE NOT IN ('RESTRICT', 'NO ACTION') OR "
          "UPDATE_RULE NOT IN ('RESTRICT', 'NO ACTION') ORDER BY CONSTRAINT_SCHEMA, TABLE_NAME, "
          "CONSTRAINT_NAME"));
  ASSIGN_OR_RETURN(const source::ServerInfo* server, context.facts());
  Cascades cascades;
  for (const sql::Row& row : rows.rows) {
    const SelectedTable table{.database = kept_name(row.at(0).value_or(""), *server),
                              .name = kept_name(row.at(1).value_or(""), *server)};
    if (!is_among(tables, table.database, table.name)) continue;
    cascades.found.push_back(describe_key(
        table, row.at(2).value_or(""),
        fmt::format("ON DELETE {} ON UPDATE {}", row.at(3).value_or(""), row.at(4).value_or(""))));
  }
  return cascades;
}

/// The lines of SHOW CREATE TABLE that are foreign keys: "  CONSTRAINT `name` FOREIGN KEY (...) REFERENCES
/// ...
/// (...) ON DELETE CASCADE". Rules that are the default are not written.
void add_from_statement(const SelectedTable& table, const std::string& statement, Cascades& cascades) {
  constexpr std::string_view kBegin = "  CONSTRAINT `";
  std::istringstream lines{statement};
  for (std::string text; std::getline(lines, text);) {
    const std::string_view line = text;
    if (!line.starts_with(kBegin) || line.find(" FOREIGN KEY ") == std::string_view::npos) continue;
    const std::size_t rules = line.find(" ON ", line.rfind(')'));
    if (rules == std::string_view::npos || (line.find("CASCADE", rules) == std::string_view::npos &&
                                            line.find("SET ", rules) == std::string_view::npos))
      continue;
    const std::string_view name = line.substr(kBegin.size(), line.find('`', kBegin.size()) - kBegin.size());
    std::string_view actions = line.substr(rules + 1);
    if (actions.ends_with(',')) actions.remove_suffix(1);
    cascades.found.push_back(describe_key(table, name, actions));
  }
}

/// MariaDB shows foreign keys in information_schema only to who may change the table; its definition it shows
/// to everybody who may read it. Ends when its time is up.
absl::StatusOr<Cascades> from_definitions(CheckContext& context, const std::vector<SelectedTable>& tables) {
  constexpr std::chrono::seconds kTime{3};
  const auto end = CheckContext::Clock::now() + kTime;
  Cascades cascades;
  for (const SelectedTable& table : tables) {
    if (table.is_view) continue;
    if (CheckContext::Clock::now() > end) {
      ++cascades.not_looked_at;
      continue;
    }
    const absl::StatusOr<sql::Result> rows = context.session().query(fmt::format(
        "SHOW CREATE TABLE {}.{}", sql::quote_identifier(table.database), sql::quote_identifier(table.name)));
    if (!rows.ok()) {
      ++cascades.not_looked_at;  // without SELECT, which another check asks for; or dropped meanwhile
      continue;
    }
    if (!rows->rows.empty()) add_from_statement(table, rows->rows[0].at(1).value_or(""), cascades);
  }
  return cascades;
}

absl::StatusOr<Cascades> find_cascades(CheckContext& context) {
  ASSIGN_OR_RETURN(const source::ServerInfo* server, context.facts());
  ASSIGN_OR_RETURN(const std::vector<SelectedTable>* tables, context.tables());
  // MySQL 5.7 opens every table of the server to answer the other question.
  const bool has_dictionary = !server->is_mariadb && server->version >= source::ServerVersion{8, 0, 0};
  return has_dictionary ? from_information_schema(context, *tables) : from_definitions(context, *tables);
}

}  // namespace

/// InnoDB changes rows of the child below the binlog.
CheckItem check_foreign_key_cascades(CheckContext& context) {
  const std::string expected = "no foreign key changes rows of a tracked table by itself";
  const absl::StatusOr<Cascades> cascades = find_cascades(context);
  if (!cascades.ok()) return not_known(cascades.status(), expected);
  const std::string unseen = cascades->not_looked_at == 0
                                 ? ""
                                 : fmt::format(" ({} tables were not looked at)", cascades->not_looked_at);
  if (cascades->found.empty()) return passed(expected + unseen);
  return warning(Finding{
      .reason = "ForeignKeyCascades",
      .observed = join_some(cascades->found, 10, "; ") + unseen,
      .expected = expected,
      .message = "the server changes these tables' rows when their parents change, and does not write it "
                 "to the binlog: only the parent's change is delivered",
      .repair = "change the child's rows by the application or a trigger, and make the key ON DELETE "
                "RESTRICT ON UPDATE RESTRICT; or derive them from the parent's change"});
}

}  // namespace rowtide::precheck
