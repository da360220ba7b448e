#include <fmt/format.h>

#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {

CheckItem check_replication_slave_privilege(CheckContext& context) {
  const std::string expected = "REPLICATION SLAVE on *.*";
  const absl::StatusOr<const Grants*> grants = context.grants();
  if (!grants.ok()) return failed(grants.status(), expected);
  if ((*grants)->allows("REPLICATION SLAVE") || (*grants)->allows("REPLICATION REPLICA"))
    return passed(expected);
  return failed(Finding{.reason = "PrivilegeMissing",
                        .observed = fmt::format("{} does not have it", context.account()),
                        .expected = expected,
                        .message = "without it the source does not send its binlog",
                        .repair = fmt::format("GRANT REPLICATION SLAVE ON *.* TO {};", context.account())});
}

}  // namespace rowtide::precheck
