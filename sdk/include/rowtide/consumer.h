#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "rowtide/change.h"
#include "rowtide/error.h"
#include "rowtide/options.h"
#include "rowtide/transaction.h"

namespace rowtide {
inline namespace v1 {

/// Counts since the consumer was made.
struct Statistics {
  std::uint64_t delivered = 0;       ///< changes that poll() gave
  std::uint64_t filtered = 0;        ///< changes that Options::filter did not let through
  std::uint64_t markers = 0;         ///< records that are no change: tombstones, BEGIN, COMMIT and END
  std::uint64_t skipped = 0;         ///< records that could not be decoded (OnUndecodable::Skip)
  std::uint64_t pauses = 0;          ///< times that a bound of Options paused the partitions
  std::uint64_t unacknowledged = 0;  ///< now
};

/// What run() gives changes to.
class ROWTIDE_SDK_EXPORT Listener {
 public:
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener();

  /// The change is acknowledged when this returns. What it throws ends run(), and the change comes again
  /// after a restart.
  virtual void on_change(const Change& change) = 0;
};

/// Reads topics that Rowtide writes, as a member of a consumer group.
///
/// At least once: the checkpoint of a partition moves over acknowledged changes only, up to the first one
/// that is not. After a restart, or when a partition changes hands, what is after the checkpoint is delivered
/// (again).
///
/// Connections are librdkafka's: it reconnects by itself. Functions throw Error and nothing else, but for
/// what the application's own callbacks throw. Used by one thread at a time, but for stop(). poll() must be
/// called at least every five minutes, or the group takes the partitions away.
class ROWTIDE_SDK_EXPORT Consumer {
 public:
  /// Connects, and looks whether the topics are there.
  explicit Consumer(Options options);
  /// close(), whose failure goes unseen here.
  ~Consumer();
  Consumer(Consumer&&) noexcept;
  Consumer& operator=(Consumer&&) noexcept;

  /// The next change, or nothing when none came in time.
  [[nodiscard]] std::optional<Change> poll(std::chrono::milliseconds timeout);
  /// Waits like poll() for the first change and adds what is there without waiting, up to `max`.
  [[nodiscard]] std::vector<Change> poll_batch(std::size_t max, std::chrono::milliseconds timeout);

  /// With Options::transactions, and instead of poll(): the next whole transaction, in the order of the
  /// source's commits, or nothing when none became whole in time. Error of code TransactionTooLarge when the
  /// bounds of Options do not hold one.
  [[nodiscard]] std::optional<Transaction> poll_transaction(std::chrono::milliseconds timeout);
  /// Its effect is durable. The checkpoint moves over transactions in the order in which they were given, up
  /// to the first one that is not acknowledged.
  void acknowledge(const Transaction& transaction);

  /// Gives each change to the listener, one after the other on this thread, until stop(). Saves the
  /// checkpoint before it returns. Throws what poll() throws, and what the listener throws.
  void run(Listener& listener);
  /// Lets run(), now or when it is called next, return within a tenth of a second. From any thread, also a
  /// signal's handler.
  void stop() noexcept;

  /// The change's effect is durable. In any order; nothing happens for a change of a partition that was taken
  /// away since, which its new owner delivers again. The checkpoint is saved every
  /// Options::checkpoint_interval by poll().
  void acknowledge(const Change& change);
  void acknowledge(std::span<const Change> changes);

  /// Saves the checkpoint now. When it returns, all that is acknowledged is stored, also what poll() has
  /// sent.
  void commit();

  /// commit(), and leaves the group. Every other call but statistics() then throws Error of code Closed.
  void close();

  [[nodiscard]] Statistics statistics() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace v1
}  // namespace rowtide
