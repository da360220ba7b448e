// The Kafka sink, its probe and the checkpoint topic against a real broker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "tests/support/free_port.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"
#include "tracker/checkpoint/kafka_checkpoint_store.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_message.h"
#include "tracker/sink/kafka_probe.h"
#include "tracker/sink/kafka_sink.h"
#include "tracker/sink/kafka_transaction.h"

namespace rowtide::test {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr milliseconds kFlush{30'000};

binlog::Position at(std::uint64_t offset) {
  binlog::Position position;
  position.file = "b.000001";
  position.offset = offset;
  return position;
}

task::Task task_on(const std::string& bootstrap, const std::string& topic) {
  task::Task task;
  task.name = "orders";
  task.spec.data_types.schema_updates = false;
  task.spec.sink.kafka.emplace();
  task.spec.sink.kafka->bootstrap_servers = {bootstrap};
  task.spec.sink.kafka->topic.name = topic;
  task.spec.sink.kafka->delivery = "AtLeastOnce";
  return task;
}

std::string message(const absl::Status& status) {
  return std::string(text(status));
}

// Of today: brokers forget the producer of records older than producer.id.expiration.ms (a day) when they
// start again, and then take a repeated batch for a new one (docs/delivery.md).
const std::int64_t kRecordTime =
    std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();

void add(record::RecordBatch& batch, std::string_view topic, std::optional<std::string> key,
         std::optional<std::string> value) {
  batch.begin_record(batch.keep(topic), "shop.orders", kRecordTime);
  if (key) {
    batch.buffer() += *key;
    batch.end_key();
  }
  if (value) {
    batch.buffer() += *value;
    batch.end_record();
  } else {
    batch.end_record_tombstone();
  }
}

std::unique_ptr<sink::Sink> open_sink(const task::Task& task,
                                      const task::SecretReader& secrets = task::SecretReader("")) {
  auto sink = sink::make_kafka_sink(task, secrets, record::TimestampUnit::Milliseconds);
  const absl::Status opened = sink->open();
  if (!opened.ok()) throw std::runtime_error(message(opened));
  return sink;
}

std::vector<std::string> values_of(const std::vector<KafkaRecord>& records) {
  std::vector<std::string> values;
  for (const KafkaRecord& record : records) values.push_back(record.value.value_or("(null)"));
  return values;
}

TEST(KafkaSink, KeepsTheOrderOfEachKeyAcrossPartitions) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic(4);
  const auto sink = open_sink(task_on(broker.bootstrap(), topic));
  record::RecordBatch batch;
  for (int i = 0; i < 20'000; ++i) {
    add(batch, topic, "{\"id\":" + std::to_string(i % 97) + "}", std::to_string(i));
    if (i % 100 != 99) continue;
    ASSERT_TRUE(sink->write(batch, {}).ok());
    sink->end_transaction(at(static_cast<std::uint64_t>(i)), 0);
    batch.clear();
  }
  ASSERT_TRUE(sink->flush(kFlush).ok());
  EXPECT_EQ(sink->durable(), at(19'999));
  EXPECT_EQ(sink->counters().records, 20'000U);
  EXPECT_EQ(sink->counters().queued_bytes, 0U);
  EXPECT_THAT(sink->topics(0), ElementsAre(topic));

  std::map<std::string, int> last;
  std::map<std::string, int> partition;
  std::set<int> partitions;
  KafkaReader reader = broker.reader(topic);
  ASSERT_EQ(reader.read_to_end().size(), 20'000U);
  for (const KafkaRecord& record : reader.records()) {
    const int number = std::stoi(*record.value);
    const auto before = last.find(*record.key);
    EXPECT_EQ(number, before == last.end() ? number % 97 : before->second + 97) << *record.key;
    last[*record.key] = number;
    EXPECT_EQ(partition.emplace(*record.key, record.partition).first->second, record.partition);
    partitions.insert(record.partition);
    EXPECT_EQ(record.timestamp_ms, kRecordTime);
  }
  EXPECT_EQ(last.size(), 97U);
  EXPECT_EQ(partitions.size(), 4U);
}

TEST(KafkaSink, CarriesTombstonesNullKeysAndHeaders) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic();
  const auto sink = open_sink(task_on(broker.bootstrap(), topic));
  record::RecordBatch batch;
  batch.begin_record(topic, "shop.orders", 1);
  batch.buffer() += "old";
  batch.end_key();
  batch.add_header("__debezium.newkey", "new");
  batch.buffer() += "gone";
  batch.end_record();
  add(batch, topic, "old", std::nullopt);
  add(batch, topic, std::nullopt, "keyless");
  add(batch, topic, std::nullopt, std::nullopt);
  ASSERT_TRUE(sink->write(batch, {}).ok());
  ASSERT_TRUE(sink->flush(kFlush).ok());
  KafkaReader reader = broker.reader(topic);
  const auto& records = reader.wait_for_count(4);
  EXPECT_EQ(records[0].header("__debezium.newkey"), "new");
  EXPECT_EQ(records[0].key, "old");
  EXPECT_EQ(records[1].key, "old");
  EXPECT_EQ(records[1].value, std::nullopt);
  EXPECT_TRUE(records[1].headers.empty());
  EXPECT_EQ(records[2].key, std::nullopt);
  EXPECT_EQ(records[2].value, "keyless");
  EXPECT_EQ(records[3].key, std::nullopt);
  EXPECT_EQ(records[3].value, std::nullopt);
}

TEST(KafkaSink, WaitsOutABrokerThatIsAway) {
  KafkaBroker broker;
  broker.create_topic("changes");
  const auto sink = open_sink(task_on(broker.bootstrap(), "changes"));
  record::RecordBatch first;
  add(first, "changes", "k", "0");
  ASSERT_TRUE(sink->write(first, {}).ok());
  sink->end_transaction(at(1), 0);
  ASSERT_TRUE(sink->flush(kFlush).ok());
  ASSERT_EQ(sink->durable(), at(1));

  broker.stop();
  std::stop_source stop;
  std::atomic<std::uint64_t> ended{1};
  absl::Status written;
  std::jthread writer([&] {
    record::RecordBatch batch;
    while (written.ok()) {
      batch.clear();
      add(batch, "changes", "k", std::to_string(ended.load()) + std::string(1'000'000, ' '));
      written = sink->write(batch, stop.get_token());
      if (written.ok()) sink->end_transaction(at(++ended), 0);
    }
  });
  wait_until("the sink is full", [&] { return sink->counters().queued_bytes > 31'000'000; });
  wait_until("the broker's absence is seen", [&] { return sink->counters().connection_errors > 0; });
  EXPECT_LE(sink->counters().queued_bytes, 32U * 1024 * 1024);
  EXPECT_EQ(sink->durable(), at(1));
  EXPECT_TRUE(sink->error().ok());
  const absl::Status late = sink->flush(milliseconds{200});
  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
  EXPECT_THAT(message(late), HasSubstr("were not acknowledged by Kafka within 200 ms"));
  stop.request_stop();
  writer.join();
  EXPECT_TRUE(absl::IsCancelled(written)) << written;

  broker.start();
  ASSERT_TRUE(sink->flush(kFlush).ok());
  EXPECT_EQ(sink->durable(), at(ended));
  KafkaReader reader = broker.reader("changes");
  const auto& records = reader.read_to_end();
  ASSERT_EQ(records.size(), ended);
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(std::stoull(*records[i].value), i) << "each once, in order";
  }
}

TEST(KafkaSink, SurvivesABrokerThatIsKilledWhileWriting) {
  KafkaBroker broker;
  broker.create_topic("changes", 2);
  const auto sink = open_sink(task_on(broker.bootstrap(), "changes"));
  constexpr std::uint64_t kRecords = 30'000;
  absl::Status written;
  std::jthread writer([&] {
    record::RecordBatch batch;
    for (std::uint64_t i = 0; i < kRecords && written.ok(); ++i) {
      batch.clear();
      add(batch, "changes", std::to_string(i % 10), std::to_string(i));
      written = sink->write(batch, {});
      sink->end_transaction(at(i), 0);
    }
  });
  wait_until("some records are there", [&] { return sink->counters().records > 1'000; });
  broker.kill9();
  broker.start();
  writer.join();
  ASSERT_TRUE(written.ok()) << written;
  ASSERT_TRUE(sink->flush(kFlush).ok());
  EXPECT_EQ(sink->durable(), at(kRecords - 1));
  KafkaReader reader = broker.reader("changes");
  std::set<std::string> values;
  for (const KafkaRecord& record : reader.read_to_end()) values.insert(*record.value);
  EXPECT_EQ(values.size(), kRecords);
  EXPECT_EQ(reader.records().size(), kRecords) << "idempotent: none twice";
}

absl::Status write_one(sink::Sink& sink, const std::string& topic, const std::string& value) {
  record::RecordBatch batch;
  add(batch, topic, "{}", value);
  return sink.write(batch, {});
}

absl::Status commit(sink::Sink& sink, std::uint64_t position) {
  sink.end_transaction(at(position), 0);
  return sink.transactional()
      ->commit([](const binlog::Position&) { return std::vector<sink::StateRecord>{}; }, {})
      .status();
}

TEST(KafkaSink, WhatIsRolledBackIsNotReadAndTheSinkGoesOn) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic(1);
  task::Task task = task_on(broker.bootstrap(), topic);
  task.name = "rolled-back";
  task.spec.sink.kafka->delivery = "ExactlyOnce";
  const auto sink = open_sink(task);
  std::uint64_t position = 100;
  for (const char* value : {"first", "second", "third"}) {
    ASSERT_TRUE(write_one(*sink, topic, "lost").ok());
    const absl::Status rolled_back = sink->transactional()->roll_back();
    ASSERT_TRUE(rolled_back.ok()) << message(rolled_back);
    EXPECT_EQ(sink->counters().queued_bytes, 0U);
    ASSERT_TRUE(write_one(*sink, topic, value).ok());
    const absl::Status committed = commit(*sink, ++position);
    ASSERT_TRUE(committed.ok()) << message(committed);
  }
  KafkaReader reader = broker.reader(topic);
  reader.wait_for_count(3);  // a commit is seen a moment after it was answered
  EXPECT_THAT(values_of(reader.read_to_end()), ElementsAre("first", "second", "third"));
}

TEST(KafkaSink, WhoEndsInsideATransactionKeepsNobodyWaitingBehindIt) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic(1);
  task::Task task = task_on(broker.bootstrap(), topic);
  task.name = "ended-inside";
  task.spec.sink.kafka->delivery = "ExactlyOnce";
  {
    const auto sink = open_sink(task);
    ASSERT_TRUE(write_one(*sink, topic, "lost").ok());
    ASSERT_TRUE(sink->flush(kFlush).ok());
  }
  broker.produce(topic, std::nullopt, "of another");
  KafkaReader reader = broker.reader(topic);
  reader.wait_for_count(1);
  EXPECT_THAT(values_of(reader.records()), ElementsAre("of another"));
}

TEST(KafkaSink, ARollBackThatFoundNoBrokersIsMadeAgain) {
  KafkaBroker broker;
  task::Task task = task_on(broker.bootstrap(), "changes");
  task.spec.sink.kafka->delivery = "ExactlyOnce";
  const auto sink = open_sink(task);
  ASSERT_TRUE(write_one(*sink, "changes", "lost").ok());
  broker.stop();
  for (int attempt = 0; attempt < 2; ++attempt) {
    EXPECT_TRUE(absl::IsUnavailable(sink->transactional()->roll_back())) << attempt;
    EXPECT_FALSE(sink->transactional()->at_transaction_boundary());
  }
  broker.start();
  const absl::Status rolled_back = sink->transactional()->roll_back();
  ASSERT_TRUE(rolled_back.ok()) << message(rolled_back);
  ASSERT_TRUE(write_one(*sink, "changes", "kept").ok());
  EXPECT_TRUE(commit(*sink, 101).ok());
  KafkaReader reader = broker.reader("changes");
  reader.wait_for_count(1);
  EXPECT_THAT(values_of(reader.read_to_end()), ElementsAre("kept"));
}

// Kafka takes '.' and '_' for the same.
TEST(KafkaSink, ATopicThatCollidesIsSaidWithWhatToDo) {
  KafkaBroker& broker = KafkaBroker::shared();
  broker.create_topic("colliding.a_b");
  const auto sink = open_sink(task_on(broker.bootstrap(), "colliding.{table}"));
  const absl::Status refused = write_one(*sink, "colliding_a.b", "{}");
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(message(refused),
              AllOf(HasSubstr("collides"), HasSubstr("separates {database} and {table} with '-'")));
}

// Whatever was the first failure that it met: rolling back must not take the place of the one that has it
// now.
TEST(KafkaSink, OneThatWasTakenOverFromDoesNotTakeOverBack) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic(1);
  task::Task task = task_on(broker.bootstrap(), topic);
  task.name = "taken-over";
  task.spec.sink.kafka->delivery = "ExactlyOnce";
  const auto first = open_sink(task);
  ASSERT_TRUE(write_one(*first, topic, "lost").ok());
  ASSERT_TRUE(first->flush(kFlush).ok());
  const auto second = open_sink(task);
  const absl::Status rolled_back = first->transactional()->roll_back();
  EXPECT_TRUE(absl::IsAborted(rolled_back)) << message(rolled_back);
  EXPECT_THAT(message(rolled_back), HasSubstr("another tracker of this task has taken over"));
  ASSERT_TRUE(write_one(*second, topic, "kept").ok());
  const absl::Status committed = commit(*second, 100);
  EXPECT_TRUE(committed.ok()) << message(committed);
  KafkaReader reader = broker.reader(topic);
  reader.wait_for_count(1);
  EXPECT_THAT(values_of(reader.read_to_end()), ElementsAre("kept"));
}

TEST(KafkaSink, OneRecordLargerThanWhatMayWaitPasses) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string large_topic = broker.fresh_topic() + "-large";
  broker.create_topic(large_topic, 1, {{"max.message.bytes", "60000000"}});
  task::Task task = task_on(broker.bootstrap(), large_topic);
  task.spec.sink.kafka->compression = "lz4";
  const auto sink = open_sink(task);
  record::RecordBatch batch;
  add(batch, large_topic, "k", std::string(40'000'000, 'x'));
  add(batch, large_topic, "k", "after");
  ASSERT_TRUE(sink->write(batch, {}).ok());
  const absl::Status flushed = sink->flush(kFlush);
  EXPECT_TRUE(flushed.ok()) << flushed;
}

TEST(KafkaSink, ARecordTooLargeForTheTopicIsExplained) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic() + "-small";
  broker.create_topic(topic, 1, {{"max.message.bytes", "50000"}});
  task::Task task = task_on(broker.bootstrap(), topic);
  task.spec.sink.kafka->compression = "none";
  const auto sink = open_sink(task);

