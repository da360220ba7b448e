#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "tracker/binlog/position.h"
#include "tracker/run/lag.h"
#include "tracker/run/parts.h"
#include "tracker/run/rate.h"

namespace rowtide::run {

/// Looks once a second where the source's binlog ends, over a session of its own: lag, rate, and a binlog
/// that ends before what was read of it. run() is a thread's; the rest is for any.
class SourceSampler {
 public:
  /// `saved`: the newest checkpoint, `rows`: how many rows were delivered so far.
  SourceSampler(const Parts& parts, std::function<std::optional<binlog::Position>()> saved,
                std::function<std::uint64_t()> rows)
      : parts_(parts), saved_(std::move(saved)), rows_(std::move(rows)) {}

  void run(const std::stop_token& stop);
  /// One look.
  void sample();

  /// The stream was opened anew: perhaps on another server, so this looks there too. `from` is where it goes
  /// on, nullopt if that is no place of that server's.
  void follow(const std::optional<BinlogCoordinates>& from);

  [[nodiscard]] Lag& lag() { return lag_; }
  [[nodiscard]] const Lag& lag() const { return lag_; }
  [[nodiscard]] const Rate& rate() const { return rate_; }

  /// Bytes of binlog between the newest checkpoint and the source's end. nullopt: not known yet.
  [[nodiscard]] std::optional<std::uint64_t> behind_bytes() const;
  /// How long the source keeps its binlog; nullopt: not known, or without end.
  [[nodiscard]] std::optional<std::uint64_t> retention_seconds() const;

  /// Where the binlog of the server that was read ends, if that is before the checkpoint, as after RESET
  /// MASTER; once.
  [[nodiscard]] std::optional<binlog::BinlogCoordinates> take_end_before_saved();

 private:
  [[nodiscard]] absl::Status sample_end(Lag::Clock::time_point now);
  [[nodiscard]] absl::Status sample_backlog(const std::optional<binlog::Position>& saved,
                                            const binlog::BinlogCoordinates& end, Lag::Clock::time_point now);

  const Parts& parts_;
  std::function<std::optional<binlog::Position>()> saved_;
  std::function<std::uint64_t()> rows_;
  std::unique_ptr<sql::Session> session_;     // run()'s
  Lag::Clock::time_point retention_read_at_;  // run()'s
  std::atomic<bool> is_session_old_ = false;
  Lag lag_;
  Rate rate_;

  mutable std::mutex mutex_;  // guards what follows
  std::optional<binlog::BinlogCoordinates> end_before_saved_;
  std::optional<std::uint64_t> behind_bytes_;
  std::optional<std::uint64_t> retention_seconds_;
};

}  // namespace rowtide::run
