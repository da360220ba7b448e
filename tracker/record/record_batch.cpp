#include "tracker/record/record_batch.h"

#include <utility>

#include "common/bytes/reused_text.h"

namespace rowtide::record {

void RecordBatch::begin_record(std::string_view topic, std::string_view table, std::int64_t timestamp_ms) {
  Entry& entry = entries_.emplace_back();
  entry.topic = topic;
  entry.table = table;
  entry.timestamp_ms = timestamp_ms;
  entry.key_begin = bytes_.size();
  entry.value_begin = bytes_.size();
  entry.first_header = static_cast<std::uint32_t>(headers_.size());
}

std::string_view RecordBatch::keep(std::string_view text) {
  return kept_.emplace_back(text);
}

void RecordBatch::end_key() {
  entries_.back().has_key = true;
  entries_.back().value_begin = bytes_.size();
}

void RecordBatch::add_header(std::string_view name, std::string_view value) {
  headers_.push_back({name, header_bytes_.size(), value.size()});
  header_bytes_ += value;
  ++entries_.back().header_count;
}

void RecordBatch::mark_schema_change() {
  entries_.back().is_schema_change = true;
}

void RecordBatch::add_tables(std::vector<std::string> tables) {
  entries_.back().tables = &kept_tables_.emplace_back(std::move(tables));
}

void RecordBatch::mark_rows(std::size_t first, Operation operation) {
  for (std::size_t i = first; i < entries_.size(); ++i) entries_[i].operation = operation;
}

void RecordBatch::end_record() {
  entries_.back().has_value = true;
  entries_.back().value_end = bytes_.size();
}

void RecordBatch::end_record_tombstone() {
  entries_.back().value_end = bytes_.size();
}

Record RecordBatch::record(std::size_t index) const {
  const Entry& entry = entries_[index];
  const std::string_view bytes = bytes_;
  const std::string_view header_bytes = header_bytes_;
  Record record;
  record.topic = entry.topic;
  record.table = entry.table;
  record.timestamp_ms = entry.timestamp_ms;
  record.is_schema_change = entry.is_schema_change;
  record.operation = entry.operation;
  if (entry.tables != nullptr) record.tables = *entry.tables;
  if (entry.has_key) record.key = bytes.substr(entry.key_begin, entry.value_begin - entry.key_begin);
  if (entry.has_value) record.value = bytes.substr(entry.value_begin, entry.value_end - entry.value_begin);
  header_views_.clear();
  for (std::uint32_t i = 0; i < entry.header_count; ++i) {
    const HeaderEntry& header = headers_[entry.first_header + i];
    header_views_.push_back({header.name, header_bytes.substr(header.value_begin, header.value_size)});
  }
  record.headers = header_views_;
  return record;
}

void RecordBatch::truncate(std::size_t size) {
  if (size >= entries_.size()) return;
  bytes_.resize(entries_[size].key_begin);
  const std::size_t first_header = entries_[size].first_header;
  if (first_header < headers_.size()) header_bytes_.resize(headers_[first_header].value_begin);
  headers_.resize(first_header);
  entries_.resize(size);
  if (size != 0) return;
  kept_.clear();
  kept_tables_.clear();
}

void RecordBatch::clear() {
  empty_for_reuse(bytes_);
  empty_for_reuse(header_bytes_);
  entries_.clear();
  headers_.clear();
  kept_.clear();
  kept_tables_.clear();
}

}  // namespace rowtide::record
