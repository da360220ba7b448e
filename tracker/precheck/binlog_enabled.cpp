#include "tracker/precheck/check_list.h"

namespace rowtide::precheck {

CheckItem check_binlog_enabled(CheckContext& context) {
  const absl::StatusOr<const source::ServerInfo*> facts = context.facts();
  if (!facts.ok()) return failed(facts.status(), "log_bin = ON");
  if ((*facts)->log_bin) return passed("log_bin = ON");
  const bool is_polardb = context.source().type == task::SourceType::PolarDbMySql;
  return failed(Finding{
      .reason = "BinlogDisabled",
      .observed = "log_bin = OFF",
      .expected = "log_bin = ON",
      .message = "the source writes no binlog, so there is nothing to track",
      .repair = is_polardb ? "set the cluster parameter loose_polar_log_bin to on (the cluster restarts)"
                           : "put log_bin = mysql-bin and a server_id into the server's [mysqld] section and "
                             "restart it; on RDS and the like, turn automatic backups on"});
}

}  // namespace rowtide::precheck
