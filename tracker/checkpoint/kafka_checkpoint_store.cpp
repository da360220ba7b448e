#include "tracker/checkpoint/kafka_checkpoint_store.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <map>
#include <set>
#include <utility>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "tracker/checkpoint/checkpoint_json.h"
#include "tracker/checkpoint/owner.h"
#include "tracker/sink/delivery_error.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_handle.h"
#include "tracker/sink/kafka_topics.h"
#include "tracker/sink/kafka_transaction.h"
#include "tracker/sink/sink.h"

namespace rowtide::checkpoint {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kTimeout{30'000};
// Short beside a pod's grace period: a stop waits for a save that is under way.
constexpr milliseconds kSaveTimeout{10'000};
constexpr int kPollMs = 100;
const std::string kTopic(kCheckpointTopic);

using Partitions = sink::KafkaPartitions;

struct Acknowledgement {
  bool is_done = false;
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
};

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto& acknowledgement = *static_cast<Acknowledgement*>(message->_private);
  acknowledgement.code = message->err;
  acknowledgement.is_done = true;
}

constexpr std::string_view kSchemaMark = "#schema#";
constexpr std::string_view kTopicMark = "#topic#";
constexpr std::string_view kWritten = "written";  // a topic's value: its key says all

/// What stands in a key after the task's identity; nothing: it is not so marked.
std::optional<std::string_view> after_mark(std::string_view key, std::string_view mark) {
  const std::size_t at = key.find(mark);
  return at == std::string_view::npos ? std::nullopt : std::optional(key.substr(at + mark.size()));
}

/// The key of a definition; `key` is the history's own.
std::string schema_key(std::string_view identity, std::string_view key) {
  return fmt::format("{}{}{}", identity, kSchemaMark, key);
}

std::string topic_key(std::string_view identity, std::string_view topic) {
  return fmt::format("{}{}{}", identity, kTopicMark, topic);
}

/// A checkpoint as it stands in the topic.
struct Found {
  std::int64_t offset = 0;
  std::string identity;
  std::string value;

  bool operator==(const Found&) const = default;
};

/// What the topic has of one task.
struct TaskRecords {
  std::optional<Found> checkpoint;
  std::map<std::string, std::string> schemas;
  std::set<std::string> topics;
  std::map<std::string, Found, std::less<>> namesakes;  ///< checkpoints of others with its name, by identity
  std::map<std::string, Owner, std::less<>>
      others;  ///< of other names, by identity, where these are asked for

  bool operator==(const TaskRecords&) const = default;
};

/// All that the topic has of the task, as tombstones; in an order in which any part of them does no harm.
std::vector<SchemaEntry> tombstones_of(const TaskRecords& records, const std::string& identity) {
  std::vector<SchemaEntry> tombstones;
  for (const auto& [key, value] : records.schemas) tombstones.push_back({schema_key(identity, key), {}});
  if (records.checkpoint) tombstones.push_back({identity, {}});
  for (const std::string& topic : records.topics) tombstones.push_back({topic_key(identity, topic), {}});
  return tombstones;
}

/// The newest that was not handed over.
std::optional<Found> newest_namesake(const TaskRecords& records) {
  std::optional<Found> newest;
  for (const auto& [identity, found] : records.namesakes) {
    if (newest && newest->offset > found.offset) continue;
    if (owner_from_json(found.value).moved_to.empty()) newest = found;
  }
  return newest;
}

struct Producer {
  sink::KafkaClient client;
  sink::KafkaTopicHandle topic;
};

class KafkaCheckpointStore final : public CheckpointStore {
 public:
  KafkaCheckpointStore(const task::Task& task, task::SecretReader secrets, milliseconds timeout = kTimeout)
      : timeout_(timeout),
        kafka_(*task.spec.sink.kafka),
        client_id_("rowtide-" + task.name + "-checkpoint"),
        owner_(owner_of(task)),
        secrets_(std::move(secrets)) {}

  absl::StatusOr<std::optional<Checkpoint>> load() override {
    ASSIGN_OR_RETURN(sink::KafkaClient consumer, make_consumer("read_committed"));
    RETURN_IF_ERROR(ensure_topic(*consumer, kTimeout).status());
    is_topic_known_ = true;
    ASSIGN_OR_RETURN(TaskRecords records, read(*consumer, owner_.identity));
    schemas_ = std::move(records.schemas);
    if (!records.checkpoint) {
      const std::optional<Found> former = newest_namesake(records);
      return former ? adopt(*former) : std::nullopt;
    }
    return parse(*records.checkpoint);
  }

