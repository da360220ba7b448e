#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

#include "absl/status/statusor.h"
#include "tracker/sql/session.h"

namespace rowtide::run {

/// What the source said of the newest new connection.
struct SourceAccess {
  std::int64_t at_ms = 0;  ///< when it was made; 0: none yet
  absl::Status status;     ///< OK: it was let in
};

/// Whether the source still lets new connections in: those that are open outlive a whitelist that was
/// changed, until the first reconnect. run() is a thread's; the rest is for any.
class SourceVerifier {
 public:
  using Connect = std::function<absl::StatusOr<std::unique_ptr<sql::Session>>()>;
  /// Called before a connection is tried; ends early when it is stopped.
  using LetIn = std::function<absl::Status(const std::stop_token&)>;
  explicit SourceVerifier(
      Connect connect, LetIn let_in = [](const std::stop_token&) { return absl::OkStatus(); },
      std::chrono::milliseconds interval = std::chrono::minutes{5})
      : connect_(std::move(connect)), let_in_(std::move(let_in)), interval_(interval) {}

  void run(const std::stop_token& stop);
  /// The outcome of a connection that was made for another purpose.
  void note(const absl::Status& status);
  [[nodiscard]] SourceAccess access() const;

 private:
  const Connect connect_;
  const LetIn let_in_;
  const std::chrono::milliseconds interval_;
  mutable std::mutex mutex_;  // guards what follows
  SourceAccess access_;
};

}  // namespace rowtide::run
