#include "tracker/pipeline/pipeline.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/bytes/utf8.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "common/time/clock.h"
#include "tracker/binlog/mariadb_compressed.h"
#include "tracker/binlog/transaction_events.h"
#include "tracker/types/temporal.h"

namespace rowtide::pipeline {
namespace {

using binlog::EventType;
using sql::StatementKind;

// Enough for the sink to work on, small beside the memory bound.
constexpr std::size_t kBatchBytes = std::size_t{256} << 10U;

std::string head_of(std::string_view sql) {
  constexpr std::size_t kShown = 120;
  return cut(sql, kShown);
}

bool begins_group_or_file(EventType type) {
  return type == EventType::GtidLog || type == EventType::AnonymousGtid || type == EventType::GtidTagged ||
         type == EventType::Rotate || type == EventType::FormatDescription;
}

bool stands_in_group(EventType type) {
  return type == EventType::TableMap || binlog::is_rows(type) || type == EventType::TransactionPayload ||
         type == EventType::Xid || type == EventType::XaPrepare;
}

absl::Status rows_error(binlog::RowsStatus status, const BoundTable& table, std::uint32_t row,
                        std::uint32_t column) {
  const std::string where = fmt::format("table {}, row {} of the event", table.name, row);
  const std::string name = column < table.plan.columns.size() ? table.plan.columns[column].name : "?";
  switch (status) {
    case binlog::RowsStatus::MissingColumns:
      return absl::FailedPreconditionError(fmt::format(
          "{}: the row image does not hold all columns; SET GLOBAL binlog_row_image=FULL (and in "
          "sessions that set it) and leave the rows of before out (spec.onUnprocessable: SkipAndCount); or "
          "take rows as incomplete as they are (spec.rowImages: AsLogged)",
          where));
    case binlog::RowsStatus::HiddenColumns:
      return absl::FailedPreconditionError(fmt::format(
          "{}: the table has a functional index, whose hidden columns the event lists without saying "
          "which of them they are. Repair: SET GLOBAL binlog_row_metadata=FULL at the source and leave "
          "the events of before out (spec.onUnprocessable: "
          "SkipAndCount), or take the table out of spec.objects",
          where));
    case binlog::RowsStatus::ColumnCountMismatch:
      return absl::DataLossError(fmt::format("{}: the event's column count is not its table map's", where));
    default:
      if (table.is_guessed) {
        return absl::FailedPreconditionError(
            fmt::format("{}, column {}: {}, as far as it could be guessed, because the binlog does not say "
                        "all of it; give "
                        "the table's definition with --schema FILE, or leave it out with --objects",
                        where, name, binlog::to_string(status)));
      }
      return absl::DataLossError(fmt::format(
          "{}, column {}: {}; the binlog is damaged here, or it is a defect of Rowtide: please report it",
          where, name, binlog::to_string(status)));
  }
}

absl::Status unknown_statement(std::string_view sql) {
  return absl::UnimplementedError(
      fmt::format("the statement is not known to this version of Rowtide: {}; leave it out if it changes no "
                  "tracked table (spec.onUnprocessable: SkipAndCount), and report it",
                  head_of(sql)));
}

record::Operation operation_of(binlog::RowOperation operation) {
  switch (operation) {
    case binlog::RowOperation::Insert:
      return record::Operation::Insert;
    case binlog::RowOperation::Update:
      return record::Operation::Update;
    case binlog::RowOperation::Delete:
      return record::Operation::Delete;
  }
  return record::Operation::None;
}

}  // namespace

Pipeline::Pipeline(Parts parts)
    : parts_(std::move(parts)),
      tables_(parts_.selector, parts_.catalog, parts_.topic_for, parts_.wants_rows, parts_.reads_files),
      schema_changes_({.selector = parts_.selector,
                       .catalog = parts_.catalog,
                       .history = parts_.history,
                       .helpers = parts_.helpers,
                       .is_wanted = parts_.wants_schema_changes}),
      policy_(parts_.unprocessable, parts_.oversized, parts_.sink, parts_.counters),
      rows_(scratch_),
      transaction_(parts_.reads_files),
      xa_(revocable_.held()) {}

void Pipeline::start(const binlog::Position& from) {
  position_ = from;
  stream_.reset(from);
  tables_.forget_all();
  batch_.clear();
  transaction_.end();
  is_repeated_ = false;
  xa_.clear();
  revocable_.clear();
  reopen_at_.reset();
  in_payload_ = false;
  progress_.start(from.midway);
  part_bytes_ = 0;
  if (parts_.history != nullptr) parts_.history->rewind(from.schema_version);
}

void Pipeline::reopened() {
  const binlog::Position at = *std::exchange(reopen_at_, std::nullopt);
  go_on_from(at);
}

void Pipeline::go_on_from(const binlog::Position& from) {
  stream_.reset(from);
  tables_.forget_all();
}

absl::Status Pipeline::on_event(Bytes bytes, const std::stop_token& stop) {
  add(parts_.counters.read_bytes, bytes.size());
  ASSIGN_OR_RETURN(binlog::EventView event, stream_.accept(bytes));
  if (event.header.timestamp != 0) {
    parts_.counters.last_event_timestamp.store(event.header.timestamp, std::memory_order_relaxed);
  }
  is_located_ = false;
  return located(event, xa_.is_reading_again() ? on_replayed(event, stop) : dispatch(event, stop));
}

absl::Status Pipeline::located(const binlog::EventView& event, const absl::Status& status) {
  if (status.ok() || absl::IsCancelled(status) || std::exchange(is_located_, true)) return status;
  return {status.code(),
          fmt::format("{} at {}:{}: {}", binlog::name(event.header.type),
                      held_file_.empty() ? stream_.file() : held_file_, event.start_offset, text(status))};
}

absl::Status Pipeline::dispatch(const binlog::EventView& event, const std::stop_token& stop) {
  if (is_repeated_ && !begins_group_or_file(event.header.type)) return absl::OkStatus();
  RETURN_IF_ERROR(expect_transaction(event.header.type));
  switch (event.header.type) {
    case EventType::TableMap:
      return on_table_map(event);
    case EventType::WriteRowsV1:
    case EventType::UpdateRowsV1:
    case EventType::DeleteRowsV1:
    case EventType::WriteRows:
    case EventType::UpdateRows:
    case EventType::DeleteRows:
    case EventType::PartialUpdateRows:
      return on_rows(event, stop);
    case EventType::TransactionPayload:
      return on_payload(event, stop);
    case EventType::MariadbQueryCompressed:
    case EventType::MariadbWriteRowsCompressedV1:
    case EventType::MariadbUpdateRowsCompressedV1:
    case EventType::MariadbDeleteRowsCompressedV1: {
      const absl::StatusOr<binlog::EventView> plain = binlog::uncompress_mariadb(event, uncompressed_);
      return plain.ok() ? dispatch(*plain, stop) : plain.status();
    }

    case EventType::GtidLog:
    case EventType::AnonymousGtid:
    case EventType::GtidTagged:
      return on_gtid(event);
    case EventType::MariadbGtidLog:
      return on_mariadb_gtid(event);
    case EventType::Query:
      return on_query(event, stop);
    case EventType::Xid:
      return on_commit(stop);
    case EventType::XaPrepare:
      return on_xa_prepare(event, stop);

    case EventType::BeginLoadQuery:
    case EventType::ExecuteLoadQuery:
    case EventType::AppendBlock:
    case EventType::DeleteFile:
      return skip_or_fail(event,
                          absl::FailedPreconditionError(
                              "LOAD DATA was written as a statement, not as rows; SET GLOBAL "
                              "binlog_format=ROW (and in sessions that set it), and leave what was written "
                              "before out (spec.onUnprocessable: SkipAndCount)"));
    case EventType::Incident:
      return absl::DataLossError(
          "the server says that events are missing from its binlog here; raise spec.resetNonce with "
          "spec.startPosition after it, and bring the consumers' copies up to date by other means");

    // The end of a file: the position moves on to the next, also when nobody writes.
    case EventType::Rotate:
      is_repeated_ = false;
      if (!transaction_.is_open() && (event.header.flags & binlog::kFlagArtificial) == 0)
        return end_transaction(stop);
      return absl::OkStatus();

    case EventType::FormatDescription:
      if (stream_.format().is_of_server_start && !is_reading_again())
        schema_changes_.forget_sessions(event.header.server_id);
      return on_format_description();

    // These say nothing of rows or schemas: file framing, other nodes' bookkeeping, texts of statements whose
    // rows follow, and what precedes a statement (which on_query() judges).
    case EventType::PreviousGtids:
    case EventType::MariadbGtidList:
    case EventType::MariadbBinlogCheckpoint:
    case EventType::MariadbStartEncryption:
    case EventType::MariadbAnnotateRows:
    case EventType::RowsQuery:
    case EventType::Heartbeat:
    case EventType::HeartbeatV2:
    case EventType::Stop:
    case EventType::Ignorable:
    case EventType::TransactionContext:
    case EventType::ViewChange:
    case EventType::Intvar:
    case EventType::Rand:
    case EventType::UserVar:
      return absl::OkStatus();

    default:
      if ((event.header.flags & binlog::kFlagIgnorable) != 0) return absl::OkStatus();
      return skip_or_fail(event, absl::UnimplementedError(fmt::format(
                                     "event type {} is not known to this version of Rowtide; upgrade it",
                                     static_cast<int>(event.header.type))));
  }
}

absl::Status Pipeline::on_table_map(const binlog::EventView& event) {
  absl::Status status = tables_.bind(event.body, stream_.format().is_mariadb, parts_.encoder);
  if (status.ok()) return status;
  status = skip_or_fail(event, status);
  if (status.ok()) tables_.leave_out(event.body);
  return status;
}

absl::Status Pipeline::expect_transaction(EventType type) const {
  if (!stands_in_group(type) || transaction_.is_open() || xa_.is_reading_again() || !held_file_.empty())
    return absl::OkStatus();
  return absl::DataLossError(
      "it stands outside a transaction: the reading did not begin where one does, or the binlog is "
      "damaged here. Where spec.startPosition gives an offset, it must be that of a transaction's first "
      "event (GTID; mysqlbinlog shows them)");
}

/// A file begins.
absl::Status Pipeline::on_format_description() {
  note_file();
  if (!transaction_.is_open() || is_reading_again()) return absl::OkStatus();
  if (transaction_.is_emitted()) {
    return absl::DataLossError(
        fmt::format("the file before it ends inside transaction {}, some of whose rows are delivered "
                    "already: its server has not "
                    "written it to its end, and says nothing of it any more. Compare the tables that it "
                    "changed with their topics, "
                    "and raise spec.resetNonce with spec.startPosition here",
                    transaction_.id()));
  }
  spdlog::warn(
      "{} ends inside transaction {}, as when its server died: it was not committed and nothing of it is "
      "delivered",
      position_.file, transaction_.id());
  revocable_.drop();
  xa_.close();
  transaction_.end();
  return absl::OkStatus();
}

/// MySQL says its end as a set of GTIDs and a place, and not of one moment: transactions that stand before
/// the place may not be in the set yet. Reading by the place would pass over them, until reading has come
/// there.
bool Pipeline::was_place_reached() const {
  return position_.file_created != 0 || position_.offset <= binlog::kFirstOffset ||
         !std::holds_alternative<binlog::MysqlGtidSet>(position_.gtids);
}

/// When the file that the position is in was begun, by which it is told from one of the same name.
void Pipeline::note_file() {
  if (!was_place_reached()) return;
  if (transaction_.is_open() || parts_.server.empty() || parts_.server != position_.server ||
      stream_.file() != position_.file || stream_.file_created() == position_.file_created) {
    return;
  }
  position_.file_created = stream_.file_created();
  parts_.sink.end_transaction(position_, 0);
}

/// A server that is read by file and offset may have in another order what came from the one before it.
bool Pipeline::was_delivered(const binlog::MysqlGtid& gtid) const {
  const auto* delivered = std::get_if<binlog::MysqlGtidSet>(&position_.gtids);
  return delivered != nullptr && gtid.number != 0 && delivered->contains(gtid);
}

absl::Status Pipeline::on_gtid(const binlog::EventView& event) {
  ASSIGN_OR_RETURN(const binlog::GtidEvent gtid, event.header.type == EventType::GtidTagged
                                                     ? binlog::parse_gtid_tagged(event.body)
                                                     : binlog::parse_gtid(event.body));
  is_repeated_ = was_delivered(gtid.gtid);
  if (is_repeated_) return absl::OkStatus();
  return begin_transaction(event, gtid.gtid.number == 0 ? binlog::Gtid{} : binlog::Gtid{gtid.gtid},
                           gtid.commit_timestamp_us.value_or(0));
}

absl::Status Pipeline::on_mariadb_gtid(const binlog::EventView& event) {
  ASSIGN_OR_RETURN(binlog::MariadbGtidEvent gtid,
                   binlog::parse_mariadb_gtid(event.body, event.header.server_id));
  RETURN_IF_ERROR(begin_transaction(event, gtid.gtid, 0));
  transaction_.set_changes_nothing(gtid.changes_nothing());
  transaction_.set_explicit(!gtid.standalone);                                      // MariaDB writes no BEGIN
  if (gtid.prepared_xa) xa_.begin(std::move(gtid.xid), position_, stream_.file());  // nor XA START
  return absl::OkStatus();
}

absl::Status Pipeline::begin_transaction(const binlog::EventView& event, binlog::Gtid gtid,
                                         std::int64_t commit_timestamp_us) {
  if (transaction_.is_open() && !revocable_.waits_for_second_reading()) {
    return absl::DataLossError(fmt::format(
        "it stands inside transaction {}, which has no end: the binlog is damaged here; check the file with "
        "mysqlbinlog --verify-binlog-checksum",
        transaction_.id()));
  }
  tables_.begin_transaction();
  transaction_.begin(std::move(gtid), commit_timestamp_us, position_);
  part_bytes_ = 0;
  const bool is_second = revocable_.waits_for_second_reading();
  RETURN_IF_ERROR(revocable_.begin(transaction_.id(), stream_.file(), event.start_offset));
  if (!is_second) progress_.begin(transaction_.id());
  return absl::OkStatus();
}

absl::Status Pipeline::on_commit(const std::stop_token& stop) {
  const std::optional<HeldRows::Transaction> held = revocable_.commit(transaction_.id());
  if (!held) {
    reopen_at_ = revocable_.read_from(position_);
    return absl::OkStatus();
  }
  xa_.close();
  RETURN_IF_ERROR(deliver(*held, stop));
  return end_transaction(stop);
}

absl::Status Pipeline::on_rollback(const std::stop_token& stop) {
  RETURN_IF_ERROR(revocable_.roll_back(transaction_.is_emitted()));
  transaction_.roll_back();
  return end_transaction(stop);
}

/// Rows that were held go their way now, as if they were read only here.
absl::Status Pipeline::deliver(const HeldRows::Transaction& held, const std::stop_token& stop) {
  held_file_ = held.file;
  absl::Status status;
  for (const HeldRows::Event& each : held.events) {
    const binlog::EventView event{
        .header = each.header, .body = as_bytes(each.body), .start_offset = each.start_offset};
    if (each.origin.thread_id) transaction_.set_thread_id(*each.origin.thread_id);
    status = located(event, dispatch(event, stop));
    if (!status.ok()) break;
  }
  held_file_.clear();
  return status;
}

absl::Status Pipeline::hand_over_rest(const std::stop_token& stop) {
  if (!xa_.is_open() && !xa_.is_reading_again()) RETURN_IF_ERROR(deliver(revocable_.take(), stop));
  return hand_over(stop);
}

absl::Status Pipeline::end_transaction(const std::stop_token& stop) {
  return end_transaction_at(stream_.file(), stream_.offset(), stop);
}

absl::Status Pipeline::end_transaction_at(const std::string& file, std::uint64_t offset,
                                          const std::stop_token& stop) {
  if (transaction_.is_open()) {
    if (absl::Status status = progress_.end(); !status.ok()) return status;
  }
  const std::int64_t committed_at_us = transaction_.committed_at_us(parts_.counters.last_event_timestamp);
  transaction_.emit_end(file, offset, position_, parts_.encoder, batch_);
  RETURN_IF_ERROR(hand_over(stop));
  transaction_.add_to(position_.gtids);
  note_place(file, offset);
  position_.midway = progress_.pending();
  if (parts_.history != nullptr) position_.schema_version = parts_.history->version();
  parts_.sink.end_transaction(position_, committed_at_us);
  if (transaction_.is_open()) add(parts_.counters.transactions, 1);

  transaction_.end();
  xa_.close();
  revocable_.end();
  return parts_.sink.error();
}

void Pipeline::note_place(const std::string& file, std::uint64_t offset) {
  if (file == stream_.file()) {
    position_.file_created = stream_.file_created();
  } else if (file != position_.file || parts_.server != position_.server) {
    position_.file_created = 0;
  }
  position_.server = parts_.server;
  position_.file = file;
  position_.offset = offset;
}

absl::Status Pipeline::hand_over(const std::stop_token& stop) {
  if (batch_.empty()) return absl::OkStatus();
  absl::Status status = parts_.sink.write(batch_, stop);
  if (part_bytes_ == 0) part_began_ = std::chrono::steady_clock::now();
  part_bytes_ += batch_.bytes();
  batch_.clear();
  return status;
}

bool Pipeline::is_part_old() const {
  return part_bytes_ > 0 && std::chrono::steady_clock::now() - part_began_ >= parts_.part_age;
}

/// Where rows of others are read for long, what was handed over must not wait for their end.
absl::Status Pipeline::end_old_part(const std::stop_token& stop) {
  if (!is_part_old()) return absl::OkStatus();
  RETURN_IF_ERROR(hand_over(stop));
  end_part();
  return absl::OkStatus();
}

/// What was handed over of the transaction so far may be made durable. The rows of an XA transaction stand
/// elsewhere, and what is held is small: those stay one part.
void Pipeline::end_part() {
  if ((part_bytes_ < parts_.part_size && !is_part_old()) || xa_.is_reading_again() || !held_file_.empty() ||
      !progress_.may_be_parted())
    return;
  part_bytes_ = 0;
  position_.midway = progress_.midway();
  parts_.sink.end_transaction(position_, 0);
}

absl::Status Pipeline::on_query(const binlog::EventView& event, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const binlog::QueryEvent query, binlog::parse_query(event.body));
  if (!transaction_.is_open() ||
      revocable_.waits_for_second_reading()) {  // a server, or a start, without the GTID event
    if (absl::Status status = begin_transaction(event, {}, 0); !status.ok()) return status;
  }
  transaction_.set_thread_id(query.thread_id);
  if (transaction_.changes_nothing()) return end_transaction(stop);

