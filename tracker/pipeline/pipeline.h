#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "tracker/binlog/binlog_coordinates.h"
#include "tracker/binlog/position.h"
#include "tracker/binlog/rows_event.h"
#include "tracker/binlog/stream_state.h"
#include "tracker/binlog/transaction_payload.h"
#include "tracker/encode/encoder.h"
#include "tracker/pipeline/counters.h"
#include "tracker/pipeline/policy.h"
#include "tracker/pipeline/revocable_rows.h"
#include "tracker/pipeline/schema_changes.h"
#include "tracker/pipeline/table_registry.h"
#include "tracker/pipeline/transaction.h"
#include "tracker/pipeline/transaction_progress.h"
#include "tracker/pipeline/xa_transactions.h"
#include "tracker/record/record_batch.h"
#include "tracker/schema/catalog.h"
#include "tracker/schema/schema_history.h"
#include "tracker/select/table_selector.h"
#include "tracker/sink/sink.h"
#include "tracker/sql/statement.h"
#include "tracker/types/scratch.h"

namespace rowtide::pipeline {

/// The way of a row: event bytes -> stream state -> table plan -> row -> values -> encoder -> batch -> sink.
/// One thread. Rows go on as they come, but where their transaction may still take them back: then when its
/// end is known. Of a very large one the sink is told now and then that what it has may be made durable;
/// after a restart the rest is delivered.
///
/// An event that is not understood, a change that cannot be delivered faithfully, a schema that does not fit:
/// on_event() fails with position, table and what to do, and nothing after it is delivered.
class Pipeline {
 public:
  struct Parts {
    const select::TableSelector& selector;
    schema::Catalog& catalog;
    /// Follows every statement that changes a table; nullptr: the catalog is asked alone.
    schema::SchemaHistory* history = nullptr;
    /// Which tables are a tool's; needs the history.
    osc::HelperNames helpers{};
    encode::Encoder& encoder;
    sink::Sink& sink;
    Counters& counters;
    TableRegistry::TopicFor topic_for;
    bool wants_rows = true;
    bool wants_schema_changes = true;
    binlog::Images images = binlog::Images::Full;
    task::Unprocessable unprocessable = task::Unprocessable::Stop;
    task::OversizedRecord oversized = task::OversizedRecord::Stop;
    /// Of files read without their server: unknown columns get numbers for names, and records say that they
    /// were made when the change was, so that the same files always give the same records.
    bool reads_files = false;
    /// Which server the events come from (source/event_source.h); empty for files.
    std::string server{};
    /// Bytes of records: a larger transaction is made durable in parts of about that many.
    std::size_t part_size = std::size_t{64} << 20U;
    /// And after that long, whatever else of it is read: Kafka keeps what is not committed for ten minutes.
    std::chrono::nanoseconds part_age = std::chrono::minutes(1);
  };

  /// The parts must outlive the pipeline.
  explicit Pipeline(Parts parts);

  /// Begins (again) at a position.
  void start(const binlog::Position& from);

  /// One event: header, body, checksum, as the source yields it.
  [[nodiscard]] absl::Status on_event(Bytes bytes, const std::stop_token& stop);

  /// A transaction has committed whose rows were not held, and which stand further back; or those of an XA
  /// transaction have come, and the stream goes on. Open the source there, say reopened(), and give
  /// on_event() what comes. nullptr: no need.
  [[nodiscard]] const binlog::Position* reopen_at() const { return reopen_at_ ? &*reopen_at_ : nullptr; }
  void reopened();
  /// From the first such reopening until the stream is where it was; position() is there.
  [[nodiscard]] bool is_reading_again() const {
    return reopen_at_ || xa_.is_reading_again() || revocable_.is_reading_again();
  }
  /// The source was opened there by itself.
  void go_on_from(const binlog::Position& from);

  /// Everything before it is handed to the sink: where to reopen a lost stream.
  [[nodiscard]] const binlog::Position& position() const { return position_; }

  /// Where the last event ends.
  [[nodiscard]] binlog::BinlogCoordinates place() const { return {stream_.file(), stream_.offset()}; }

  /// Between the beginning of a transaction and its end.
  [[nodiscard]] bool in_transaction() const { return transaction_.is_open(); }
  /// After a failure: hands over the rows before it, of a transaction that will not end, unless they are too
  /// many to be held.
  [[nodiscard]] absl::Status hand_over_rest(const std::stop_token& stop);

