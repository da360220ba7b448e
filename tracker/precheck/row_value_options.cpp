#include "tracker/precheck/check_list.h"
#include "tracker/precheck/setting.h"

namespace rowtide::precheck {

/// Updates of JSON columns may be written as what changed in them: whole again only with the document before.
CheckItem check_row_value_options(CheckContext& context) {
  const std::string expected = "binlog_row_value_options = '', or PARTIAL_JSON with binlog_row_image = FULL";
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), expected);
  const absl::StatusOr<sql::Result> rows =
      context.session().query("SHOW GLOBAL VARIABLES LIKE 'binlog_row_value_options'");
  if (!rows.ok()) return failed(rows.status(), expected);
  const std::string options = rows->rows.empty() ? "" : rows->rows[0].at(1).value_or("");
  const std::string& image = (*facts)->binlog_row_image;
  if (options.empty()) return passed("JSON columns are written whole");
  if (image == "FULL") return passed("binlog_row_value_options = " + options + ", with the document before");
  return failed(Finding{
      .reason = "PartialJsonWithoutBefore",
      .observed = "binlog_row_value_options = " + options + ", binlog_row_image = " + image,
      .expected = expected,
      .message = "an update of a JSON column is written as what changed in it, without the document that it "
                 "changed, so that its value cannot be known",
      .repair = repair_of_session_setting(context.source(), "binlog_row_value_options", "''")});
}

}  // namespace rowtide::precheck
