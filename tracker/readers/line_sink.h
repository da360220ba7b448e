#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracker/readers/change_filter.h"
#include "tracker/readers/position_token.h"
#include "tracker/sink/sink.h"

namespace rowtide::readers {

enum class LineFormat : std::uint8_t { Json, ServerSentEvents };

/// How a reader wants its lines.
struct LineOptions {
  LineFormat format = LineFormat::Json;
  ChangeFilter filter = {};
  std::size_t buffer_bytes = 0;
  std::string session = {};      ///< of letters and digits
  bool is_acknowledged = false;  ///< durable is what the reader has acknowledged, not what it was given
};

/// Changes as lines, one JSON object each, for one reader that takes them from another thread: the changes of
/// a transaction as the format writes them, then {"rowtide":"commit","position":"...",...}. What comes after
/// the last commit line is of a transaction that has not ended. Holds write() back while the buffer is full.
class LineSink final : public sink::Sink {
 public:
  explicit LineSink(LineOptions options) : options_(std::move(options)), filter_(options_.filter) {}

  absl::Status open() override { return absl::OkStatus(); }
  absl::Status write(const record::RecordBatch& batch, std::stop_token stop) override;
  void end_transaction(const binlog::Position& position, std::int64_t committed_at_us) override;
  [[nodiscard]] std::optional<binlog::Position> durable() const override;
  absl::Status flush(std::chrono::milliseconds /*deadline*/) override { return absl::OkStatus(); }
  [[nodiscard]] absl::Status error() const override { return absl::OkStatus(); }
  [[nodiscard]] sink::SinkCounters counters() const override;
  [[nodiscard]] std::vector<std::string> topics(std::size_t /*known*/) const override { return {}; }

  /// As ChangeFilter::set_lower_case_names(); by the thread that writes.
  void set_lower_case_names(bool lower_case_names) { filter_.set_lower_case_names(lower_case_names); }

  /// Lines were given of a transaction that has not ended.
  [[nodiscard]] bool is_inside_transaction() const;

  // The reader's side.

  /// All lines there are; waits for some, at most so long.
  [[nodiscard]] std::string take(std::chrono::milliseconds wait);
  /// {"rowtide":"heartbeat",...}: with the position where one could begin, if no transaction is open.
  [[nodiscard]] std::string heartbeat(const std::string& state, const std::string& reason,
                                      std::optional<double> lag_seconds) const;
  /// A heartbeat with the position where the lines begin, to stand before all of them; empty: not known yet.
  [[nodiscard]] std::string first_heartbeat(const std::string& state, const std::string& reason,
                                            std::optional<double> lag_seconds) const;
  /// {"rowtide":"error","reason":"...","message":"..."}
  [[nodiscard]] std::string error_line(const std::string& reason, const std::string& message) const;
  ///  /// All up to `token` is applied. FAILED_PRECONDITION: of another connection, not given yet, or before
  ///  what was
  /// acknowledged already. OK: durable() stays there until release(), or moves on with another
  /// acknowledgement.
  [[nodiscard]] absl::Status acknowledge(const PositionToken& token);
  void release();

  [[nodiscard]] std::uint64_t given() const;         ///< commit lines
  [[nodiscard]] std::uint64_t acknowledged() const;  ///< of those

 private:
  [[nodiscard]] std::string line(std::string_view kind, std::string_view json,
                                 std::string_view position) const;
  [[nodiscard]] std::string heartbeat_line(const std::string& state, const std::string& reason,
                                           std::optional<double> lag_seconds,
                                           const std::string& position) const;

  const LineOptions options_;
  ChangeFilter filter_;  ///< the writing thread's, as is the next
  std::string lines_;    ///< of a batch

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  std::string buffer_;
  std::uint64_t changes_ = 0;  ///< since the last commit line
  std::uint64_t given_ = 0;
  std::uint64_t acknowledged_ = 0;
  int held_ = 0;                                        ///< acknowledge() without release()
  std::optional<binlog::Position> began_;               ///< where the lines begin
  std::optional<binlog::Position> ended_;               ///< the newest end of a transaction
  std::optional<binlog::Position> acknowledged_place_;  ///< while held, or not all is acknowledged

  sink::SinkCounters counters_;
};

}  // namespace rowtide::readers
