#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {

/// Tables at whose first row the tracker would stop (schema/bind_table.cpp).
CheckItem check_system_versioning(CheckContext& context) {
  const std::string expected = "no tracked table is system-versioned";
  const absl::StatusOr<const std::vector<SelectedTable>*> tables = context.tables();
  if (!tables.ok()) return failed(tables.status(), expected);
  std::vector<std::string> versioned;
  for (const SelectedTable& table : **tables) {
    if (table.is_versioned) versioned.push_back(table.database + "." + table.name);
  }
  if (versioned.empty()) return passed(expected);
  const bool skips = context.task().spec.on_unprocessable == task::Unprocessable::SkipAndCount;
  const Finding finding{
      .reason = "TablesVersioned",
      .observed = "system-versioned: " + join_some(versioned),
      .expected = expected,
      .message = std::string("their binlog holds rows of the past between those of the present, which this "
                             "version does not tell apart: ") +
                 (skips ? "none of their rows is delivered" : "the first row would stop the tracker"),
      .repair =
          "take the tables out of spec.objects; or ALTER TABLE ... DROP SYSTEM VERSIONING and leave "
          "their events of before out (spec.onUnprocessable: SkipAndCount)"};
  return skips ? warning(finding) : failed(finding);
}

}  // namespace rowtide::precheck
