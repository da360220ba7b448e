#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {

CheckItem check_binlog_row_image(CheckContext& context) {
  const std::string expected = "binlog_row_image = FULL";
  const absl::StatusOr<const source::ServerFacts*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), expected);
  const std::string& image = (*facts)->binlog_row_image;
  // MariaDB's FULL_NODUP leaves out after-image columns that did not change.
  if (image == "FULL" || image.empty()) return passed(expected);
  return failed(
      Finding{.reason = "RowImageIncomplete",
              .observed = "binlog_row_image = " + image,
              .expected = expected,
              .message = "row events lack columns, so changes cannot be told in full",
              .repair = "SET GLOBAL binlog_row_image = FULL; (and in the configuration file; sessions that "
                        "are already connected keep the old value until they reconnect)"});
}

}  // namespace rowtide::precheck
