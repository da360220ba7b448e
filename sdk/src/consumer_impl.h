#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rowtide/consumer.h"
#include "sdk/src/decoder.h"
#include "sdk/src/kafka_client.h"
#include "sdk/src/partition_ledger.h"
#include "sdk/src/read_ahead.h"
#include "sdk/src/transaction_assembler.h"

namespace rowtide {
inline namespace v1 {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// One turn of this consumer at a partition.
struct Turn {
  std::string topic;
  std::int32_t partition;
  std::uint64_t assignment;
  PartitionLedger ledger;
  std::optional<std::int64_t> stored;  ///< the checkpoint that is known to be stored
  std::optional<std::int64_t> sent;    ///< the one that was sent to be stored last, and not refused since
  std::string note;                    ///< StartPosition's
  std::string origin;                  ///< StartPosition's, or of the first record
  bool is_at_end = false;              ///< of the partition, as far as it was told
  bool is_held = false;                ///< paused
  bool shows_commits = false;          ///< what was read last shows that Kafka transactions write it
  bool has_marks = false;              ///< its topic says where transactions end
  std::optional<std::int64_t> end{};   ///< of the partition when it was asked for, until it is reached
};

// Where the tracker writes Kafka transactions, all changes are written when their END can be read.
inline constexpr std::chrono::seconds kPatienceForChanges{10};
// Where it delivers at least once, they are written one after the other, and long after their END where a
// partition has no leader meanwhile: the tracker tries for ever.
inline constexpr std::chrono::minutes kPatienceWithoutCommits{5};

[[nodiscard]] inline milliseconds until(Clock::time_point end) {
  const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
  return std::max(left, milliseconds{0});
}

/// A member of the group. What is not named below stands in consumer.cpp.
/// Hidden: it would be seen from outside with the class that it stands in.
class __attribute__((visibility("hidden"))) Consumer::Impl {
 public:
  explicit Impl(Options options);
  ~Impl() { leave(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  std::optional<Change> poll(milliseconds timeout);
  std::optional<Transaction> poll_transaction(milliseconds timeout);
  void acknowledge(const Transaction& transaction);
  std::optional<Change> poll_change(milliseconds timeout);
  std::vector<Change> poll_batch(std::size_t max, milliseconds timeout);
  void run(Listener& listener);
  void stop() noexcept { stops_ = true; }
  void acknowledge(const Change& change);
  void commit();
  void close();
  [[nodiscard]] Statistics statistics() const { return statistics_; }

 private:
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
    std::uint64_t end;  ///< the last END that was here when it began
    Clock::time_point since;
    Clock::time_point ask_at;
    bool is_asked = false;
  };

  /// Partitions that the group gave to this member and that it could not begin with.
  struct NotBegun {
    KafkaOffsets partitions;
    Clock::time_point try_at;
  };

  void require_open() const;
  /// Now and at each call from now on.
  [[noreturn]] void fail(const Error& error);
  void throw_failure();

  // consumer_assignment.cpp: connecting, and which partitions it has; called from inside of librdkafka
  /// One that has a part only would never see a transaction whole: it reads nothing until it has all.
  void require_all_partitions(rd_kafka_topic_partition_list_t* assigned);
  /// Once, when it was not just the group on its way to another division.
  void tell_part_only();
  void require_topic(const std::string& name);
  void subscribe();
  void leave();
  void rebalance(rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t* partitions);
  void drop_turns();
  /// Where that fails by what may pass by itself, it is said and tried again by poll().
  void begin(rd_kafka_topic_partition_list_t* partitions);
  void begin_when_due();
  void assign(rd_kafka_topic_partition_list_t* partitions);
  void note_error(rd_kafka_resp_err_t error, const char* reason);

  // consumer_records.cpp: messages to changes
  std::optional<Change> take(const rd_kafka_message_t& message);
  std::optional<Change> take_change(Turn& turn, const rd_kafka_message_t& message);
  void take_undecodable(Turn& turn, std::int64_t offset);
  void take_error(const rd_kafka_message_t& message);
  Turn* turn_of(const rd_kafka_message_t& message);
  Turn* turn_of(std::uint64_t assignment);
  /// Mostly the one of before.
  template <typename Fits>
  Turn* find_turn(const Fits& fits);

  // consumer_transactions.cpp
  Transaction deliver(Transaction whole);
  void require_metadata(const Change& change);
  void require_no_marks(const Change& change);
  /// That an end was told of earlier says nothing about what the awaited transaction lacks.
  void look_for_the_end();
  /// All changes are written by now, as far as can be told.
  [[nodiscard]] bool is_to_ask_for_ends() const;
  void ask_for_ends();
  /// The awaited transaction does not fit, or what is ahead of it although all that can be paused is.
  void require_room();
  [[nodiscard]] bool are_marks_at_end() const;
  void take_end_mark(Turn& turn, std::int64_t offset);

  // consumer_pauses.cpp: back-pressure
  /// How much of the bounds of Options that is.
  [[nodiscard]] double share_of_bounds(const Size& size) const;
  /// Read and not given yet.
  [[nodiscard]] double share_of_waiting() const;
  void pause_or_resume();
  /// Partitions that are ahead of the awaited transaction wait for the others, so that these find room.
  void hold_what_is_ahead();
  [[nodiscard]] std::vector<ReadAheadPartition> read_ahead() const;
  /// Pauses and resumes those for which it changes; by their place in `turns_`.
  void hold(const std::function<bool(std::size_t)>& holds);

  // consumer_checkpoints.cpp
  void acknowledge_record(std::uint64_t assignment, std::int64_t offset);
  /// It is tried again when due. Said once until it works again, and where it may pass by itself after some
  /// time only.
  void note_commit(rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t* partitions);
  void forget_commit_failures();
  void save_when_due();
  /// What has moved. Not waiting: but for what is on its way. Waiting: when it returns, all is stored.
  void save(bool waits);
  void save_in_store(const std::vector<const Turn*>& moved);
  void save_in_kafka(const std::vector<const Turn*>& moved, bool waits);

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
  std::optional<NotBegun> not_begun_;
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
  std::exception_ptr failure_;         ///< for good
  std::exception_ptr passing_;         ///< thrown once
  std::exception_ptr unsaved_;         ///< thrown once: why partitions went away without their checkpoint
  std::exception_ptr commit_failure_;  ///< thrown once, unless all is stored before
  std::optional<Clock::time_point> commits_fail_since_;
  bool is_commit_failure_told_ = false;
  std::string last_reason_;
  KafkaHandle end_client_;  ///< where there was a need to ask for ends
  KafkaHandle client_;      ///< gone once closed
};

}  // namespace v1
}  // namespace rowtide
