#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "tracker/sql/session.h"

namespace rowtide::source {

/// The file and offset at which the source's binlog ends now. Needs REPLICATION CLIENT (MariaDB: BINLOG
/// MONITOR). FAILED_PRECONDITION: the source writes no binlog.
[[nodiscard]] absl::StatusOr<std::pair<std::string, std::uint64_t>> current_end(sql::Session& session);

/// The same with the GTIDs that MySQL has executed by then, as text; empty where it has none.
struct BinlogEnd {
  std::string file;
  std::uint64_t offset = 0;
  std::string executed_gtids;
  // The databases that the server's binlog is kept to, or kept free of (binlog_do_db, binlog_ignore_db):
  // names, joined by commas, which a name may hold as well. Empty: no such option.
  std::string only_databases;
  std::string ignored_databases;
};
[[nodiscard]] absl::StatusOr<BinlogEnd> read_binlog_end(sql::Session& session);

}  // namespace rowtide::source
