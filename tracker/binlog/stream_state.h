#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tracker/binlog/event.h"
#include "tracker/binlog/position.h"
#include "tracker/binlog/transaction_events.h"

namespace rowtide::binlog {

/// Frames the events of one stream. The whole grammar is
///
///     ( ROTATE(artificial)  FORMAT_DESCRIPTION  (PREVIOUS_GTIDS | MARIADB_GTID_LIST)?
///       ( (GTID | ANONYMOUS_GTID | MARIADB_GTID)  event* end )*  (ROTATE | STOP)? )+
///
/// where `end` is XID, a QUERY that is COMMIT or DDL, or the one event of a standalone MariaDB group. Here it
/// is held to one FORMAT_DESCRIPTION a file, before all else; the groups are the pipeline's, which knows what
/// statements say. It checks the header, the length and the CRC32 of every event, counts 64-bit offsets, and
/// knows the file. Pure: bytes in, views out. Not thread-safe.
class StreamState {
 public:
  /// `from`: where the stream was opened. Only file and offset are used.
  void reset(const Position& from);

  /// The event's bytes as read (header, body, checksum) -> a view without the checksum. Fails with file,
  /// offset and event type on a length or checksum that does not fit. The view borrows from `bytes`. ROTATE
  /// and FORMAT_DESCRIPTION are applied here already.
  [[nodiscard]] absl::StatusOr<EventView> accept(Bytes bytes);

  [[nodiscard]] const FormatDescription& format() const { return format_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  /// When the server began the file, seconds since 1970; 0 before its FORMAT_DESCRIPTION.
  [[nodiscard]] std::uint32_t file_created() const { return file_created_; }
  /// Where the last accepted event ends (and the next one begins).
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 private:
  /// Whether the event has a checksum (which then fits). FORMAT_DESCRIPTION is taken over here.
  [[nodiscard]] absl::StatusOr<bool> check(const EventHeader& header, Bytes bytes);
  [[nodiscard]] absl::Status apply(const EventView& event);
  /// Moves offset() after the event and returns where it began.
  std::uint64_t advance(const EventHeader& header);
  [[nodiscard]] absl::Status located(const absl::Status& status, const EventHeader& header) const;

  FormatDescription format_;
  bool has_format_ = false;          ///< of any file: the events' form is known
  bool has_format_of_file_ = false;  ///< of this one
  std::string file_;
  std::uint32_t file_created_ = 0;
  std::uint64_t offset_ = 4;
};

}  // namespace rowtide::binlog
