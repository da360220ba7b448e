#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tracker/precheck/check_list.h"
#include "tracker/select/table_selector.h"
#include "tracker/sql/quote.h"

namespace rowtide::precheck {
namespace {

using sql::quote_identifier;

/// What the account cannot read of the task's objects, as objects of a GRANT. Named ones count whether they
/// are seen or not: a server hides from an account what it has no privilege on.
std::vector<std::string> unreadable(const task::Objects& objects, const std::vector<SelectedTable>& tables,
                                    const Grants& grants) {
  std::vector<std::string> missing;
  const auto add = [&](std::string object) {
    if (std::find(missing.begin(), missing.end(), object) == missing.end())
      missing.push_back(std::move(object));
  };
  const auto whole = [&](std::string_view database) {
    return quote_identifier(grants.as_pattern(database)) + ".*";
  };
  for (const task::ObjectRule& rule : objects.include) {
    if (!rule.database) continue;
    for (const std::string& table : rule.tables) {
      if (!grants.allows_table("SELECT", *rule.database, table))
        add(quote_identifier(*rule.database) + "." + quote_identifier(table));
    }
    const bool is_whole_database = rule.tables.empty() && !rule.table_pattern;
    if (is_whole_database && !grants.allows_database("SELECT", *rule.database)) add(whole(*rule.database));
  }
  for (const SelectedTable& table : tables) {
    const bool is_covered = std::find(missing.begin(), missing.end(), whole(table.database)) != missing.end();
    if (!is_covered && !grants.allows_table("SELECT", table.database, table.name)) {
      add(quote_identifier(table.database) + "." + quote_identifier(table.name));
    }
  }
  return missing;
}

/// A server tells of a misspelt name as it does of one that the account may not see.
std::string remark_on_names(const task::Objects& objects, const std::vector<std::string>& databases) {
  const auto unseen = std::find_if(objects.include.begin(), objects.include.end(), [&](const auto& rule) {
    return rule.database && std::find(databases.begin(), databases.end(), *rule.database) == databases.end();
  });
  if (unseen == objects.include.end()) return "";
  std::vector<std::string> others;
  std::copy_if(databases.begin(), databases.end(), std::back_inserter(others),
               [](const std::string& name) { return !select::is_system_schema(name); });
  const std::string& name = *unseen->database;
  return fmt::format("; if {} is misspelt in spec.objects.include: the account sees {}{}", name,
                     others.empty() ? "no other database" : join_some(others),
                     name.find_first_of("*%") == std::string::npos
                         ? ""
                         : ", and patterns stand in databasePattern and tablePattern");
}

}  // namespace

CheckItem check_select_privilege(CheckContext& context) {
  const std::string expected = "SELECT on every object of the task";
  const absl::StatusOr<const Grants*> grants = context.grants();
  if (!grants.ok()) return failed(grants.status(), expected);
  const absl::StatusOr<const std::vector<SelectedTable>*> tables = context.tables();
  if (!tables.ok()) return failed(tables.status(), expected);
  const absl::StatusOr<const task::Objects*> objects = context.objects();
  if (!objects.ok()) return failed(objects.status(), expected);
  const std::vector<std::string> missing = unreadable(**objects, **tables, **grants);
  if (missing.empty()) return passed(fmt::format("{} tables and views readable", (*tables)->size()));
  const absl::StatusOr<const std::vector<std::string>*> databases = context.databases();
  std::vector<std::string> repairs;
  for (const std::string& object : missing) {
    repairs.push_back(fmt::format("GRANT SELECT ON {} TO {};", object, context.account()));
  }
  return failed(
      Finding{.reason = "PrivilegeMissing",
              .observed = fmt::format("{} has no SELECT on {}", context.account(), join_some(missing)),
              .expected = expected,
              .message = "without it the columns of a table cannot be looked up" +
                         (databases.ok() ? remark_on_names(**objects, **databases) : std::string()),
              .repair = join_some(repairs, 10, " ")});
}

}  // namespace rowtide::precheck
