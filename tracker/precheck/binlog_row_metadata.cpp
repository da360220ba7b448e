#include "tracker/precheck/check_list.h"
#include "tracker/precheck/setting.h"

namespace rowtide::precheck {

CheckItem check_binlog_row_metadata(CheckContext& context) {
  const std::string expected = "binlog_row_metadata = FULL";
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), expected);
  const std::string& metadata = (*facts)->binlog_row_metadata;
  if (metadata == "FULL") return passed(expected);
  const std::string message =
      "events do not carry column names: they are looked up in information_schema, and a table that was "
      "changed while its older events were not read yet stops the task";
  if (metadata.empty()) {
    return warning(
        Finding{.reason = "RowMetadataNotFull",
                .observed = "no such variable",
                .expected = expected,
                .message = message,
                .repair = "upgrade to MySQL 8.0.1 or MariaDB 10.5 or newer; until then let the task catch "
                          "up before a table is altered"});
  }
  return warning(Finding{.reason = "RowMetadataNotFull",
                         .observed = "binlog_row_metadata = " + metadata,
                         .expected = expected,
                         .message = message,
                         .repair = repair_of_setting(context.source(), "binlog_row_metadata", "FULL")});
}

}  // namespace rowtide::precheck
