// The C++ SDK against the real tracker, MariaDB and Kafka.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <rowtide/consumer.h>

#include <csignal>
#include <cstring>
#include <future>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>
#include <thread>

#include "tests/integration/sdk_fixture.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/kafka_conf.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// Asks the broker as an administrator; `ask` sends the request, whose answer comes into the queue.
template <typename Ask>
void administer(const Ask& ask) {
  char why[512];
  rd_kafka_t* const client = rd_kafka_new(
      RD_KAFKA_PRODUCER, make_kafka_conf({{"bootstrap.servers", KafkaBroker::shared().admin_bootstrap()}}),
      why, sizeof why);
  rd_kafka_queue_t* const queue = rd_kafka_queue_new(client);
  ask(client, queue);
  rd_kafka_event_t* const event = rd_kafka_queue_poll(queue, 30'000);
  EXPECT_EQ(rd_kafka_event_error(event), RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_event_error_string(event);
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  rd_kafka_destroy(client);
}

using Places =
    std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;
Places one_place(const std::string& topic, std::int32_t partition, std::int64_t offset) {
  Places places(rd_kafka_topic_partition_list_new(1), rd_kafka_topic_partition_list_destroy);
  rd_kafka_topic_partition_list_add(places.get(), topic.c_str(), partition)->offset = offset;
  return places;
}

void grow_topic(const std::string& topic, std::size_t partitions) {
  administer([&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
    char why[512];
    rd_kafka_NewPartitions_t* growth = rd_kafka_NewPartitions_new(topic.c_str(), partitions, why, sizeof why);
    rd_kafka_CreatePartitions(client, &growth, 1, nullptr, queue);
    rd_kafka_NewPartitions_destroy(growth);
  });
  wait_until("the partitions are there",
             [&] { return KafkaBroker::shared().partitions(topic) == static_cast<int>(partitions); });
}

void delete_checkpoint(const std::string& group, const std::string& topic, std::int32_t partition) {
  administer([&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
    rd_kafka_DeleteConsumerGroupOffsets_t* deletion = rd_kafka_DeleteConsumerGroupOffsets_new(
        group.c_str(), one_place(topic, partition, RD_KAFKA_OFFSET_INVALID).get());
    rd_kafka_DeleteConsumerGroupOffsets(client, &deletion, 1, nullptr, queue);
    rd_kafka_DeleteConsumerGroupOffsets_destroy(deletion);
  });
}

/// Sets a checkpoint as another program does.
void commit_elsewhere(const KafkaBroker& broker, const std::string& group, const std::string& topic,
                      std::int32_t partition, std::int64_t offset, const char* note = nullptr) {
  char why[512];
  rd_kafka_t* const client =
      rd_kafka_new(RD_KAFKA_CONSUMER,
                   make_kafka_conf({{"bootstrap.servers", broker.admin_bootstrap()}, {"group.id", group}}),
                   why, sizeof why);
  const Places places = one_place(topic, partition, offset);
  if (note != nullptr) {
    places->elems[0].metadata = ::strdup(note);  // the list frees it
    places->elems[0].metadata_size = std::strlen(note);
  }
  EXPECT_EQ(rd_kafka_commit(client, places.get(), 0), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_destroy(client);
}

class SdkFormats : public testing::TestWithParam<const char*> {};

TEST_P(SdkFormats, ChangesOfTheRealTracker) {
  MysqlServer& server = tracked_server(SqlFlavor::Mariadb);
  const std::string database = server.fresh_database();
  json task = kafka_task(server, database, KafkaBroker::shared().bootstrap());
  task["spec"]["sink"]["kafka"]["format"] = GetParam();
  if (GetParam() == std::string("dts-avro")) task["spec"]["sink"]["kafka"]["delivery"] = "AtLeastOnce";
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient sql = server.connect(database);
  sql.exec("CREATE TABLE t (id INT PRIMARY KEY, price DECIMAL(10,2), note VARCHAR(20))");
  sql.exec("INSERT INTO t VALUES (7, 12.50, 'new')");
  sql.exec("UPDATE t SET note = NULL WHERE id = 7");
  sql.exec("ALTER TABLE t ADD COLUMN more INT");
  sql.exec("DELETE FROM t WHERE id = 7");

  Consumer consumer(options_for(topic_of(task), topic_of(task)));
  const std::vector<Change> changes = take(consumer, 5);
  std::vector<Operation> operations;
  for (const Change& change : changes) {
    operations.push_back(change.operation);
    EXPECT_EQ(change.database, database);
    EXPECT_EQ(change.table, "t");
    EXPECT_EQ(name_of(change.format), GetParam());
    EXPECT_EQ(change.topic, topic_of(task));
    EXPECT_NE(change.position.gtid, "");
    if (change.operation != Operation::SchemaChange) EXPECT_EQ(change.key.at("id").as_int64(), 7);
  }
  EXPECT_THAT(operations, ElementsAre(Operation::SchemaChange, Operation::Insert, Operation::Update,
                                      Operation::SchemaChange, Operation::Delete));
  EXPECT_THAT(changes[0].ddl, HasSubstr("CREATE TABLE t"));
  EXPECT_EQ(changes[1].after.at("price").text(), "12.50");
  EXPECT_EQ(changes[2].before.at("note").text(), "new");
  EXPECT_TRUE(changes[2].after.at("note").is_null());
  EXPECT_TRUE(changes[4].before.at("more").is_null());
  consumer.acknowledge(changes);
  consumer.close();

  Consumer again(options_for(topic_of(task), topic_of(task)));
  expect_nothing_more(again);
  sql.exec("INSERT INTO t VALUES (8, 1, 'x', 5)");
  EXPECT_THAT(ids(take(again, 1)), ElementsAre(8));
  EXPECT_EQ(tracker.stop(SIGTERM).code, 0);
}

INSTANTIATE_TEST_SUITE_P(Formats, SdkFormats, testing::Values("debezium-json", "canal-json", "dts-avro"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(SdkConsumer, ARestartBeginsAtTheFirstThatIsNotAcknowledged) {
  const std::string topic = topic_with(6);
  {
    Consumer consumer(options_for(topic, topic));
    const std::vector<Change> changes = take(consumer, 5);
    for (const std::size_t i : {0U, 1U, 3U}) consumer.acknowledge(changes[i]);
    consumer.close();
    EXPECT_THROW(static_cast<void>(consumer.poll(0ms)), Error);
  }
  Consumer consumer(options_for(topic, topic));
  EXPECT_THAT(ids(take(consumer, 4)), ElementsAre(3, 4, 5, 6));
}

TEST(SdkConsumer, WithoutAnAcknowledgementEverythingComesAgain) {
  const std::string topic = topic_with(2);
  for (int round = 0; round < 2; ++round) {
    Consumer consumer(options_for(topic, topic));
    EXPECT_THAT(ids(take(consumer, 2)), ElementsAre(1, 2));
  }
}

TEST(SdkConsumer, LatestIsWhereTheGroupFirstCameAlsoAfterARestart) {
  const std::string topic = topic_with(2);
  Options options = options_for(topic, topic);
  options.start = Start::latest();
  {
    Consumer consumer(options);
    wait_until("the place where it began is saved", [&] {
      EXPECT_FALSE(consumer.poll(100ms).has_value());
      return KafkaBroker::shared().committed_metadata(topic, topic).has_value();
    });
    consumer.commit();
  }
  KafkaBroker::shared().produce(topic, std::nullopt, insert_of(3));
  Consumer consumer(options);
  EXPECT_THAT(ids(take(consumer, 1)), ElementsAre(3));
}

TEST(SdkConsumer, APartitionThatIsAddedLaterBeginsAtItsFirstRecord) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic(2);
  broker.produce(topic, std::nullopt, insert_of(1), 1);
  Options options = options_for(topic, topic);
  options.start = Start::latest();
  const TempDir folder;
  Options with_file = options_for(topic, topic + "-file");
  with_file.start = Start::latest();
  with_file.checkpoint_store = file_checkpoint_store(folder.path() / "checkpoint");
  for (const Options& each : {options, with_file}) {
    Consumer consumer(each);
    wait_until("the place where it began is saved", [&] {
      EXPECT_FALSE(consumer.poll(100ms).has_value());
      return each.checkpoint_store ? each.checkpoint_store->load(topic, 0).has_value()
                                   : broker.committed_metadata(topic, topic) == "partitions=2";
    });
    consumer.close();
  }
  // Partition 1 was there, so that it has no checkpoint only where another member has just begun.
  delete_checkpoint(topic, topic, 1);
  grow_topic(topic, 3);
  broker.produce(topic, std::nullopt, insert_of(2), 2);
  for (const Options& each : {options, with_file}) {
    SCOPED_TRACE(each.group_id);
    Consumer consumer(each);
    std::vector<std::int64_t> seen;
    for (int i = 0; i < 50 && seen.empty(); ++i) seen = ids(consumer.poll_batch(9, 200ms));
    EXPECT_THAT(seen, ElementsAre(2));
    expect_nothing_more(consumer);
  }
}

TEST(SdkConsumer, BeginsAtAnOffsetAndAtATime) {
  const std::string topic = topic_with(3);
  KafkaReader reader = KafkaBroker::shared().reader(topic);
  const auto records = reader.read_to_end();
  Options options = options_for(topic, topic + "-offset");
  options.start = Start::at_offset(2);
  Consumer at_offset(options);
  EXPECT_THAT(ids(take(at_offset, 1)), ElementsAre(3));

  options.group_id = topic + "-time";
  options.start = Start::at_time(std::chrono::sys_time<std::chrono::milliseconds>(
      std::chrono::milliseconds(records.at(2).timestamp_ms)));
  Consumer at_time(options);
  EXPECT_EQ(ids(take(at_time, 1)).back(), records[1].timestamp_ms == records[2].timestamp_ms ? 2 : 3);

  options.group_id = topic + "-outside";
  options.start = Start::at_offset(99);
  Consumer outside(options);
  try {
    for (int i = 0; i < 100; ++i) static_cast<void>(outside.poll(500ms));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::PositionLost) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("0 to 3"));
  }
}

/// The tracker takes its own note for the word that nobody has committed since its move.
TEST(SdkConsumer, WhatAnotherNotedBesideACheckpointIsNotSaidAgain) {
  const std::string topic = topic_with(3);
  KafkaBroker& broker = KafkaBroker::shared();
  commit_elsewhere(broker, topic, topic, 0, 1, "rowtide move 3");
  Consumer consumer(options_for(topic, topic));
  const std::vector<Change> changes = take(consumer, 1);
  EXPECT_THAT(ids(changes), ElementsAre(2));
  consumer.acknowledge(changes);
  consumer.close();
  EXPECT_EQ(broker.committed_metadata(topic, topic), "");
}

TEST(SdkConsumer, RecordsThatAreDeletedBeforeTheyAreReadAreAnErrorThatSaysWhere) {
  const std::string topic = topic_with(3);
  Options options = options_for(topic, topic);
  options.max_buffered_records = 1;
  Consumer consumer(options);
  const std::vector<Change> changes = take(consumer, 1);
  wait_until("it is paused", [&] { return !consumer.poll(10ms) && consumer.statistics().pauses > 0; });
  KafkaBroker::shared().delete_records(topic, 3);
  consumer.acknowledge(changes);
  const Error error = error_of(consumer);
  EXPECT_EQ(error.code(), ErrorCode::PositionLost) << error.what();
  EXPECT_THAT(error.what(), HasSubstr(topic + " [0]: Kafka: "));
  EXPECT_THAT(error.what(), HasSubstr("the next record to read was at offset 1"));
  EXPECT_THAT(error.what(), HasSubstr("Take the data anew"));
}

TEST(SdkConsumer, DeletedRecordsAreAnErrorAndNotASilentLoss) {
  const std::string topic = topic_with(3);
  Options options = options_for(topic, topic);
  {
    Consumer consumer(options);
    const std::vector<Change> changes = take(consumer, 1);
    consumer.acknowledge(changes);
    consumer.close();
  }
  KafkaBroker::shared().delete_records(topic, 2);
  Consumer consumer(options);
  const Error error = error_of(consumer);
  EXPECT_EQ(error.code(), ErrorCode::PositionLost) << error.what();

  options.group_id += "-time";
  options.start = Start::at_time(std::chrono::sys_time<std::chrono::milliseconds>(1s));
  Consumer by_time(options);
  EXPECT_EQ(error_of(by_time).code(), ErrorCode::TimeOutsideDataRange);

  KafkaBroker::shared().delete_records(topic, 3);
  options.group_id += "-emptied";
  Consumer emptied(options);
  const Error nothing_left = error_of(emptied);
  EXPECT_EQ(nothing_left.code(), ErrorCode::TimeOutsideDataRange);
  EXPECT_THAT(nothing_left.what(), HasSubstr("holds no records any more"));
}

TEST(SdkConsumer, WhatCannotBeDecodedStopsOrIsCounted) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = topic_with(1);
  broker.produce(topic, std::nullopt, "no change at all");
  broker.produce(topic, std::string("{}"), std::nullopt);  // a tombstone
  broker.produce(topic, std::nullopt, insert_of(2));
  Options options = options_for(topic, topic);
  {
    Consumer consumer(options);
    const std::vector<Change> changes = take(consumer, 1);
    consumer.acknowledge(changes);
    for (int i = 0; i < 2; ++i) {
      const Error error = error_of(consumer);
      EXPECT_EQ(error.code(), ErrorCode::Undecodable);
      EXPECT_EQ(error.topic(), topic);
      EXPECT_EQ(error.partition(), 0);
      EXPECT_EQ(error.offset(), 1);
    }
    consumer.close();
  }
  Consumer stopped(options);
  EXPECT_EQ(error_of(stopped).offset(), 1) << "the checkpoint stayed before it";
  stopped.close();
  options.on_undecodable = OnUndecodable::Skip;
  Consumer consumer(options);
  EXPECT_THAT(ids(take(consumer, 1)), ElementsAre(2));
  EXPECT_EQ(consumer.statistics().skipped, 1U);
  EXPECT_EQ(consumer.statistics().markers, 1U);
}

TEST(SdkConsumer, WhatIsFilteredMovesTheCheckpoint) {
  const std::string topic = topic_with(3);
  Options options = options_for(topic, topic);
  options.filter.tables = {"shop.other"};
  {
    Consumer consumer(options);
    wait_until("three filtered", [&] {
      EXPECT_FALSE(consumer.poll(100ms));
      return consumer.statistics().filtered == 3;
    });
    consumer.close();
  }
  options.filter = {};
  Consumer consumer(options);
  expect_nothing_more(consumer);
}

TEST(SdkConsumer, APauseDoesNotOutliveTheTurnAtAPartition) {
  const std::string topic = topic_with(6);
  Options options = options_for(topic, topic);
  options.max_buffered_records = 2;
  Consumer consumer(options);
  const std::vector<Change> full = take(consumer, 2);
  expect_nothing_more(consumer);
  EXPECT_EQ(consumer.statistics().pauses, 1U);
  std::vector<std::int64_t> seen;
  const auto take_more = [&] {
    for (const Change& change : consumer.poll_batch(2, 50ms)) {
      seen.push_back(change.after.at("id").as_int64().value());
      consumer.acknowledge(change);
    }
  };
  {
    std::optional<Consumer> other;
    other.emplace(options_for(topic, topic));
    // Both take part in the group's new division, which ends the turn that the first has.
    wait_until("the first has lost its turn", [&] {
      take_more();
      return other->poll(50ms).has_value() || consumer.statistics().unacknowledged < 2;
    });
    other->close();
  }
  consumer.acknowledge(full);  // of the turn before: nothing happens
  wait_until("everything that is not acknowledged came again", [&] {
    take_more();
    return !seen.empty() && seen.back() == 6;
  });
  for (std::int64_t id = 1; id <= 6; ++id) EXPECT_THAT(seen, testing::Contains(id));
}

TEST(SdkConsumer, PausesAtTheBoundAndGoesOnWithoutLossOrRepeat) {
  const std::string topic = topic_with(10);
  Options options = options_for(topic, topic);
  options.max_buffered_records = 4;
  Consumer consumer(options);
  std::vector<std::int64_t> seen;
  std::vector<Change> batch = take(consumer, 4);
  expect_nothing_more(consumer);
  while (seen.size() < 10) {
    for (const std::int64_t id : ids(batch)) seen.push_back(id);
    consumer.acknowledge(batch);
    if (seen.size() < 10) batch = take(consumer, std::min<std::size_t>(4, 10 - seen.size()));
  }
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_GE(consumer.statistics().pauses, 1U);
}

TEST(SdkConsumer, AFileKeepsTheCheckpoint) {
  const std::string topic = topic_with(3);
  const TempDir folder;
  Options options = options_for(topic, topic);
  for (const int id : {1, 2, 3}) {
    options.checkpoint_store = file_checkpoint_store(folder.path() / "checkpoint");
    Consumer consumer(options);
    const std::vector<Change> changes = take(consumer, 1);
    EXPECT_THAT(ids(changes), ElementsAre(id));
    consumer.acknowledge(changes);
    consumer.close();
  }
  EXPECT_EQ(KafkaBroker::shared().committed_metadata(topic, topic), std::nullopt);
}

/// Keeps the offset where the application keeps its data.
class OwnStore final : public CheckpointStore {
 public:
  std::optional<std::int64_t> load(const std::string& /*topic*/, std::int32_t /*partition*/) override {
    if (throws_a_number) throw 7;
    return next;
  }
  void save(std::span<const PartitionOffset> /*offsets*/) override {
    if (fails) throw std::runtime_error("the disk is full");
    if (throws_a_number) throw 7;
  }
  std::optional<std::int64_t> next;
  bool throws_a_number = false;
  bool fails = false;
};

TEST(SdkConsumer, AnApplicationsOwnStoreIsAskedAndItsFailureSaid) {
  const std::string topic = topic_with(3);
  const auto store = std::make_shared<OwnStore>();
  store->next = 2;
  Options options = options_for(topic, topic);
  options.checkpoint_store = store;
  Consumer consumer(options);
  const std::vector<Change> changes = take(consumer, 1);
  EXPECT_THAT(ids(changes), ElementsAre(3));
  consumer.acknowledge(changes);
  store->fails = true;
  try {
    consumer.commit();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Checkpoint);
    EXPECT_THAT(error.what(), HasSubstr("the disk is full"));
  }
}

