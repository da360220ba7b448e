#include <fmt/format.h>

#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {

CheckItem check_replication_client_privilege(CheckContext& context) {
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), "REPLICATION CLIENT on *.*");
  // MariaDB 10.5 split it and gave this part a new name.
  const std::string privilege = (*facts)->is_mariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT";
  const std::string expected = privilege + " on *.*";
  const absl::StatusOr<const Grants*> grants = context.grants();
  if (!grants.ok()) return failed(grants.status(), expected);
  for (const std::string_view enough : {"REPLICATION CLIENT", "BINLOG MONITOR", "SUPER"}) {
    if ((*grants)->allows(enough)) return passed(expected);
  }
  return failed(
      Finding{.reason = "PrivilegeMissing",
              .observed = fmt::format("{} does not have it", context.account()),
              .expected = expected,
              .message = "without it nobody can tell where the binlog ends: no start position, no lag",
              .repair = fmt::format("GRANT {} ON *.* TO {};", privilege, context.account())});
}

}  // namespace rowtide::precheck
