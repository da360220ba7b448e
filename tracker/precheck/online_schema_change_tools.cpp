#include <fmt/format.h>

#include "common/status/try.h"
#include "tracker/osc/helper_names.h"
#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {
namespace {

/// Tables of a tool whose work is not done, each with the tracked table that it is about.
absl::StatusOr<std::vector<std::string>> helpers_at_work(CheckContext& context) {
  ASSIGN_OR_RETURN(const source::ServerInfo* server, context.facts());
  ASSIGN_OR_RETURN(
      const osc::HelperNames names,
      osc::HelperNames::create(context.task().spec.online_schema_changes, server->lower_case_names));
  ASSIGN_OR_RETURN(const std::vector<SelectedTable>* visible, context.visible_tables());
  ASSIGN_OR_RETURN(const std::vector<SelectedTable>* tracked, context.tables());
  std::vector<std::string> helpers;
  for (const SelectedTable& table : *visible) {
    const std::optional<std::string> real = names.real_of_helper(table.name);
    if (!real || !is_among(*tracked, table.database, *real)) continue;
    helpers.push_back(fmt::format("{}.{} (of {})", table.database, table.name, *real));
  }
  return helpers;
}

}  // namespace

bool translates_online_changes(const task::Task& task) {
  return task.spec.online_schema_changes.mode == task::OnlineSchemaChangeMode::Translate;
}

CheckItem check_online_schema_change_tools(CheckContext& context) {
  const std::string expected = "no table of gh-ost or pt-online-schema-change is left beside a tracked one";
  const absl::StatusOr<std::vector<std::string>> helpers = helpers_at_work(context);
  if (!helpers.ok()) return not_known(helpers.status(), expected);
  if (helpers->empty()) return passed(expected);
  return warning(Finding{
      .reason = "OnlineSchemaChangeUnderWay",
      .observed = join_some(*helpers),
      .expected = expected,
      .message =
          "a tool is changing the table, or was broken off: with onlineSchemaChanges Translate its own "
          "tables are not delivered, and its last step is, as the ALTER that it comes to",
      .repair =
          "let the tool end before the task starts; or DROP what a broken off one has left (its triggers, "
          "too)"});
}

}  // namespace rowtide::precheck
