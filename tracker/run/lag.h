#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "tracker/binlog/binlog_coordinates.h"

namespace rowtide::run {

using binlog::BinlogCoordinates;

/// How far what is delivered stays behind what is committed. Samples of the source's end are kept until they
/// are delivered; lag is the age of the oldest sample that is not, and 0 when all are. So it is right on an
/// idle source, and grows while the stream hangs. Needs no clock of the source and no write to it.
/// Thread-safe.
class Lag {
 public:
  using Clock = std::chrono::steady_clock;

  void sample(BinlogCoordinates end, Clock::time_point now);
  void delivered(const BinlogCoordinates& place);
  /// Seconds; nullopt before the first sample.
  [[nodiscard]] std::optional<double> seconds(Clock::time_point now) const;
  /// After a change of server: places of the old one mean nothing.
  void reset();

 private:
  mutable std::mutex mutex_;
  std::deque<std::pair<Clock::time_point, BinlogCoordinates>>
      pending_;  // oldest first, places strictly rising
  BinlogCoordinates delivered_;
  bool sampled_ = false;
};

}  // namespace rowtide::run
