#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace rowtide::sink {

/// Whether Kafka takes what it is given, as far as people should be told: brokers that elect a leader, or
/// start again, are away for a few seconds. Logs the first error, and the end of it. Thread-safe.
class KafkaTrouble {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kAfter{10};

  explicit KafkaTrouble(std::string servers) : servers_(std::move(servers)) {}

  /// Something is waited for from now on, where nothing was.
  void begin(Clock::time_point now = Clock::now());
  void note_error(std::string_view reason);
  /// Kafka has taken something.
  void note_progress(Clock::time_point now = Clock::now());
  /// Sink::trouble(), while something is waited for.
  [[nodiscard]] absl::Status status(Clock::time_point now = Clock::now()) const;

 private:
  const std::string servers_;
  mutable std::mutex mutex_;  // guards what follows
  std::string first_error_;   ///< since something was taken
  Clock::time_point taken_at_;
};

}  // namespace rowtide::sink
