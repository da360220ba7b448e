#include "rowtide/consumer.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <exception>
#include <string>
#include <utility>

#include "sdk/src/decoder.h"
#include "sdk/src/filter.h"
#include "sdk/src/kafka_client.h"
#include "sdk/src/kafka_commit.h"
#include "sdk/src/options_check.h"
#include "sdk/src/partition_ledger.h"
#include "sdk/src/read_ahead.h"
#include "sdk/src/start_position.h"
#include "sdk/src/transaction_assembler.h"

namespace rowtide {
inline namespace v1 {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// One turn of this consumer at a partition.
struct Turn {
  std::string topic;
  std::int32_t partition;
  std::uint64_t assignment;
  PartitionLedger ledger;
  std::optional<std::int64_t> saved;  ///< the checkpoint that is known to be stored
  std::string note;                   ///< StartPosition's
  bool is_at_end = false;             ///< of the partition, as far as it was told
  bool is_held = false;               ///< paused, as it is ahead of the awaited transaction
  std::optional<std::int64_t> end{};  ///< of the partition when it was asked for, until it is reached
};

// So many records that are no change for the caller are passed before the clock is looked at.
constexpr int kPassedAtOnce = 1000;

// Where a tracker delivers at least once, records of one transaction become visible one after the other.
constexpr std::chrono::seconds kPatienceForChanges{10};

/// The topic that says where transactions end.
bool has_marks(const std::string& topic) {
  return topic.ends_with(".transaction");
}

milliseconds until(Clock::time_point end) {
  const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
  return std::max(left, milliseconds{0});
}

}  // namespace

class Consumer::Impl {
 public:
  explicit Impl(Options options) : options_(std::move(options)) {
    check_options(options_);
    decoder_ = make_decoder(options_.format);
    callbacks_ = {
        .on_rebalance = [this](auto event, auto* partitions) { rebalance(event, partitions); },
        .on_error = [this](auto error, const char* reason) { note_error(error, reason); },
        .on_commit = [this](auto error, const auto* partitions) { note_commit(error, partitions); },
        .on_thrown = [this](std::exception_ptr thrown) { failure_ = std::move(thrown); },
    };
    client_ = make_kafka_client(options_, callbacks_);
    for (const std::string& topic : options_.topics) require_topic(topic);
    rd_kafka_poll_set_consumer(client_.get());
    subscribe();
  }

  ~Impl() { leave(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::optional<Change> poll(milliseconds timeout) {
    require_open();
    if (options_.transactions)
      throw Error(ErrorCode::InvalidOptions, "with Options::transactions call poll_transaction()");
    return poll_change(timeout);
  }

  std::optional<Transaction> poll_transaction(milliseconds timeout) {
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
        require_metadata(*change);
        assembler_.add(*std::move(change));
      } else if (is_last_try) {
        return std::nullopt;
      }
    }
  }

