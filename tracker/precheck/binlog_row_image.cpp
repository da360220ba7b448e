#include "tracker/precheck/check_list.h"
#include "tracker/precheck/setting.h"

namespace rowtide::precheck {

CheckItem check_binlog_row_image(CheckContext& context) {
  if (context.task().spec.row_images == task::RowImages::AsLogged) {
    return passed("any binlog_row_image: spec.rowImages is AsLogged");
  }
  const std::string expected = "binlog_row_image = FULL";
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), expected);
  const std::string& image = (*facts)->binlog_row_image;
  // MariaDB's FULL_NODUP leaves out after an update what the image before it has.
  if (image == "FULL" || image == "FULL_NODUP" || image.empty()) return passed(expected);
  return failed(
      Finding{.reason = "RowImageIncomplete",
              .observed = "binlog_row_image = " + image,
              .expected = expected,
              .message = "row events lack columns, so changes cannot be delivered in full",
              .repair = repair_of_session_setting(context.source(), "binlog_row_image", "FULL") +
                        "; or spec.rowImages: AsLogged, to take rows as incomplete as they are written"});
}

}  // namespace rowtide::precheck
