// What dts-avro needs of its topic: one partition, timestamps in seconds that Kafka's retention leaves alone,
// and Rowtide's own retention instead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "common/status/text.h"
#include "tests/integration/format_cases.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tracker/record/record_batch.h"
#include "tracker/sink/kafka_client_config.h"
#include "tracker/sink/kafka_sink.h"
#include "tracker/sink/topic_retention.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using testing::HasSubstr;

task::KafkaSink kafka_settings() {
  task::KafkaSink kafka;
  kafka.bootstrap_servers = {KafkaBroker::shared().bootstrap()};
  kafka.format = "dts-avro";
  kafka.delivery = "AtLeastOnce";
  return kafka;
}

json dts_task(const MysqlServer& server, const std::string& database) {
  json task = kafka_task(server, database, KafkaBroker::shared().bootstrap());
  task["spec"]["sink"]["kafka"]["format"] = "dts-avro";
  task["spec"]["sink"]["kafka"]["delivery"] = "AtLeastOnce";
  return task;
}

TEST(DtsTopic, MessagesCarrySecondsAndOutliveKafkasRetention) {
  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  const std::string database = server.fresh_database();
  const json task = dts_task(server, database);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient client = server.connect(database);
  client.exec("CREATE TABLE t (id INT PRIMARY KEY)");
  const std::int64_t before = std::stoll(client.value("SELECT UNIX_TIMESTAMP()"));
  client.exec("INSERT INTO t VALUES (1)");
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  const std::vector<KafkaRecord>& records = reader.wait_for_count(4);
  for (const KafkaRecord& record : records) {
    EXPECT_NEAR(static_cast<double>(record.timestamp_ms), static_cast<double>(before), 60.0);
    EXPECT_EQ(record.key, std::nullopt);
  }
}

TEST(DtsTopic, ABacklogStaysForItsRetentionAlsoOverARestart) {
  // MySQL 8 logs when it committed whatever the session says of its time.
  MysqlServer& server = tracked_server(SqlFlavor::Mariadb);
  const std::string database = server.fresh_database();
  const json task = dts_task(server, database);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient client = server.connect(database);
  const std::int64_t now = std::stoll(client.value("SELECT UNIX_TIMESTAMP()"));
  client.exec("SET timestamp = UNIX_TIMESTAMP() - 172800");  // as after two days without a tracker
  client.exec("CREATE TABLE t (id INT PRIMARY KEY)");
  client.exec("INSERT INTO t VALUES (1)");
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  for (const KafkaRecord& record : reader.wait_for_count(4)) EXPECT_LT(record.timestamp_ms, now - 86400);
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  tracker.start_streaming();  // looks for what it may delete
  client.exec("INSERT INTO t VALUES (2)");
  static_cast<void>(reader.wait_for_count(7));
  EXPECT_EQ(KafkaBroker::shared().reader(topic_of(task)).read_to_end().size(), 7U);
}

TEST(DtsTopic, ATopicThatWouldLoseMessagesIsRefused) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string expiring = broker.fresh_topic();
  const std::string wide = broker.fresh_topic(2);
  for (const auto& [topic, why] : {std::pair{expiring, "retention.ms=-1,message.timestamp.type=CreateTime"},
                                   std::pair{wide, "has 2 partitions"}}) {
    task::Task task;
    task.name = "t";
    task.spec.sink.kafka = kafka_settings();
    task.spec.sink.kafka->topic.name = topic;
    const absl::Status opened =
        sink::make_kafka_sink(task, task::SecretReader(""), record::TimestampUnit::Seconds)->open();
    EXPECT_TRUE(absl::IsFailedPrecondition(opened)) << opened;
    EXPECT_THAT(text(opened), HasSubstr(why));
    EXPECT_THAT(text(opened), HasSubstr(topic));
  }
}

TEST(DtsTopic, WhatWasWrittenLongerAgoThanTheRetentionIsDeleted) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic() + "-seconds";
  broker.create_topic(topic, 1, {{"retention.ms", "-1"}});
  task::Task task;
  task.name = "t";
  task.spec.data_types.schema_updates = false;
  task.spec.sink.kafka = kafka_settings();
  task.spec.sink.kafka->topic.name = topic;
  // Said to be milliseconds, which Kafka itself would delete, so that only this test deletes.
  task.spec.sink.kafka->format = "debezium-json";
  const auto sink = sink::make_kafka_sink(task, task::SecretReader(""), record::TimestampUnit::Milliseconds);
  ASSERT_TRUE(sink->open().ok());
  // A backlog: committed long ago, written now.
  const auto write = [&](int records) {
    record::RecordBatch batch;
    for (int each = 0; each < records; ++each) {
      batch.begin_record(topic, "shop.orders", 1'700'000'000 + each);
      batch.buffer() += "record";
      batch.end_record();
    }
    EXPECT_TRUE(sink->write(batch, {}).ok());
    EXPECT_TRUE(sink->flush(milliseconds{10'000}).ok());
  };

  auto conf = sink::make_kafka_conf(*task.spec.sink.kafka, task::SecretReader(""), "test");
  ASSERT_TRUE(conf.ok());
  const auto client = sink::make_kafka_producer(*std::move(conf));
  ASSERT_TRUE(client.ok());
  const sink::RetentionMarks::Time begin{std::chrono::hours{1000}};
  sink::RetentionMarks marks{std::chrono::hours{24}};
  const auto first_left = [&](int hour) {
    const auto left =
        sink::delete_expired(**client, topic, marks, begin + std::chrono::hours{hour}, milliseconds{10'000});
    EXPECT_TRUE(left.ok()) << left.status();
    return left.value_or(-1);
  };
  write(2);
  EXPECT_EQ(first_left(0), 0) << "just delivered";
  write(1);
  EXPECT_EQ(first_left(1), 0);
  EXPECT_EQ(first_left(24), 2);
  EXPECT_EQ(broker.reader(topic).read_to_end().size(), 1U);
  EXPECT_EQ(first_left(25), 3) << "all are older";
  EXPECT_TRUE(broker.reader(topic).read_to_end().empty());
  EXPECT_EQ(first_left(50), 3) << "nothing is left to delete";

  const auto missing = sink::delete_expired(**client, "no-such-topic", marks, begin, milliseconds{5'000});
  EXPECT_THAT(text(missing.status()), HasSubstr("no-such-topic"));
}

}  // namespace
}  // namespace rowtide::test