  std::string remark() const override { return remark_; }

  /// What load() would find, but nothing is changed, and it ends however many checkpoints there are.
  absl::StatusOr<std::optional<Checkpoint>> find() {
    ASSIGN_OR_RETURN(const TaskRecords records, records_there());
    if (records.checkpoint) return parse(*records.checkpoint);
    const std::optional<Found> former = newest_namesake(records);
    if (!former || !why_not_continued(owner_from_json(former->value), owner_).empty()) return std::nullopt;
    return parse(*former);
  }

  /// What remove_kafka_checkpoint() says. Fenced before it is read: nothing comes after the tombstones.
  absl::Status remove(const std::function<absl::Status(const Traces&)>& before) {
    const bool is_fenced = kafka_.delivery == "ExactlyOnce";
    const std::string id = is_fenced ? sink::KafkaTransaction::id_of(owner_.identity) : std::string();
    ASSIGN_OR_RETURN(const Producer producer, make_producer(id));
    std::optional<sink::KafkaTransaction> transaction;
    if (is_fenced) {
      transaction.emplace(*producer.client, id);
      RETURN_IF_ERROR(transaction->take_over(timeout_));
    }
    ASSIGN_OR_RETURN(const TaskRecords records, records_there());
    RETURN_IF_ERROR(before({.has_checkpoint = records.checkpoint.has_value(), .topics = records.topics}));
    const std::vector<SchemaEntry> tombstones = tombstones_of(records, owner_.identity);
    if (tombstones.empty()) return absl::OkStatus();
    if (transaction) RETURN_IF_ERROR(transaction->begin());
    RETURN_IF_ERROR(produce(producer, tombstones));
    return transaction ? transaction->commit_within(timeout_) : absl::OkStatus();
  }

  absl::StatusOr<std::vector<Owner>> others() {
    wants_others_ = true;
    ASSIGN_OR_RETURN(const TaskRecords records, records_there());
    std::vector<Owner> owners;
    for (const auto& [identity, owner] : records.others) owners.push_back(owner);
    return owners;
  }

  absl::Status save(const Checkpoint& checkpoint) override {
    return save_all({SchemaEntry{owner_.identity, to_json(checkpoint, owner_)}});
  }

  absl::StatusOr<std::vector<SchemaEntry>> load_schemas() override {
    std::vector<SchemaEntry> entries;
    for (const auto& [key, value] : schemas_) entries.push_back({key, value});
    return entries;
  }

  absl::Status save_schemas(const std::vector<SchemaEntry>& entries) override {
    std::vector<SchemaEntry> records = entries;
    for (SchemaEntry& record : records) record.key = schema_key(owner_.identity, record.key);
    return save_all(records);
  }

  absl::Status save_topics(const std::vector<std::string>& topics) override {
    std::vector<SchemaEntry> records;
    for (const std::string& topic : topics) {
      records.push_back({topic_key(owner_.identity, topic), std::string(kWritten)});
    }
    return save_all(records);
  }

 private:
  /// For who changes nothing; ends however many checkpoints there are. None where there is no topic.
  absl::StatusOr<TaskRecords> records_there() {
    give_up_at_ = Clock::now() + 2 * timeout_;
    ASSIGN_OR_RETURN(const sink::KafkaClient consumer, make_consumer("read_committed"));
    absl::StatusOr<TaskRecords> records = read(*consumer, owner_.identity);
    if (absl::IsNotFound(records.status())) return TaskRecords();
    return records;
  }

  absl::StatusOr<TaskRecords> read(rd_kafka_t& consumer, const std::string& identity) const {
    ASSIGN_OR_RETURN(const std::int64_t end, end_offset());
    RETURN_IF_ERROR(begin_at(RD_KAFKA_OFFSET_BEGINNING, consumer));
    return read_to(end, consumer, identity);
  }

