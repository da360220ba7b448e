#include "sdk/src/partition_ledger.h"

#include <algorithm>

namespace rowtide {
inline namespace v1 {

std::optional<std::size_t> PartitionLedger::acknowledge(std::int64_t offset) {
  const auto found =
      std::lower_bound(pending_.begin(), pending_.end(), offset,
                       [](const Pending& pending, std::int64_t wanted) { return pending.offset < wanted; });
  if (found == pending_.end() || found->offset != offset || found->is_acknowledged) return std::nullopt;
  found->is_acknowledged = true;
  const std::size_t bytes = found->bytes;
  while (!pending_.empty() && pending_.front().is_acknowledged) pending_.pop_front();
  return bytes;
}

}  // namespace v1
}  // namespace rowtide
