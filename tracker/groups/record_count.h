#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace rowtide::groups {

/// How many records stand between two offsets of a partition. Transactions' marks and records that were taken
/// back have offsets as well, and consumers never see them: this notes which offsets those are, from what a
/// committed reader meets. A value: no I/O, no thread.
class RecordCount {
 public:
  /// Forgets all; what is met next is met from `offset` on.
  void restart(std::int64_t offset);
  /// The next record that a committed reader met.
  void met(std::int64_t offset) {
    pass_to(offset);
    end_ = offset + 1;
  }
  /// It met no other record before `offset`.
  void pass_to(std::int64_t offset);
  /// Nobody will ask for what is before it.
  void forget_before(std::int64_t offset);

  /// Runs of offsets without a record that one of so many partitions keeps: 24 bytes each, all together about
  /// 1.5 MiB.
  [[nodiscard]] static std::size_t max_runs_among(std::size_t partitions);
  /// At least four.
  void keep_at_most(std::size_t runs);
  [[nodiscard]] std::size_t runs() const { return runs_.size(); }

  [[nodiscard]] std::int64_t begin() const { return begin_; }
  [[nodiscard]] std::int64_t end() const { return end_; }
  /// Records in [from, end()); `from` is at least begin(). Of marks long ago (more runs of them than are
  /// kept) neighbours are taken together, and a number that begins between them is near, not exact.
  [[nodiscard]] std::int64_t from(std::int64_t from) const;

 private:
  /// Offsets without a record: `count` of those in [first, last].
  struct Run {
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::int64_t count = 0;
  };
  /// Two and two of the older half, until there are few enough.
  void merge_older();

  std::int64_t begin_ = 0;
  std::int64_t end_ = 0;
  std::int64_t empty_ = 0;  ///< of all runs
  std::size_t max_runs_ = max_runs_among(1);
  std::deque<Run> runs_;
};

}  // namespace rowtide::groups