  static absl::Status begin_at(std::int64_t offset, rd_kafka_t& consumer) {
    const Partitions partitions(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(partitions.get(), kTopic.c_str(), 0)->offset = offset;
    const auto code = rd_kafka_assign(&consumer, partitions.get());
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
    return absl::InternalError(fmt::format("checkpoints: {}", rd_kafka_err2str(code)));
  }

  /// Goes on where a task of the same name has been that is no more: its records become this task's.
  absl::StatusOr<std::optional<Checkpoint>> adopt(const Found& former) {
    const Owner their = owner_from_json(former.value);
    if (const std::string why = why_not_continued(their, owner_); !why.empty()) {
      note(fmt::format("The checkpoint of a former task {} ({}) is left alone: {}", owner_.name,
                       former.identity, why));
      return std::nullopt;
    }
    // Before its place is read for good: a tracker of it that still runs must not move it any more.
    std::optional<Producer> fence;
    std::optional<sink::KafkaTransaction> transaction;
    if (kafka_.delivery == "ExactlyOnce") {
      const std::string id = sink::KafkaTransaction::id_of(former.identity);
      ASSIGN_OR_RETURN(fence, make_producer(id));
      transaction.emplace(*fence->client, id);
      RETURN_IF_ERROR(transaction->take_over(timeout_));
      RETURN_IF_ERROR(transaction->begin());
    }
    ASSIGN_OR_RETURN(const sink::KafkaClient consumer, make_consumer("read_committed"));
    ASSIGN_OR_RETURN(TaskRecords records, read(*consumer, former.identity));
    if (!records.checkpoint) {
      return sink::sink_unavailable("the checkpoint of the former task " + former.identity + " went away");
    }
    ASSIGN_OR_RETURN(std::optional<Checkpoint> checkpoint, parse(*records.checkpoint));
    const std::vector<SchemaEntry> moved = moved_records(records, their);
    RETURN_IF_ERROR(fence ? produce(*fence, moved) : save_all(moved));
    if (transaction) RETURN_IF_ERROR(transaction->commit_within(timeout_));
    schemas_ = std::move(records.schemas);
    note(fmt::format(
        "Goes on where the former task {} ({}) has been, at {}; to begin at spec.startPosition "
        "instead, set spec.resetNonce to {}",
        owner_.name, former.identity, binlog::to_string(checkpoint->position), owner_.reset_nonce + 1));
    return checkpoint;
  }

  /// In an order in which any part of them does no harm.
  [[nodiscard]] std::vector<SchemaEntry> moved_records(const TaskRecords& former, const Owner& their) const {
    std::vector<SchemaEntry> records;
    for (const auto& [key, value] : former.schemas) {
      records.push_back({schema_key(owner_.identity, key), value});
    }
    for (const std::string& topic : former.topics) {
      records.push_back({topic_key(owner_.identity, topic), std::string(kWritten)});
    }
    records.push_back({owner_.identity, with_identity(former.checkpoint->value, owner_.identity)});
    records.push_back({their.identity, moved_json(their, owner_.identity)});
    for (const auto& [key, value] : former.schemas) {
      records.push_back({schema_key(their.identity, key), {}});
    }
    for (const std::string& topic : former.topics) {
      records.push_back({topic_key(their.identity, topic), {}});
    }
    return records;
  }

  void note(std::string remark) {
    spdlog::warn("{}", remark);
    remark_ = std::move(remark);
  }

  /// OK when all are acknowledged. An empty value is a tombstone.
  absl::Status save_all(const std::vector<SchemaEntry>& records) {
    if (!producer_) RETURN_IF_ERROR(open_producer());
    absl::Status saved = produce(*producer_, records);
    // The topic may be gone: the next producer has it made again.
    if (!saved.ok()) producer_.reset();
    return saved;
  }

  absl::Status open_producer() {
    ASSIGN_OR_RETURN(Producer producer, make_producer({}));
    ASSIGN_OR_RETURN(const sink::TopicInfo facts, ensure_topic(*producer.client, kSaveTimeout));
    producer_ = std::move(producer);
    const bool was_lost = facts.is_new && std::exchange(is_topic_known_, true);
    if (!was_lost) return absl::OkStatus();
    return absl::NotFoundError(
        fmt::format("topic {} was deleted, with all checkpoints in it, and is made again", kTopic));
  }

  absl::Status produce(const Producer& producer, const std::vector<SchemaEntry>& records) const {
    std::vector<Acknowledgement> acknowledgements(records.size());
    rd_kafka_resp_err_t refused = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::size_t sent = 0;
    while (sent < records.size() && refused == RD_KAFKA_RESP_ERR_NO_ERROR) {
      std::string value = records[sent].value;
      const std::string& key = records[sent].key;
      if (rd_kafka_produce(producer.topic.get(), 0, RD_KAFKA_MSG_F_COPY,
                           value.empty() ? nullptr : value.data(), value.size(), key.data(), key.size(),
                           &acknowledgements[sent]) == 0) {
        ++sent;
      } else if (rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        rd_kafka_poll(producer.client.get(), kPollMs);
      } else {
        refused = rd_kafka_last_error();
      }
    }
    // message.timeout.ms bounds this: the library reports every message, delivered or not.
    for (std::size_t i = 0; i < sent; ++i) {
      while (!acknowledgements[i].is_done) rd_kafka_poll(producer.client.get(), kPollMs);
      if (refused == RD_KAFKA_RESP_ERR_NO_ERROR) refused = acknowledgements[i].code;
    }
    return refused == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus() : not_saved(refused, records);
  }

  absl::StatusOr<sink::KafkaClient> make_consumer(const char* isolation) const {
    ASSIGN_OR_RETURN(sink::KafkaConf conf, sink::make_kafka_conf(kafka_, secrets_, client_id_));
    const std::array<std::pair<const char*, std::string>, 5> settings{{
        {"group.id", "rowtide-checkpoint"},  // demanded by the library; no group is joined, nothing committed
        {"enable.auto.commit", "false"},
        {"enable.partition.eof", "true"},
        {"isolation.level", isolation},
        {"auto.offset.reset", "error"},
    }};
    for (const auto& [name, value] : settings) {
      if (absl::Status status = sink::set(*conf, name, value); !status.ok()) return status;
    }
    return sink::make_kafka_consumer(std::move(conf));
  }

  /// With a transactional id, or without.
  absl::StatusOr<Producer> make_producer(const std::string& transactional_id) const {
    ASSIGN_OR_RETURN(sink::KafkaConf conf, sink::make_kafka_conf(kafka_, secrets_, client_id_));
    const std::array<std::pair<const char*, std::string>, 5> settings{{
        {"enable.idempotence", "true"},
        {"message.max.bytes", "1000000000"},  // the topic's own limit decides
        {"acks", "all"},
        {"linger.ms", "0"},
        {"message.timeout.ms", std::to_string(kSaveTimeout.count())},
    }};
    for (const auto& [name, value] : settings) {
      if (absl::Status status = sink::set(*conf, name, value); !status.ok()) return status;
    }
    rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
    if (!transactional_id.empty()) {
      RETURN_IF_ERROR(sink::KafkaTransaction::configure(*conf, transactional_id));
    }
    Producer producer;
    ASSIGN_OR_RETURN(producer.client, sink::make_kafka_producer(std::move(conf)));
    producer.topic.reset(rd_kafka_topic_new(producer.client.get(), kTopic.c_str(), nullptr));
    return producer;
  }

  absl::StatusOr<sink::TopicInfo> ensure_topic(rd_kafka_t& client, milliseconds timeout) const {
    ASSIGN_OR_RETURN(sink::TopicInfo facts,
                     sink::ensure_topic(client, checkpoint_topic_spec(kafka_), timeout));
    RETURN_IF_ERROR(check_checkpoint_topic(kafka_, facts));
    return facts;
  }

  /// Where the topic ends now, with what belongs to open transactions: a committed reader would not say.
  absl::StatusOr<std::int64_t> end_offset() const {
    ASSIGN_OR_RETURN(const sink::KafkaClient client, make_consumer("read_uncommitted"));
    std::int64_t first = 0;
    std::int64_t end = 0;
    const auto code = rd_kafka_query_watermark_offsets(client.get(), kTopic.c_str(), 0, &first, &end,
                                                       static_cast<int>(timeout_.count()));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return end;
    if (code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
        code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
      return absl::NotFoundError(fmt::format("there is no topic {}", kTopic));
    }
    return sink::sink_unavailable(fmt::format(
        "the end of the checkpoints in topic {} could not be asked: {}; check that the brokers at {} run",
        kTopic, rd_kafka_err2str(code), sink::bootstrap_list(kafka_)));
  }

  /// The newest record of each key before `end`, without what was deleted (a tombstone).
  /// Other tasks' transactions that are open now hide what stands after their beginning. Where that is of
  /// this task, they are waited for: an older checkpoint would have rows delivered twice.
  absl::StatusOr<TaskRecords> read_to(std::int64_t end, rd_kafka_t& consumer,
                                      const std::string& identity) const {
    TaskRecords records;
    std::int64_t hidden_from = -1;
    Clock::time_point deadline = Clock::now() + timeout_;
    while (Clock::now() < std::min(deadline, give_up_at_)) {
      const sink::KafkaMessageHandle message(rd_kafka_consumer_poll(&consumer, kPollMs));
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (message->offset >= end) return records;
        hidden_from = message->offset;
        if (are_others({hidden_from, end}, identity, records)) return records;
        continue;
      }
      if (message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
        return failure(
            absl::StatusCode::kFailedPrecondition, sink::kNotAuthorized,
            fmt::format(
                "checkpoints in topic {} may not be read; give the tracker's Kafka user Read, Write and "
                "Describe on it",
                kTopic));
      }
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;  // the library tries again
      deadline = Clock::now() + timeout_;
      keep(*message, identity, records);
    }
    if (hidden_from >= 0) {
      return sink::sink_unavailable(fmt::format(
          "the checkpoints in topic {} are hidden from offset {} on by an open transaction of another task's "
          "tracker; start that tracker if it is down, or wait: Kafka ends the transaction ten minutes after "
          "its beginning",
          kTopic, hidden_from));
    }
    return sink::sink_unavailable(fmt::format(
        "checkpoints in topic {} could not be read within {} ms; check that the brokers at {} run", kTopic,
        timeout_.count(), sink::bootstrap_list(kafka_)));
  }

