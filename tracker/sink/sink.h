#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/status/reason.h"
#include "tracker/binlog/position.h"
#include "tracker/record/record_batch.h"
#include "tracker/sink/latency.h"
#include "tracker/sink/transactional.h"

namespace rowtide::sink {

/// reason_of() an error that passes when the sink's other side answers again: the source is not to blame.
inline constexpr std::string_view kSinkUnavailable = "SinkUnavailable";
[[nodiscard]] inline absl::Status sink_unavailable(std::string_view message) {
  return failure(absl::StatusCode::kUnavailable, kSinkUnavailable, message);
}

struct SinkCounters {
  std::uint64_t records = 0;            ///< accepted by the sink's other side
  std::uint64_t bytes = 0;              ///< keys and values of those
  std::uint64_t rejected_records = 0;   ///< records that the other side has refused for good
  std::uint64_t connection_errors = 0;  ///< broken or refused connections, and other errors of no record
  std::uint64_t queued_bytes = 0;
  LatencyHistogram latency{};
};

/// Where records go. write() and end_transaction() belong to one thread; durable(), counters(), trouble()
/// and error() may be called from any.
class Sink {
 public:
  virtual ~Sink() = default;

  /// Connects, makes or checks what it writes to. Says what to do when it cannot; may be called again then.
  [[nodiscard]] virtual absl::Status open() = 0;

  /// Hands records over, in order. Copies what it needs. Blocks while too much is in flight (back-pressure),
  /// until `stop` is requested (CANCELLED). Any other failure is final: the tracker stops with it.
  [[nodiscard]] virtual absl::Status write(const record::RecordBatch& batch, std::stop_token stop) = 0;

  /// Is the record small enough for where it goes? May ask there first, and wait as write() does.
  [[nodiscard]] virtual absl::StatusOr<bool> fits(const record::Record& /*record*/,
                                                  const std::stop_token& /*stop*/) {
    return true;
  }

  /// Everything written so far, and nothing else, belongs to transactions (or parts of one) up to `position`.
  /// `committed_at_us`: when the source committed the transaction whose last records these are; 0: there is
  /// none.
  virtual void end_transaction(const binlog::Position& position, std::int64_t committed_at_us) = 0;

  /// The newest position all of whose records are durable in the sink.
  [[nodiscard]] virtual std::optional<binlog::Position> durable() const = 0;

  /// Of a sink that makes records and checkpoint durable together; nullptr: the checkpoint follows durable().
  [[nodiscard]] virtual Transactional* transactional() { return nullptr; }

  /// Waits until everything written is durable. DEADLINE_EXCEEDED says how much is not.
  [[nodiscard]] virtual absl::Status flush(std::chrono::milliseconds deadline) = 0;

  /// A failure found after write() had returned (a rejected record); OK while there is none.
  [[nodiscard]] virtual absl::Status error() const = 0;
  /// Why nothing is delivered for a while already, though something waits and nothing failed: UNAVAILABLE.
  /// OK: it is. The same words as long as it lasts.
  [[nodiscard]] virtual absl::Status trouble() const { return absl::OkStatus(); }
  [[nodiscard]] virtual SinkCounters counters() const = 0;
  /// Topics that are written to (Kafka), as they were met; without the first `known` of them. Empty for
  /// others.
  [[nodiscard]] virtual std::vector<std::string> topics(std::size_t known) const = 0;
};

}  // namespace rowtide::sink