  const sql::Statement statement = schema_changes_.classify(event, query);
  switch (statement.kind) {
    case StatementKind::Commit:
      return on_commit(stop);
    case StatementKind::Rollback:
      return on_rollback(stop);
    case StatementKind::Savepoint:
      return statement.savepoint ? revocable_.on_savepoint(*statement.savepoint, transaction_.is_emitted())
                                 : absl::OkStatus();
    default:
      return on_statement(event, statement, query, stop);
  }
}

absl::Status Pipeline::on_statement(const binlog::EventView& event, const sql::Statement& statement,
                                    const binlog::QueryEvent& query, const std::stop_token& stop) {
  switch (statement.kind) {
    case StatementKind::Begin:
      transaction_.set_explicit(true);
      return absl::OkStatus();
    case StatementKind::Xa:
      if (!statement.xa) break;
      return on_xa_statement(*statement.xa, stop);
    case StatementKind::Ddl:
      if (statement.writes_rows && !statement.is_temporary) {
        absl::Status status = on_statement_dml(statement, query);
        if (!status.ok()) status = skip_or_fail(event, status);
        if (!status.ok()) return status;
      }
      RETURN_IF_ERROR(on_schema_change(event, statement, query));
      if (statement.starts_transaction) transaction_.set_explicit(true);
      break;
    case StatementKind::Dml:
    case StatementKind::Unknown: {
      absl::Status status = statement.kind == StatementKind::Dml ? on_statement_dml(statement, query)
                                                                 : unknown_statement(query.sql);
      if (!status.ok()) status = skip_or_fail(event, status);
      if (!status.ok()) return status;
      break;
    }
    default:
      break;
  }
  return transaction_.is_explicit() ? absl::OkStatus() : end_transaction(stop);
}

