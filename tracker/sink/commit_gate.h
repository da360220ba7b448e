#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>

#include "tracker/binlog/position.h"

namespace rowtide::sink {

/// Lets one thread write and another commit, each commit between two of the source's transactions, and says
/// when a commit is due. Thread-safe.
class CommitGate {
 public:
  using Clock = std::chrono::steady_clock;

  /// A commit may have waited for brokers that were away, which says nothing of the next: under load that one
  /// is due `longest_wait` after it at the latest.
  explicit CommitGate(Clock::duration longest_wait = std::chrono::seconds(5)) : longest_wait_(longest_wait) {}

  /// The writer, before records; waits while a commit has its turn. False: stop.
  [[nodiscard]] bool enter(const std::stop_token& stop);
  /// The writer: what it wrote is of transactions up to `position`.
  void leave(const binlog::Position& position);

  /// The committer: a commit is due when writing pauses, or when the last one's cost has been amortised; of
  /// a position alone, without records, now and then. False: stop.
  [[nodiscard]] bool wait_until_due(const std::stop_token& stop);
  /// The committer: holds writers back between two transactions. nullopt: stop, or there is nothing new.
  [[nodiscard]] std::optional<binlog::Position> close(const std::stop_token& stop);
  /// The committer, after close() gave a position.
  void open(bool is_committed);

  [[nodiscard]] bool at_transaction_boundary() const;
  [[nodiscard]] std::optional<binlog::Position> committed() const;
  /// Forgets what is not committed; the next end is committed whatever it is. While nobody is inside.
  void roll_back();

 private:
  [[nodiscard]] bool is_due(Clock::time_point now) const;
  [[nodiscard]] bool is_new() const { return end_ && (is_rolled_back_ || end_ != committed_); }

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool is_writing_ = false;  ///< inside a transaction of the source
  bool has_records_ = false;
  bool is_closing_ = false;
  std::optional<binlog::Position> end_;
  /// What close() gave: transactions without records end while the gate is closed.
  std::optional<binlog::Position> closed_at_end_;
  std::optional<binlog::Position> committed_;
  bool is_rolled_back_ = false;  ///< and nothing committed since
  Clock::time_point last_write_;
  Clock::time_point closed_at_;
  Clock::time_point opened_at_;
  const Clock::duration longest_wait_;
  Clock::duration wait_{};  ///< under load, from the last commit on
};

}  // namespace rowtide::sink