  void acknowledge(const Transaction& transaction) {
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

  std::optional<Change> poll_change(milliseconds timeout) {
    const Clock::time_point end = Clock::now() + timeout;
    milliseconds wait{0};
    int passed = 0;
    while (true) {
      throw_failure();
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

  std::vector<Change> poll_batch(std::size_t max, milliseconds timeout) {
    std::vector<Change> batch;
    while (batch.size() < max) {
      try {
        std::optional<Change> change = poll(batch.empty() ? timeout : milliseconds{0});
        if (!change) break;
        batch.push_back(std::move(*change));
      } catch (...) {
        if (batch.empty()) throw;
        if (!failure_) passing_ = std::current_exception();  // the next call throws it
        break;
      }
    }
    return batch;
  }

  void run(Listener& listener) {
    while (!stops_.exchange(false)) {
      constexpr milliseconds kWait{100};
      const std::optional<Change> change = poll(kWait);
      if (!change) continue;
      listener.on_change(*change);
      acknowledge(*change);
    }
    commit();
  }

  void stop() noexcept { stops_ = true; }

  void acknowledge(const Change& change) {
    require_open();
    acknowledge_record(change.assignment, change.offset);
  }

  void commit() {
    require_open();
    save(true);
  }

  void close() {
    require_open();
    std::exception_ptr failed;
    try {
      save(true);
    } catch (...) {
      failed = std::current_exception();
    }
    leave();
    if (failed) std::rethrow_exception(failed);
  }

  [[nodiscard]] Statistics statistics() const { return statistics_; }

 private:
  void acknowledge_record(std::uint64_t assignment, std::int64_t offset) {
    Turn* const turn = turn_of(assignment);
    if (turn == nullptr) return;
    const std::optional<std::size_t> bytes = turn->ledger.acknowledge(offset);
    if (!bytes) return;
    --statistics_.unacknowledged;
    buffered_bytes_ -= *bytes;
  }

  // -- transactions

  struct Size {
    std::size_t records = 0;
    std::size_t bytes = 0;
    Size& operator+=(const Size& more) {
      records += more.records;
      bytes += more.bytes;
      return *this;
    }
    Size& operator-=(const Size& less) {
      records -= less.records;
      bytes -= less.bytes;
      return *this;
    }
  };
  /// Given to the application, and not acknowledged with all before it.
  struct DeliveredTransaction {
    std::uint64_t number = 0;
    std::vector<std::pair<std::uint64_t, std::int64_t>> records;  ///< assignments and offsets
    std::size_t bytes = 0;
    bool is_acknowledged = false;
    [[nodiscard]] Size size() const { return {records.size(), bytes}; }
  };
  /// Ends of the partitions, which say what comes no more: asked for when the awaited transaction lacks
  /// changes for long.
  struct EndWatch {
    std::uint64_t end;         ///< the last END that was here when it began
    Clock::time_point ask_at;  ///< when all of its changes are there to be read
    bool is_asked = false;
  };

  Transaction deliver(Transaction whole) {
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

  void require_metadata(const Change& change) {
    if (change.operation == Operation::SchemaChange || change.transaction_order > 0) return;
    fail(Error(ErrorCode::InvalidOptions,
               "the record at offset " + std::to_string(change.offset) + " of " + std::string(change.topic) +
                   " does not say where it stands in a transaction: set debezium.transactionMetadata of the "
                   "task, and begin behind the records of before, or read without Options::transactions",
               std::string(change.topic), change.partition, change.offset));
  }

  /// That an end was told of earlier says nothing about what the awaited transaction lacks.
  void look_for_the_end() {
    const auto awaited = assembler_.awaited();
    if (!awaited) return end_watch_.reset();
    if (!end_watch_ || awaited->number > end_watch_->end)
      end_watch_ = EndWatch{assembler_.last_end(), Clock::now() + kPatienceForChanges};
    if (!end_watch_->is_asked && Clock::now() >= end_watch_->ask_at) ask_for_ends();
    if (!end_watch_->is_asked) return;
    for (Turn& turn : turns_) {
      if (!turn.end || turn.ledger.next() < *turn.end) continue;
      assembler_.exhaust(turn.assignment, end_watch_->end);
      turn.end.reset();
    }
  }

  void ask_for_ends() {
    constexpr std::chrono::seconds kAgainAfter{1};
    constexpr int kWait = 1000;
    for (Turn& turn : turns_) {
      turn.end.reset();
      if (has_marks(turn.topic) || !assembler_.may_hold_awaited(turn.assignment)) continue;
      std::int64_t low = 0;
      std::int64_t high = 0;
      const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(client_.get(), turn.topic.c_str(),
                                                                         turn.partition, &low, &high, kWait);
      if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        end_watch_->ask_at = Clock::now() + kAgainAfter;
        return;
      }
      turn.end = high;
    }
    end_watch_->is_asked = true;
  }

  /// How much of the bounds of Options that is.
  [[nodiscard]] double share_of_bounds(const Size& size) const {
    return std::max(static_cast<double>(size.records) / static_cast<double>(options_.max_buffered_records),
                    static_cast<double>(size.bytes) / static_cast<double>(options_.max_buffered_bytes));
  }
  /// Read and not given yet.
  [[nodiscard]] double share_of_waiting() const {
    Size waiting{statistics_.unacknowledged, buffered_bytes_};
    return share_of_bounds(waiting -= delivered_size_);
  }

  /// The awaited transaction does not fit, or what is ahead of it although all that can be paused is.
  void require_room() {
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
    fail(Error(
        ErrorCode::TransactionTooLarge,
        std::to_string(statistics_.unacknowledged) +
            " records of transactions that are not at their ends reach Options::max_buffered_records or "
            "max_buffered_bytes: raise these, or read changes without Options::transactions"));
  }

  /// One that has a part only would never see a transaction whole: it reads nothing until it has all.
  void require_all_partitions(rd_kafka_topic_partition_list_t* assigned) {
    int all = 0;
    for (const std::string& name : options_.topics) all += count_partitions(client_.get(), options_, name);
    if (assigned->cnt == all) return;
    hold([](std::size_t) { return true; });
    is_part_only_ = true;
    part_only_since_ = Clock::now();
  }

  /// Once, when it was not just the group on its way to another division.
  void tell_part_only() {
    constexpr std::chrono::seconds kPatience{10};
    if (!is_part_only_ || !part_only_since_ || Clock::now() - *part_only_since_ < kPatience) return;
    part_only_since_.reset();
    throw Error(ErrorCode::Kafka,
                "another member of group " + options_.group_id +
                    " has a part of the partitions: whole transactions need all of them in one; "
                    "this one gives nothing until it has them");
  }

  [[nodiscard]] bool are_marks_at_end() const {
    return std::all_of(turns_.begin(), turns_.end(),
                       [](const Turn& turn) { return turn.is_at_end || !has_marks(turn.topic); });
  }

  void take_end_mark(Turn& turn, std::int64_t offset) {
    if (!options_.transactions || !decoded_.mark.event_count) return turn.ledger.pass(offset + 1);
    has_met_end_mark_ = true;
    turn.ledger.deliver(offset, decoded_.mark.id.size());
    buffered_bytes_ += decoded_.mark.id.size();
    ++statistics_.unacknowledged;
    assembler_.end(decoded_.mark.id, *decoded_.mark.event_count, {turn.assignment, offset});
  }

  void require_open() const {
    if (!client_) throw Error(ErrorCode::Closed, "the consumer is closed");
  }

  /// Now and at each call from now on.
  [[noreturn]] void fail(const Error& error) {
    failure_ = std::make_exception_ptr(error);
    throw Error(error);
  }

  void throw_failure() {
    if (failure_) std::rethrow_exception(failure_);
    if (passing_) std::rethrow_exception(std::exchange(passing_, nullptr));
  }

  // -- connecting

  void require_topic(const std::string& name) {
    const KafkaTopic topic(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
    const Clock::time_point end = Clock::now() + options_.connect_timeout;
    const struct rd_kafka_metadata* metadata = nullptr;
    constexpr milliseconds kOneTry{1000};
    while (true) {
      const auto wait = static_cast<int>(std::clamp(until(end), milliseconds{1}, kOneTry).count());
      const rd_kafka_resp_err_t error = rd_kafka_metadata(client_.get(), 0, topic.get(), &metadata, wait);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
      rd_kafka_poll(client_.get(), 0);
      throw_failure();
      if (until(end).count() > 0) continue;
      throw Error(ErrorCode::Unreachable,
                  "no answer from " + options_.bootstrap_servers + " within " +
                      std::to_string(options_.connect_timeout.count()) +
                      " ms: " + (last_reason_.empty() ? rd_kafka_err2str(error) : last_reason_));
    }
    const rd_kafka_resp_err_t error =
        metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_metadata_destroy(metadata);
    const ErrorCode code = code_of(error);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || code == ErrorCode::Kafka)
      return;  // such as a leader being elected
    throw Error(code, "topic " + name + " at " + options_.bootstrap_servers + ": " + rd_kafka_err2str(error),
                name, -1, -1);
  }

  void subscribe() {
    const KafkaOffsets topics(rd_kafka_topic_partition_list_new(static_cast<int>(options_.topics.size())));
    for (const std::string& topic : options_.topics)
      rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
    const rd_kafka_resp_err_t error = rd_kafka_subscribe(client_.get(), topics.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw Error(ErrorCode::Kafka, std::string("cannot subscribe: ") + rd_kafka_err2str(error));
  }

  void leave() {
    if (!client_) return;
    rd_kafka_consumer_close(client_.get());
    client_.reset();
  }

  // -- what librdkafka tells, from inside of poll() or leave()

  void rebalance(rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t* partitions) {
    if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      try {
        assign(partitions);
        return;
      } catch (...) {
        failure_ = std::current_exception();
      }
    } else {
      try {
        if (rd_kafka_assignment_lost(client_.get()) == 0) save(true);
      } catch (...) {
        passing_ = std::current_exception();
      }
    }
    // A pause outlives an assignment, and the partitions may come back.
    is_part_only_ = false;
    hold([](std::size_t) { return false; });
    turns_.clear();
    assembler_.clear();
    delivered_.clear();
    delivered_size_ = {};
    end_watch_.reset();
    lacks_marks_since_.reset();
    statistics_.unacknowledged = 0;
    buffered_bytes_ = 0;
    is_paused_ = false;
    rd_kafka_assign(client_.get(), nullptr);
  }

  void assign(rd_kafka_topic_partition_list_t* partitions) {
    for (int i = 0; i < partitions->cnt; ++i) {
      rd_kafka_topic_partition_t& partition = partitions->elems[i];
      const StartPosition start =
          start_position(client_.get(), options_, partition.topic, partition.partition);
      partition.offset = start.offset;
      turns_.push_back({partition.topic, partition.partition, ++last_assignment_,
                        PartitionLedger(start.offset),
                        start.is_saved ? std::optional(start.offset) : std::nullopt, start.note});
      if (options_.transactions && !has_marks(partition.topic)) assembler_.begin(last_assignment_);
    }
    const rd_kafka_resp_err_t error = rd_kafka_assign(client_.get(), partitions);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw Error(ErrorCode::Kafka,
                  std::string("cannot begin with the partitions: ") + rd_kafka_err2str(error));
    if (options_.transactions) require_all_partitions(partitions);
    // Where nothing was saved, a restart before the first change must begin here too.
    next_save_ = Clock::now();
  }

  void note_error(rd_kafka_resp_err_t error, const char* reason) {
    last_reason_ = reason;
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
      failure_ =
          std::make_exception_ptr(Error(ErrorCode::Kafka, std::string("librdkafka gives up: ") + reason));
    } else if (code_of(error) == ErrorCode::Unauthorized) {
      passing_ = std::make_exception_ptr(
          Error(ErrorCode::Unauthorized, std::string(reason) + "; check Options::security"));
    }
  }

  /// It is tried again when due. Said once until it works again, and where it may pass by itself after some
  /// time only.
  void note_commit(rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t* partitions) {
    const std::vector<CommitFailure> failures = failures_of_commit(error, partitions);
    if (failures.empty()) {
      commits_fail_since_.reset();
      is_commit_failure_told_ = false;
      return;
    }
    for (const CommitFailure& failure : failures) {
      for (Turn& turn : turns_) {
        if (failure.topic.empty() || (failure.topic == turn.topic && failure.partition == turn.partition))
          turn.saved.reset();
      }
    }
    if (!commits_fail_since_) commits_fail_since_ = Clock::now();
    const bool may_pass = std::all_of(failures.begin(), failures.end(),
                                      [](const CommitFailure& failure) { return is_passing(failure.error); });
    if (is_commit_failure_told_ ||
        (may_pass && Clock::now() - *commits_fail_since_ < options_.connect_timeout))
      return;
    is_commit_failure_told_ = true;
    passing_ = std::make_exception_ptr(error_of_commit(options_.group_id, failures));
  }

  // -- records

  std::optional<Change> take(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      // Behind the marks that end Kafka's transactions, which no message shows.
      if (Turn* const turn = turn_of(message)) {
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
    const auto bytes = [](const void* data, std::size_t size) -> std::optional<std::string_view> {
      if (data == nullptr) return std::nullopt;
      return std::string_view(static_cast<const char*>(data), size);
    };
    const Record record{turn->topic, bytes(message.key, message.key_len),
                        bytes(message.payload, message.len)};
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

  std::optional<Change> take_change(Turn& turn, const rd_kafka_message_t& message) {
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

  void take_undecodable(Turn& turn, std::int64_t offset) {
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

  void take_error(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) return;  // a rebalance follows
    const char* const topic = message.rkt == nullptr ? "" : rd_kafka_topic_name(message.rkt);
    const ErrorCode code = code_of(message.err);
    if (code == ErrorCode::Unreachable) return;  // librdkafka goes on trying
    const Error error(code, std::string("Kafka: ") + rd_kafka_message_errstr(&message), topic,
                      message.partition, message.offset);
    if (code == ErrorCode::PositionLost) fail(error);
    throw Error(error);
  }

  Turn* turn_of(const rd_kafka_message_t& message) {
    const char* const topic = rd_kafka_topic_name(message.rkt);
    return find_turn(
        [&](const Turn& turn) { return turn.partition == message.partition && turn.topic == topic; });
  }
  Turn* turn_of(std::uint64_t assignment) {
    return find_turn([&](const Turn& turn) { return turn.assignment == assignment; });
  }
  /// Mostly the one of before.
  template <typename Fits>
  Turn* find_turn(const Fits& fits) {
    if (last_turn_ < turns_.size() && fits(turns_[last_turn_])) return &turns_[last_turn_];
    const auto found = std::find_if(turns_.begin(), turns_.end(), fits);
    if (found == turns_.end()) return nullptr;
    last_turn_ = static_cast<std::size_t>(found - turns_.begin());
    return &*found;
  }

  // -- back-pressure

  void pause_or_resume() {
    if (options_.transactions) return hold_what_is_ahead();
    const bool is_full = statistics_.unacknowledged >= options_.max_buffered_records ||
                         buffered_bytes_ >= options_.max_buffered_bytes;
    const bool has_room = statistics_.unacknowledged <= options_.max_buffered_records / 2 &&
                          buffered_bytes_ <= options_.max_buffered_bytes / 2;
    if (is_paused_ ? !has_room : !is_full) return;
    if (!is_paused_) ++statistics_.pauses;
    is_paused_ = !is_paused_;
    hold([&](std::size_t) { return is_paused_; });
  }

  /// Partitions that are ahead of the awaited transaction wait for the others, so that these find room.
  void hold_what_is_ahead() {
    const bool waits_for_application = share_of_bounds(delivered_size_) >= 1;
    const double waiting = share_of_waiting();
    constexpr double kFull = 1;
    constexpr double kVeryFull =
        1.25;  // between the two nothing more is paused: what is resumed is read anew
    constexpr double kRoom = 0.5;
    if (!is_paused_ && waiting < kFull && !waits_for_application) return;
    if (is_paused_ && waiting <= kRoom && !waits_for_application) {
      is_paused_ = false;
      return hold([](std::size_t) { return false; });
    }
    const bool holds_more = !is_paused_ || waiting >= kVeryFull || waits_for_application;
    if (!is_paused_) ++statistics_.pauses;
    is_paused_ = true;
    std::vector<bool> reads_on(turns_.size(), false);
    if (!waits_for_application)
      reads_on = partitions_to_read_on(read_ahead(), assembler_.awaited().has_value());
    hold([&](std::size_t i) { return !reads_on[i] && (holds_more || turns_[i].is_held); });
  }

  [[nodiscard]] std::vector<ReadAheadPartition> read_ahead() const {
    std::vector<ReadAheadPartition> partitions;
    for (const Turn& turn : turns_)
      partitions.push_back({has_marks(turn.topic), turn.is_at_end,
                            assembler_.may_hold_awaited(turn.assignment),
                            assembler_.has_unended(turn.assignment)});
    return partitions;
  }

  /// Pauses and resumes those for which it changes; by their place in `turns_`.
  template <typename Holds>
  void hold(const Holds& holds) {
    const auto count = static_cast<int>(turns_.size());
    const KafkaOffsets paused(rd_kafka_topic_partition_list_new(count));
    const KafkaOffsets resumed(rd_kafka_topic_partition_list_new(count));
    for (std::size_t i = 0; i < turns_.size(); ++i) {
      Turn& turn = turns_[i];
      const bool is_to_hold = holds(i);
      if (std::exchange(turn.is_held, is_to_hold) == is_to_hold) continue;
      rd_kafka_topic_partition_list_add((is_to_hold ? paused : resumed).get(), turn.topic.c_str(),
                                        turn.partition);
    }
    if (paused->cnt > 0) rd_kafka_pause_partitions(client_.get(), paused.get());
    if (resumed->cnt > 0) rd_kafka_resume_partitions(client_.get(), resumed.get());
  }

  // -- checkpoints

  void save_when_due() {
    const Clock::time_point now = Clock::now();
    if (now < next_save_) return;
    next_save_ = now + options_.checkpoint_interval;
    save(false);
  }

  void save(bool waits) {
    std::vector<const Turn*> moved;
    for (const Turn& turn : turns_) {
      if (turn.saved != turn.ledger.checkpoint()) moved.push_back(&turn);
    }
    if (moved.empty()) return;
    if (options_.checkpoint_store) {
      save_in_store(moved);
    } else {
      save_in_kafka(moved, waits);
    }
    for (Turn& turn : turns_) turn.saved = turn.ledger.checkpoint();
  }

  void save_in_store(const std::vector<const Turn*>& moved) {
    std::vector<PartitionOffset> offsets;
    for (const Turn* turn : moved)
      offsets.push_back({turn->topic, turn->partition, turn->ledger.checkpoint()});
    try {
      options_.checkpoint_store->save(offsets);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw Error(ErrorCode::Checkpoint, std::string("the checkpoint cannot be saved: ") + error.what());
    } catch (...) {
      throw Error(ErrorCode::Checkpoint,
                  "the checkpoint cannot be saved: CheckpointStore::save() threw what is no std::exception");
    }
  }

  void save_in_kafka(const std::vector<const Turn*>& moved, bool waits) {
    const KafkaOffsets offsets(rd_kafka_topic_partition_list_new(static_cast<int>(moved.size())));
    for (const Turn* turn : moved) {
      rd_kafka_topic_partition_t* const place =
          rd_kafka_topic_partition_list_add(offsets.get(), turn->topic.c_str(), turn->partition);
      place->offset = turn->ledger.checkpoint();
      if (turn->note.empty()) continue;
      place->metadata = ::strdup(turn->note.c_str());  // the list frees it
      place->metadata_size = place->metadata == nullptr ? 0 : turn->note.size();
    }
    const std::vector<CommitFailure> failures =
        waits ? commit_and_wait(client_.get(), offsets.get())
              : failures_of_commit(rd_kafka_commit(client_.get(), offsets.get(), 1), nullptr);
    if (!failures.empty()) throw error_of_commit(options_.group_id, failures);
  }

  Options options_;
  std::unique_ptr<RecordDecoder> decoder_;
  Decoded decoded_;
  KafkaCallbacks callbacks_;
  TransactionAssembler assembler_;
  std::deque<DeliveredTransaction> delivered_;
  Size delivered_size_;
  std::optional<EndWatch> end_watch_;
  std::optional<Clock::time_point> lacks_marks_since_;
  std::uint64_t last_transaction_ = 0;
  std::vector<Turn> turns_;
  std::size_t last_turn_ = 0;
  std::uint64_t last_assignment_ = 0;
  std::size_t buffered_bytes_ = 0;
  bool is_paused_ = false;
  bool has_met_end_mark_ = false;
  bool is_part_only_ = false;                         ///< of the partitions, with Options::transactions
  std::optional<Clock::time_point> part_only_since_;  ///< until it is told
  Clock::time_point next_save_;
  Statistics statistics_;
  std::atomic<bool> stops_{false};
  std::exception_ptr failure_;  ///< for good
  std::exception_ptr passing_;  ///< thrown once
  std::optional<Clock::time_point> commits_fail_since_;
  bool is_commit_failure_told_ = false;
  std::string last_reason_;
  KafkaHandle client_;  ///< gone once closed
};

Listener::~Listener() = default;

Consumer::Consumer(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Consumer::~Consumer() {
  if (!impl_) return;
  try {
    impl_->close();
  } catch (...) {  // closed before, or close() was the place to see it
  }
}
Consumer::Consumer(Consumer&&) noexcept = default;
Consumer& Consumer::operator=(Consumer&&) noexcept = default;

std::optional<Change> Consumer::poll(milliseconds timeout) {
  return impl_->poll(timeout);
}
std::vector<Change> Consumer::poll_batch(std::size_t max, milliseconds timeout) {
  return impl_->poll_batch(max, timeout);
}
std::optional<Transaction> Consumer::poll_transaction(milliseconds timeout) {
  return impl_->poll_transaction(timeout);
}
void Consumer::acknowledge(const Transaction& transaction) {
  impl_->acknowledge(transaction);
}
void Consumer::run(Listener& listener) {
  impl_->run(listener);
}
void Consumer::stop() noexcept {
  impl_->stop();
}
void Consumer::acknowledge(const Change& change) {
  impl_->acknowledge(change);
}
void Consumer::acknowledge(std::span<const Change> changes) {
  for (const Change& change : changes) impl_->acknowledge(change);
}
void Consumer::commit() {
  impl_->commit();
}
void Consumer::close() {
  impl_->close();
}
Statistics Consumer::statistics() const noexcept {
  return impl_->statistics();
}

}  // namespace v1
}  // namespace rowtide
