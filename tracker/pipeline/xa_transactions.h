#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tracker/binlog/binlog_coordinates.h"
#include "tracker/binlog/position.h"
#include "tracker/pipeline/held_rows.h"

namespace rowtide::pipeline {

/// XA transactions: their rows come before their outcome is known. They are kept until it is; what is too
/// large to be held, or was not seen by this process, is read again from the source when it commits. Which
/// are prepared stands in the position, so that a restart knows them. The pipeline's thread.
class XaTransactions {
 public:
  /// `held` has the open group's rows, and keeps those of prepared ones; it must outlive this.
  explicit XaTransactions(HeldRows& held) : held_(held) {}

  void clear();

  /// A group begins that prepares (or commits in one phase) transaction `xid`; it stands after `before`, in
  /// that file.
  void begin(std::string xid, const binlog::Position& before, std::string file);
  [[nodiscard]] bool is_open() const { return open_.has_value(); }
  [[nodiscard]] bool is_open(std::string_view xid) const { return open_ && open_->xid == xid; }
  /// The open group has rows of tracked tables.
  void note_rows() {
    if (open_) open_->has_rows = true;
  }
  /// The open group is over.
  void close() { open_.reset(); }

  /// The open group ends with its PREPARE: its rows wait for their outcome.
  void prepare(std::string xid, binlog::Position& position);
  enum class Step : std::uint8_t {
    Done,      ///< no rows to emit
    Deliver,   ///< emit `held` now
    ReadAgain  ///< open the source at read_from()
  };
  struct Outcome {
    Step step = Step::Done;
    HeldRows::Transaction held{};
  };
  /// The open group commits at once. It ends at `end`.
  [[nodiscard]] Outcome commit_in_one_phase(std::string xid, const binlog::BinlogCoordinates& end);
  /// A prepared one has its outcome, in a group that ends at `end`. nullopt: nobody has seen it being
  /// prepared. One with rows stays prepared until they have come: delivered(), end_reading().
  [[nodiscard]] std::optional<Outcome> finish(std::string_view xid, bool is_commit,
                                              const binlog::BinlogCoordinates& end,
                                              binlog::Position& position);
  static void delivered(std::string_view xid, binlog::Position& position);

  // Reading one again: the source was opened at read_from(), and all that is not its group is passed over.
  [[nodiscard]] bool is_reading_again() const { return again_.has_value(); }
  [[nodiscard]] const binlog::Position& read_from() const { return again_->from; }
  /// A group begins in what is read again.
  void enter(std::string_view xid) { again_->is_in_group = again_->xid == xid; }
  [[nodiscard]] bool is_in_group() const { return again_->is_in_group; }
  /// An earlier reading has found what it takes back of itself.
  [[nodiscard]] bool is_second_reading() const { return again_->is_second; }
  /// It is too large to be held: once more from read_from(), its rows emitted as they come.
  void read_once_more() {
    again_->is_second = true;
    again_->is_in_group = false;
  }
  /// Its rows have come. Where the group of its outcome ends.
  [[nodiscard]] binlog::BinlogCoordinates end_reading(binlog::Position& position);

 private:
  struct Again {
    std::string xid;
    binlog::Position from;
    binlog::BinlogCoordinates end;
    bool is_in_group = false;
    bool is_second = false;
  };
  [[nodiscard]] Outcome read_again(const binlog::PreparedXa& prepared, const binlog::BinlogCoordinates& end);

  HeldRows& held_;
  std::optional<binlog::PreparedXa> open_;
  std::optional<Again> again_;
};

}  // namespace rowtide::pipeline
