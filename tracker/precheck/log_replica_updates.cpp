#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tracker/precheck/check_list.h"
#include "tracker/sql/quote.h"

namespace rowtide::precheck {
namespace {

/// SHOW SLAVE STATUS, by its name at that server; MariaDB has a replication of each name.
std::string_view replica_status_statement(const source::ServerInfo& server) {
  constexpr source::ServerVersion kRenamed{8, 0, 22};
  if (server.is_mariadb) return "SHOW ALL SLAVES STATUS";
  return server.version < kRenamed ? "SHOW SLAVE STATUS" : "SHOW REPLICA STATUS";
}

/// A channel of replication whose threads both stand still, as they do after STOP SLAVE.
bool is_stopped(const sql::Result& replication, const sql::Row& row) {
  int still = 0;
  for (std::size_t i = 0; i < row.size() && i < replication.columns.size(); ++i) {
    const std::string& column = replication.columns[i];
    if ((column.ends_with("_IO_Running") || column.ends_with("_SQL_Running")) && row[i] == "No") ++still;
  }
  return still == 2;
}

/// The statements that make it no replica any more. MariaDB's replications go one by one, by their names,
/// which stand in the first column.
std::string reset_statements(const source::ServerInfo& server, const sql::Result& replication) {
  constexpr source::ServerVersion kRenamed{8, 0, 22};
  if (!server.is_mariadb) return server.version < kRenamed ? "RESET SLAVE ALL;" : "RESET REPLICA ALL;";
  std::vector<std::string> statements;
  for (const sql::Row& row : replication.rows) {
    statements.push_back(fmt::format("RESET SLAVE {} ALL;", sql::quote_literal(row.at(0).value_or(""))));
  }
  return join_some(statements, statements.size(), " ");
}

/// Its updates are not logged, and replication is set up there.
CheckItem replica_item(const source::ServerInfo& server, const sql::Result& replication, Finding finding) {
  const bool is_promoted = std::all_of(replication.rows.begin(), replication.rows.end(),
                                       [&](const sql::Row& row) { return is_stopped(replication, row); });
  if (!is_promoted) {
    finding.observed += ", and it is a replica";
    finding.message = "what it applies of its primary's changes does not stand in its binlog";
    return failed(std::move(finding));
  }
  finding.reason = "ReplicationStopped";
  finding.observed += ", and it is a replica whose replication is stopped";
  finding.message =
      "its own changes stand in its binlog; should replication be started again, what it then "
      "applies would not";
  finding.repair = fmt::format("if it is a primary now: {} else {}", reset_statements(server, replication),
                               finding.repair);
  return warning(std::move(finding));
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

  Finding finding{.reason = "ReplicaUpdatesNotLogged",
                  .observed = observed,
                  .expected = expected,
                  .message = {},
                  .repair = fmt::format(
                      "{} = ON in the server's configuration file, and a restart; or take the primary as "
                      "source",
                      name)};
  const absl::StatusOr<sql::Result> replication = context.session().query(replica_status_statement(**facts));
  if (!replication.ok()) {
    finding.message =
        "if it is a replica, its primary's changes do not stand in its binlog; the account may "
        "not ask whether it is one";
    return warning(std::move(finding));
  }
  if (replication->rows.empty()) return passed(observed + ", and it is no replica");
  return replica_item(**facts, *replication, std::move(finding));
}

}  // namespace rowtide::precheck