TEST(SdkConsumer, WhateverAStoreThrowsEndsNeitherLibrdkafkaNorADestructor) {
  const std::string topic = topic_with(3);
  const auto store = std::make_shared<OwnStore>();
  Options options = options_for(topic, topic);
  options.checkpoint_store = store;
  {
    Consumer consumer(options);
    consumer.acknowledge(take(consumer, 1));
    store->throws_a_number = true;
    try {
      consumer.commit();
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Checkpoint);
    }
  }  // saves again, in the destructor and when the partition is taken away
  Consumer at_load(options);
  const Error error = error_of(at_load);
  EXPECT_EQ(error.code(), ErrorCode::Checkpoint);
  EXPECT_THAT(error.what(), HasSubstr("load()"));
  store->throws_a_number = false;
  at_load.close();
}

TEST(SdkConsumer, APartitionThatChangesHandsGivesEachChangeOnceAndInOrder) {
  KafkaBroker& broker = KafkaBroker::shared();
  constexpr std::int64_t kKeys = 4;
  const std::string topic = broker.fresh_topic(2);
  std::int64_t produced = 0;  // of each key
  const auto produce = [&] {
    ++produced;
    for (std::int64_t key = 0; key < kKeys; ++key)
      broker.produce(topic, std::nullopt, insert_of(static_cast<int>(produced * kKeys + key)),
                     static_cast<int>(key % 2));
  };
  std::map<std::int64_t, std::vector<std::int64_t>> seen;  // by key, in the order in which they came
  const auto poll = [&](Consumer& consumer) {
    const std::optional<Change> change = consumer.poll(50ms);
    if (!change) return false;
    const std::int64_t id = change->after.at("id").as_int64().value();
    seen[id % kKeys].push_back(id / kKeys);
    consumer.acknowledge(*change);
    return true;
  };
  Consumer first(options_for(topic, topic));
  for (int i = 0; i < 3; ++i) produce();
  wait_until("a change", [&] { return poll(first); });
  {
    Consumer second(options_for(topic, topic));
    bool by_second = false;
    wait_until("a change at the second", [&] {
      produce();
      for (int i = 0; i < 4; ++i) {
        static_cast<void>(poll(first));
        by_second = poll(second) || by_second;
      }
      return by_second;
    });
    produce();
    second.close();
  }
  produce();
  std::vector<std::int64_t> expected(static_cast<std::size_t>(produced));
  std::iota(expected.begin(), expected.end(), 1);
  const auto count = [&] {
    std::size_t sum = 0;
    for (const auto& [key, numbers] : seen) sum += numbers.size();
    return sum;
  };
  wait_until("all changes", [&] {
    static_cast<void>(poll(first));
    return count() >= expected.size() * kKeys;
  });
  expect_nothing_more(first);
  for (std::int64_t key = 0; key < kKeys; ++key) EXPECT_EQ(seen[key], expected) << "key " << key;
}

