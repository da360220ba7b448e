#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "tracker/binlog/position.h"

namespace rowtide::sink {

/// Turns acknowledgements, which come in any order, into the newest position before which everything is
/// acknowledged. Records are counted in groups: those of one table in one transaction, in the order written.
/// Positions are kept at most one for every kRecordsPerPosition records, so that a backlog of small
/// transactions costs little. Not thread-safe.
class DeliveryTracker {
 public:
  using Group = std::uint64_t;
  static constexpr std::uint32_t kRecordsPerPosition = 64;

  /// A record of the current transaction is about to be sent: its group, to be named in delivered(). `table`
  /// must stay alive as long as the tracker.
  [[nodiscard]] Group add(std::string_view table);
  /// The record that add() was last called for was not sent after all.
  void take_back(Group group);
  /// Everything added so far belongs to transactions up to `position`. `committed_at_us`: as for the sink.
  void end_transaction(const binlog::Position& position, std::int64_t committed_at_us);
  void delivered(Group group, std::uint32_t records = 1);

  /// nullopt: nothing is yet.
  [[nodiscard]] const std::optional<binlog::Position>& durable() const { return durable_; }
  /// Transactions that have become durable since the last call.
  struct Commits {
    std::int64_t oldest_us = 0;
    std::uint32_t count = 0;
  };
  [[nodiscard]] std::vector<Commits> take_durable_commits() { return std::exchange(durable_commits_, {}); }
  [[nodiscard]] std::uint64_t outstanding() const { return outstanding_; }
  /// The table of a group that has records outstanding.
  [[nodiscard]] std::string_view table(Group group) const { return groups_[group - first_].table; }

 private:
  struct GroupState {
    std::string_view table;
    std::uint32_t outstanding = 0;
  };
  struct Mark {
    Group end;  ///< the position is durable when all groups before this one are
    std::uint32_t records;
    binlog::Position position;
    Commits commits{};
  };

  void advance();

  std::deque<GroupState> groups_;
  Group first_ = 0;  ///< number of groups_.front()
  std::deque<Mark> marks_;
  std::uint32_t records_since_mark_ = 0;
  bool is_group_open_ = false;
  std::uint64_t outstanding_ = 0;
  std::optional<binlog::Position> durable_;
  std::vector<Commits> durable_commits_;
};

}  // namespace rowtide::sink
