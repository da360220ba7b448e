#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace rowtide {

/// Returns early when stop is requested.
inline void sleep_for(std::chrono::milliseconds duration, const std::stop_token& stop) {
  if (duration.count() <= 0) return;
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace rowtide
