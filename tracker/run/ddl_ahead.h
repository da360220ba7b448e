#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "absl/status/status.h"
#include "tracker/binlog/binlog_coordinates.h"
#include "tracker/binlog/position.h"
#include "tracker/binlog/stream_state.h"
#include "tracker/schema/ddl_since_start.h"
#include "tracker/source/event_source.h"

namespace rowtide::run {

/// The DDL that stands in the binlog from a position on, read ahead of the stream over a connection of its
/// own: whether the definition that a table has now is the one that it had there. One thread.
class DdlAhead {
 public:
  DdlAhead(std::unique_ptr<source::EventSource> source, const schema::SourceDialect& dialect)
      : source_(std::move(source)), changes_(dialect) {}

  /// From `from`, or from where the last reading ended, up to `end`. UNAVAILABLE also when another server
  /// than `server` answers (empty: any), whose places are others; CANCELLED: stop.
  [[nodiscard]] absl::Status read(const binlog::Position& from, const binlog::BinlogCoordinates& end,
                                  const std::string& server, const std::stop_token& stop);

  [[nodiscard]] const schema::DdlSinceStart& changes() const { return changes_; }
  /// Whose places these are; empty before the first reading.
  [[nodiscard]] std::string server() const { return read_to_ ? read_to_->server : std::string(); }
  /// Where the reading ended.
  [[nodiscard]] binlog::BinlogCoordinates until() const { return {stream_.file(), stream_.offset()}; }

 private:
  [[nodiscard]] absl::Status read_events(const binlog::BinlogCoordinates& end, const std::stop_token& stop);
  [[nodiscard]] absl::Status note(const binlog::EventView& event);

  std::unique_ptr<source::EventSource> source_;
  schema::DdlSinceStart changes_;
  std::optional<binlog::Position> read_to_;
  binlog::StreamState stream_;
  bool changes_nothing_ = false;  ///< the group is an ALTER that only begins, or has failed
  std::vector<std::byte> uncompressed_;
};

}  // namespace rowtide::run