 private:
  [[nodiscard]] absl::Status dispatch(const binlog::EventView& event, const std::stop_token& stop);
  [[nodiscard]] absl::Status expect_transaction(binlog::EventType type) const;
  [[nodiscard]] absl::Status on_format_description();
  [[nodiscard]] bool was_place_reached() const;
  void note_file();
  [[nodiscard]] absl::Status on_gtid(const binlog::EventView& event);
  [[nodiscard]] absl::Status on_mariadb_gtid(const binlog::EventView& event);
  [[nodiscard]] absl::Status on_query(const binlog::EventView& event, const std::stop_token& stop);
  [[nodiscard]] absl::Status on_schema_change(const binlog::EventView& event, const sql::Statement& statement,
                                              const binlog::QueryEvent& query);
  [[nodiscard]] absl::Status on_statement(const binlog::EventView& event, const sql::Statement& statement,
                                          const binlog::QueryEvent& query, const std::stop_token& stop);
  [[nodiscard]] absl::Status on_statement_dml(const sql::Statement& statement,
                                              const binlog::QueryEvent& query);
  [[nodiscard]] absl::Status on_table_map(const binlog::EventView& event);
  [[nodiscard]] absl::Status skip_or_fail(const binlog::EventView& event, const absl::Status& why);
  [[nodiscard]] absl::Status on_rows(const binlog::EventView& event, const std::stop_token& stop);
  [[nodiscard]] absl::Status on_payload(const binlog::EventView& event, const std::stop_token& stop);
  [[nodiscard]] absl::Status begin_transaction(const binlog::EventView& event, binlog::Gtid gtid,
                                               std::int64_t commit_timestamp_us);
  [[nodiscard]] bool was_delivered(const binlog::MysqlGtid& gtid) const;
  [[nodiscard]] absl::Status end_transaction(const std::stop_token& stop);
  [[nodiscard]] absl::Status end_transaction_at(const std::string& file, std::uint64_t offset,
                                                const std::stop_token& stop);
  void note_place(const std::string& file, std::uint64_t offset);
  void end_part();
  [[nodiscard]] bool is_part_old() const;
  [[nodiscard]] absl::Status end_old_part(const std::stop_token& stop);
  [[nodiscard]] absl::Status hand_over(const std::stop_token& stop);
  [[nodiscard]] encode::ChangeOrigin origin_of(const binlog::EventView& event) const;

  [[nodiscard]] absl::Status located(const binlog::EventView& event, const absl::Status& status);

  [[nodiscard]] bool may_be_taken_back() const;
  [[nodiscard]] absl::Status on_commit(const std::stop_token& stop);
  [[nodiscard]] absl::Status on_rollback(const std::stop_token& stop);
  [[nodiscard]] absl::Status deliver(const HeldRows::Transaction& held, const std::stop_token& stop);

  // pipeline_xa.cpp
  [[nodiscard]] absl::Status on_xa_statement(const sql::XaStatement& statement, const std::stop_token& stop);
  [[nodiscard]] absl::Status on_xa_prepare(const binlog::EventView& event, const std::stop_token& stop);
  [[nodiscard]] absl::Status on_xa_outcome(const std::string& xid, bool is_commit,
                                           const std::stop_token& stop);
  [[nodiscard]] absl::Status deliver_xa(const XaTransactions::Outcome& outcome, const std::stop_token& stop);
  [[nodiscard]] absl::Status on_replayed(const binlog::EventView& event, const std::stop_token& stop);
  [[nodiscard]] absl::Status end_replay(const std::stop_token& stop);

  Parts parts_;
  binlog::StreamState stream_;
  TableRegistry tables_;
  SchemaChanges schema_changes_;
  Policy policy_;
  types::Scratch scratch_;
  binlog::RowsReader rows_;
  binlog::PayloadReader payload_;
  std::vector<std::byte> uncompressed_;  ///< MariaDB's compressed events
  record::RecordBatch batch_;

  binlog::Position position_;
  Transaction transaction_;
  bool is_repeated_ = false;  ///< the group that comes was delivered before
  RevocableRows revocable_;
  XaTransactions xa_;
  std::optional<binlog::Position> reopen_at_;
  std::string held_file_;    ///< of the held rows that are being delivered
  bool is_located_ = false;  ///< the failure says already where it is
  TransactionProgress progress_;
  std::size_t part_bytes_ = 0;  ///< handed over since the transaction or its last part began
  std::chrono::steady_clock::time_point part_began_;  ///< where part_bytes_ are not none
  bool in_payload_ = false;
  std::uint32_t payload_rows_ = 0;  ///< rows so far of the payload, whose events share one position
};

}  // namespace rowtide::pipeline
