#include "sdk/src/read_ahead.h"

#include <algorithm>

namespace rowtide {
inline namespace v1 {

std::vector<bool> partitions_to_read_on(std::span<const ReadAheadPartition> partitions, bool is_awaited) {
  bool has_candidate = false;  // one that is behind for certain, and has something to read
  bool are_marks_at_end = true;
  for (const ReadAheadPartition& each : partitions) {
    has_candidate |= each.may_hold_awaited && !each.has_unended && !each.is_at_end;
    are_marks_at_end &= !each.has_marks || each.is_at_end;
  }
  const bool reads_marks = !is_awaited || !has_candidate;
  std::vector<bool> reads_on;
  for (const ReadAheadPartition& each : partitions) {
    // Behind the last mark, what has no END yet may also stand before where reading began.
    const bool reads_changes =
        each.may_hold_awaited && (!each.has_unended || (!has_candidate && are_marks_at_end));
    reads_on.push_back(each.has_marks ? reads_marks : reads_changes);
  }
  return reads_on;
}

}  // namespace v1
}  // namespace rowtide
