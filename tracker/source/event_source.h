#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/bytes/byte_reader.h"
#include "tracker/binlog/position.h"

namespace rowtide::source {

/// What a source says of itself once opened.
struct SourceInfo {
  std::string version;  ///< "8.0.15"
  bool is_mariadb = false;
  std::string server;          ///< which one (server_info.h); empty for files
  std::string client_address;  ///< ours, as the server sees it; empty where it cannot be known
};

/// Yields a stream's events in order. One reader thread; interrupt() from any.
class EventSource {
 public:
  virtual ~EventSource() = default;

  /// Connects and begins at `from`. UNAVAILABLE: try again later (server away, network). PERMISSION_DENIED,
  /// UNAUTHENTICATED: wrong account; worth trying again after the Secret changes. FAILED_PRECONDITION,
  /// OUT_OF_RANGE (position purged or unknown to the server), ABORTED (another reader with our server id):
  /// final.
  [[nodiscard]] virtual absl::Status open(const binlog::Position& from) = 0;

  /// The next event's bytes: header, body, checksum. Valid until the next call. Blocks at most about a
  /// second: an empty span says that nothing came. Errors as open(); OUT_OF_RANGE also at the end of a file
  /// source.
  [[nodiscard]] virtual absl::StatusOr<Bytes> next() = 0;

  /// After an empty next(): the offset in the file that the source has come to, whose events up to there were
  /// sent or are none of ours. 0: it has not said.
  [[nodiscard]] virtual std::uint64_t idle_offset() const { return 0; }

  /// Ends a blocking call soon. Thread-safe.
  virtual void interrupt() = 0;
  virtual void close() = 0;
  [[nodiscard]] virtual const SourceInfo& info() const = 0;
};

}  // namespace rowtide::source
