#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "tracker/sql/session.h"

namespace rowtide::source {

/// An event as SHOW BINLOG EVENTS describes it. Source: MySQL sql/log_event.cc, get_type_str() and the
/// events' pack_info(); MariaDB's are alike.
struct EventAt {
  std::string type;  ///< "Gtid", "Query", "Write_rows_v1", ...
  std::string info;

  /// It cannot be read without what stands before it in its transaction.
  [[nodiscard]] bool is_inside_transaction() const;
  /// The transaction that its text names; empty where it names none.
  [[nodiscard]] std::string gtid() const;
};

/// The event that begins there; nullopt at the end of the file. OUT_OF_RANGE: none begins there, as far as
/// the server says so: MySQL 8.0 takes some places in a file's first events for the next event's. Needs the
/// privilege REPLICATION SLAVE, of MariaDB from 10.5 on BINLOG MONITOR.
[[nodiscard]] absl::StatusOr<std::optional<EventAt>> event_at(sql::Session& session, const std::string& file,
                                                              std::uint64_t offset);

}  // namespace rowtide::source
