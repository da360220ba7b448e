#include <fmt/format.h>

#include <algorithm>

#include "tracker/precheck/check_list.h"
#include "tracker/select/table_selector.h"

namespace rowtide::precheck {
namespace {

struct Findings {
  std::vector<std::string> missing;  ///< named, and not there
  std::vector<std::string> unseen;   ///< named, and hidden from the account if it is there at all
  std::vector<std::string> empty;    ///< rules that select nothing (yet)
};

bool has_table(const std::vector<SelectedTable>& tables, const std::string& database,
               const std::string& name) {
  return std::any_of(tables.begin(), tables.end(), [&](const SelectedTable& table) {
    return table.database == database && table.name == name;
  });
}

std::string describe(const task::ObjectRule& rule) {
  std::string text = rule.database ? *rule.database : "databases like " + rule.database_pattern.value_or("");
  if (rule.table_pattern) text += ", tables like " + *rule.table_pattern;
  return text;
}

absl::StatusOr<bool> selects_any(const task::ObjectRule& rule, const std::vector<SelectedTable>& tables) {
  const absl::StatusOr<select::TableSelector> selector =
      select::TableSelector::create(task::Objects{.include = {rule}, .exclude = {}, .columns = {}});
  if (!selector.ok()) return selector.status();
  return std::any_of(tables.begin(), tables.end(),
                     [&](const SelectedTable& table) { return selector->wants(table.database, table.name); });
}

/// A named database or its named tables.
void look_for_named(const task::ObjectRule& rule, const std::vector<std::string>& databases,
                    const std::vector<SelectedTable>& tables, const Grants& grants, Findings& findings) {
  const std::string& database = *rule.database;
  const bool is_there = std::find(databases.begin(), databases.end(), database) != databases.end();
  if (!is_there && rule.tables.empty()) {
    (grants.allows_database("SELECT", database) ? findings.missing : findings.unseen).push_back(database);
  }
  for (const std::string& table : rule.tables) {
    if (has_table(tables, database, table)) continue;
    const bool could_see = grants.allows_table("SELECT", database, table);
    (could_see ? findings.missing : findings.unseen).push_back(database + "." + table);
  }
}

absl::StatusOr<std::vector<std::string>> database_names(CheckContext& context) {
  const absl::StatusOr<sql::Result> rows =
      context.session().query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA");
  if (!rows.ok()) return rows.status();
  std::vector<std::string> names;
  for (const sql::Row& row : rows->rows) names.push_back(row.at(0).value_or(""));
  return names;
}

absl::StatusOr<Findings> look(CheckContext& context) {
  const absl::StatusOr<std::vector<std::string>> databases = database_names(context);
  if (!databases.ok()) return databases.status();
  const absl::StatusOr<const std::vector<SelectedTable>*> tables = context.visible_tables();
  if (!tables.ok()) return tables.status();
  const absl::StatusOr<const Grants*> grants = context.grants();
  if (!grants.ok()) return grants.status();
  Findings findings;
  for (const task::ObjectRule& rule : context.task().spec.objects.include) {
    const std::size_t before = findings.missing.size() + findings.unseen.size();
    if (rule.database) look_for_named(rule, *databases, **tables, **grants, findings);
    if (!rule.tables.empty() || findings.missing.size() + findings.unseen.size() != before) continue;
    const absl::StatusOr<bool> any = selects_any(rule, **tables);
    if (!any.ok()) return any.status();
    if (!*any) findings.empty.push_back(describe(rule));
  }
  return findings;
}

}  // namespace

CheckItem check_objects_exist(CheckContext& context) {
  const std::string expected = "every named database and table exists, every pattern matches something";
  const absl::StatusOr<Findings> findings = look(context);
  if (!findings.ok()) return failed(findings.status(), expected);
  if (!findings->missing.empty()) {
    return failed(
        Finding{.reason = "ObjectsMissing",
                .observed = "not at the source: " + join_some(findings->missing),
                .expected = expected,
                .message = "spec.objects.include names what is not there (names are case-sensitive where the "
                           "source's are)",
                .repair = "create them, or correct spec.objects.include"});
  }
  if (!findings->unseen.empty()) {
    return warning(Finding{.reason = "ObjectsNotVisible",
                           .observed = "not visible to the account: " + join_some(findings->unseen),
                           .expected = expected,
                           .message = "without SELECT on them it cannot be told whether they exist",
                           .repair = "grant what SelectPrivilege asks for"});
  }
  if (!findings->empty.empty()) {
    return warning(
        Finding{.reason = "NothingMatches",
                .observed = "no table that the account can see in: " + join_some(findings->empty),
                .expected = expected,
                .message = "nothing is tracked there until such a table is created",
                .repair = "correct the pattern in spec.objects.include, or GRANT SELECT on the tables"});
  }
  const absl::StatusOr<const std::vector<SelectedTable>*> tables = context.tables();
  if (!tables.ok()) return failed(tables.status(), expected);
  return passed(fmt::format("{} tables and views selected", (*tables)->size()));
}

}  // namespace rowtide::precheck
