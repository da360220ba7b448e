#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace rowtide {
inline namespace v1 {

/// What was read of a partition and how much of it is acknowledged: the checkpoint is the first offset that
/// is not.
class PartitionLedger {
 public:
  /// `next`: of the record that is read first.
  explicit PartitionLedger(std::int64_t next) : next_(next) {}

  /// A change that is to be acknowledged. Offsets ascend.
  void deliver(std::int64_t offset, std::size_t bytes) {
    pending_.push_back({offset, bytes, false});
    next_ = offset + 1;
  }
  /// There is nothing to acknowledge before `next`, but for what is delivered.
  void pass(std::int64_t next) { next_ = next > next_ ? next : next_; }

  /// How many bytes that change held; nothing if it is acknowledged already or was never delivered.
  std::optional<std::size_t> acknowledge(std::int64_t offset);

  [[nodiscard]] std::int64_t next() const { return next_; }
  [[nodiscard]] std::int64_t checkpoint() const { return pending_.empty() ? next_ : pending_.front().offset; }

 private:
  struct Pending {
    std::int64_t offset;
    std::size_t bytes;
    bool is_acknowledged;
  };
  std::deque<Pending> pending_;  ///< the first one is not acknowledged
  std::int64_t next_;
};

}  // namespace v1
}  // namespace rowtide
