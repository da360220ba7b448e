#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/binlog/position.h"
#include "tracker/sql/session.h"

namespace rowtide::source {

/// One of the source's binlog files, oldest first in a list.
struct BinlogFile {
  std::string name;
  std::uint64_t size = 0;
};
[[nodiscard]] absl::StatusOr<std::vector<BinlogFile>> list_binlog_files(sql::Session& session);

/// MariaDB's translation of a place in its binlog into the GTIDs before it.
[[nodiscard]] absl::StatusOr<binlog::Position> mariadb_position(sql::Session& session, std::string file,
                                                                std::uint64_t offset);

/// "The earliest it still has: mysql-bin.000007:4 (purged before: ...)"; empty if it cannot be known.
[[nodiscard]] std::string describe_earliest(sql::Session& session);

/// What a person can choose when a position is lost.
[[nodiscard]] std::string_view lost_position_choices();

}  // namespace rowtide::source