/// Fails once at a change.
class CountingListener final : public Listener {
 public:
  explicit CountingListener(Consumer& consumer, std::int64_t stop_at)
      : consumer_(consumer), stop_at_(stop_at) {}
  void on_change(const Change& change) override {
    const std::int64_t id = change.after.at("id").as_int64().value();
    if (id == fails_at) throw std::runtime_error("no room");
    seen.push_back(id);
    if (id == stop_at_) consumer_.stop();
  }
  std::vector<std::int64_t> seen;
  std::int64_t fails_at = 0;

 private:
  Consumer& consumer_;
  std::int64_t stop_at_;
};

TEST(SdkConsumer, AListenerGetsEachChangeUntilStopAndOneThatThrowsKeepsItsChange) {
  const std::string topic = topic_with(5);
  {
    Consumer consumer(options_for(topic, topic));
    CountingListener listener(consumer, 2);
    consumer.run(listener);
    EXPECT_THAT(listener.seen, ElementsAre(1, 2));
    listener.fails_at = 4;
    EXPECT_THROW(consumer.run(listener), std::runtime_error);
    EXPECT_THAT(listener.seen, ElementsAre(1, 2, 3));
  }
  Consumer consumer(options_for(topic, topic));
  EXPECT_THAT(ids(take(consumer, 2)), ElementsAre(4, 5));
}