  // Small ones must not be refused because they travel together.
  record::RecordBatch batch;
  for (int i = 0; i < 2'000; ++i) add(batch, topic, std::to_string(i), std::string(1'000, 'x'));
  ASSERT_TRUE(sink->write(batch, {}).ok());
  sink->end_transaction(at(1), 0);
  ASSERT_TRUE(sink->flush(kFlush).ok()) << sink->error();

  batch.clear();
  add(batch, topic, "k", std::string(60'000, 'x'));
  ASSERT_TRUE(sink->write(batch, {}).ok());
  sink->end_transaction(at(2), 0);
  const absl::Status failed = sink->flush(kFlush);
  EXPECT_TRUE(absl::IsResourceExhausted(failed)) << failed;
  EXPECT_THAT(
      message(failed),
      AllOf(HasSubstr("a record of table shop.orders with key k has 60001 bytes, more than topic " + topic),
            HasSubstr("max.message.bytes (50000 bytes)"),
            HasSubstr("--entity-name " + topic + " --add-config max.message.bytes=125537")));
  EXPECT_EQ(sink->durable(), at(1));
  EXPECT_EQ(sink->error(), failed);
  EXPECT_EQ(sink->write(batch, {}), failed);
}

TEST(KafkaSink, MakesMissingTopicsAsTheTaskSays) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic() + "-made";
  task::Task task = task_on(broker.bootstrap(), topic);
  task.spec.sink.kafka->topic.partitions = 3;
  EXPECT_EQ(broker.partitions(topic), 0);
  { const auto sink = open_sink(task); }
  EXPECT_EQ(broker.partitions(topic), 3);
  // One that is there stays as it is.
  task.spec.sink.kafka->topic.partitions = 5;
  { const auto sink = open_sink(task); }
  EXPECT_EQ(broker.partitions(topic), 3);
}