absl::Status Pipeline::on_schema_change(const binlog::EventView& event, const sql::Statement& statement,
                                        const binlog::QueryEvent& query) {
  if (statement.is_temporary) return absl::OkStatus();          // seen by its own session only
  if (revocable_.is_second_reading()) return absl::OkStatus();  // emitted when its transaction was read first
  tables_.forget_all();
  const SchemaChanges::Effect effect =
      schema_changes_.apply(event, statement, query, stream_.format().is_mariadb);
  if (!effect.is_selected) add(parts_.counters.unselected_schema_changes, 1);
  if (!effect.change || !progress_.schema_changes().next())
    return absl::OkStatus();  // delivered before a restart
  parts_.encoder.encode_schema_change(effect.change->view(), origin_of(event), batch_);
  add(parts_.counters.schema_changes, 1);
  return absl::OkStatus();
}

absl::Status Pipeline::skip_or_fail(const binlog::EventView& event, const absl::Status& why) {
  return policy_.skip_or_fail(event, stream_.file(), why);
}

absl::Status Pipeline::on_statement_dml(const sql::Statement& statement, const binlog::QueryEvent& query) {
  if (!parts_.wants_rows || revocable_.is_second_reading() || statement.is_temporary) return absl::OkStatus();
  // WITH ... UPDATE, SELECT f(): what those without a table change can be anything, whatever USE said.
  const bool concerns = statement.tables.empty() ||
                        std::any_of(statement.tables.begin(), statement.tables.end(), [&](const auto& table) {
                          return parts_.selector.wants(table.database, table.table);
                        });
  if (!concerns) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "a change of {} was written as a statement, so its rows are not known: {}; SET GLOBAL "
      "binlog_format=ROW (and in sessions that set it), and leave what was written before out "
      "(spec.onUnprocessable: SkipAndCount)",
      statement.tables.empty() ? "what may be tracked data" : "tracked data", head_of(query.sql)));
}