TEST(SdkConsumer, StopFromAnotherThreadEndsRun) {
  const std::string topic = topic_with(0);
  Consumer consumer(options_for(topic, topic));
  CountingListener listener(consumer, 0);
  std::thread other([&] { consumer.stop(); });
  consumer.run(listener);
  other.join();
}

TEST(SdkConsumer, UnknownTopicsAndBrokersAreNamed) {
  Options options = options_for("no.such.topic", "g");
  try {
    const Consumer consumer(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::UnknownTopic) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("no.such.topic"));
  }
  options.bootstrap_servers = "127.0.0.1:1";
  options.connect_timeout = 2s;
  try {
    const Consumer consumer(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Unreachable) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:1"));
  }
}

TEST(SdkConsumer, AWrongPasswordIsSaidAtOnce) {
  ServerOptions server;
  server.options = plain_logins({{"cache", "right"}});
  KafkaBroker broker(server);
  Options options = options_for("orders", "g");
  options.bootstrap_servers = broker.bootstrap();
  options.security = {.protocol = "sasl_plaintext",
                      .mechanism = "PLAIN",
                      .username = "cache",
                      .password = "wrong",
                      .ca_file = {},
                      .certificate_file = {},
                      .key_file = {},
                      .key_password = {}};
  try {
    const Consumer consumer(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Unauthorized) << error.what();
  }
  options.security.password = "right";
  broker.create_topic("orders");
  broker.produce("orders", std::nullopt, insert_of(1));
  Consumer consumer(options);
  EXPECT_THAT(ids(take(consumer, 1)), ElementsAre(1));
}

