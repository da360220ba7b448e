#include "sdk/src/consumer_impl.h"
#include "sdk/src/filter.h"
#include "sdk/src/partition_origin.h"

namespace rowtide {
inline namespace v1 {

namespace {

// So many records that are no change for the caller are passed before the clock is looked at.
constexpr int kPassedAtOnce = 1000;

}  // namespace

std::optional<Change> Consumer::Impl::poll_change(milliseconds timeout) {
  const Clock::time_point end = Clock::now() + timeout;
  milliseconds wait{0};
  int passed = 0;
  while (true) {
    throw_failure();
    begin_when_due();
    save_when_due();
    pause_or_resume();
    const KafkaMessage message(rd_kafka_consumer_poll(client_.get(), static_cast<int>(wait.count())));
    if (failure_ || !message) throw_failure();  // a message that came is not to be lost for it
    if (message) {
      if (std::optional<Change> change = take(*message)) return change;
      // Records that are no change for the caller do not hold it longer than it wants; nor an END, which
      // may have made a transaction whole.
      if (std::exchange(has_met_end_mark_, false) || (++passed >= kPassedAtOnce && Clock::now() >= end))
        return std::nullopt;
    } else if (wait == until(end) || until(end).count() == 0) {
      return std::nullopt;
    }
    wait = message ? milliseconds{0} : std::min(until(end), milliseconds{100});
  }
}

std::optional<Change> Consumer::Impl::take(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    // Behind the marks that end Kafka's transactions, which no message shows.
    if (Turn* const turn = turn_of(message)) {
      if (!turn->is_at_end) turn->shows_commits = message.offset > turn->ledger.next();
      turn->ledger.pass(message.offset);
      turn->is_at_end = true;
    }
    return std::nullopt;
  }
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    take_error(message);
    return std::nullopt;
  }
  Turn* const turn = turn_of(message);
  if (turn == nullptr) return std::nullopt;
  turn->is_at_end = false;
  if (options_.checkpoint_store && turn->origin.empty())  // the partition was empty when it began
    turn->origin = text_of_origin(message.offset, rd_kafka_message_timestamp(&message, nullptr));
  const auto bytes = [](const void* data, std::size_t size) -> std::optional<std::string_view> {
    if (data == nullptr) return std::nullopt;
    return std::string_view(static_cast<const char*>(data), size);
  };
  const Record record{turn->topic, bytes(message.key, message.key_len), bytes(message.payload, message.len)};
  switch (decoder_->decode(record, decoded_)) {
    case Outcome::Change:
      return take_change(*turn, message);
    case Outcome::End:
      ++statistics_.markers;
      take_end_mark(*turn, message.offset);
      return std::nullopt;
    case Outcome::Tombstone:
    case Outcome::Begin:
      ++statistics_.markers;
      turn->ledger.pass(message.offset + 1);
      return std::nullopt;
    case Outcome::OtherFormat:
      decoded_.problem =
          "it is not in the format " + std::string(name_of(options_.format)) + " of Options::format";
      break;
    case Outcome::Damaged:
      break;
  }
  take_undecodable(*turn, message.offset);
  return std::nullopt;
}

std::optional<Change> Consumer::Impl::take_change(Turn& turn, const rd_kafka_message_t& message) {
  Change& change = decoded_.change;
  if (!passes(options_.filter, change)) {
    ++statistics_.filtered;
    turn.ledger.pass(message.offset + 1);
    return std::nullopt;
  }
  change.partition = message.partition;
  change.offset = message.offset;
  change.assignment = turn.assignment;
  turn.ledger.deliver(message.offset, change.storage_size);
  buffered_bytes_ += change.storage_size;
  ++statistics_.unacknowledged;
  ++statistics_.delivered;
  return std::move(change);
}

void Consumer::Impl::take_undecodable(Turn& turn, std::int64_t offset) {
  if (options_.on_undecodable == OnUndecodable::Skip) {
    ++statistics_.skipped;
    turn.ledger.pass(offset + 1);
    return;
  }
  fail(Error(ErrorCode::Undecodable,
             "the record at offset " + std::to_string(offset) + " of " +
                 place_of(turn.topic, turn.partition) + " cannot be decoded: " + decoded_.problem +
                 ". Name the right Options::format, or pass over it with OnUndecodable::Skip",
             turn.topic, turn.partition, offset));
}

void Consumer::Impl::take_error(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) return;  // a rebalance follows
  const std::string topic = message.rkt == nullptr ? "" : rd_kafka_topic_name(message.rkt);
  const ErrorCode code = code_of(message.err);
  if (code == ErrorCode::Unreachable) return;  // librdkafka goes on trying
  std::string what = std::string("Kafka: ") + rd_kafka_message_errstr(&message);
  if (!topic.empty()) what = place_of(topic, message.partition) + ": " + what;
  if (code == ErrorCode::PositionLost) {
    const Turn* const turn = find_turn(
        [&](const Turn& each) { return each.topic == topic && each.partition == message.partition; });
    if (turn != nullptr)
      what += "; the next record to read was at offset " + std::to_string(turn->ledger.next());
    what +=
        ": records were deleted before they were read, or the topic was made anew. Take the data anew, set the "
        "offset to where that stands, and raise the topic's retention above what consumers may fall behind";
  }
  const Error error(code, what, topic, message.partition, message.offset);
  if (code == ErrorCode::PositionLost) fail(error);
  throw Error(error);
}

template <typename Fits>
Turn* Consumer::Impl::find_turn(const Fits& fits) {
  if (last_turn_ < turns_.size() && fits(turns_[last_turn_])) return &turns_[last_turn_];
  const auto found = std::find_if(turns_.begin(), turns_.end(), fits);
  if (found == turns_.end()) return nullptr;
  last_turn_ = static_cast<std::size_t>(found - turns_.begin());
  return &*found;
}

Turn* Consumer::Impl::turn_of(const rd_kafka_message_t& message) {
  const char* const topic = rd_kafka_topic_name(message.rkt);
  return find_turn(
      [&](const Turn& turn) { return turn.partition == message.partition && turn.topic == topic; });
}

Turn* Consumer::Impl::turn_of(std::uint64_t assignment) {
  return find_turn([&](const Turn& turn) { return turn.assignment == assignment; });
}

}  // namespace v1
}  // namespace rowtide
