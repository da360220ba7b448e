#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tracker/binlog/event.h"
#include "tracker/binlog/gtid.h"
#include "tracker/binlog/position.h"
#include "tracker/encode/encoder.h"
#include "tracker/record/record_batch.h"

namespace rowtide::pipeline {

/// The transaction that is being read: a group of events from its GTID to its end. One thread.
class Transaction {
 public:
  /// `reads_files`: records say that they were made when the change was.
  explicit Transaction(bool reads_files) : reads_files_(reads_files) {}

  /// `before`: the position at which it begins.
  void begin(binlog::Gtid gtid, std::int64_t commit_timestamp_us, const binlog::Position& before);
  /// It is over.
  void end();
  /// It was taken back as a whole: it counts as none, and its GTID as done.
  void roll_back() { is_open_ = false; }
  [[nodiscard]] bool is_open() const { return is_open_; }

  /// Its GTID; without GTIDs "file=mysql-bin.000003,pos=484", where it begins.
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] bool has_mysql_gtid() const { return std::holds_alternative<binlog::MysqlGtid>(gtid_); }
  void add_to(binlog::GtidSet& gtids) const;

  /// It is ended by XID or COMMIT, not by its one statement.
  void set_explicit(bool is_explicit) { is_explicit_ = is_explicit; }
  [[nodiscard]] bool is_explicit() const { return is_explicit_; }
  /// It is an ALTER that only begins, or has failed.
  void set_changes_nothing(bool changes_nothing) { changes_nothing_ = changes_nothing; }
  [[nodiscard]] bool changes_nothing() const { return changes_nothing_; }
  /// Of the session whose statement was read last.
  void set_thread_id(std::uint32_t thread_id) { thread_id_ = thread_id; }
  [[nodiscard]] std::uint32_t thread_id() const { return thread_id_; }

  /// Of an event of it, in that file. The views live as long as the transaction, `file` and `before`.
  [[nodiscard]] encode::ChangeOrigin origin_of(const binlog::EventView& event, std::string_view file,
                                               const binlog::Position& before) const;

  /// Something of it was emitted.
  [[nodiscard]] bool is_emitted() const { return begin_origin_.has_value(); }
  /// When the source committed it, unix time: as its GTID event says (MySQL 8), else by its last event, whose
  /// timestamp has seconds. 0: nothing of it was emitted.
  [[nodiscard]] std::int64_t committed_at_us(std::int64_t last_event_seconds) const;
  /// Before its first record; nothing at later ones. The record of its beginning is left out of a batch where
  /// `was_delivered`.
  void emit_begin(const encode::ChangeOrigin& origin, bool was_delivered, encode::Encoder& encoder,
                  record::RecordBatch& batch);
  /// Where it ends; nothing unless it has begun.
  void emit_end(std::string_view file, std::uint64_t offset, const binlog::Position& before,
                encode::Encoder& encoder, record::RecordBatch& batch);

 private:
  bool reads_files_;
  bool is_open_ = false;
  bool is_explicit_ = false;
  bool changes_nothing_ = false;
  binlog::Gtid gtid_;
  std::string gtid_text_;
  std::string id_;
  std::int64_t commit_timestamp_us_ = 0;  ///< 0: the GTID event does not say
  std::uint32_t thread_id_ = 0;
  std::optional<encode::ChangeOrigin> begin_origin_;  ///< as the encoder was told of it
};

}  // namespace rowtide::pipeline
