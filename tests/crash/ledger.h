#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/kafka_reader.h"

namespace rowtide::test {

/// What became of one row: its version before and after; 0: there was, or is, none.
struct RowChange {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  friend bool operator==(const RowChange&, const RowChange&) = default;
};

struct RowId {
  std::string table;
  int id = 0;
  friend auto operator<=>(const RowId&, const RowId&) = default;
};

using RowChanges = std::vector<std::pair<RowId, RowChange>>;

/// How the changes delivered differ from those made.
struct Verdict {
  std::uint64_t changes = 0;  ///< made
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t foreign = 0;       ///< delivered, but never made
  std::uint64_t out_of_order = 0;  ///< rows whose changes are all there, once, in another order
  std::string example;             ///< of the first difference
};

/// The changes of each row in their order: once as the writers committed them, once as the topic tells them.
/// Any thread.
class Ledger {
 public:
  void committed(const RowChanges& changes);
  /// Records of debezium-json; those without a row are not of interest.
  void delivered(const std::vector<KafkaRecord>& records);

  [[nodiscard]] std::uint64_t committed_count() const;
  [[nodiscard]] std::uint64_t delivered_count() const;
  [[nodiscard]] Verdict compare() const;

 private:
  struct History {
    std::vector<RowChange> made;
    std::vector<RowChange> delivered;
  };
  static void compare_row(const RowId& row, const History& history, Verdict& verdict);

  mutable std::mutex mutex_;
  std::map<RowId, History> rows_;
  std::uint64_t committed_ = 0;
  std::uint64_t delivered_ = 0;
};

}  // namespace rowtide::test
