#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rowtide/change.h"
#include "rowtide/export.h"

namespace rowtide {
inline namespace v1 {

/// A transaction of the source, put together again from the topics' records; or one schema change, which is a
/// transaction of its own.
struct Transaction {
  std::string id;               ///< Change::transaction_id
  std::vector<Change> changes;  ///< as they stood in the transaction
  /// False: changes of it, or its END, stand before where reading began, or were deleted. Without its END it
  /// may come in several parts.
  bool is_complete = true;

  std::uint64_t number = 0;  ///< the Consumer's
  /// The Consumer's: what else is acknowledged with it, as assignments and offsets.
  std::vector<std::pair<std::uint64_t, std::int64_t>> marks;
};

}  // namespace v1
}  // namespace rowtide
