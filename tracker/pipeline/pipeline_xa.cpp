// The pipeline's way of XA transactions (xa_transactions.h).
#include <spdlog/spdlog.h>

#include "common/status/try.h"
#include "tracker/binlog/transaction_events.h"
#include "tracker/pipeline/pipeline.h"
#include "tracker/pipeline/xa_replay.h"
#include "tracker/sql/xa_statement.h"

namespace rowtide::pipeline {

using sql::XaVerb;
using Step = XaTransactions::Step;

absl::Status Pipeline::on_xa_statement(const sql::XaStatement& statement, const std::stop_token& stop) {
  switch (statement.verb) {
    case XaVerb::Start:
      xa_.begin(statement.xid, position_, stream_.file());
      transaction_.set_explicit(true);
      return absl::OkStatus();
    case XaVerb::End:
      return absl::OkStatus();
    case XaVerb::Commit:
    case XaVerb::Rollback:
      break;
  }
  const bool is_commit = statement.verb == XaVerb::Commit;
  if (!is_commit && xa_.is_open(statement.xid)) return on_rollback(stop);  // not prepared
  return on_xa_outcome(statement.xid, is_commit, stop);
}

absl::Status Pipeline::on_xa_prepare(const binlog::EventView& event, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(binlog::XaPrepareEvent prepare, binlog::parse_xa_prepare(event.body));
  if (!prepare.is_one_phase) {
    xa_.prepare(std::move(prepare.xid), position_);
    return end_transaction(stop);
  }
  const XaTransactions::Outcome outcome = xa_.commit_in_one_phase(std::move(prepare.xid), place());
  RETURN_IF_ERROR(deliver_xa(outcome, stop));
  return xa_.is_reading_again() ? absl::OkStatus() : end_transaction(stop);
}

absl::Status Pipeline::on_xa_outcome(const std::string& xid, bool is_commit, const std::stop_token& stop) {
  const std::optional<XaTransactions::Outcome> outcome = xa_.finish(xid, is_commit, place(), position_);
  if (outcome) {
    RETURN_IF_ERROR(deliver_xa(*outcome, stop));
    if (xa_.is_reading_again()) return absl::OkStatus();  // ends when its rows have come
    XaTransactions::delivered(xid, position_);
  } else if (is_commit) {
    add(parts_.counters.unseen_xa_commits, 1);
    spdlog::warn(
        "XA transaction {} committed at {}:{}, but was prepared before the position where this task began: "
        "its rows, if it changed tracked tables, are not delivered",
        xid, stream_.file(), stream_.offset());
  }
  return transaction_.is_explicit() ? absl::OkStatus() : end_transaction(stop);
}

absl::Status Pipeline::deliver_xa(const XaTransactions::Outcome& outcome, const std::stop_token& stop) {
  if (outcome.step == Step::Deliver) return deliver(outcome.held, stop);
  if (outcome.step == Step::ReadAgain) reopen_at_ = xa_.read_from();
  return absl::OkStatus();
}

/// The stream that was opened at a prepared transaction: its rows go on as those of the transaction that
/// commits it; whatever else comes is passed over.
absl::Status Pipeline::on_replayed(const binlog::EventView& event, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const XaReplayEvent replayed, look_at_replayed(event, uncompressed_));
  if (replayed.kind == XaReplayEvent::Kind::Group) {
    xa_.enter(replayed.xid);
    if (xa_.is_in_group()) revocable_.begin_replayed(stream_.file(), xa_.is_second_reading());
  }
  if (replayed.kind == XaReplayEvent::Kind::Payload) return on_payload(event, stop);
  if (!xa_.is_in_group()) return absl::OkStatus();
  switch (replayed.kind) {
    case XaReplayEvent::Kind::Savepoint:
      return revocable_.on_savepoint(replayed.savepoint, transaction_.is_emitted());
    case XaReplayEvent::Kind::Rows:
      return dispatch(event, stop);
    case XaReplayEvent::Kind::Prepare:
      return end_replay(stop);
    default:
      return absl::OkStatus();
  }
}

absl::Status Pipeline::end_replay(const std::stop_token& stop) {
  const HeldRows::Transaction held = revocable_.take();
  if (!held.is_complete) {  // once more, now that it is known what it takes back
    xa_.read_once_more();
    reopen_at_ = xa_.read_from();
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(deliver(held, stop));
  const binlog::BinlogCoordinates end = xa_.end_reading(position_);
  RETURN_IF_ERROR(end_transaction_at(end.file, end.offset, stop));
  reopen_at_ = position_;
  return absl::OkStatus();
}

}  // namespace rowtide::pipeline
