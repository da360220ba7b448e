#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace rowtide::test {

/// Generous, because a test machine may be busy; a condition that comes true is seen within 20 ms all the
/// same.
inline constexpr std::chrono::milliseconds kDeadline{60'000};

/// True as soon as 'condition' is, false when the deadline passed without it.
[[nodiscard]] inline bool eventually(const std::function<bool()>& condition,
                                     std::chrono::milliseconds deadline = kDeadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return true;
}

/// Waits for 'condition'. Throws at the deadline, which fails the test, with 'what' and what 'seen' says of
/// the state then.
inline void wait_until(std::string_view what, const std::function<bool()>& condition,
                       std::chrono::milliseconds deadline = kDeadline,
                       const std::function<std::string()>& seen = nullptr) {
  if (eventually(condition, deadline)) return;
  std::string message = "waited " + std::to_string(deadline.count()) + " ms in vain: " + std::string{what};
  if (seen) message += "\nseen instead: " + seen();
  throw std::runtime_error(message);
}

}  // namespace rowtide::test
