#include "tracker/precheck/check_list.h"
#include "tracker/precheck/setting.h"

namespace rowtide::precheck {

CheckItem check_binlog_format(CheckContext& context) {
  const std::string expected = "binlog_format = ROW";
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), expected);
  const std::string& format = (*facts)->binlog_format;
  // The variable is on its way out: a server without it writes rows only.
  if (format == "ROW" || format.empty()) return passed(expected);
  return failed(Finding{.reason = "BinlogFormatNotRow",
                        .observed = "binlog_format = " + format,
                        .expected = expected,
                        .message = "the binlog holds statements instead of the rows they change",
                        .repair = repair_of_session_setting(context.source(), "binlog_format", "ROW")});
}

}  // namespace rowtide::precheck