  struct Hidden {
    std::int64_t from;
    std::int64_t end;
  };

  /// Whether what is hidden leaves the records as they are, whatever becomes of it. False where that cannot
  /// be read.
  bool are_others(const Hidden& hidden, const std::string& identity, const TaskRecords& records) const {
    const absl::StatusOr<sink::KafkaClient> consumer = make_consumer("read_uncommitted");
    if (!consumer.ok() || !begin_at(hidden.from, **consumer).ok()) return false;
    TaskRecords with_hidden = records;
    const Clock::time_point deadline = std::min(Clock::now() + timeout_, give_up_at_);
    while (Clock::now() < deadline) {
      const sink::KafkaMessageHandle message(rd_kafka_consumer_poll(consumer->get(), kPollMs));
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) keep(*message, identity, with_hidden);
      if (with_hidden != records) return false;
      if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && message->offset >= hidden.end) return true;
    }
    return false;
  }

  void keep(const rd_kafka_message_t& message, const std::string& identity, TaskRecords& records) const {
    const std::string_view key(static_cast<const char*>(message.key), message.key_len);
    const std::string_view value(static_cast<const char*>(message.payload), message.len);
    const bool is_deleted = message.payload == nullptr;
    if (const auto schema = after_mark(key, kSchemaMark)) {
      if (key != schema_key(identity, *schema)) return;
      if (is_deleted) {
        records.schemas.erase(std::string(*schema));
      } else {
        records.schemas[std::string(*schema)] = value;
      }
    } else if (const auto topic = after_mark(key, kTopicMark)) {
      if (key != topic_key(identity, *topic)) return;
      is_deleted ? (void)records.topics.erase(std::string(*topic)) : (void)records.topics.emplace(*topic);
    } else if (key == identity) {
      records.checkpoint.reset();
      if (!is_deleted) records.checkpoint = Found{message.offset, std::string(key), std::string(value)};
    } else if (!is_deleted && value.find(mark_of_name_) != std::string_view::npos) {
      records.namesakes[std::string(key)] = Found{message.offset, std::string(key), std::string(value)};
    } else if (const auto known = records.namesakes.find(key); known != records.namesakes.end()) {
      records.namesakes.erase(known);
    }
    if (wants_others_ && key != identity) note_other(key, value, records);
  }

