#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace rowtide::sink {

/// When a topic's records were written, where their timestamps do not say so: how far the topic went, at
/// times. Pure.
class RetentionMarks {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit RetentionMarks(std::chrono::seconds retention) : retention_(retention) {}

  /// At `now` the topic ends at `end`. A topic that ends before where it did has been made anew.
  void note(Time now, std::int64_t end);
  /// All before it was written longer ago than the retention; nullopt: it is not known of any.
  [[nodiscard]] std::optional<std::int64_t> expired(Time now);

 private:
  struct Mark {
    Time at;
    std::int64_t end;
  };

  const std::chrono::seconds retention_;
  std::deque<Mark> marks_;  ///< ascending
};

}  // namespace rowtide::sink
