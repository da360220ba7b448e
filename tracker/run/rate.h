#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

namespace rowtide::run {

/// A count's rate over the last ten seconds or so. Thread-safe.
class Rate {
 public:
  using Clock = std::chrono::steady_clock;

  /// Called about once a second with the total so far.
  void sample(std::uint64_t total, Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    samples_.emplace_back(now, total);
    while (samples_.size() > kWindow) samples_.pop_front();
  }

  [[nodiscard]] double per_second() const {
    const std::lock_guard lock(mutex_);
    if (samples_.size() < 2) return 0;
    const std::chrono::duration<double> span = samples_.back().first - samples_.front().first;
    return span.count() <= 0
               ? 0
               : static_cast<double>(samples_.back().second - samples_.front().second) / span.count();
  }

 private:
  static constexpr std::size_t kWindow = 11;
  mutable std::mutex mutex_;
  std::deque<std::pair<Clock::time_point, std::uint64_t>> samples_;
};

}  // namespace rowtide::run