  void note_other(std::string_view key, std::string_view value, TaskRecords& records) const {
    if (const auto known = records.others.find(key); known != records.others.end())
      records.others.erase(known);
    Owner other = owner_from_json(value);
    if (!other.topic.empty() && other.name != owner_.name)
      records.others[std::string(key)] = std::move(other);
  }

  absl::StatusOr<std::optional<Checkpoint>> parse(const Found& found) const {
    absl::StatusOr<Checkpoint> checkpoint = checkpoint_from_json(found.value, found.identity);
    if (checkpoint.ok()) return *std::move(checkpoint);
    if (!owner_from_json(found.value).moved_to.empty()) {
      return failure(checkpoint.status().code(), "TakenOver",
                     fmt::format("the checkpoint of {} cannot be used: {}; delete one of the two tasks, and "
                                 "create this one again if it is to go on",
                                 found.identity, text(checkpoint.status())));
    }
    return absl::Status(
        checkpoint.status().code(),
        fmt::format(
            "the checkpoint of {} in topic {} (partition 0, offset {}) cannot be used: {}; to begin at "
            "spec.startPosition instead, delete it: printf '{}|' | kcat -P -b {} -t {} -p 0 -K '|' -Z",
            found.identity, kTopic, found.offset, text(checkpoint.status()), found.identity,
            sink::bootstrap_list(kafka_), kTopic));
  }

