#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tracker/binlog/event.h"

namespace rowtide::pipeline {

/// The rows of a transaction up to its end, and of an XA transaction up to its outcome, as events. Bounded: a
/// transaction that is larger than what may be held is not held at all, and its rows are read again from the
/// source when it commits. Belongs to the pipeline's thread.
class HeldRows {
 public:
  static constexpr std::size_t kMaxTransactionBytes = std::size_t{4} << 20U;
  static constexpr std::size_t kMaxTotalBytes = std::size_t{16} << 20U;

  struct Origin {
    std::uint64_t number = 0;  ///< among the group's rows events
    std::optional<std::uint32_t> thread_id;
  };
  struct Event {
    binlog::EventHeader header;
    std::uint64_t start_offset = 0;
    std::string body;
    Origin origin;
  };
  struct Transaction {
    std::string file;  ///< of all its events
    std::vector<Event> events;
    std::size_t bytes = 0;
    bool is_complete = true;  ///< false: too large, nothing is held
  };

  /// A transaction begins; one that did not end is forgotten.
  void begin(std::string file) {
    open_ = {.file = std::move(file), .events = {}, .bytes = 0, .is_complete = true};
    last_map_.clear();
  }
  /// Copies a rows event of the open transaction and, where it is another one than before, its table map.
  void hold(const binlog::EventView& rows, const Origin& origin, std::string_view table_map);
  /// The rows events from that number on are taken back.
  void drop_from(std::uint64_t number);
  [[nodiscard]] const Transaction& open() const { return open_; }
  /// The open transaction, which begins anew with nothing.
  [[nodiscard]] Transaction take_open() { return std::exchange(open_, {}); }
  /// Keeps a transaction until its outcome, if it is complete and there is room.
  void keep(const std::string& xid, Transaction transaction);
  /// What is kept of it, which is then no longer; nothing complete: read it again.
  [[nodiscard]] Transaction take(const std::string& xid);
  void clear();

 private:
  void push(const binlog::EventView& event, const Origin& origin);

  Transaction open_;
  std::string last_map_;  ///< of the open transaction; empty: the next rows bring theirs
  std::map<std::string, Transaction> kept_;
  std::size_t bytes_ = 0;
};

}  // namespace rowtide::pipeline
