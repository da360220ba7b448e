#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "common/status/try.h"
#include "tracker/precheck/check_list.h"
#include "tracker/source/position_sampler.h"

namespace rowtide::precheck {
namespace {

/// `names` are joined by commas; a name with a comma looks like two, and is found all the same.
bool lists(std::string_view names, std::string_view name) {
  return fmt::format(",{},", names).find(fmt::format(",{},", name)) != std::string::npos;
}

/// As the server does for rows: with databases to log, those to ignore do not count.
bool is_left_out(const source::BinlogEnd& filters, std::string_view database) {
  if (!filters.only_databases.empty()) return !lists(filters.only_databases, database);
  return lists(filters.ignored_databases, database);
}

std::string describe(const source::BinlogEnd& filters) {
  std::string text;
  if (!filters.only_databases.empty()) text = "binlog_do_db = " + filters.only_databases;
  if (!filters.ignored_databases.empty()) {
    text += (text.empty() ? "" : ", ") + ("binlog_ignore_db = " + filters.ignored_databases);
  }
  return text;
}

absl::StatusOr<source::BinlogEnd> read_filters(CheckContext& context) {
  ASSIGN_OR_RETURN(const source::ServerInfo* server, context.facts());
  ASSIGN_OR_RETURN(source::BinlogEnd filters, source::read_binlog_end(context.session()));
  // Where case does not count, names are small letters in the binlog. MySQL compares them with the option
  // without case, MariaDB does not.
  if (!server->is_mariadb) {
    filters.only_databases = kept_name(filters.only_databases, *server);
    filters.ignored_databases = kept_name(filters.ignored_databases, *server);
  }
  return filters;
}

/// The databases that the task names, and those of the tables it selects.
absl::StatusOr<std::set<std::string>> tracked_databases(CheckContext& context) {
  ASSIGN_OR_RETURN(const task::Objects* objects, context.objects());
  ASSIGN_OR_RETURN(const std::vector<SelectedTable>* tables, context.tables());
  std::set<std::string> databases;
  for (const task::ObjectRule& rule : objects->include) {
    if (rule.database) databases.insert(*rule.database);
  }
  for (const SelectedTable& table : *tables) {
    if (!table.is_view) databases.insert(table.database);
  }
  return databases;
}

}  // namespace

/// What a server leaves out of its binlog by database is nowhere to be missed.
CheckItem check_binlog_filters(CheckContext& context) {
  const std::string expected = "nothing is left out of the source's binlog by database";
  const absl::StatusOr<source::BinlogEnd> filters = read_filters(context);
  if (!filters.ok()) return failed(filters.status(), expected);
  const std::string observed = describe(*filters);
  if (observed.empty()) return passed("neither binlog_do_db nor binlog_ignore_db");
  const absl::StatusOr<std::set<std::string>> databases = tracked_databases(context);
  if (!databases.ok()) return failed(databases.status(), expected);
  std::vector<std::string> lost;
  std::copy_if(databases->begin(), databases->end(), std::back_inserter(lost),
               [&](const std::string& database) { return is_left_out(*filters, database); });
  const std::string repair =
      fmt::format("take {} out of the server's configuration file, and restart it",
                  filters->only_databases.empty() ? "binlog_ignore_db" : "binlog_do_db");
  if (!lost.empty()) {
    return failed(Finding{.reason = "DatabaseNotLogged",
                          .observed = fmt::format("{}; not logged: {}", observed, join_some(lost)),
                          .expected = expected,
                          .message = "no change of these databases stands in the source's binlog",
                          .repair = repair + "; or leave these databases out of spec.objects"});
  }
  return warning(Finding{
      .reason = "BinlogFiltered",
      .observed = observed,
      .expected = expected,
      .message = "the rows of the task's databases are logged now, but no schema change of their tables by a "
                 "session whose default database is left out; nor are databases that are left out and that a "
                 "pattern selects later",
      .repair = repair});
}

}  // namespace rowtide::precheck