TEST(SdkConsumer, ACheckpointThatCannotBeCommittedIsSaidOfItsPartition) {
  ServerOptions server;
  server.options = {"offset.metadata.max.bytes=1"};  // the broker refuses what the consumer notes
  KafkaBroker broker(server);
  broker.create_topic("orders", 2);
  for (int partition = 0; partition < 2; ++partition)
    broker.produce("orders", std::nullopt, insert_of(partition + 1), partition);
  commit_elsewhere(broker, "g", "orders", 0, 0);
  Options options = options_for("orders", "g");
  options.bootstrap_servers = broker.bootstrap();
  Consumer consumer(options);
  const Error error = error_of(consumer);
  EXPECT_EQ(error.code(), ErrorCode::Checkpoint) << error.what();
  EXPECT_EQ(error.partition(), 1) << error.what();
  EXPECT_THAT(error.what(), HasSubstr("orders [1]: "));
  try {
    consumer.commit();
    FAIL();
  } catch (const Error& at_once) {
    EXPECT_THAT(at_once.what(), HasSubstr("orders [1]: "));
  }
}

TEST(SdkConsumer, ATopicThatIsDeletedDoesNotKeepItFromEnding) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic();
  broker.produce(topic, std::nullopt, insert_of(1));
  std::optional<Consumer> consumer(std::in_place, options_for(topic, topic));
  consumer->acknowledge(take(*consumer, 1));
  broker.delete_topic(topic);
  try {
    for (int i = 0; i < 20; ++i) static_cast<void>(consumer->poll(100ms));
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(topic));
  }
  std::promise<void> ended;
  std::thread end([&] {
    consumer.reset();
    ended.set_value();
  });
  if (ended.get_future().wait_for(20s) != std::future_status::ready) {
    end.detach();
    FAIL() << "it hangs";
  }
  end.join();
}