  absl::Status not_saved(rd_kafka_resp_err_t code, const std::vector<SchemaEntry>& records) const {
    const char* const reason = rd_kafka_err2str(code);
    sink::RejectedState state{.topic = kTopic, .bootstrap_servers = sink::bootstrap_list(kafka_)};
    for (const auto& [key, value] : records) state.bytes += key.size() + value.size();
    return sink::state_error(code, reason, state)
        .value_or(sink::sink_unavailable(
            fmt::format("the checkpoint was not taken by topic {}: {}; check that the brokers at {} run",
                        kTopic, reason, state.bootstrap_servers)));
  }

  const milliseconds timeout_;  ///< for one answer of the brokers
  Clock::time_point give_up_at_ = Clock::time_point::max();
  const task::KafkaSink kafka_;
  const std::string client_id_;
  const Owner owner_;
  const std::string mark_of_name_ = mark_of_name(owner_.name);
  bool wants_others_ = false;
  const task::SecretReader secrets_;
  std::map<std::string, std::string> schemas_;  ///< as load() found them
  std::string remark_;
  std::optional<Producer> producer_;
  bool is_topic_known_ = false;  ///< it was there, or made by us
};

}  // namespace

/// Small segments that are cleaned early, so that a start does not read hours of old checkpoints.
sink::TopicSpec checkpoint_topic_spec(const task::KafkaSink& kafka) {
  return {.name = kTopic,
          .partitions = 1,
          .replication_factor = kafka.topic.replication_factor,
          .config = {{"cleanup.policy", "compact"},
                     {"segment.bytes", "16777216"},
                     {"min.cleanable.dirty.ratio", "0.1"}},
          .create = true};
}

absl::Status check_checkpoint_topic(const task::KafkaSink& kafka, const sink::TopicInfo& facts) {
  const std::string& policy = facts.cleanup_policy;
  if (policy.empty() || policy == "compact") return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("topic {} has cleanup.policy={}, so that checkpoints would be deleted; set it: "
                  "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {} "
                  "--add-config cleanup.policy=compact",
                  kTopic, policy, sink::bootstrap_list(kafka), kTopic));
}

std::vector<sink::StateRecord> kafka_checkpoint_records(const task::Task& task, const Checkpoint& checkpoint,
                                                        const std::vector<SchemaEntry>& schemas,
                                                        const std::vector<std::string>& topics) {
  const std::string identity = task.identity();
  std::vector<sink::StateRecord> records;
  for (const auto& [key, value] : schemas) {
    records.push_back({kTopic, schema_key(identity, key), std::nullopt});
    if (!value.empty()) records.back().value = value;
  }
  for (const std::string& topic : topics) {
    records.push_back({kTopic, topic_key(identity, topic), std::string(kWritten)});
  }
  records.push_back({kTopic, identity, to_json(checkpoint, owner_of(task))});
  return records;
}

std::unique_ptr<CheckpointStore> make_kafka_checkpoint_store(const task::Task& task,
                                                             const task::SecretReader& secrets) {
  return std::make_unique<KafkaCheckpointStore>(task, secrets);
}

absl::StatusOr<std::optional<Checkpoint>> find_kafka_checkpoint(const task::Task& task,
                                                                const task::SecretReader& secrets,
                                                                std::chrono::milliseconds timeout) {
  return KafkaCheckpointStore(task, secrets, timeout).find();
}

absl::Status remove_kafka_checkpoint(const task::Task& task, const task::SecretReader& secrets,
                                     std::chrono::milliseconds timeout,
                                     const std::function<absl::Status(const Traces&)>& before) {
  return KafkaCheckpointStore(task, secrets, timeout).remove(before);
}

absl::StatusOr<std::vector<Owner>> other_owners(const task::Task& task, const task::SecretReader& secrets,
                                                std::chrono::milliseconds timeout) {
  return KafkaCheckpointStore(task, secrets, timeout).others();
}

}  // namespace rowtide::checkpoint