/// A whole transaction but for its GTID, compressed. Its events have no place of their own in the file: they
/// count as being where the payload begins, and the stream goes on after it.
absl::Status Pipeline::on_payload(const binlog::EventView& event, const std::stop_token& stop) {
  if (in_payload_) return absl::DataLossError("it stands inside another one; the binlog is damaged here");
  RETURN_IF_ERROR(payload_.start(event.body));
  in_payload_ = true;
  payload_rows_ = 0;
  absl::Status status;
  while (status.ok()) {
    absl::StatusOr<binlog::EventView> inner = payload_.next();
    if (!inner.ok()) {
      status = inner.status();
    } else if (inner->header.type == EventType::Unknown) {
      break;
    } else {
      inner->start_offset = event.start_offset;
      status = xa_.is_reading_again() ? on_replayed(*inner, stop) : dispatch(*inner, stop);
      if (!status.ok() && !absl::IsCancelled(status) && !is_located_) {
        status = {status.code(), fmt::format("{} in it: {}", binlog::name(inner->header.type), text(status))};
      }
    }
  }
  in_payload_ = false;
  return status;
}

encode::ChangeOrigin Pipeline::origin_of(const binlog::EventView& event) const {
  return transaction_.origin_of(event, held_file_.empty() ? stream_.file() : held_file_, position_);
}