TEST(SdkConsumer, SurvivesARestartOfTheBroker) {
  KafkaBroker broker;
  broker.create_topic("orders");
  broker.produce("orders", std::nullopt, insert_of(1));
  Options options = options_for("orders", "g");
  options.bootstrap_servers = broker.bootstrap();
  Consumer consumer(options);
  const std::vector<Change> before = take(consumer, 1);
  consumer.acknowledge(before);
  broker.restart();
  broker.produce("orders", std::nullopt, insert_of(2));
  EXPECT_THAT(ids(take(consumer, 1)), ElementsAre(2));
}

/// A task whose records say where they stand in their transactions, in a topic of three partitions.
class SdkTransactions : public testing::Test {
 protected:
  void SetUp() override {
    task = kafka_task(server, database, KafkaBroker::shared().bootstrap());
    task["spec"]["sink"]["kafka"]["debezium"] = {{"transactionMetadata", true}};
    task["spec"]["sink"]["kafka"]["topic"] = {{"partitions", 3}};
    tracker.emplace(task);
    tracker->start_streaming();
    sql.exec("CREATE TABLE t (id INT PRIMARY KEY, v INT)");
    sql.exec("BEGIN");
    for (int id = 1; id <= 20; ++id) sql.exec("INSERT INTO t VALUES (" + std::to_string(id) + ", 0)");
    sql.exec("COMMIT");
    sql.exec("UPDATE t SET v = id WHERE id <= 5");
    sql.exec("DELETE FROM t WHERE id > 18");
    // It is made for the first transaction.
    wait_until("the topic of the marks is there",
               [&] { return KafkaBroker::shared().partitions(topic_of(task) + ".transaction") > 0; });
  }
  [[nodiscard]] Options options() const {
    Options options = options_for(topic_of(task), topic_of(task));
    options.topics.push_back(topic_of(task) + ".transaction");
    options.transactions = true;
    return options;
  }
  static Transaction next(Consumer& consumer) {
    std::optional<Transaction> transaction;
    wait_until("a transaction", [&] {
      transaction = consumer.poll_transaction(200ms);
      return transaction.has_value();
    });
    return *std::move(transaction);
  }
  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  std::string database = server.fresh_database();
  SqlClient sql = server.connect(database);
  json task;
  std::optional<TrackerProcess> tracker;
};

