#pragma once

#include <csignal>
#include <stop_token>
#include <string>
#include <thread>

namespace rowtide::commands {

/// SIGTERM and SIGINT end the work in good order. Blocked before any thread begins, so that only the thread
/// that waits for them gets them.
class StopSignals {
 public:
  StopSignals();
  /// Ends what holds the token when the process is told to, and logs `message`.
  [[nodiscard]] std::stop_token stop_when_told(std::string message);

 private:
  sigset_t signals_{};
  std::stop_source stop_;
  std::jthread waiter_;
};

}  // namespace rowtide::commands
