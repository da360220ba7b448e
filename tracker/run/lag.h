#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "tracker/binlog/binlog_coordinates.h"

namespace rowtide::run {

using binlog::BinlogCoordinates;

/// How far what is delivered stays behind what is committed. Samples of the source's end are kept until they
/// are delivered; lag is the age of the oldest sample that is not, and 0 when all are. So it is right on an
/// idle source, and grows while the stream hangs; it is not known once nobody has seen the source's end for a
/// while. Needs no clock of the source and no write to it.
/// Thread-safe.
class Lag {
 public:
  using Clock = std::chrono::steady_clock;

  /// `source`: what source() was when this end was asked for.
  void sample(BinlogCoordinates end, Clock::time_point now, std::uint64_t source);
  void delivered(const BinlogCoordinates& place);
  /// Seconds; nullopt before the first sample, and where all is delivered but the last sample is old.
  [[nodiscard]] std::optional<double> seconds(Clock::time_point now) const;
  /// How long ago the last sample was; nullopt before the first.
  [[nodiscard]] std::optional<double> age_of_sample(Clock::time_point now) const;
  /// The stream was opened anew, perhaps on another server: places of the one before mean nothing.
  void reset();
  /// Counts what reset() forgets.
  [[nodiscard]] std::uint64_t source() const;

 private:
  mutable std::mutex mutex_;
  std::deque<std::pair<Clock::time_point, BinlogCoordinates>>
      pending_;  // oldest first, places strictly rising
  BinlogCoordinates delivered_;
  std::optional<Clock::time_point> sampled_at_;
  std::uint64_t source_ = 0;
};

}  // namespace rowtide::run
