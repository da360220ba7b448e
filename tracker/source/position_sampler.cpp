#include "tracker/source/position_sampler.h"

#include <absl/strings/numbers.h>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "tracker/source/server_info.h"

namespace rowtide::source {

absl::StatusOr<BinlogEnd> read_binlog_end(sql::Session& session) {
  ASSIGN_OR_RETURN(const auto version, sql::single_value(session, "SELECT VERSION()"));
  const std::string text = version.value_or("");
  ASSIGN_OR_RETURN(const sql::Result status, session.query(binlog_status_statement(
                                                 parse_server_version(text), is_mariadb_version(text))));
  if (status.rows.empty() || status.rows[0].size() < 2) {
    return failure(absl::StatusCode::kFailedPrecondition, "BinlogDisabled",
                   "the source writes no binlog (log_bin is OFF); start it with log_bin on");
  }
  const sql::Row& row = status.rows[0];
  BinlogEnd end;
  end.file = row[0].value_or("");
  if (!absl::SimpleAtoi(row[1].value_or(""), &end.offset)) {
    return absl::InternalError("the source gives no position in its binlog status");
  }
  constexpr std::size_t kDoDb = 2;
  constexpr std::size_t kIgnoreDb = 3;
  constexpr std::size_t kExecutedGtidSet = 4;
  if (row.size() > kDoDb) end.only_databases = row[kDoDb].value_or("");
  if (row.size() > kIgnoreDb) end.ignored_databases = row[kIgnoreDb].value_or("");
  if (row.size() > kExecutedGtidSet) end.executed_gtids = row[kExecutedGtidSet].value_or("");
  return end;
}

absl::StatusOr<std::pair<std::string, std::uint64_t>> current_end(sql::Session& session) {
  ASSIGN_OR_RETURN(BinlogEnd end, read_binlog_end(session));
  return std::pair{std::move(end.file), end.offset};
}

}  // namespace rowtide::source
