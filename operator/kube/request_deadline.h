#pragma once

#include <chrono>
#include <optional>

namespace rowtide::op::kube {

/// While it lives, every request that its thread makes of an API server ends by then, also one whose answer
/// comes byte by byte: DeadlineExceeded. Not for streams. One at a time on a thread.
class RequestDeadline {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit RequestDeadline(TimePoint at) { current_ = at; }
  ~RequestDeadline() { current_.reset(); }
  RequestDeadline(const RequestDeadline&) = delete;
  RequestDeadline& operator=(const RequestDeadline&) = delete;

  /// This thread's; empty: requests have their own timeout only.
  [[nodiscard]] static std::optional<TimePoint> current() { return current_; }
  [[nodiscard]] static bool has_passed() { return current_ && *current_ <= std::chrono::steady_clock::now(); }

 private:
  inline static thread_local std::optional<TimePoint> current_;
};

}  // namespace rowtide::op::kube
