#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "rowtide/transaction.h"

namespace rowtide {
inline namespace v1 {

/// Puts transactions together from changes and END marks, which come from several partitions in any order. A
/// transaction is whole when it has as many changes as its END says; whole ones are given in the order of
/// their ENDs, which is the binlog's. A schema change has no END: it is given when the transactions that were
/// begun before it are, but for those of which a change behind it in its partition says that it comes first.
///
/// Every partition is in the binlog's order too. So a change of a transaction whose END is known says that
/// nothing comes from its partition of those with an earlier END; and that the END of those with a change
/// before it there, if it was not read, stands before where reading began. No I/O, no clock, no thread.
class TransactionAssembler {
 public:
  /// The transaction that next() waits for: the first one of which the END was read.
  struct Awaited {
    std::uint64_t number = 0;  ///< of its END: 1, 2, ... as they were read
    std::size_t changes = 0;   ///< that are here
    std::size_t bytes = 0;     ///< of these
  };

  /// A partition of changes is read from now on; its name is the assignment.
  void begin(std::uint64_t partition);
  void add(Change change);
  void end(std::string_view id, std::uint64_t changes, std::pair<std::uint64_t, std::int64_t> mark);

  [[nodiscard]] std::optional<Transaction> next();

  [[nodiscard]] std::optional<Awaited> awaited() const;
  /// Changes of the awaited one may still come from there, as far as is known.
  [[nodiscard]] bool may_hold_awaited(std::uint64_t partition) const;
  /// Changes came from there whose END is not known.
  [[nodiscard]] bool has_unended(std::uint64_t partition) const;
  [[nodiscard]] std::uint64_t last_end() const { return last_end_; }  ///< its number, 0: none yet
  /// No more changes of the transactions up to that END come from there.
  void exhaust(std::uint64_t partition, std::uint64_t end);

  [[nodiscard]] bool empty() const { return open_.empty() && schema_changes_.empty() && endless_.empty(); }
  void clear();

 private:
  struct Open {
    Transaction transaction;
    std::size_t bytes = 0;
    std::set<std::uint64_t> orders;               ///< of its changes
    std::map<std::uint64_t, std::int64_t> first;  ///< by partition, the offset of its first change there
    std::uint64_t expected = 0;
    std::uint64_t end = 0;  ///< the number of its END, 0: not here yet
  };
  struct Partition {
    std::uint64_t past = 0;                         ///< nothing comes any more of those with an END before it
    std::map<std::int64_t, std::string> unended{};  ///< by their first offset, without an END yet
  };
  struct SchemaChange {
    Transaction transaction;
    std::uint64_t partition = 0;
    std::int64_t offset = 0;
    std::uint64_t before =
        std::numeric_limits<std::uint64_t>::max();  ///< the first END of those that it comes before
    std::set<std::string, std::less<>> after;       ///< begun before it, and not given yet
  };
  void put_schema_changes_before(const Open& open);
  void pass(std::uint64_t partition, std::int64_t offset, std::uint64_t end);
  void give_up_before(std::uint64_t partition, std::int64_t offset);
  [[nodiscard]] Transaction give(const std::string& id);

  std::map<std::string, Open, std::less<>> open_;
  std::deque<std::string> ended_;
  std::uint64_t last_end_ = 0;
  std::map<std::uint64_t, Partition> partitions_;
  std::deque<Transaction> endless_;  ///< to be given: their ENDs stand before where reading began
  std::deque<SchemaChange> schema_changes_;
};

}  // namespace v1
}  // namespace rowtide