TEST(KafkaSink, AMissingTopicThatMayNotBeMadeIsAnError) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic() + "-missing";
  task::Task task = task_on(broker.bootstrap(), topic);
  task.spec.sink.kafka->topic.create = false;
  const absl::Status opened =
      sink::make_kafka_sink(task, task::SecretReader(""), record::TimestampUnit::Milliseconds)->open();
  EXPECT_THAT(
      message(opened),
      AllOf(HasSubstr("topic " + topic + " does not exist"), HasSubstr("topic.create is false"),
            HasSubstr("--create --topic " + topic + " --partitions 1 --config retention.ms=86400000")));
  EXPECT_EQ(broker.partitions(topic), 0);
}

TEST(KafkaSink, TablesTopicsAreMadeWhenTheyAreMet) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string prefix = broker.fresh_topic();
  const auto sink = open_sink(task_on(broker.bootstrap(), prefix + ".{database}.{table}"));
  broker.create_topic(prefix + ".shop.small", 1, {{"max.message.bytes", "20000"}});
  EXPECT_TRUE(sink->topics(0).empty());
  record::RecordBatch batch;
  for (int i = 0; i < 300; ++i) {
    add(batch, i % 2 == 0 ? prefix + ".shop.orders" : prefix + ".shop.small", "k",
        std::to_string(i) + std::string(900, ' '));
    ASSERT_TRUE(sink->write(batch, {}).ok());
    batch.clear();
  }
  const absl::Status flushed = sink->flush(kFlush);
  ASSERT_TRUE(flushed.ok()) << flushed;
  EXPECT_THAT(sink->topics(0), ElementsAre(prefix + ".shop.orders", prefix + ".shop.small"));
  for (const char* table : {".shop.orders", ".shop.small"}) {
    KafkaReader reader = broker.reader(prefix + table);
    EXPECT_EQ(reader.read_to_end().size(), 150U) << table;
  }
}

