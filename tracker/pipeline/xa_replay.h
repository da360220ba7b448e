#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/binlog/event.h"
#include "tracker/sql/savepoint.h"

namespace rowtide::pipeline {

/// What an event is to a stream that is read again for the rows of one XA transaction
/// (XaTransactions::is_reading_again()): most are none of its group's.
struct XaReplayEvent {
  enum class Kind : std::uint8_t {
    Other,
    Group,  ///< a group begins: XA START, MariaDB's GTID event
    Savepoint,
    Rows,     ///< a table map or rows
    Payload,  ///< holds events
    Prepare   ///< a group ends
  };
  Kind kind = Kind::Other;
  std::string xid{};  ///< of a Group; empty: it is of no XA transaction
  sql::SavepointStatement savepoint{};
};

/// Pure. Fails for an event that is damaged.
/// `uncompressed` is its scratch.
[[nodiscard]] absl::StatusOr<XaReplayEvent> look_at_replayed(const binlog::EventView& event,
                                                             std::vector<std::byte>& uncompressed);

}  // namespace rowtide::pipeline
