#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tracker/binlog/event.h"

struct ZSTD_DCtx_s;

namespace rowtide::binlog {

/// The events inside a TRANSACTION_PAYLOAD (MySQL 8.0.20+, binlog_transaction_compression), one after the
/// other. Decompressed as a stream: memory holds one event, whatever the transaction's size. Not thread-safe.
/// Source: MySQL Transaction_payload_event (libs/mysql/binlog/event/control_events.h), codecs/binary.cpp.
class PayloadReader {
 public:
  PayloadReader();
  ~PayloadReader();
  PayloadReader(PayloadReader&&) noexcept;
  PayloadReader& operator=(PayloadReader&&) noexcept;

  /// Begins with a payload event's body, which must outlive the reading. DATA_LOSS for a damaged one,
  /// UNIMPLEMENTED for a compression that is not known.
  [[nodiscard]] absl::Status start(Bytes body);

  /// The next event: header and body, no checksum. Valid until the next call. Its start_offset is 0: it has
  /// no place of its own in the file. An event of type Unknown says that there are no more.
  [[nodiscard]] absl::StatusOr<EventView> next();

 private:
  struct ContextDeleter {
    void operator()(ZSTD_DCtx_s* context) const noexcept;
  };
  void make_room();
  [[nodiscard]] absl::StatusOr<std::size_t> read_more();
  /// Makes `size` bytes of unread events available; less only at the payload's end.
  [[nodiscard]] absl::Status fill(std::size_t size);

  std::unique_ptr<ZSTD_DCtx_s, ContextDeleter> context_;
  bool is_compressed_ = false;
  Bytes input_;  ///< what is not yet decompressed
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;  ///< of what is not yet handed out
  std::size_t end_ = 0;
};

}  // namespace rowtide::binlog
