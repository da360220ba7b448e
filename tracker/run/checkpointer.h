#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "absl/status/status.h"
#include "tracker/binlog/position.h"
#include "tracker/run/parts.h"
#include "tracker/schema/schema_history.h"

namespace rowtide::run {

/// Moves the checkpoint after what the sink has made durable, together with the definitions of tables that it
/// needs. On a thread of its own between start() and stop(); save() is the runner's, while that thread does
/// not run. What was saved may be asked on any thread.
class Checkpointer {
 public:
  /// `on_delivered` is told of each newer position that is durable, on the thread that found it.
  Checkpointer(const Parts& parts, std::function<void(const binlog::Position&)> on_delivered)
      : parts_(parts), on_delivered_(std::move(on_delivered)) {}

  /// A run begins with these definitions; `saved_version` of them is with the checkpoint already.
  void begin(schema::SchemaHistory& history, std::uint64_t saved_version);
  void start();
  void stop() { thread_ = {}; }

  /// Saves or commits what is durable now; nothing to do is OK. `stop` bounds the wait for brokers.
  [[nodiscard]] absl::Status save(const std::stop_token& stop = {});

  /// Has the thread save what is durable now, without waiting for its time. From any thread.
  void hurry();

  [[nodiscard]] std::optional<binlog::Position> saved() const;
  /// Why the thread has ended by itself, and interrupted the source: saving again cannot mend it. From any
  /// thread.
  [[nodiscard]] absl::Status failure() const;
  /// Why it could not save when it last failed; OK: it never did.
  [[nodiscard]] absl::Status last_failure() const;
  /// How often the thread could not save. After it rose, last_failure() says why.
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  /// Milliseconds since 1970; 0: nothing was saved yet.
  [[nodiscard]] std::int64_t saved_at_ms() const;

 private:
  void save_every_so_often(const std::stop_token& stop);
  void commit_when_due(sink::Transactional& sink, const std::stop_token& stop);
  [[nodiscard]] absl::Status save_durable();
  [[nodiscard]] absl::Status save_with_state(const checkpoint::Checkpoint& checkpoint);
  [[nodiscard]] absl::Status commit(sink::Transactional& sink, const std::stop_token& stop);
  [[nodiscard]] std::uint64_t saved_version() const;
  void note_failure(const absl::Status& status);
  void remember(const binlog::Position& position, std::int64_t at_ms);

  const Parts& parts_;
  std::function<void(const binlog::Position&)> on_delivered_;
  schema::SchemaHistory* history_ = nullptr;
  std::size_t saved_topics_ = 0;  ///< the first so many of the sink's
  std::atomic<std::uint64_t> failures_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  std::optional<binlog::Position> saved_;
  std::uint64_t saved_version_ = 0;
  std::int64_t saved_at_ms_ = 0;
  absl::Status last_failure_;
  bool is_hurried_ = false;
  std::condition_variable_any hurried_;

  std::jthread thread_;  // last: it uses the rest
};

}  // namespace rowtide::run
