#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tracker/binlog/rows_event.h"

namespace rowtide::pipeline {

/// What the pipeline has done since the process began. Written by the pipeline's thread once an event, read
/// by any.
struct Counters {
  using Count = std::atomic<std::uint64_t>;

  std::array<Count, 3> rows{};  ///< by RowOperation
  Count schema_changes{};
  Count transactions{};
  Count read_bytes{};  ///< of binlog, whatever became of it
  Count unselected_rows_events{};
  Count unselected_schema_changes{};
  Count unprocessable_events{};  ///< left out because the task says so (spec.onUnprocessable)
  Count oversized_skipped{};     ///< changes left out because their records were too large
  Count oversized_keys_only{};   ///< changes delivered with their keys only for the same reason
  Count unseen_xa_commits{};     ///< of transactions prepared before this task's first position
  std::atomic<std::int64_t>
      last_event_timestamp{};  ///< seconds since the epoch, of the newest event with a time

  [[nodiscard]] Count& rows_of(binlog::RowOperation operation) {
    return rows[static_cast<std::size_t>(operation)];
  }
  [[nodiscard]] std::uint64_t total_rows() const { return rows[0] + rows[1] + rows[2]; }
};

inline void add(Counters::Count& count, std::uint64_t amount) {
  count.fetch_add(amount, std::memory_order_relaxed);
}

}  // namespace rowtide::pipeline
