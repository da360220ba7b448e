#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rowtide::pipeline {

/// Which rows of a group of events its own statements take back: ROLLBACK TO a savepoint. Rows events are
/// numbered from 0 in the order in which they stand in the group, so that what one reading of it has found
/// holds for the next. Belongs to the pipeline's thread.
class TakenBack {
 public:
  /// Older ones are forgotten: the server does not tell when they are released.
  static constexpr std::size_t kMaxSavepoints = std::size_t{1} << 16U;
  static constexpr std::size_t kMaxRanges = std::size_t{1} << 18U;

  /// A group begins of which nothing is known.
  void begin();
  /// The group that was read is read again: what it takes back is known now.
  void begin_again();
  [[nodiscard]] bool is_known() const { return is_known_; }

  /// A rows event: its number.
  std::uint64_t count() { return rows_events_++; }
  [[nodiscard]] std::uint64_t counted() const { return rows_events_; }

  void set_savepoint(std::string_view name);
  /// The rows events from that number on, up to here, are taken back. Names are the same in upper and lower
  /// case. NOT_FOUND: no such savepoint is known; UNIMPLEMENTED: it cannot be known which one is meant, or
  /// there are too many to be remembered.
  [[nodiscard]] absl::StatusOr<std::uint64_t> roll_back_to(std::string_view name);

  [[nodiscard]] bool contains(std::uint64_t rows_event) const;

 private:
  struct Savepoint {
    std::uint64_t rows_events = 0;  ///< before it
    std::uint64_t order = 0;
  };
  using Range = std::pair<std::uint64_t, std::uint64_t>;  ///< from, and up to before

  void forget_older_half();

  bool is_known_ = false;
  std::uint64_t rows_events_ = 0;
  std::uint64_t last_order_ = 0;
  bool has_foreign_letters_ = false;             ///< a name does
  std::map<std::string, Savepoint> savepoints_;  ///< the newest of each name
  std::vector<Range> ranges_;                    ///< in order, apart from one another
};

}  // namespace rowtide::pipeline
