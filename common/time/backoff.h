#pragma once

#include <algorithm>
#include <chrono>

namespace rowtide {

/// How long to wait before the next attempt: `min`, then twice as long each time, at most `max`.
class Backoff {
 public:
  constexpr Backoff(std::chrono::milliseconds min, std::chrono::milliseconds max) : min_(min), max_(max) {}

  [[nodiscard]] std::chrono::milliseconds next() {
    wait_ = std::clamp(wait_ * 2, min_, max_);
    return wait_;
  }
  void reset() { wait_ = std::chrono::milliseconds(0); }

 private:
  std::chrono::milliseconds min_;
  std::chrono::milliseconds max_;
  std::chrono::milliseconds wait_{0};
};

}  // namespace rowtide
