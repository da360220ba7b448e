#include <fmt/format.h>

#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {
namespace {

/// SHOW SLAVE STATUS, by its name at that server; MariaDB has a replication of each name.
std::string_view replica_status_statement(const source::ServerInfo& server) {
  constexpr source::ServerVersion kRenamed{8, 0, 22};
  if (server.is_mariadb) return "SHOW ALL SLAVES STATUS";
  return server.version < kRenamed ? "SHOW SLAVE STATUS" : "SHOW REPLICA STATUS";
}

}  // namespace

/// A replica that does not log what it applies has a binlog without it.
CheckItem check_log_replica_updates(CheckContext& context) {
  const std::string expected = "log_replica_updates = ON (log_slave_updates), where the source is a replica";
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), expected);
  const absl::StatusOr<sql::Result> variable = context.session().query(
      "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_slave_updates', 'log_replica_updates')");
  if (!variable.ok()) return failed(variable.status(), expected);
  if (variable->rows.empty()) return passed("not given by the server");
  const std::string name = variable->rows[0].at(0).value_or("");
  const std::string observed = fmt::format("{} = {}", name, variable->rows[0].at(1).value_or(""));
  if (observed.ends_with("ON")) return passed(observed);

  const absl::StatusOr<sql::Result> replication = context.session().query(replica_status_statement(**facts));
  if (replication.ok() && replication->rows.empty()) return passed(observed + ", and it is no replica");
  const Finding finding{
      .reason = "ReplicaUpdatesNotLogged",
      .observed = observed + (replication.ok() ? ", and it is a replica" : ""),
      .expected = expected,
      .message = replication.ok()
                     ? "what it applies of its primary's changes does not stand in its binlog"
                     : "if it is a replica, its primary's changes do not stand in its binlog; the "
                       "account may not ask whether it is one",
      .repair =
          fmt::format("{} = ON in the server's configuration file, and a restart; or take the primary as "
                      "source",
                      name)};
  return replication.ok() ? failed(finding) : warning(finding);
}

}  // namespace rowtide::precheck
