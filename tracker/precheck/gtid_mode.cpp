#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {

CheckItem check_gtid_mode(CheckContext& context) {
  const std::string expected = "gtid_mode = ON";
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), expected);
  if ((*facts)->is_mariadb) return passed("MariaDB: every transaction has a GTID");
  const std::string& mode = (*facts)->gtid_mode;
  if (mode == "ON") return passed(expected);
  if (mode == "OFF" || mode.empty()) {
    return warning(
        Finding{.reason = "GtidModeOff",
                .observed = "gtid_mode = OFF",
                .expected = expected,
                .message = "positions are file and offset: they mean nothing on another server, so the "
                           "task cannot go on after a fail-over",
                .repair = "SET GLOBAL enforce_gtid_consistency = ON; then gtid_mode = OFF_PERMISSIVE, "
                          "ON_PERMISSIVE, ON, one after the other"});
  }
  return failed(
      Finding{.reason = "GtidModePermissive",
              .observed = "gtid_mode = " + mode,
              .expected = "gtid_mode = ON (or OFF)",
              .message = "transactions with and without GTID stand side by side in the binlog, so that "
                         "neither kind of position covers all of it",
              .repair = mode == "ON_PERMISSIVE" ? "SET GLOBAL gtid_mode = ON;"
                                                : "SET GLOBAL gtid_mode = ON_PERMISSIVE; then SET GLOBAL "
                                                  "gtid_mode = ON;"});
}

}  // namespace rowtide::precheck
