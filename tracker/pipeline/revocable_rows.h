#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tracker/binlog/event.h"
#include "tracker/binlog/position.h"
#include "tracker/pipeline/held_rows.h"
#include "tracker/pipeline/taken_back.h"
#include "tracker/sql/savepoint.h"

namespace rowtide::pipeline {

/// The rows of the group of events that is being read, where the group may take them back: a ROLLBACK at its
/// end, or ROLLBACK TO a savepoint in it. MariaDB, and MySQL without GTIDs, write such a group when its
/// transaction made or dropped a temporary table, and nothing says so before. Its rows are held until its
/// end; of one that is too large to be held the end is read first, and then its rows again, without those
/// that it takes back. Belongs to the pipeline's thread.
class RevocableRows {
 public:
  void clear();

  /// A group begins. UNAVAILABLE: the source was asked for a group a second time and gives another one.
  [[nodiscard]] absl::Status begin(const std::string& id, const std::string& file, std::uint64_t offset);
  /// A group begins in what is read again for an XA transaction's outcome; `is_second`: what it takes back of
  /// itself is known.
  void begin_replayed(const std::string& file, bool is_second);
  /// The group is over.
  void end();
  /// No group at all: what is held is dropped (the file ends, a new one begins).
  void drop();

  /// The source was asked for the group again, and it has not begun yet.
  [[nodiscard]] bool waits_for_second_reading() const { return !again_.empty() && !is_second_reading(); }
  [[nodiscard]] bool is_reading_again() const { return !again_.empty(); }
  /// What the group takes back is known: its rows are delivered as they come.
  [[nodiscard]] bool is_second_reading() const { return taken_back_.is_known(); }

  /// A rows event of the group: its number in it.
  std::uint64_t count() { return taken_back_.count(); }
  [[nodiscard]] bool is_taken_back(std::uint64_t number) const { return taken_back_.contains(number); }
  void hold(const binlog::EventView& rows, const HeldRows::Origin& origin, std::string_view table_map) {
    held_.hold(rows, origin, table_map);
  }

  /// `is_emitted`: rows of the group have left
  /// the pipeline. UNIMPLEMENTED: it is not known which rows stay, or some of them are delivered already.
  [[nodiscard]] absl::Status on_savepoint(const sql::SavepointStatement& statement, bool is_emitted);
  /// ROLLBACK of the whole group. UNIMPLEMENTED: rows of it are delivered already.
  [[nodiscard]] absl::Status roll_back(bool is_emitted);
  /// The group commits: its rows, which are for the caller to deliver. nullopt: they are too many to be held
  /// and have to be read again, from read_from().
  [[nodiscard]] std::optional<HeldRows::Transaction> commit(const std::string& id);
  [[nodiscard]] binlog::Position read_from(const binlog::Position& before) const;
  /// What is held, whether or not it is all.
  [[nodiscard]] HeldRows::Transaction take() { return held_.take_open(); }

  /// For XA transactions, which keep theirs until their outcome.
  [[nodiscard]] HeldRows& held() { return held_; }

 private:
  HeldRows held_;
  TakenBack taken_back_;
  std::string file_;
  std::uint64_t offset_ = 0;  ///< where the group begins
  std::string again_;         ///< the id of the group that is read again because it was not held
};

}  // namespace rowtide::pipeline
