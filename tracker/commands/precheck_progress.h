#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

namespace rowtide::commands {

/// Says on the log which check is being made, when it takes long: after two seconds, and every five.
class PrecheckProgress {
 public:
  PrecheckProgress();
  void begin(std::string_view check);

 private:
  void watch(const std::stop_token& stop);

  std::mutex mutex_;  // guards what follows
  std::condition_variable_any changed_;
  std::string check_;
  std::chrono::steady_clock::time_point since_;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace rowtide::commands