TEST_F(SdkTransactions, AreWholeAndInOrderAndComeAgainUntilTheyAreAcknowledged) {
  {
    Consumer consumer(options());
    EXPECT_THROW(static_cast<void>(consumer.poll(0ms)), Error);
    const Transaction ddl = next(consumer);
    EXPECT_EQ(ddl.changes.at(0).operation, Operation::SchemaChange);
    const Transaction inserts = next(consumer);
    EXPECT_TRUE(inserts.is_complete);
    std::vector<std::int64_t> expected(20);
    std::iota(expected.begin(), expected.end(), 1);
    EXPECT_EQ(ids(inserts.changes), expected);
    const Transaction updates = next(consumer);
    EXPECT_EQ(updates.changes.size(), 5U);
    EXPECT_NE(updates.id, inserts.id);
    consumer.acknowledge(ddl);
    consumer.acknowledge(updates);  // before the one that was committed before it
    consumer.close();
  }
  Consumer consumer(options());
  const Transaction again = next(consumer);
  EXPECT_EQ(again.changes.size(), 20U) << "it was not acknowledged";
  const Transaction updates = next(consumer);
  EXPECT_EQ(updates.changes.size(), 5U);
  const Transaction deletes = next(consumer);
  EXPECT_EQ(deletes.changes.size(), 2U);
  EXPECT_TRUE(deletes.is_complete);
  for (const Transaction* each : {&again, &updates, &deletes}) consumer.acknowledge(*each);
  consumer.close();
  Consumer last(options());
  EXPECT_FALSE(last.poll_transaction(1s).has_value());
  EXPECT_EQ(tracker->stop(SIGTERM).code, 0);
}

