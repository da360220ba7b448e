#pragma once

#include <chrono>

namespace rowtide {

/// When this process began, by the wall clock: taken before main().
inline const std::chrono::system_clock::time_point kProcessStart = std::chrono::system_clock::now();

/// Seconds since 1970.
[[nodiscard]] inline double process_start_seconds() {
  return std::chrono::duration<double>(kProcessStart.time_since_epoch()).count();
}

}  // namespace rowtide
