#pragma once

#include <span>
#include <vector>

namespace rowtide {
inline namespace v1 {

/// A partition, as a consumer of whole transactions sees it.
struct ReadAheadPartition {
  bool has_marks = false;  ///< it says where transactions end
  bool is_at_end = false;
  bool may_hold_awaited = false;  ///< TransactionAssembler's
  bool has_unended = false;       ///< TransactionAssembler's
};

/// Which partitions to go on with while the buffer is full: those that the awaited transaction lacks, and not
/// those that are ahead of it. Where nothing is awaited, or where it stands cannot be told yet: the marks.
[[nodiscard]] std::vector<bool> partitions_to_read_on(std::span<const ReadAheadPartition> partitions,
                                                      bool is_awaited);

}  // namespace v1
}  // namespace rowtide