class Secured : public testing::Test {
 protected:
  static KafkaBroker& broker() {
    static KafkaBroker secured({.options = plain_logins({{"rowtide", "right-password"}})});
    return secured;
  }
  task::Task task(const std::string& password) {
    const auto folder = secrets_.path() / "kafka-user";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "username") << "rowtide";
    std::ofstream(folder / "password") << password;
    task::Task task = task_on(broker().bootstrap(), "changes");
    task::KafkaSecurity& security = task.spec.sink.kafka->security;
    security.protocol = task::SecurityProtocol::SaslPlaintext;
    security.mechanism = "PLAIN";
    security.credentials_secret_ref = {.name = "kafka-user"};
    return task;
  }
  TempDir secrets_;
};

TEST_F(Secured, WritesWithALoginFromSecrets) {
  const task::SecretReader secrets(secrets_.path());
  const auto sink = open_sink(task("right-password"), secrets);
  record::RecordBatch batch;
  add(batch, "changes", "k", "v");
  ASSERT_TRUE(sink->write(batch, {}).ok());
  ASSERT_TRUE(sink->flush(kFlush).ok());
  EXPECT_THAT(values_of(broker().reader("changes").read_to_end()), ElementsAre("v"));
}

TEST_F(Secured, AWrongPasswordIsToldFromOtherFaultsAndNotShown) {
  const task::Task wrong = task("wrong-password");
  const auto facts =
      sink::probe_kafka(*wrong.spec.sink.kafka, task::SecretReader(secrets_.path()), milliseconds{10'000});
  EXPECT_EQ(reason_of(facts.status()), "AuthenticationFailed");
  EXPECT_THAT(message(facts.status()),
              AllOf(HasSubstr("refuses the login"), HasSubstr("credentialsSecretRef")));
  EXPECT_THAT(message(facts.status()), testing::Not(HasSubstr("wrong-password")));
  const absl::Status opened =
      sink::make_kafka_sink(wrong, task::SecretReader(secrets_.path()), record::TimestampUnit::Milliseconds)
          ->open();
  EXPECT_TRUE(absl::IsUnauthenticated(opened)) << opened;
}

TEST_F(Secured, AMissingSecretIsNamed) {
  const task::Task without = task("right-password");
  std::filesystem::remove(secrets_.path() / "kafka-user" / "password");
  const auto facts =
      sink::probe_kafka(*without.spec.sink.kafka, task::SecretReader(secrets_.path()), milliseconds{1'000});
  EXPECT_EQ(reason_of(facts.status()), "SecretMissing");
  EXPECT_THAT(message(facts.status()), HasSubstr("Secret kafka-user has no key password"));
}

absl::StatusOr<sink::BrokerInfo> probe(const std::string& bootstrap, milliseconds timeout,
                                       task::SecurityProtocol protocol = task::SecurityProtocol::Plaintext) {
  task::KafkaSink kafka;
  kafka.bootstrap_servers = {bootstrap};
  kafka.security.protocol = protocol;
  return sink::probe_kafka(kafka, task::SecretReader(""), timeout);
}

TEST(KafkaProbe, TellsBrokersAndTopics) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic(2);
  const auto facts = probe(broker.bootstrap(), milliseconds{10'000});
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->brokers, 1);
  EXPECT_EQ(facts->topics.at(topic), 2);
  EXPECT_FALSE(facts->topics.contains("no-such-topic"));
  EXPECT_EQ(broker.partitions("no-such-topic"), 0) << "asking must not create it";
}

TEST(KafkaProbe, TellsOneFaultFromAnother) {
  const auto unknown = probe("no-such-host.invalid:9092", milliseconds{5'000});
  EXPECT_EQ(reason_of(unknown.status()), "UnknownHost") << unknown.status();
  EXPECT_THAT(message(unknown.status()), HasSubstr("no-such-host.invalid:9092"));

  const auto refused = probe("127.0.0.1:" + std::to_string(free_port()), milliseconds{1'500});
  EXPECT_EQ(reason_of(refused.status()), "ConnectionRefused") << refused.status();

  const auto tls = probe(KafkaBroker::shared().bootstrap(), milliseconds{5'000}, task::SecurityProtocol::Ssl);
  EXPECT_EQ(reason_of(tls.status()), "TlsFailed") << tls.status();
  EXPECT_THAT(message(tls.status()), HasSubstr("spec.sink.kafka.security.protocol"));

  KafkaBroker silent;
  silent.suspend();
  const auto timeout = probe(silent.bootstrap(), milliseconds{1'500});
  silent.resume();
  EXPECT_EQ(reason_of(timeout.status()), "Timeout") << timeout.status();
  EXPECT_THAT(message(timeout.status()), HasSubstr("did not answer within 1500 ms"));
}

task::Task checkpoint_task(const std::string& name) {
  task::Task task = task_on(KafkaBroker::shared().bootstrap(), "unused");
  task.name = name;
  return task;
}

std::unique_ptr<checkpoint::CheckpointStore> store_of(const task::Task& task) {
  return checkpoint::make_kafka_checkpoint_store(task, task::SecretReader(""));
}

TEST(KafkaCheckpointStore, KeepsTheNewestOfEachTask) {
  const task::Task orders = checkpoint_task("orders-a");
  const task::Task lines = checkpoint_task("lines-a");
  const auto none = store_of(orders)->load();
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_FALSE(none->has_value());

  const auto writer = store_of(orders);
  for (std::uint64_t offset : {10U, 20U, 30U}) {
    const absl::Status saved = writer->save({at(offset), 7});
    ASSERT_TRUE(saved.ok()) << saved;
    if (offset == 20) {
      ASSERT_TRUE(store_of(lines)->save({at(99), 8}).ok());
    }
  }
  const auto loaded = store_of(orders)->load();
  ASSERT_TRUE(loaded.ok() && loaded->has_value()) << loaded.status();
  EXPECT_EQ((*loaded)->position, at(30));
  EXPECT_EQ((*loaded)->saved_at_ms, 7);
  EXPECT_EQ((*store_of(lines)->load())->position, at(99));
  EXPECT_EQ(KafkaBroker::shared().partitions(std::string(checkpoint::kCheckpointTopic)), 1);
}

TEST(KafkaCheckpointStore, WaitsForAnothersOpenTransactionThatHidesTheNewest) {
  const task::Task orders = checkpoint_task("orders-hidden");
  const auto writer = store_of(orders);
  ASSERT_TRUE(writer->save({at(10), 7}).ok());
  absl::StatusOr<sink::KafkaConf> conf =
      sink::make_kafka_conf(*orders.spec.sink.kafka, task::SecretReader(""), "another");
  ASSERT_TRUE(conf.ok());
  ASSERT_TRUE(sink::KafkaTransaction::configure(**conf, "another-tasks").ok());
  const auto another = sink::make_kafka_producer(*std::move(conf));
  ASSERT_TRUE(another.ok());
  sink::KafkaTransaction transaction(**another, "another-tasks");
  ASSERT_TRUE(transaction.take_over(kFlush).ok());
  ASSERT_TRUE(transaction.begin().ok());
  const std::string topic(checkpoint::kCheckpointTopic);
  const auto refused =
      sink::produce(**another, {.topic_name = topic.c_str(), .key = "default/another", .value = "{}"});
  ASSERT_FALSE(refused.has_value()) << refused->reason;
  ASSERT_EQ(rd_kafka_flush(another->get(), static_cast<int>(kFlush.count())), 0);
  ASSERT_TRUE(writer->save({at(20), 8}).ok());

  absl::StatusOr<std::optional<checkpoint::Checkpoint>> loaded;
  std::atomic<bool> is_loaded = false;
  std::jthread loader([&] {
    loaded = store_of(orders)->load();
    is_loaded = true;
  });
  EXPECT_FALSE(eventually([&] { return is_loaded.load(); }, milliseconds{1500})) << "with an old one";
  const auto of_new = store_of(checkpoint_task("hidden-from"))->load();
  EXPECT_TRUE(of_new.ok() && !of_new->has_value()) << "nothing of it is hidden: " << of_new.status();
  ASSERT_TRUE(transaction.commit({}).ok());
  loader.join();
  ASSERT_TRUE(loaded.ok() && loaded->has_value()) << loaded.status();
  EXPECT_EQ((*loaded)->position, at(20));
}

constexpr const char* kHelperBootstrap = "ROWTIDE_TEST_CHECKPOINT_BOOTSTRAP";

/// Not a test by itself: what the next one runs as a process of its own, and kills.
TEST(KafkaCheckpointStoreProcess, DISABLED_SavesUntilItIsKilled) {
  const char* bootstrap = std::getenv(kHelperBootstrap);
  ASSERT_NE(bootstrap, nullptr);
  task::Task task = task_on(bootstrap, "unused");
  task.name = "killed";
  const auto store = store_of(task);
  for (std::uint64_t offset = 1;; ++offset) {
    ASSERT_TRUE(store->save({at(offset), 1}).ok());
    const std::string line = "saved " + std::to_string(offset) + "\n";
    ASSERT_GT(::write(STDOUT_FILENO, line.data(), line.size()), 0);
  }
}

std::uint64_t last_saved(const std::string& output) {
  const std::size_t end = output.rfind('\n');
  const std::size_t begin = output.rfind("saved ", end);
  return begin == std::string::npos ? 0 : std::stoull(output.substr(begin + 6));
}

TEST(KafkaCheckpointStore, WhatWasSavedSurvivesTheProcess) {
  Process child(
      {{"/proc/self/exe", "--gtest_also_run_disabled_tests", "--gtest_filter=KafkaCheckpointStoreProcess.*"},
       {{kHelperBootstrap, KafkaBroker::shared().bootstrap()}},
       {}});
  wait_until("some checkpoints are saved", [&] { return last_saved(child.out()) >= 20; });
  child.stop(SIGKILL, kDeadline);
  const std::uint64_t saved = last_saved(child.out());
  const auto loaded = store_of(checkpoint_task("killed"))->load();
  ASSERT_TRUE(loaded.ok() && loaded->has_value()) << loaded.status();
  EXPECT_GE((*loaded)->position.offset, saved);
  EXPECT_LE((*loaded)->position.offset, saved + 1) << "one more may have been on its way";
}

TEST(KafkaCheckpointStore, DamageIsAnErrorUntilItIsDeleted) {
  const task::Task task = checkpoint_task("damaged");
  ASSERT_TRUE(store_of(task)->save({at(10), 7}).ok());
  const std::string topic(checkpoint::kCheckpointTopic);
  KafkaBroker::shared().produce(topic, task.identity(), "{\"position\":");
  const auto loaded = store_of(task)->load();
  EXPECT_TRUE(absl::IsDataLoss(loaded.status())) << loaded.status();
  EXPECT_THAT(
      message(loaded.status()),
      AllOf(
          HasSubstr("the checkpoint of default/damaged in topic __rowtide_checkpoints (partition 0, offset"),
          HasSubstr("printf 'default/damaged|' | kcat -P -b")));

  // The repair, exactly as the message has it.
  const std::string text = message(loaded.status());
  const std::string command = text.substr(text.find("printf "));
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  const auto repaired = store_of(task)->load();
  ASSERT_TRUE(repaired.ok()) << repaired.status();
  EXPECT_FALSE(repaired->has_value());
}

TEST(KafkaCheckpointStore, SavesAgainWhenTheBrokerIsBack) {
  KafkaBroker broker;
  const auto store = store_of(task_on(broker.bootstrap(), "unused"));
  ASSERT_TRUE(store->save({at(10), 7}).ok());
  broker.stop();
  const absl::Status away = store->save({at(20), 7});
  EXPECT_TRUE(absl::IsUnavailable(away)) << away;
  EXPECT_THAT(message(away), HasSubstr("check that the brokers at " + broker.bootstrap() + " run"));
  broker.start();
  const absl::Status back = store->save({at(30), 7});
  ASSERT_TRUE(back.ok()) << back;
  EXPECT_EQ((*store->load())->position, at(30));
}

TEST(KafkaCheckpointStore, ATopicThatForgetsIsRefused) {
  KafkaBroker broker;
  broker.create_topic(std::string(checkpoint::kCheckpointTopic), 1, {{"cleanup.policy", "delete"}});
  const auto loaded = store_of(task_on(broker.bootstrap(), "unused"))->load();
  EXPECT_THAT(message(loaded.status()),
              AllOf(HasSubstr("cleanup.policy=delete, so that checkpoints would be deleted"),
                    HasSubstr("--add-config cleanup.policy=compact")));
}

}  // namespace
}  // namespace rowtide::test
