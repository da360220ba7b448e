#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rowtide::op::controller {

/// A histogram of seconds, 1 ms to 5 min: reconciles and queue times are never usefully told apart below a
/// millisecond. Not thread-safe: its owner locks.
struct Histogram {
  static constexpr std::array<double, 11> kBounds{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300};

  std::array<std::uint64_t, kBounds.size() + 1> counts{};  // one a bound, not cumulative; the last is +Inf
  double sum = 0;
  std::uint64_t count = 0;

  void observe(double seconds) {
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
    ++counts[bucket];
    sum += seconds;
    ++count;
  }
};

}  // namespace rowtide::op::controller
