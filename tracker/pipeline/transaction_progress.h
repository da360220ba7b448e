#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tracker/binlog/position.h"

namespace rowtide::pipeline {

/// What of the transaction that is being read is delivered. After a restart midway it is read again from its
/// beginning: this says which of its rows were delivered before. Belongs to the pipeline's thread.
class TransactionProgress {
 public:
  class Count {
   public:
    /// One more. False: it was delivered before the restart.
    [[nodiscard]] bool next() { return ++read_ > delivered_; }

   private:
    friend class TransactionProgress;
    std::uint64_t read_ = 0;
    std::uint64_t delivered_ = 0;    ///< before the restart
    std::uint64_t transaction_ = 0;  ///< the number of the transaction that it counts
    bool is_wanted_ = true;
  };

  /// The stream begins (again).
  void start(const std::optional<binlog::Midway>& midway);
  void begin(std::string_view transaction);
  /// `table` is "database.table". Valid until the next call of start().
  [[nodiscard]] Count& rows_of(std::string_view table);
  [[nodiscard]] Count& schema_changes() { return schema_changes_; }
  /// The task no longer selects the table: that its rows do not come is no loss.
  void leave_out(std::string_view table) { rows_of(table).is_wanted_ = false; }

  /// The transaction is the one whose beginning was delivered before the restart.
  [[nodiscard]] bool is_resumed() const { return is_resumed_; }
  /// Of the restart, while its transaction has not ended.
  [[nodiscard]] const std::optional<binlog::Midway>& pending() const { return pending_; }
  /// A position says midway for one transaction only.
  [[nodiscard]] bool may_be_parted() const { return !pending_ || is_resumed_; }
  /// How far the transaction is.
  [[nodiscard]] binlog::Midway midway() const;

  /// DATA_LOSS: it had less than was delivered of it, so it is not the one that it was.
  [[nodiscard]] absl::Status end();

 private:
  std::optional<binlog::Midway> pending_;
  bool is_resumed_ = false;
  std::string transaction_;
  std::uint64_t number_ = 0;  ///< of the transaction, since start()
  /// Kept over transactions, so that small ones allocate nothing here.
  std::map<std::string, Count, std::less<>> rows_;
  Count schema_changes_;
};

}  // namespace rowtide::pipeline
