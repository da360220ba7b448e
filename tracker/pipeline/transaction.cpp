#include "tracker/pipeline/transaction.h"

#include <fmt/format.h>

#include <utility>

#include "common/time/clock.h"
#include "tracker/types/temporal.h"

namespace rowtide::pipeline {

void Transaction::begin(binlog::Gtid gtid, std::int64_t commit_timestamp_us, const binlog::Position& before) {
  gtid_ = std::move(gtid);
  gtid_text_ = binlog::to_string(gtid_);
  id_ = !gtid_text_.empty() ? gtid_text_ : fmt::format("file={},pos={}", before.file, before.offset);
  commit_timestamp_us_ = commit_timestamp_us;
  thread_id_ = 0;
  is_open_ = true;
  is_explicit_ = false;
  changes_nothing_ = false;
}

void Transaction::end() {
  gtid_ = {};
  gtid_text_.clear();
  commit_timestamp_us_ = 0;
  is_open_ = false;
  is_explicit_ = false;
  changes_nothing_ = false;
  begin_origin_.reset();
}

void Transaction::add_to(binlog::GtidSet& gtids) const {
  if (const auto* mysql = std::get_if<binlog::MysqlGtid>(&gtid_)) {
    if (auto* set = std::get_if<binlog::MysqlGtidSet>(&gtids)) set->add(*mysql);
  } else if (const auto* mariadb = std::get_if<binlog::MariadbGtid>(&gtid_)) {
    if (auto* set = std::get_if<binlog::MariadbGtidSet>(&gtids)) set->add(*mariadb);
  }
}

encode::ChangeOrigin Transaction::origin_of(const binlog::EventView& event, std::string_view file,
                                            const binlog::Position& before) const {
  const std::int64_t committed_us = commit_timestamp_us_ != 0
                                        ? commit_timestamp_us_
                                        : std::int64_t{event.header.timestamp} * types::kMicrosPerSecond;
  return {.server_id = event.header.server_id,
          .gtid = gtid_text_,
          .file = file,
          .offset = event.start_offset,
          .row = 0,
          .thread_id = thread_id_,
          .commit_timestamp_us = committed_us,
          .processed_timestamp_us = reads_files_ ? committed_us : now_us(),
          .transaction_id = id_,
          // Where the last one ended.
          .transaction_file = before.file,
          .transaction_offset = before.offset};
}

std::int64_t Transaction::committed_at_us(std::int64_t last_event_seconds) const {
  if (!is_emitted()) return 0;
  return commit_timestamp_us_ != 0 ? commit_timestamp_us_ : last_event_seconds * types::kMicrosPerSecond;
}

void Transaction::emit_begin(const encode::ChangeOrigin& origin, bool was_delivered, encode::Encoder& encoder,
                             record::RecordBatch& batch) {
  if (begin_origin_) return;
  begin_origin_ = origin;
  const std::size_t first_record = batch.size();
  encoder.begin_transaction(origin, batch);
  if (was_delivered) batch.truncate(first_record);
}

void Transaction::emit_end(std::string_view file, std::uint64_t offset, const binlog::Position& before,
                           encode::Encoder& encoder, record::RecordBatch& batch) {
  if (!begin_origin_) return;
  // What its views looked at may have moved since.
  encode::ChangeOrigin origin = *std::exchange(begin_origin_, std::nullopt);
  origin.gtid = gtid_text_;
  origin.file = file;
  origin.offset = offset;
  if (!reads_files_) origin.processed_timestamp_us = now_us();
  origin.transaction_id = id_;
  origin.transaction_file = before.file;
  encoder.end_transaction(origin, batch);
}

}  // namespace rowtide::pipeline
