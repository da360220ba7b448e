// XA transactions in the pipeline: rows that come before their outcome is known. They are held back until it
// is; what is too large to be held, or was not seen by this process, is read again from the source when it
// commits.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "tracker/binlog/mariadb_compressed.h"
#include "tracker/binlog/transaction_events.h"
#include "tracker/pipeline/pipeline.h"
#include "tracker/sql/xa_statement.h"

namespace rowtide::pipeline {

using binlog::EventType;
using sql::XaVerb;

void Pipeline::begin_xa(std::string xid) {
  xa_ = binlog::PreparedXa{.xid = std::move(xid),
                           .gtids = position_.gtids,
                           .file = position_.file,
                           .offset = position_.offset,
                           .has_rows = false};
  held_.begin(stream_.file());
}

absl::Status Pipeline::on_xa_statement(std::string_view sql, const std::stop_token& stop) {
  std::optional<sql::XaStatement> statement = sql::parse_xa_statement(sql);
  if (!statement) return transaction_.is_explicit() ? absl::OkStatus() : end_transaction(stop);
  switch (statement->verb) {
    case XaVerb::Start:
      begin_xa(std::move(statement->xid));
      transaction_.set_explicit(true);
      return absl::OkStatus();
    case XaVerb::End:
      return absl::OkStatus();
    case XaVerb::Commit:
    case XaVerb::Rollback:
      break;
  }
  const bool is_commit = statement->verb == XaVerb::Commit;
  if (!is_commit && xa_ && xa_->xid == statement->xid) return on_rollback(stop);  // not prepared
  if (absl::Status status = on_xa_outcome(statement->xid, is_commit, stop); !status.ok()) return status;
  if (replay_) return absl::OkStatus();  // ends when its rows have come
  return transaction_.is_explicit() ? absl::OkStatus() : end_transaction(stop);
}

absl::Status Pipeline::on_xa_prepare(const binlog::EventView& event, const std::stop_token& stop) {
  absl::StatusOr<binlog::XaPrepareEvent> prepare = binlog::parse_xa_prepare(event.body);
  if (!prepare.ok()) return prepare.status();
  HeldRows::Transaction held = held_.take_open();
  binlog::PreparedXa prepared = std::exchange(xa_, std::nullopt).value_or(binlog::PreparedXa{});
  prepared.xid = std::move(prepare->xid);
  if (!prepare->is_one_phase) {
    held_.keep(prepared.xid, std::move(held));
    position_.prepared.push_back(std::move(prepared));
    return end_transaction(stop);
  }
  if (!prepared.has_rows) return end_transaction(stop);
  if (!held.is_complete) {
    want_replay(prepared);
    return absl::OkStatus();
  }
  if (absl::Status status = deliver(held, stop); !status.ok()) return status;
  return end_transaction(stop);
}

absl::Status Pipeline::on_xa_outcome(const std::string& xid, bool is_commit, const std::stop_token& stop) {
  const auto prepared = std::find_if(position_.prepared.begin(), position_.prepared.end(),
                                     [&xid](const binlog::PreparedXa& xa) { return xa.xid == xid; });
  if (prepared == position_.prepared.end()) {
    if (is_commit) {
      add(parts_.counters.unseen_xa_commits, 1);
      spdlog::warn(
          "XA transaction {} committed at {}:{}, but was prepared before the position where this task began: "
          "its "
          "rows, if it changed tracked tables, are not delivered",
          xid, stream_.file(), stream_.offset());
    }
    return absl::OkStatus();
  }
  if (is_commit && prepared->has_rows) {
    const HeldRows::Transaction held = held_.take(xid);
    if (!held.is_complete) {
      want_replay(*prepared);
      return absl::OkStatus();
    }
    if (absl::Status status = deliver(held, stop); !status.ok()) return status;
  } else {
    static_cast<void>(held_.take(xid));
  }
  position_.prepared.erase(prepared);
  return absl::OkStatus();
}

void Pipeline::want_replay(const binlog::PreparedXa& prepared) {
  replay_ = Replay{.xid = prepared.xid,
                   .from = {prepared.gtids, prepared.file, prepared.offset, {}},
                   .end_file = stream_.file(),
                   .end_offset = stream_.offset()};
  reopen_at_ = replay_->from;
}

/// A group begins in the stream of a replay.
void Pipeline::enter_replayed(bool is_it) {
  replay_->is_in_it = is_it;
  if (!is_it) return;
  if (replay_->is_known) {
    taken_back_.begin_again();
  } else {
    taken_back_.begin();
  }
  held_.begin(stream_.file());
}

/// The stream that was opened at a prepared transaction: its rows go on as those of the transaction that
/// commits it; whatever else comes is not looked at.
absl::Status Pipeline::on_replayed(const binlog::EventView& event, const std::stop_token& stop) {
  switch (event.header.type) {
    case EventType::MariadbGtidLog: {
      const auto gtid = binlog::parse_mariadb_gtid(event.body, event.header.server_id);
      enter_replayed(gtid.ok() && gtid->xid == replay_->xid);
      return gtid.status();
    }
    case EventType::Query:
      return on_replayed_query(event);
    case EventType::MariadbQueryCompressed: {
      const auto plain = binlog::uncompress_mariadb(event, uncompressed_);
      return plain.ok() ? on_replayed_query(*plain) : plain.status();
    }
    case EventType::XaPrepare:
      return replay_->is_in_it ? end_replay(stop) : absl::OkStatus();
    case EventType::TransactionPayload:
      return on_payload(event, stop);
    case EventType::MariadbWriteRowsCompressedV1:
    case EventType::MariadbUpdateRowsCompressedV1:
    case EventType::MariadbDeleteRowsCompressedV1:
    case EventType::TableMap:
      return replay_->is_in_it ? dispatch(event, stop) : absl::OkStatus();
    default:
      return binlog::is_rows(event.header.type) && replay_->is_in_it ? dispatch(event, stop)
                                                                     : absl::OkStatus();
  }
}

absl::Status Pipeline::on_replayed_query(const binlog::EventView& event) {
  const auto query = binlog::parse_query(event.body);
  if (!query.ok()) return query.status();
  const auto statement = sql::parse_xa_statement(query->sql);
  if (statement && statement->verb == XaVerb::Start) enter_replayed(statement->xid == replay_->xid);
  return replay_->is_in_it ? on_savepoint(query->sql) : absl::OkStatus();
}

absl::Status Pipeline::end_replay(const std::stop_token& stop) {
  const HeldRows::Transaction held = held_.take_open();
  if (!held.is_complete) {  // once more, now that it is known what it takes back
    replay_->is_known = true;
    replay_->is_in_it = false;
    reopen_at_ = replay_->from;
    return absl::OkStatus();
  }
  if (absl::Status status = deliver(held, stop); !status.ok()) return status;
  const Replay done = *std::exchange(replay_, std::nullopt);
  std::erase_if(position_.prepared, [&done](const binlog::PreparedXa& xa) { return xa.xid == done.xid; });
  if (absl::Status status = end_transaction_at(done.end_file, done.end_offset, stop); !status.ok()) {
    return status;
  }
  reopen_at_ = position_;
  return absl::OkStatus();
}

}  // namespace rowtide::pipeline