/// Rows that come now are held. MySQL refuses temporary tables in a transaction with a GTID, or does not log
/// them.
bool Pipeline::may_be_taken_back() const {
  if (!held_file_.empty() || revocable_.is_second_reading()) return false;
  return xa_.is_open() || !transaction_.has_mysql_gtid();
}

absl::Status Pipeline::on_rows(const binlog::EventView& event, const std::stop_token& stop) {
  binlog::RowsHeader header;
  if (const auto status = binlog::parse_rows_header(event.header.type, event.body, header);
      status != binlog::RowsStatus::Ok) {
    return skip_or_fail(event, absl::DataLossError("the event ends inside its header"));
  }
  if (header.is_dummy()) return absl::OkStatus();
  const std::uint64_t number = revocable_.count();
  const BoundTable* table = tables_.find(header.table_id);
  if (table == nullptr) {
    return absl::DataLossError(fmt::format("no table map for table id {} precedes it", header.table_id));
  }
  if (!table->is_wanted) {
    if (!revocable_.is_second_reading()) {  // else it was counted before
      add(table->is_left_out ? parts_.counters.unprocessable_events : parts_.counters.unselected_rows_events,
          1);
    }
    if (progress_.is_resumed()) progress_.leave_out(table->name);
    return end_old_part(stop);
  }
  xa_.note_rows();
  if (may_be_taken_back()) {
    // The rows of an XA transaction are delivered as changes of the thread that commits it.
    revocable_.hold(
        event,
        {number,
         xa_.is_open() || xa_.is_reading_again() ? std::nullopt : std::optional(transaction_.thread_id())},
        table->event_body);
    return absl::OkStatus();
  }
  if (held_file_.empty() && revocable_.is_taken_back(number)) return absl::OkStatus();

  encode::ChangeOrigin origin = origin_of(event);
  transaction_.emit_begin(origin, progress_.is_resumed(), parts_.encoder, batch_);
  TransactionProgress::Count& progress = progress_.rows_of(table->name);
  std::uint64_t count = 0;
  std::uint64_t emitted = 0;
  const std::uint32_t first_row = in_payload_ ? payload_rows_ : 0;
  const record::Operation operation = operation_of(header.operation);
  binlog::RowsStatus status = rows_.start(header, table->plan, parts_.images);
  while (status == binlog::RowsStatus::Ok && rows_.next()) {
    origin.row = first_row + rows_.row_index();
    const encode::RowChange change{header.operation, rows_.before(), rows_.after()};
    const std::size_t first_record = batch_.size();
    table->encoder->encode(change, origin, batch_);
    ++count;
    if (!progress.next()) {  // delivered before a restart; the encoder has counted it
      batch_.truncate(first_record);
      scratch_.reset();
      continue;
    }
    ++emitted;
    if (policy_.limits_records()) {
      RETURN_IF_ERROR(policy_.enforce_record_size(*table, change, origin, first_record, batch_, stop));
    }
    batch_.mark_rows(first_record, operation);
    scratch_.reset();
    if (batch_.bytes() >= kBatchBytes) {
      RETURN_IF_ERROR(hand_over(stop));
      end_part();
    }
  }
  if (status == binlog::RowsStatus::Ok) status = rows_.status();
  if (in_payload_) payload_rows_ += static_cast<std::uint32_t>(count);
  add(parts_.counters.rows_of(header.operation), emitted);
  if (status == binlog::RowsStatus::Ok) return absl::OkStatus();
  return skip_or_fail(event, rows_error(status, *table, rows_.row_index(), rows_.failed_column()));
}

}  // namespace rowtide::pipeline
