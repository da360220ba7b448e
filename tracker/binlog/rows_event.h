#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/bytes/byte_reader.h"
#include "tracker/binlog/event.h"
#include "tracker/binlog/table_plan.h"
#include "tracker/types/scratch.h"
#include "tracker/types/value.h"

namespace rowtide::binlog {

enum class RowOperation : std::uint8_t { Insert, Update, Delete };

enum class RowsStatus : std::uint8_t {
  Ok,
  Truncated,            ///< the event ends inside a row
  EmptyRow,             ///< a row that takes no byte, so that there would be no end of them
  ColumnCountMismatch,  ///< the event's column count is not the plan's
  MissingColumns,       ///< a row image without all columns (binlog_row_image is not FULL)
  HiddenColumns,        ///< TablePlan::hidden is not what the row image leaves out
  BadValue,             ///< see RowsReader::failed_column()
};
[[nodiscard]] std::string_view to_string(RowsStatus status) noexcept;

/// The part of a rows event in front of its rows. v1 and v2.
struct RowsHeader {
  std::uint64_t table_id = 0;
  RowOperation operation = RowOperation::Insert;
  bool statement_end = false;
  bool may_have_json_diffs = false;  ///< PARTIAL_UPDATE_ROWS
  std::uint64_t column_count = 0;
  Bytes before_present;  ///< bitmap; for Insert the after image's is in after_present and this is empty
  Bytes after_present;   ///< bitmap; empty for Delete
  Bytes rows;

  /// Only marks a statement's end: there is nothing to start() a reader with. A server that has opened its
  /// tables often enough gives the same id to a table, whose events have columns.
  [[nodiscard]] bool is_dummy() const noexcept { return table_id == 0xffffff && column_count == 0; }
};
/// Ok or Truncated. `type` must be one of the v1 or v2 rows events or PARTIAL_UPDATE_ROWS. Dummy events have
/// no rows, no columns and no plan: is_dummy().
[[nodiscard]] RowsStatus parse_rows_header(EventType type, Bytes body, RowsHeader& out) noexcept;

/// Which row images are taken: those from which every column is known (binlog_row_image=FULL, FULL_NODUP), or
/// MINIMAL and NOBLOB too.
enum class Images : std::uint8_t { Full, AsLogged };

/// Goes through the rows of one event. before() and after() are valid until the next call of next(), which
/// resets the scratch; text in them points into the event or into the scratch. No allocation per row in
/// steady state. Not thread-safe.
class RowsReader {
 public:
  /// Both must outlive the reader's use between start() calls.
  explicit RowsReader(types::Scratch& scratch) : scratch_(&scratch) {}

  /// Begins with an event. Fails on a column count that is not the plan's, and, with Images::Full, on an
  /// incomplete row image. With Images::AsLogged what an image does not hold is Absent; but an update does
  /// not change what its after image leaves out, so that there the value before it stands where it is known.
  [[nodiscard]] RowsStatus start(const RowsHeader& header, const TablePlan& plan,
                                 Images images = Images::Full) noexcept;
  /// False at the end of the event or on a failure: ask status().
  [[nodiscard]] bool next() noexcept;
  [[nodiscard]] RowsStatus status() const noexcept { return status_; }

  [[nodiscard]] std::span<const types::Value> before() const noexcept { return before_; }
  [[nodiscard]] std::span<const types::Value> after() const noexcept { return after_; }
  /// Index of the current row in the event, from 0.
  [[nodiscard]] std::uint32_t row_index() const noexcept { return row_index_; }
  /// Where status() is Truncated or BadValue: the column at which the row broke.
  [[nodiscard]] std::uint32_t failed_column() const noexcept { return failed_column_; }

 private:
  [[nodiscard]] RowsStatus read_image(std::vector<types::Value>& values, std::size_t unread) noexcept;
  [[nodiscard]] RowsStatus leave_out_hidden() noexcept;
  [[nodiscard]] RowsStatus read_before() noexcept;
  [[nodiscard]] RowsStatus read_after() noexcept;
  [[nodiscard]] RowsStatus read_sparse_image(std::vector<types::Value>& values, Bytes present,
                                             Bytes json_diffs) noexcept;
  void read_over(Bytes nulls, std::size_t position, std::size_t unread) noexcept;
  [[nodiscard]] std::size_t unread_of(Bytes present) const noexcept;
  [[nodiscard]] RowsStatus read_cell(std::size_t column, bool is_diff, types::Value& value) noexcept;
  [[nodiscard]] RowsStatus fail(RowsStatus status, std::size_t column) noexcept;

  types::Scratch* scratch_;
  const TablePlan* plan_ = nullptr;
  RowsHeader header_;
  ByteReader reader_;
  std::vector<types::Value> before_;
  std::vector<types::Value> after_;
  std::vector<std::byte>
      before_present_;  ///< the header's bitmaps without hidden columns, where there are some
  std::vector<std::byte> after_present_;
  bool is_before_full_ = true;
  bool is_after_full_ = true;
  std::size_t before_unread_ = 0;  ///< how many of TablePlan::unread the images hold
  std::size_t after_unread_ = 0;
  std::vector<Bytes> documents_;  ///< of PARTIAL_UPDATE_ROWS: the JSON columns' bytes before the update
  RowsStatus status_ = RowsStatus::Ok;
  std::uint32_t row_index_ = 0;
  std::uint32_t failed_column_ = 0;
  bool started_ = false;
  bool holds_no_column_ = false;
};

}  // namespace rowtide::binlog
