#include "tracker/sink/kafka_sink.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <bit>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "common/time/clock.h"
#include "common/time/sleep.h"
#include "tracker/sink/commit_gate.h"
#include "tracker/sink/delivery_error.h"
#include "tracker/sink/delivery_tracker.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_handle.h"
#include "tracker/sink/kafka_message.h"
#include "tracker/sink/kafka_probe.h"
#include "tracker/sink/kafka_topics.h"
#include "tracker/sink/kafka_transaction.h"
#include "tracker/sink/kafka_trouble.h"
#include "tracker/sink/partitioner.h"
#include "tracker/sink/sink_topics.h"
#include "tracker/sink/topic_name.h"
#include "tracker/sink/topic_retention.h"

namespace rowtide::sink {
namespace {

using std::chrono::milliseconds;

// What may wait for acknowledgement. A single larger record passes alone.
constexpr std::uint64_t kMaxQueuedBytes = std::uint64_t{32} * 1024 * 1024;
// The library's own bookkeeping of a message, so that many small ones are bounded as well.
constexpr std::uint64_t kRecordOverhead = 256;
constexpr milliseconds kProbeTimeout{5'000};
constexpr milliseconds kOpenTimeout{15'000};
constexpr milliseconds kTopicAttempt{2'000};
constexpr milliseconds kTopicRetry{500};
constexpr milliseconds kFullQueueWait{20};
constexpr int kPollMs = 100;

// Not the record is to blame: its transaction was given up.
bool is_transaction_abort(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_INVALID_TXN_STATE:
    case RD_KAFKA_RESP_ERR__STATE:
      return true;
    default:
      return false;
  }
}

// Of the tracker's own records, which belong to no table.
constexpr DeliveryTracker::Group kNoGroup = ~DeliveryTracker::Group{0};

// A group's number travels with its message as the pointer that the library hands back.
void* to_opaque(DeliveryTracker::Group group) {
  return std::bit_cast<void*>(group);
}
DeliveryTracker::Group to_group(const void* opaque) {
  return std::bit_cast<DeliveryTracker::Group>(opaque);
}

class KafkaSink final : public Sink, public Transactional {
 public:
  KafkaSink(task::Task task, task::SecretReader secrets, record::TimestampUnit timestamps)
      : task_(std::move(task)),
        kafka_(*task_.spec.sink.kafka),
        secrets_(std::move(secrets)),
        timestamp_unit_(timestamps) {}
  ~KafkaSink() override {
    give_up_transaction();
    stop_producer();
  }
  KafkaSink(const KafkaSink&) = delete;
  KafkaSink& operator=(const KafkaSink&) = delete;
  KafkaSink(KafkaSink&&) = delete;
  KafkaSink& operator=(KafkaSink&&) = delete;

  absl::Status open() override;
  absl::Status write(const record::RecordBatch& batch, std::stop_token stop) override;
  absl::StatusOr<bool> fits(const record::Record& record, const std::stop_token& stop) override;

  void end_transaction(const binlog::Position& position, std::int64_t committed_at_us) override {
    if (is_exactly_once_) gate_.leave(position);
    const std::lock_guard lock(mutex_);
    tracker_.end_transaction(position, committed_at_us);
    if (!is_exactly_once_) observe_latency();
  }
  std::optional<binlog::Position> durable() const override {
    if (is_exactly_once_) return gate_.committed();
    const std::lock_guard lock(mutex_);
    return tracker_.durable();
  }
  Transactional* transactional() override { return is_exactly_once_ ? this : nullptr; }
  absl::Status wait_until_due(const std::stop_token& stop) override;
  absl::StatusOr<std::optional<binlog::Position>> commit(const StateAt& state,
                                                         const std::stop_token& stop) override;
  bool at_transaction_boundary() const override {
    return gate_.at_transaction_boundary() && error().ok() && (!is_exactly_once_ || transaction_);
  }
  absl::Status roll_back() override;
  absl::Status flush(milliseconds deadline) override;
  absl::Status error() const override {
    const std::lock_guard lock(mutex_);
    return error_;
  }
  absl::Status trouble() const override;
  SinkCounters counters() const override {
    const std::lock_guard lock(mutex_);
    SinkCounters counters = counters_;
    counters.queued_bytes = queued_bytes_;
    return counters;
  }
  std::vector<std::string> topics(std::size_t known) const override { return topics_.names(known); }

 private:
  /// Reports in a row of records of one group that are delivered.
  struct DeliveredRun {
    DeliveryTracker::Group group = 0;
    std::uint32_t records = 0;
  };
  /// What the reports of a batch come to.
  struct Deliveries {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::uint64_t cost = 0;
    std::uint64_t failures = 0;
    const rd_kafka_message_t* first_failed = nullptr;
    const rd_kafka_message_t* refused_state = nullptr;
    std::uint64_t refused_state_bytes = 0;
  };

  [[nodiscard]] absl::Status ensure_known_topics();
  [[nodiscard]] absl::Status start_producer();
  void give_up_transaction();
  void stop_producer();
  [[nodiscard]] absl::Status use_smaller_batches(const std::stop_token& stop);
  [[nodiscard]] absl::Status produce_state(const StateRecord& record);
  absl::Status fail(absl::Status status);

  [[nodiscard]] absl::StatusOr<SinkTopic*> topic_of(std::string_view name, const std::stop_token& stop);
  [[nodiscard]] absl::Status add_topic(std::string_view name, const std::stop_token& stop);
  [[nodiscard]] absl::Status open_topics(const record::RecordBatch& batch, const std::stop_token& stop);
  [[nodiscard]] std::string_view intern(std::string_view table);
  [[nodiscard]] absl::Status send(const record::Record& record, const std::stop_token& stop);
  [[nodiscard]] absl::Status produce_record(const record::Record& record, const SinkTopic& topic,
                                            DeliveryTracker::Group group, const std::stop_token& stop);
  void wait_a_moment(const std::stop_token& stop);
  void begin_wait();
  void end_wait();
  void observe_latency();

  [[nodiscard]] std::string transactional_id() const { return KafkaTransaction::id_of(task_.identity()); }
  static std::uint64_t bytes_of(const record::Record& record) {
    return (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
  }
  static std::uint64_t cost(std::uint64_t bytes) { return bytes + kRecordOverhead; }
  void serve(const std::stop_token& stop, rd_kafka_t& client);
  void on_deliveries(rd_kafka_t& client, rd_kafka_event_t& event);
  [[nodiscard]] Deliveries read_deliveries(rd_kafka_event_t& event);
  [[nodiscard]] absl::Status failure_of(const Deliveries& deliveries) const;
  [[nodiscard]] absl::Status failure_of(const rd_kafka_message_t& message) const;
  void on_error(rd_kafka_t& client, int code, const char* reason);
  [[nodiscard]] absl::Status rejection(rd_kafka_resp_err_t code, std::string_view reason,
                                       std::string_view topic, std::string_view table, std::string_view key,
                                       std::uint64_t bytes) const;

  const task::Task task_;
  const task::KafkaSink& kafka_;
  const task::SecretReader secrets_;
  const record::TimestampUnit timestamp_unit_;
  const bool is_exactly_once_ = kafka_.delivery == "ExactlyOnce";
  CommitGate gate_;

  // Of the writing thread, and of the committing one while the gate is closed.
  KafkaClient producer_;
  std::optional<KafkaTransaction> transaction_;
  SinkTopics topics_;
  std::set<std::string, std::less<>> tables_;
  std::string_view last_table_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any progress_;
  DeliveryTracker tracker_;
  std::uint64_t queued_bytes_ = 0;
  SinkCounters counters_;
  absl::Status error_;
  KafkaTrouble trouble_{bootstrap_list(kafka_)};
  int waits_ = 0;  ///< for Kafka, beside those for acknowledgements
  bool is_rolling_back_ = false;

  std::vector<DeliveredRun> delivered_;  // of the poller, which ends before it
  std::jthread poller_;
  std::optional<RetentionKeeper> retention_;
};

absl::Status KafkaSink::open() {
  // Tells an unknown host from a refused login, which a topic that cannot be made would not.
  if (const auto facts = probe_kafka(kafka_, secrets_, kProbeTimeout); !facts.ok()) return facts.status();
  RETURN_IF_ERROR(ensure_known_topics());
  return start_producer();
}

/// Before the producer is made, because its batches must fit the smallest limit.
absl::Status KafkaSink::ensure_known_topics() {
  std::set<std::string> names;
  if (!has_topic_per_table(task_)) names.insert(topic_for(task_, "", ""));
  if (task_.spec.data_types.schema_updates) names.insert(schema_topic_for(task_));
  ASSIGN_OR_RETURN(KafkaConf conf, make_kafka_conf(kafka_, secrets_, "rowtide-" + task_.name));
  ASSIGN_OR_RETURN(const KafkaClient client, make_kafka_producer(std::move(conf)));
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(TopicInfo facts,
                     ensure_topic(*client, topic_spec(kafka_, name, timestamp_unit_), kOpenTimeout));
    if (timestamp_unit_ == record::TimestampUnit::Seconds) {
      RETURN_IF_ERROR(check_topic_for_seconds(name, facts));
      if (!retention_) retention_.emplace(kafka_, secrets_, name);
    }
    topics_.add(name, std::move(facts));
  }
  return absl::OkStatus();
}

absl::Status KafkaSink::start_producer() {
  stop_producer();
  ASSIGN_OR_RETURN(KafkaConf conf, make_kafka_conf(kafka_, secrets_, "rowtide-" + task_.name));
  if (is_exactly_once_) {
    if (absl::Status status = KafkaTransaction::configure(*conf, transactional_id()); !status.ok())
      return status;
  } else {
    // Never given up: a record dropped is a row lost.
    if (absl::Status status = set(*conf, "message.timeout.ms", "0"); !status.ok()) return status;
  }
  const std::array<std::pair<const char*, std::string>, 8> settings{{
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"linger.ms", "5"},
      {"compression.codec", kafka_.compression},
      {"batch.size", std::to_string(topics_.batch_bytes())},
      {"message.max.bytes", "1000000000"},  // the topic's own limit decides
      // We bound what waits ourselves: the library would never take a record larger than its bound.
      {"queue.buffering.max.kbytes", "2097151"},
      {"queue.buffering.max.messages", "1000000"},
  }};
  for (const auto& [name, value] : settings) {
    if (absl::Status status = set(*conf, name, value); !status.ok()) return status;
  }
  // Not callbacks, which come a message at a time: an event has the reports of a whole batch.
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  ASSIGN_OR_RETURN(KafkaClient producer, make_kafka_producer(std::move(conf)));
  producer_ = std::move(producer);
  if (is_exactly_once_) transaction_.emplace(*producer_, transactional_id());
  poller_ =
      std::jthread([this, client = producer_.get()](const std::stop_token& stop) { serve(stop, *client); });
  if (!is_exactly_once_) return absl::OkStatus();
  absl::Status taken_over = transaction_->take_over(kOpenTimeout);
  if (!taken_over.ok()) stop_producer();  // one that could not begin is of no use
  return taken_over;
}

/// Else consumers of its topics would wait behind it for the brokers to do so.
void KafkaSink::give_up_transaction() {
  constexpr milliseconds kGiveUpTimeout{3'000};
  if (!transaction_ || !error().ok()) return;
  {
    const std::lock_guard lock(mutex_);
    is_rolling_back_ = true;
  }
  if (const absl::Status status = transaction_->abort(kGiveUpTimeout); !status.ok())
    spdlog::warn("{}; consumers wait behind it until the brokers give it up", text(status));
}

void KafkaSink::stop_producer() {
  poller_ = {};
  transaction_.reset();
  topics_.close();
  producer_.reset();
}

/// A topic whose limit is below the size of our batches would refuse whole batches of small records.
absl::Status KafkaSink::use_smaller_batches(const std::stop_token& stop) {
  if (is_exactly_once_) {
    return fail(
        sink_unavailable("a new topic takes smaller batches only; what was not committed is written again"));
  }
  {
    std::unique_lock lock(mutex_);
    progress_.wait(lock, stop, [this] { return tracker_.outstanding() == 0 || !error_.ok(); });
    if (!error_.ok()) return error_;
    if (tracker_.outstanding() != 0) return absl::CancelledError("stopped while records waited for Kafka");
  }
  return start_producer();
}

absl::Status KafkaSink::write(const record::RecordBatch& batch, std::stop_token stop) {
  if (is_exactly_once_ && !batch.empty()) {
    RETURN_IF_ERROR(open_topics(batch, stop));
    if (!gate_.enter(stop)) return absl::CancelledError("stopped while a Kafka transaction was committed");
    RETURN_IF_ERROR(error());
    if (absl::Status status = transaction_->begin(); !status.ok()) return fail(std::move(status));
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (absl::Status status = send(batch.record(i), stop); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> KafkaSink::fits(const record::Record& record, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const SinkTopic* topic, topic_of(record.topic, stop));
  const std::int64_t limit = topic->facts.max_message_bytes;
  return limit <= 0 || largest_size(record) <= static_cast<std::uint64_t>(limit);
}

absl::Status KafkaSink::wait_until_due(const std::stop_token& stop) {
  return gate_.wait_until_due(stop) ? absl::OkStatus() : absl::CancelledError("stopped");
}

absl::StatusOr<std::optional<binlog::Position>> KafkaSink::commit(const StateAt& state,
                                                                  const std::stop_token& stop) {
  const std::optional<binlog::Position> position = gate_.close(stop);
  if (!position) return std::optional<binlog::Position>();
  begin_wait();
  absl::Status status = error();
  if (status.ok()) status = transaction_->begin();
  if (status.ok()) {
    for (const StateRecord& record : state(*position)) {
      if (status = produce_state(record); !status.ok()) break;
    }
  }
  if (status.ok()) status = transaction_->commit(stop);
  end_wait();
  // A record that Kafka refused tells more than the transaction that it spoilt.
  if (absl::Status first = error(); !first.ok()) status = std::move(first);
  gate_.open(status.ok());
  if (!status.ok()) return fail(std::move(status));
  trouble_.note_progress();
  const std::lock_guard lock(mutex_);
  observe_latency();
  return position;
}

/// Of what consumers see since the last call. With the mutex held.
void KafkaSink::observe_latency() {
  constexpr double kMicrosPerSecond = 1e6;
  const std::vector<DeliveryTracker::Commits> durable = tracker_.take_durable_commits();
  if (durable.empty()) return;
  const std::int64_t now = now_us();
  for (const DeliveryTracker::Commits& each : durable) {
    const auto micros = static_cast<double>(std::max<std::int64_t>(now - each.oldest_us, 0));
    counters_.latency.observe(micros / kMicrosPerSecond, each.count);
  }
}

absl::Status KafkaSink::produce_state(const StateRecord& record) {
  const KafkaMessage message{.topic_name = record.topic.c_str(),
                             .opaque = to_opaque(kNoGroup),
                             .key = record.key,
                             .value = record.value};
  while (true) {
    const std::optional<ProduceError> error = produce(*producer_, message);
    if (!error) return absl::OkStatus();
    if (error->code != RD_KAFKA_RESP_ERR__QUEUE_FULL) return transaction_->error(error->code, error->reason);
    std::this_thread::sleep_for(kFullQueueWait);
  }
}

/// With the same producer where it is sound: a new one would take over from whoever took over from us.
absl::Status KafkaSink::roll_back() {
  bool is_sound = transaction_ && error().ok();
  {
    const std::lock_guard lock(mutex_);
    is_rolling_back_ = true;
  }
  if (transaction_) {
    const absl::Status given_up = transaction_->abort(kOpenTimeout);
    if (absl::IsAborted(given_up)) return given_up;
    is_sound = is_sound && given_up.ok();
  }
  if (!is_sound) stop_producer();
  {
    const std::lock_guard lock(mutex_);
    tracker_ = {};
    queued_bytes_ = 0;
    error_ = absl::OkStatus();
    is_rolling_back_ = false;
  }
  gate_.roll_back();
  return is_sound ? absl::OkStatus() : start_producer();
}

/// The first failure is the one that counts.
absl::Status KafkaSink::fail(absl::Status status) {
  {
    const std::lock_guard lock(mutex_);
    if (error_.ok()) error_ = std::move(status);
    status = error_;
  }
  progress_.notify_all();
  return status;
}

absl::StatusOr<SinkTopic*> KafkaSink::topic_of(std::string_view name, const std::stop_token& stop) {
  absl::StatusOr<SinkTopic*> topic = topics_.open(*producer_, name);
  if (!absl::IsNotFound(topic.status())) return topic;
  RETURN_IF_ERROR(add_topic(name, stop));
  return topics_.open(*producer_, name);
}

/// Before the gate holds commits back: what was written to other topics need not wait for a new one.
absl::Status KafkaSink::open_topics(const record::RecordBatch& batch, const std::stop_token& stop) {
  std::string_view last;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::string_view topic = batch.record(i).topic;
    if (topic == last) continue;
    RETURN_IF_ERROR(topic_of(topic, stop).status());
    last = topic;
  }
  return absl::OkStatus();
}

/// Waits for brokers that are away.
absl::Status KafkaSink::add_topic(std::string_view name, const std::stop_token& stop) {
  const TopicSpec spec = topic_spec(kafka_, std::string(name), timestamp_unit_);
  const auto is_to_pass = [](const absl::Status& status) {
    return absl::IsUnavailable(status) || reason_of(status) == kTooFewBrokers;
  };
  begin_wait();
  absl::StatusOr<TopicInfo> facts = ensure_topic(*producer_, spec, kTopicAttempt);
  while (is_to_pass(facts.status()) && !stop.stop_requested()) {
    {
      const std::lock_guard lock(mutex_);
      ++counters_.connection_errors;
    }
    trouble_.note_error(text(facts.status()));
    sleep_for(kTopicRetry, stop);
    facts = ensure_topic(*producer_, spec, kTopicAttempt);
  }
  end_wait();
  if (is_to_pass(facts.status())) return absl::CancelledError("stopped while Kafka did not answer");
  if (!facts.ok()) return facts.status();
  const std::int64_t batch_bytes = topics_.batch_bytes();
  topics_.add(spec.name, *std::move(facts));
  return topics_.batch_bytes() < batch_bytes ? use_smaller_batches(stop) : absl::OkStatus();
}

/// The record's table lives as long as its batch; the tracker needs it until the acknowledgement.
std::string_view KafkaSink::intern(std::string_view table) {
  if (table == last_table_) return last_table_;
  auto found = tables_.find(table);
  if (found == tables_.end()) found = tables_.emplace(table).first;
  return last_table_ = *found;
}

absl::Status KafkaSink::send(const record::Record& record, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const SinkTopic* topic, topic_of(record.topic, stop));
  const std::uint64_t size = cost(bytes_of(record));
  const std::string_view table = intern(record.table);

  std::unique_lock lock(mutex_);
  const auto may_go_on = [&] {
    return !error_.ok() || queued_bytes_ == 0 || queued_bytes_ + size <= kMaxQueuedBytes;
  };
  // Asked first: a wait costs even where nothing is waited for.
  const bool goes_on = may_go_on() || progress_.wait(lock, stop, may_go_on);
  if (!error_.ok()) return error_;
  if (!goes_on) {
    return absl::CancelledError(fmt::format("stopped while {} bytes waited for Kafka", queued_bytes_));
  }
  if (tracker_.outstanding() == 0) trouble_.begin();
  const DeliveryTracker::Group group = tracker_.add(table);
  queued_bytes_ += size;
  lock.unlock();

  absl::Status status = produce_record(record, *topic, group, stop);
  if (status.ok()) return status;
  lock.lock();
  tracker_.take_back(group);
  queued_bytes_ -= size;
  if (!absl::IsCancelled(status) && error_.ok()) error_ = status;
  return status;
}

absl::Status KafkaSink::produce_record(const record::Record& record, const SinkTopic& topic,
                                       DeliveryTracker::Group group, const std::stop_token& stop) {
  const KafkaMessage message{
      .topic = topic.handle.get(),
      .partition = partition_of(record, kafka_.partition_by, topic.facts.partitions),
      .timestamp_ms = record.timestamp_ms,
      .opaque = to_opaque(group),
      .key = record.key,
      .value = record.value,
      .headers = record.headers,
  };
  while (true) {
    const std::optional<ProduceError> error = produce(*producer_, message);
    if (!error) return absl::OkStatus();
    const auto code = static_cast<rd_kafka_resp_err_t>(error->code);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      if (stop.stop_requested()) return absl::CancelledError("stopped while Kafka took no more records");
      wait_a_moment(stop);
      continue;
    }
    if (is_exactly_once_ && is_transaction_abort(code)) return transaction_->error(code, error->reason);
    return rejection(code, error->reason, topic.name, record.table, record.key.value_or(""),
                     bytes_of(record));
  }
}

void KafkaSink::wait_a_moment(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  progress_.wait_for(lock, stop, kFullQueueWait, [] { return false; });
}

absl::Status KafkaSink::rejection(rd_kafka_resp_err_t code, std::string_view reason, std::string_view topic,
                                  std::string_view table, std::string_view key, std::uint64_t bytes) const {
  return delivery_error(code, reason,
                        {.topic = std::string(topic),
                         .table = std::string(table),
                         .key = std::string(key),
                         .bytes = bytes,
                         .max_message_bytes = topics_.limit(topic),
                         .bootstrap_servers = bootstrap_list(kafka_)});
}

void KafkaSink::serve(const std::stop_token& stop, rd_kafka_t& client) {
  const KafkaHandle<rd_kafka_queue_t, rd_kafka_queue_destroy> queue(rd_kafka_queue_get_main(&client));
  while (!stop.stop_requested()) {
    const KafkaHandle<rd_kafka_event_t, rd_kafka_event_destroy> event(
        rd_kafka_queue_poll(queue.get(), kPollMs));
    switch (rd_kafka_event_type(event.get())) {
      case RD_KAFKA_EVENT_DR:
        on_deliveries(client, *event);
        break;
      case RD_KAFKA_EVENT_ERROR:
        on_error(client, rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get()));
        break;
      default:
        break;
    }
  }
}

/// One lock and one wake-up for all reports of a batch. The lock is short: the writer waits for it.
void KafkaSink::on_deliveries(rd_kafka_t& client, rd_kafka_event_t& event) {
  const Deliveries deliveries = read_deliveries(event);
  bool is_first_failure = false;
  {
    const std::lock_guard lock(mutex_);
    const bool was_failed = !error_.ok();
    for (const DeliveredRun& run : delivered_) tracker_.delivered(run.group, run.records);
    if (!is_exactly_once_) observe_latency();
    queued_bytes_ -= deliveries.cost;
    counters_.records += deliveries.records;
    counters_.bytes += deliveries.bytes;
    counters_.rejected_records += deliveries.failures;
    if (deliveries.records > 0) trouble_.note_progress();
    // What is being taken back fails as it should, and a purge would reach what is written after it.
    if (error_.ok() && !is_rolling_back_) error_ = failure_of(deliveries);
    is_first_failure = !was_failed && !error_.ok();
  }
  progress_.notify_all();
  // What follows a rejected record must not be written in its stead.
  if (is_first_failure) rd_kafka_purge(&client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

/// Fills delivered_.
KafkaSink::Deliveries KafkaSink::read_deliveries(rd_kafka_event_t& event) {
  Deliveries result;
  delivered_.clear();
  while (const rd_kafka_message_t* message = rd_kafka_event_message_next(&event)) {
    const DeliveryTracker::Group group = to_group(message->_private);
    const std::uint64_t bytes = message->len + message->key_len;
    if (group == kNoGroup) {
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      if (result.refused_state == nullptr) result.refused_state = message;
      result.refused_state_bytes += bytes;
      continue;
    }
    result.cost += cost(bytes);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++result.failures;
      if (result.first_failed == nullptr) result.first_failed = message;
      continue;
    }
    ++result.records;
    result.bytes += bytes;
    if (delivered_.empty() || delivered_.back().group != group) delivered_.push_back({group, 0});
    ++delivered_.back().records;
  }
  return result;
}

/// With the mutex held.
absl::Status KafkaSink::failure_of(const Deliveries& deliveries) const {
  if (deliveries.first_failed != nullptr) return failure_of(*deliveries.first_failed);
  const rd_kafka_message_t* const state = deliveries.refused_state;
  if (state == nullptr) return absl::OkStatus();
  // Otherwise the commit that follows tells what became of it.
  return state_error(state->err, rd_kafka_err2str(state->err),
                     {.topic = rd_kafka_topic_name(state->rkt),
                      .bytes = deliveries.refused_state_bytes,
                      .bootstrap_servers = bootstrap_list(kafka_)})
      .value_or(absl::OkStatus());
}

/// With the mutex held. Not rd_kafka_message_errstr(): of a produced message, librdkafka 2.0 takes the
/// payload for the text.
absl::Status KafkaSink::failure_of(const rd_kafka_message_t& message) const {
  const char* const reason = rd_kafka_err2str(message.err);
  if (is_transaction_abort(message.err) && is_exactly_once_) return transaction_->error(message.err, reason);
  return rejection(message.err, reason, rd_kafka_topic_name(message.rkt),
                   tracker_.table(to_group(message._private)),
                   {static_cast<const char*>(message.key), message.key_len}, message.len + message.key_len);
}

void KafkaSink::on_error(rd_kafka_t& client, int code, const char* reason) {
  {
    const std::lock_guard lock(mutex_);
    ++counters_.connection_errors;
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
      std::array<char, 512> text{};
      const rd_kafka_resp_err_t cause = rd_kafka_fatal_error(&client, text.data(), text.size());
      if (error_.ok() && is_exactly_once_) {
        error_ = transaction_->error(cause, text.data());
      } else if (error_.ok()) {
        error_ = absl::FailedPreconditionError(
            fmt::format("the Kafka producer cannot go on: {} ({}); start the task again, it resumes at its "
                        "checkpoint",
                        text.data(), rd_kafka_err2name(cause)));
      }
    } else if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      trouble_.note_error(reason);
    }
  }
  progress_.notify_all();
}

void KafkaSink::begin_wait() {
  const std::lock_guard lock(mutex_);
  if (tracker_.outstanding() == 0 && waits_ == 0) trouble_.begin();
  ++waits_;
}

void KafkaSink::end_wait() {
  const std::lock_guard lock(mutex_);
  --waits_;
}

absl::Status KafkaSink::trouble() const {
  const std::lock_guard lock(mutex_);
  return waits_ > 0 || tracker_.outstanding() > 0 ? trouble_.status() : absl::OkStatus();
}

absl::Status KafkaSink::flush(milliseconds deadline) {
  if (producer_ == nullptr) return absl::OkStatus();
  RETURN_IF_ERROR(error());  // what was given up is not waited for
  const auto end = std::chrono::steady_clock::now() + deadline;
  // Sends at once what lingers; acknowledgements are the poller's and may come a moment later.
  rd_kafka_flush(producer_.get(), static_cast<int>(deadline.count()));
  std::unique_lock lock(mutex_);
  progress_.wait_until(lock, end, [this] { return tracker_.outstanding() == 0 || !error_.ok(); });
  if (!error_.ok()) return error_;
  if (tracker_.outstanding() == 0) return absl::OkStatus();
  return absl::DeadlineExceededError(fmt::format(
      "{} records ({} bytes) were not acknowledged by Kafka within {} ms; they are written again after "
      "the next start",
      tracker_.outstanding(), queued_bytes_, deadline.count()));
}

}  // namespace

std::unique_ptr<Sink> make_kafka_sink(const task::Task& task, const task::SecretReader& secrets,
                                      record::TimestampUnit timestamps) {
  return std::make_unique<KafkaSink>(task, secrets, timestamps);
}

}  // namespace rowtide::sink
