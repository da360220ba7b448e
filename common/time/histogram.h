#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace rowtide {

/// Durations in seconds, by buckets that end at kBounds. Not thread-safe: its owner locks.
template <const auto& kBounds>
struct Histogram {
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

  /// Calls visit(count of all up to the bound, bound) per bucket, the last with +Inf: as Prometheus has them.
  template <typename Visit>
  void for_each_bucket(const Visit& visit) const {
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      cumulative += counts[i];
      visit(cumulative, i < kBounds.size() ? kBounds[i] : std::numeric_limits<double>::infinity());
    }
  }
};

}  // namespace rowtide
