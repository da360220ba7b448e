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

  /// Without what stands before it in its transaction it cannot be read.
  [[nodiscard]] bool is_inside_transaction() const;
  /// The transaction that its text names; empty where it names none.
  [[nodiscard]] std::string gtid() const;
};

/// The event that begins there; nullopt at the end of the file. OUT_OF_RANGE: none begins there. Needs the
/// privilege REPLICATION SLAVE.
[[nodiscard]] absl::StatusOr<std::optional<EventAt>> event_at(sql::Session& session, const std::string& file,
                                                              std::uint64_t offset);

}  // namespace rowtide::source