TEST_F(SdkTransactions, ThatDoNotFitAreAnError) {
  Options small = options();
  small.max_buffered_records = 10;
  Consumer consumer(small);
  try {
    for (int i = 0; i < 100; ++i) {
      if (const auto schema_change = consumer.poll_transaction(200ms)) consumer.acknowledge(*schema_change);
    }
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::TransactionTooLarge) << error.what();
  }
}

TEST_F(SdkTransactions, NeedAllPartitionsInOneHand) {
  Consumer first(options());
  first.acknowledge(next(first));
  std::optional<Consumer> second;
  second.emplace(options());
  std::set<const Consumer*> told;
  wait_until("both members are told", [&] {
    for (Consumer* each : {&first, &*second}) {
      try {
        const bool gave = each->poll_transaction(50ms).has_value();
        EXPECT_FALSE(gave && each == &*second) << "a part gives nothing";
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("another member of group"));
        told.insert(each);
      }
    }
    return told.size() == 2;
  });
  second.reset();
  EXPECT_EQ(next(first).changes.size(), 20U);
}

TEST_F(SdkTransactions, NeedTheTopicOfTheirMarksAndNoFilter) {
  Options lacking = options();
  lacking.topics.pop_back();
  EXPECT_THROW(Consumer{lacking}, Error);
  Options filtered = options();
  filtered.filter.databases = {"shop"};
  EXPECT_THROW(Consumer{filtered}, Error);
}

}  // namespace
}  // namespace rowtide::test
