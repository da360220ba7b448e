#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "rowtide/transaction.h"

namespace rowtide {
inline namespace v1 {

/// Puts transactions together from changes and END marks, which come from several partitions in any order. A
/// transaction is whole when it has as many changes as its END says; whole ones are given in the order of
/// their ENDs, which is the binlog's. A schema change has no END: it is given when the transactions that were
/// begun before it are. No I/O, no thread.
class TransactionAssembler {
 public:
  using Clock = std::chrono::steady_clock;

  void add(Change change);
  void end(std::string_view id, std::uint64_t changes, std::pair<std::uint64_t, std::int64_t> mark,
           Clock::time_point now);

  /// The next one. `is_at_end`: every partition is read to its end now.
  [[nodiscard]] std::optional<Transaction> next(bool is_at_end, Clock::time_point now);

  [[nodiscard]] bool empty() const { return open_.empty() && schema_changes_.empty(); }
  void clear();

 private:
  struct Open {
    Transaction transaction;
    std::set<std::uint64_t> orders;         ///< of its changes
    std::optional<std::uint64_t> expected;  ///< once its END is here
    Clock::time_point ended_at;
  };
  struct SchemaChange {
    Transaction transaction;
    std::set<std::string, std::less<>> after;  ///< begun before it, and not given yet
  };
  [[nodiscard]] Transaction give(const std::string& id);

  std::map<std::string, Open, std::less<>> open_;
  std::deque<std::string> ended_;
  std::deque<SchemaChange> schema_changes_;
};

}  // namespace v1
}  // namespace rowtide
