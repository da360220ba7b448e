#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "tracker/binlog/event.h"
#include "tracker/binlog/gtid.h"

namespace rowtide::binlog {

/// What the event in front of a transaction says of it.
struct TransactionBegin {
  Gtid gtid;  ///< std::monostate: none
  /// Microseconds since the epoch: when it was first committed, where the server says so (MySQL 8.0.1+), else
  /// the event's second. The time by which people and start positions find a transaction.
  std::int64_t time_us = 0;
};

/// nullopt for every event that begins no transaction. Every transaction of MySQL 5.7+ and MariaDB 10.5+
/// begins with a GTID event, if only an anonymous one.
[[nodiscard]] absl::StatusOr<std::optional<TransactionBegin>> transaction_begin(const EventView& event);

}  // namespace rowtide::binlog
