#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/binlog/event.h"

namespace rowtide::pipeline {

/// What an event is to a stream that is read again for the rows of one XA transaction
/// (XaTransactions::is_reading_again()): most are none of its group's.
struct XaReplayEvent {
  enum class Kind : std::uint8_t {
    Other,
    Group,      ///< a group begins: MariaDB's GTID event
    Statement,  ///< perhaps a savepoint
    Rows,       ///< a table map or rows
    Payload,    ///< holds events
    Prepare     ///< a group ends
  };
  Kind kind = Kind::Other;
  /// With it a group begins (Group, Statement); empty text: the group is of no XA transaction.
  std::optional<std::string> xid{};
  std::string_view sql{};  ///< of a Statement; refers to the event or to `uncompressed`
};

/// Pure. Fails for an event that is damaged.
[[nodiscard]] absl::StatusOr<XaReplayEvent> look_at_replayed(const binlog::EventView& event,
                                                             std::vector<std::byte>& uncompressed);

}  // namespace rowtide::pipeline
