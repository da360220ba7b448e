#include "tracker/binlog/rows_event.h"

#include <algorithm>
#include <utility>

#include "tracker/types/json/json_diff.h"

namespace rowtide::binlog {
namespace {

constexpr std::uint16_t kStatementEnd = 1;

bool is_v2(EventType type) {
  return type == EventType::WriteRows || type == EventType::UpdateRows || type == EventType::DeleteRows ||
         type == EventType::PartialUpdateRows;
}

RowOperation operation_of(EventType type) {
  switch (type) {
    case EventType::UpdateRows:
    case EventType::UpdateRowsV1:
    case EventType::PartialUpdateRows:
      return RowOperation::Update;
    case EventType::DeleteRows:
    case EventType::DeleteRowsV1:
      return RowOperation::Delete;
    default:
      return RowOperation::Insert;
  }
}

std::uint64_t bitmap_size(std::uint64_t bits) {
  return bits / 8 + (bits % 8 != 0 ? 1 : 0);
}

bool bit(Bytes bitmap, std::size_t index) {
  return (std::to_integer<unsigned>(bitmap[index / 8]) >> (index % 8) & 1U) != 0;
}

bool all_present(Bytes bitmap, std::uint64_t count) {
  for (std::size_t i = 0; i < count; ++i)
    if (!bit(bitmap, i)) return false;
  return true;
}

bool none_present(Bytes bitmap) {
  return !bitmap.empty() && std::ranges::all_of(bitmap, [](std::byte each) { return each == std::byte{0}; });
}

/// `bitmap` without the bits of hidden columns. False when one of those is set.
bool without_hidden(Bytes bitmap, const TablePlan& plan, std::vector<std::byte>& out) {
  const std::size_t kept = plan.columns.size() + plan.unread;
  out.assign(bitmap_size(kept), std::byte{0});
  std::size_t column = 0;
  auto hidden = plan.hidden.begin();
  for (std::size_t i = 0; i < kept + plan.hidden.size(); ++i) {
    if (hidden != plan.hidden.end() && *hidden == i) {
      if (bit(bitmap, i)) return false;
      ++hidden;
      continue;
    }
    if (bit(bitmap, i)) out[column / 8] |= std::byte{1} << (column % 8);
    ++column;
  }
  return true;
}

}  // namespace

std::string_view to_string(RowsStatus status) noexcept {
  switch (status) {
    case RowsStatus::Ok:
      return "ok";
    case RowsStatus::EmptyRow:
      return "a row holds no column at all";
    case RowsStatus::Truncated:
      return "the event ends inside a row";
    case RowsStatus::ColumnCountMismatch:
      return "the event's column count is not the table's";
    case RowsStatus::MissingColumns:
      return "the row image lacks columns (binlog_row_image is not FULL)";
    case RowsStatus::HiddenColumns:
      return "the hidden columns of a functional index are not where they were taken to be";
    case RowsStatus::BadValue:
      return "a value that its column's type cannot hold";
  }
  return "unknown";
}

RowsStatus parse_rows_header(EventType type, Bytes body, RowsHeader& out) noexcept {
  ByteReader reader(body);
  out = {};
  out.operation = operation_of(type);
  out.may_have_json_diffs = type == EventType::PartialUpdateRows;
  out.table_id = reader.u48();
  out.statement_end = (reader.u16() & kStatementEnd) != 0;
  if (is_v2(type)) {
    constexpr std::uint16_t kOwnSize = 2;
    const std::uint16_t extra_size = reader.u16();
    if (!reader.ok() || extra_size < kOwnSize) return RowsStatus::Truncated;
    reader.skip(extra_size - kOwnSize);
  }
  if (reader.ok() && reader.at_end() && out.is_dummy()) return RowsStatus::Ok;

  out.column_count = reader.length_encoded();
  const Bytes first = reader.bytes(bitmap_size(out.column_count));
  if (out.operation != RowOperation::Insert) out.before_present = first;
  if (out.operation == RowOperation::Insert) out.after_present = first;
  if (out.operation == RowOperation::Update) out.after_present = reader.bytes(bitmap_size(out.column_count));
  if (!reader.ok()) return RowsStatus::Truncated;
  out.rows = reader.rest();
  return RowsStatus::Ok;
}

RowsStatus RowsReader::start(const RowsHeader& header, const TablePlan& plan, Images images) noexcept {
  header_ = header;
  plan_ = &plan;
  reader_ = ByteReader(header.rows);
  row_index_ = 0;
  failed_column_ = 0;
  started_ = false;
  holds_no_column_ = false;
  before_.clear();
  after_.clear();
  status_ = RowsStatus::Ok;
  if (header.column_count != plan.columns.size() + plan.hidden.size() + plan.unread) {
    status_ = RowsStatus::ColumnCountMismatch;
  } else if (status_ = leave_out_hidden(); status_ == RowsStatus::Ok) {
    const std::size_t count = plan.columns.size();
    is_before_full_ = header_.before_present.empty() || all_present(header_.before_present, count);
    is_after_full_ = header_.after_present.empty() || all_present(header_.after_present, count);
    before_unread_ = unread_of(header_.before_present);
    after_unread_ = unread_of(header_.after_present);
    // What an update's after image leaves out is known from a full before image (MariaDB's FULL_NODUP).
    holds_no_column_ = header.operation == RowOperation::Insert && none_present(header_.after_present);
    const bool is_complete = header.operation == RowOperation::Insert ? is_after_full_ : is_before_full_;
    if (images == Images::Full && !is_complete) status_ = RowsStatus::MissingColumns;
    if (plan.are_hidden_assumed && !(is_before_full_ && is_after_full_)) status_ = RowsStatus::HiddenColumns;
  }
  if (status_ != RowsStatus::Ok) reader_ = ByteReader();
  if (header.operation != RowOperation::Insert) before_.resize(plan.columns.size());
  if (header.operation != RowOperation::Delete) after_.resize(plan.columns.size());
  documents_.assign(header.may_have_json_diffs ? plan.columns.size() : 0, Bytes());
  return status_;
}

RowsStatus RowsReader::leave_out_hidden() noexcept {
  if (plan_->hidden.empty()) return RowsStatus::Ok;
  for (const auto& [bitmap, kept] : {std::pair(&header_.before_present, &before_present_),
                                     std::pair(&header_.after_present, &after_present_)}) {
    if (bitmap->empty()) continue;
    if (!without_hidden(*bitmap, *plan_, *kept)) return RowsStatus::HiddenColumns;
    *bitmap = *kept;
  }
  return RowsStatus::Ok;
}

std::size_t RowsReader::unread_of(Bytes present) const noexcept {
  std::size_t held = 0;
  for (std::size_t i = 0; i < plan_->unread && !present.empty(); ++i) {
    held += bit(present, plan_->columns.size() + i) ? 1U : 0U;
  }
  return held;
}

bool RowsReader::next() noexcept {
  // An insert of nothing but defaults has a minimal image of no column, and takes no byte: the server writes
  // one such row per event (MySQL sql/log_event.cc, Rows_log_event::do_apply_event()).
  const bool is_row_of_no_bytes = !started_ && holds_no_column_;
  if (status_ != RowsStatus::Ok || (reader_.at_end() && !is_row_of_no_bytes)) return false;
  if (started_) ++row_index_;
  started_ = true;
  scratch_->reset();
  const std::size_t ahead = reader_.remaining();
  if (header_.operation != RowOperation::Insert) status_ = read_before();
  if (status_ == RowsStatus::Ok && header_.operation != RowOperation::Delete) status_ = read_after();
  if (status_ == RowsStatus::Ok && reader_.remaining() == ahead && ahead != 0) status_ = RowsStatus::EmptyRow;
  return status_ == RowsStatus::Ok;
}

RowsStatus RowsReader::read_before() noexcept {
  if (is_before_full_ && !header_.may_have_json_diffs) return read_image(before_, before_unread_);
  std::fill(documents_.begin(), documents_.end(), Bytes());
  return read_sparse_image(before_, header_.before_present, {});
}

RowsStatus RowsReader::read_after() noexcept {
  constexpr std::uint64_t kPartialJson = 1;
  Bytes json_diffs;
  if (header_.may_have_json_diffs && (reader_.length_encoded() & kPartialJson) != 0) {
    const auto documents =
        std::count_if(plan_->columns.begin(), plan_->columns.end(),
                      [](const types::Column& column) { return column.kind == types::ValueKind::Json; });
    json_diffs = reader_.bytes(bitmap_size(static_cast<std::uint64_t>(documents)));
  }
  if (!reader_.ok()) return fail(RowsStatus::Truncated, 0);
  if (is_after_full_ && json_diffs.empty()) return read_image(after_, after_unread_);

  const RowsStatus status = read_sparse_image(after_, header_.after_present, json_diffs);
  for (std::size_t i = 0; i < before_.size() && status == RowsStatus::Ok; ++i) {
    if (after_[i].kind == types::ValueKind::Absent) after_[i] = before_[i];
  }
  return status;
}

/// An image that lacks columns, or whose JSON columns are told by what changed in them: `json_diffs` has a
/// bit for each JSON column of the table, held by the image or not.
RowsStatus RowsReader::read_sparse_image(std::vector<types::Value>& values, Bytes present,
                                         Bytes json_diffs) noexcept {
  const std::size_t count = values.size();
  const std::size_t unread = unread_of(present);
  std::size_t held = 0;
  for (std::size_t i = 0; i < count; ++i) held += bit(present, i) ? 1U : 0U;
  const Bytes nulls = reader_.bytes(bitmap_size(held + unread));
  if (!reader_.ok() || count == 0) return fail(RowsStatus::Truncated, 0);

  std::size_t document = 0;
  std::size_t position = 0;
  for (std::size_t i = 0; i < count; ++i) {
    types::Value& value = values[i];
    value.text = {};
    const bool is_diff = plan_->columns[i].kind == types::ValueKind::Json && !json_diffs.empty() &&
                         bit(json_diffs, document++);
    if (!bit(present, i)) {
      value.kind = types::ValueKind::Absent;
    } else if (bit(nulls, position++)) {
      value.kind = types::ValueKind::Null;
    } else if (const RowsStatus status = read_cell(i, is_diff, value); status != RowsStatus::Ok) {
      return status;
    }
  }
  read_over(nulls, position, unread);
  return reader_.ok() ? RowsStatus::Ok : fail(RowsStatus::Truncated, count - 1);
}

/// `position`: of the first of them among the image's columns.
void RowsReader::read_over(Bytes nulls, std::size_t position, std::size_t unread) noexcept {
  constexpr std::size_t kBigintBytes = 8;
  for (const std::size_t end = position + unread; position < end; ++position) {
    if (!bit(nulls, position)) reader_.skip(kBigintBytes);
  }
}

RowsStatus RowsReader::read_cell(std::size_t index, bool is_diff, types::Value& value) noexcept {
  const types::Column& column = plan_->columns[index];
  const Bytes ahead = reader_.rest();
  const types::DecodeStatus decoded =
      is_diff ? types::decode_json_diff(reader_, column, documents_[index], *scratch_, value)
              : column.decode(reader_, column, *scratch_, value);
  if (decoded != types::DecodeStatus::Ok) {
    return fail(decoded == types::DecodeStatus::Truncated ? RowsStatus::Truncated : RowsStatus::BadValue,
                index);
  }
  if (column.kind == types::ValueKind::Json && !documents_.empty() && !is_diff) {
    documents_[index] = ahead.first(ahead.size() - reader_.remaining()).subspan(column.width);
  }
  return RowsStatus::Ok;
}

RowsStatus RowsReader::read_image(std::vector<types::Value>& values, std::size_t unread) noexcept {
  const std::size_t count = values.size();
  const Bytes nulls = reader_.bytes(bitmap_size(count + unread));
  if (!reader_.ok() || count == 0) return fail(RowsStatus::Truncated, 0);
  const types::Column* column = plan_->columns.data();
  for (std::size_t i = 0; i < count; ++i, ++column) {
    types::Value& value = values[i];
    if (bit(nulls, i)) {
      value.kind = types::ValueKind::Null;
      value.text = {};
      continue;
    }
    const types::DecodeStatus decoded = column->decode(reader_, *column, *scratch_, value);
    if (decoded == types::DecodeStatus::Ok) [[likely]]
      continue;
    return fail(decoded == types::DecodeStatus::Truncated ? RowsStatus::Truncated : RowsStatus::BadValue, i);
  }
  read_over(nulls, count, unread);
  return reader_.ok() ? RowsStatus::Ok : fail(RowsStatus::Truncated, count - 1);
}

RowsStatus RowsReader::fail(RowsStatus status, std::size_t column) noexcept {
  failed_column_ = static_cast<std::uint32_t>(column);
  return status;
}

}  // namespace rowtide::binlog
