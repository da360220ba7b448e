#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rowtide {

/// Durations in seconds, by buckets that end at kBounds. Not thread-safe: its owner locks.
template <const auto& kBounds>
struct Histogram {
  static constexpr const auto& kUpperBounds = kBounds;

  std::array<std::uint64_t, kBounds.size() + 1> counts{};  // per bucket, not cumulative; the last is +Inf
  double sum = 0;
  std::uint64_t count = 0;

  void observe(double seconds, std::uint64_t times = 1) {
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
    counts[bucket] += times;
    sum += seconds * static_cast<double>(times);
    count += times;
  }
};

}  // namespace rowtide
