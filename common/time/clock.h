#pragma once

#include <chrono>
#include <cstdint>

namespace rowtide {

/// The wall clock, microseconds since 1970.
[[nodiscard]] inline std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Milliseconds since 1970.
[[nodiscard]] inline std::int64_t now_ms() {
  return now_us() / 1000;
}

/// Milliseconds by a clock that nobody sets: for how long something has been so.
[[nodiscard]] inline std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace rowtide
