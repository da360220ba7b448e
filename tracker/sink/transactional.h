#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/binlog/position.h"

namespace rowtide::sink {

/// A record of the tracker's own beside the changes: its checkpoint, and what belongs to it.
struct StateRecord {
  std::string topic;  ///< exists; partition 0
  std::string key;
  std::optional<std::string> value;  ///< nothing: a tombstone
};

/// What must become durable in one step with the records before a position. Called on the committing thread.
using StateAt = std::function<std::vector<StateRecord>(const binlog::Position&)>;

/// A sink that makes records and checkpoint durable together (delivery ExactlyOnce). The functions belong to
/// one thread, which is not the writing one, except where they say so.
class Transactional {
 public:
  virtual ~Transactional() = default;

  /// Waits until a commit is worth its cost: soon after the last record, seldom under load. CANCELLED: stop.
  [[nodiscard]] virtual absl::Status wait_until_due(const std::stop_token& stop) = 0;

  /// Waits for the end of the transaction that is being written, and makes all before it durable together
  /// with `state`: the position of that end, or nullopt if that is so already. Writers wait meanwhile.
  /// CANCELLED: stop was requested, and the writer stands inside a transaction. Another failure is the sink's
  /// as well.
  [[nodiscard]] virtual absl::StatusOr<std::optional<binlog::Position>> commit(
      const StateAt& state, const std::stop_token& stop) = 0;

  /// All that was written belongs to ended transactions, and nothing failed. The writing thread's.
  [[nodiscard]] virtual bool at_transaction_boundary() const = 0;

  /// Takes back what no commit has made durable, and begins anew as after a restart: go on from the
  /// checkpoint, and end_transaction() there, which the next commit commits although it may have been so
  /// already. While neither of the two threads is inside another function. UNAVAILABLE: try again.
  [[nodiscard]] virtual absl::Status roll_back() = 0;
};

}  // namespace rowtide::sink
