#include "sdk/src/consumer_impl.h"
#include "sdk/src/options_check.h"
#include "sdk/src/start_position.h"

namespace rowtide {
inline namespace v1 {

std::optional<Transaction> Consumer::Impl::poll_transaction(milliseconds timeout) {
  require_open();
  if (!options_.transactions)
    throw Error(ErrorCode::InvalidOptions, "poll_transaction() is with Options::transactions");
  const Clock::time_point end = Clock::now() + timeout;
  while (true) {
    if (std::optional<Transaction> whole = assembler_.next()) return deliver(*std::move(whole));
    tell_part_only();
    look_for_the_end();
    pause_or_resume();
    require_room();
    const bool is_last_try = Clock::now() >= end;
    constexpr milliseconds kStep{100};
    if (std::optional<Change> change = poll_change(std::min(kStep, until(end)))) {
      require_no_marks(*change);
      require_metadata(*change);
      assembler_.add(*std::move(change));
    } else if (is_last_try) {
      return std::nullopt;
    }
  }
}

void Consumer::Impl::acknowledge(const Transaction& transaction) {
  require_open();
  const auto found =
      std::find_if(delivered_.begin(), delivered_.end(),
                   [&](const DeliveredTransaction& each) { return each.number == transaction.number; });
  if (found == delivered_.end()) return;  // its partitions were taken away since
  found->is_acknowledged = true;
  while (!delivered_.empty() && delivered_.front().is_acknowledged) {
    for (const auto& [assignment, offset] : delivered_.front().records)
      acknowledge_record(assignment, offset);
    delivered_size_ -= delivered_.front().size();
    delivered_.pop_front();
  }
}

Transaction Consumer::Impl::deliver(Transaction whole) {
  whole.number = ++last_transaction_;
  DeliveredTransaction& delivered = delivered_.emplace_back();
  delivered.number = whole.number;
  delivered.records = whole.marks;
  delivered.bytes = whole.marks.size() * whole.id.size();
  for (const Change& change : whole.changes) {
    delivered.records.emplace_back(change.assignment, change.offset);
    delivered.bytes += change.storage_size;
  }
  delivered_size_ += delivered.size();
  return whole;
}

void Consumer::Impl::require_no_marks(const Change& change) {
  if (change.topic != topic_of_marks(options_)) return;
  fail(Error(ErrorCode::InvalidOptions,
             std::string(change.topic) + " holds changes, as at offset " + std::to_string(change.offset) +
                 ", and not the ends of transactions: name <namespace>.<task>.transaction of the task among "
                 "Options::topics and as Options::transaction_topic",
             std::string(change.topic), change.partition, change.offset));
}

/// Statements have no place in a transaction: each is one of its own.
void Consumer::Impl::require_metadata(const Change& change) {
  const bool is_statement =
      change.operation == Operation::SchemaChange || change.operation == Operation::Truncate;
  if (is_statement || change.transaction_order > 0) return;
  fail(Error(ErrorCode::InvalidOptions,
             "the record at offset " + std::to_string(change.offset) + " of " + std::string(change.topic) +
                 " does not say where it stands in a transaction: set debezium.transactionMetadata of the "
                 "task, and begin behind the records of before, or read without Options::transactions",
             std::string(change.topic), change.partition, change.offset));
}

void Consumer::Impl::look_for_the_end() {
  const auto awaited = assembler_.awaited();
  if (!awaited) return end_watch_.reset();
  if (!end_watch_ || awaited->number > end_watch_->end)
    end_watch_ = EndWatch{assembler_.last_end(), Clock::now(), Clock::now() + kPatienceForChanges};
  if (is_to_ask_for_ends()) ask_for_ends();
  if (!end_watch_->is_asked) return;
  for (Turn& turn : turns_) {
    if (!turn.end || turn.ledger.next() < *turn.end) continue;
    assembler_.exhaust(turn.assignment, end_watch_->end);
    turn.end.reset();
  }
}

bool Consumer::Impl::is_to_ask_for_ends() const {
  const Clock::time_point now = Clock::now();
  if (end_watch_->is_asked || now < end_watch_->ask_at) return false;
  return now - end_watch_->since >= kPatienceWithoutCommits ||
         std::all_of(turns_.begin(), turns_.end(),
                     [](const Turn& turn) { return turn.shows_commits || !turn.has_marks; });
}

void Consumer::Impl::ask_for_ends() {
  constexpr std::chrono::seconds kAgainAfter{1};
  constexpr int kWait = 1000;
  // client_ would be told of what stands before the first Kafka transaction that is open: changes that are
  // awaited may stand behind, until the mark of its commit has come to their partition too.
  if (!end_client_) end_client_ = make_uncommitted_client(options_);
  for (Turn& turn : turns_) {
    turn.end.reset();
    if (turn.has_marks || !assembler_.may_hold_awaited(turn.assignment)) continue;
    std::int64_t low = 0;
    std::int64_t high = 0;
    const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(end_client_.get(), turn.topic.c_str(),
                                                                       turn.partition, &low, &high, kWait);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      end_watch_->ask_at = Clock::now() + kAgainAfter;
      return;
    }
    turn.end = high;
  }
  end_watch_->is_asked = true;
}

void Consumer::Impl::require_room() {
  const auto awaited = assembler_.awaited();
  constexpr double kMost = 2;
  bool is_too_large =
      share_of_waiting() >= kMost || (awaited && share_of_bounds({awaited->changes, awaited->bytes}) >= 1);
  const bool lacks_marks = !awaited && share_of_waiting() >= 1 && delivered_.empty() && are_marks_at_end();
  if (!lacks_marks) {
    lacks_marks_since_.reset();
  } else if (!lacks_marks_since_) {
    lacks_marks_since_ = Clock::now();
  } else if (Clock::now() - *lacks_marks_since_ >= kPatienceForChanges) {
    is_too_large = true;
  }
  if (!is_too_large) return;
  fail(Error(ErrorCode::TransactionTooLarge,
             std::to_string(statistics_.unacknowledged) +
                 " records of transactions that are not at their ends reach Options::max_buffered_records or "
                 "max_buffered_bytes: raise these, or read changes without Options::transactions"));
}

bool Consumer::Impl::are_marks_at_end() const {
  return std::all_of(turns_.begin(), turns_.end(),
                     [](const Turn& turn) { return turn.is_at_end || !turn.has_marks; });
}

void Consumer::Impl::take_end_mark(Turn& turn, std::int64_t offset) {
  if (!options_.transactions || !decoded_.mark.event_count) return turn.ledger.pass(offset + 1);
  has_met_end_mark_ = true;
  turn.ledger.deliver(offset, decoded_.mark.id.size());
  buffered_bytes_ += decoded_.mark.id.size();
  ++statistics_.unacknowledged;
  assembler_.end(decoded_.mark.id, *decoded_.mark.event_count, {turn.assignment, offset});
}

}  // namespace v1
}  // namespace rowtide
