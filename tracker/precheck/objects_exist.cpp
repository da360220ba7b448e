#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "common/names/name_case.h"
#include "common/status/try.h"
#include "tracker/precheck/check_list.h"
#include "tracker/select/table_selector.h"
#include "tracker/sql/quote.h"

namespace rowtide::precheck {
namespace {

struct Findings {
  std::vector<std::string> missing;  ///< named, and not there
  std::vector<std::string> unseen;   ///< named, and hidden from the account if it is there at all
  std::vector<std::string> empty;    ///< rules that select nothing (yet)
  std::vector<std::string> idle;     ///< of exclude and columns: rules that match nothing
};

std::string describe(const task::ObjectRule& rule) {
  std::string text = rule.database ? *rule.database : "databases like " + rule.database_pattern.value_or("");
  if (rule.table_pattern) text += ", tables like " + *rule.table_pattern;
  return text;
}

absl::StatusOr<bool> selects_any(const task::ObjectRule& rule, const std::vector<SelectedTable>& tables,
                                 const source::ServerInfo& server) {
  ASSIGN_OR_RETURN(
      const select::TableSelector selector,
      select::TableSelector::create(task::Objects{.include = {rule}, .exclude = {}, .columns = {}}, {},
                                    server.lower_case_names));
  return std::any_of(tables.begin(), tables.end(),
                     [&](const SelectedTable& table) { return selector.wants(table.database, table.name); });
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
    if (is_among(tables, database, table)) continue;
    const bool could_see = grants.allows_table("SELECT", database, table);
    (could_see ? findings.missing : findings.unseen).push_back(database + "." + table);
  }
}

absl::Status look_for_excluded(const task::ObjectRule& rule, const std::vector<SelectedTable>& tables,
                               const source::ServerInfo& server, Findings& findings) {
  for (const std::string& table : rule.tables) {
    task::ObjectRule one = rule;
    one.tables = {table};
    ASSIGN_OR_RETURN(const bool any, selects_any(one, tables, server));
    if (!any) findings.idle.push_back(fmt::format("exclude {}.{}", describe(rule), table));
  }
  if (!rule.tables.empty()) return absl::OkStatus();
  const absl::StatusOr<bool> any = selects_any(rule, tables, server);
  if (any.ok() && !*any) findings.idle.push_back("exclude " + describe(rule));
  return any.status();
}

absl::StatusOr<std::vector<std::string>> columns_of(CheckContext& context, const task::ColumnRule& rule) {
  ASSIGN_OR_RETURN(
      const sql::Result rows,
      context.session().query(fmt::format(
          "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}",
          sql::quote_literal(rule.database), sql::quote_literal(rule.table))));
  std::vector<std::string> columns;
  for (const sql::Row& row : rows.rows) columns.push_back(row.at(0).value_or(""));
  return columns;
}

absl::Status look_for_columns(CheckContext& context, const task::ColumnRule& rule, Findings& findings) {
  ASSIGN_OR_RETURN(const std::vector<SelectedTable>* tables, context.tables());
  if (!is_among(*tables, rule.database, rule.table)) {
    findings.idle.push_back(fmt::format("columns of {}.{}", rule.database, rule.table));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> columns, columns_of(context, rule));
  for (const auto* wanted : {&rule.exclude, &rule.mask, &rule.hash}) {
    for (const std::string& column : *wanted) {
      if (names::holds_name(columns, column)) continue;
      findings.idle.push_back(fmt::format("column {} of {}.{}", column, rule.database, rule.table));
    }
  }
  return absl::OkStatus();
}

absl::Status look_for_idle(CheckContext& context, const std::vector<SelectedTable>& tables,
                           const task::Objects& objects, const source::ServerInfo& server,
                           Findings& findings) {
  for (const task::ObjectRule& rule : objects.exclude) {
    if (absl::Status status = look_for_excluded(rule, tables, server, findings); !status.ok()) return status;
  }
  for (const task::ColumnRule& rule : objects.columns) {
    if (absl::Status status = look_for_columns(context, rule, findings); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<Findings> look(CheckContext& context) {
  ASSIGN_OR_RETURN(const std::vector<std::string>* databases, context.databases());
  ASSIGN_OR_RETURN(const std::vector<SelectedTable>* tables, context.visible_tables());
  ASSIGN_OR_RETURN(const Grants* grants, context.grants());
  ASSIGN_OR_RETURN(const task::Objects* objects, context.objects());
  ASSIGN_OR_RETURN(const source::ServerInfo* server, context.facts());
  Findings findings;
  for (const task::ObjectRule& rule : objects->include) {
    const std::size_t before = findings.missing.size() + findings.unseen.size();
    if (rule.database) look_for_named(rule, *databases, *tables, *grants, findings);
    if (!rule.tables.empty() || findings.missing.size() + findings.unseen.size() != before) continue;
    ASSIGN_OR_RETURN(const bool any, selects_any(rule, *tables, *server));
    if (!any) findings.empty.push_back(describe(rule));
  }
  RETURN_IF_ERROR(look_for_idle(context, *tables, *objects, *server, findings));
  return findings;
}

/// All that is to be warned of, in one; the first says the reason.
std::optional<Finding> doubts(const Findings& findings) {
  std::optional<Finding> all;
  const auto add = [&all](const std::vector<std::string>& names, std::string_view observed, Finding finding) {
    if (names.empty()) return;
    finding.observed = fmt::format("{}: {}", observed, join_some(names));
    if (!all) {
      all = std::move(finding);
      return;
    }
    all->observed += "; " + finding.observed;
    all->message += "; " + finding.message;
    all->repair += "; " + finding.repair;
  };
  add(findings.unseen, "not visible to the account",
      {.reason = "ObjectsNotVisible",
       .observed = {},
       .expected = {},
       .message = "without SELECT on them it cannot be known whether they exist",
       .repair = "grant what SelectPrivilege asks for"});
  add(findings.empty, "no table that the account can see in",
      {.reason = "NothingMatches",
       .observed = {},
       .expected = {},
       .message = "nothing is tracked there until such a table is created",
       .repair = "correct the pattern in spec.objects.include, or GRANT SELECT on the tables"});
  add(findings.idle, "nothing that the account can see is meant by",
      {.reason = "RulesWithoutEffect",
       .observed = {},
       .expected = {},
       .message = "what these entries are to keep back may be delivered under another name",
       .repair = "correct the names in spec.objects.exclude and spec.objects.columns, or take them out"});
  return all;
}

}  // namespace

CheckItem check_objects_exist(CheckContext& context) {
  const std::string expected =
      "every named database, table and column exists, every pattern matches something";
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
  if (std::optional<Finding> doubt = doubts(*findings)) {
    doubt->expected = expected;
    return warning(*std::move(doubt));
  }
  const absl::StatusOr<const std::vector<SelectedTable>*> tables = context.tables();
  if (!tables.ok()) return failed(tables.status(), expected);
  return passed(fmt::format("{} tables and views selected", (*tables)->size()));
}

}  // namespace rowtide::precheck
