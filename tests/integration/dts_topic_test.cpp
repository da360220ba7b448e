// What dts-avro needs of its topic: one partition, timestamps in seconds that Kafka's retention leaves alone,
// and Rowtide's own retention instead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(DtsTopic, MessagesCarrySecondsAndOutliveKafkasRetention) {
  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  const std::string database = server.fresh_database();
  json task = kafka_task(server, database, KafkaBroker::shared().bootstrap());
  task["spec"]["sink"]["kafka"]["format"] = "dts-avro";
  task["spec"]["sink"]["kafka"]["delivery"] = "AtLeastOnce";
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

TEST(DtsTopic, WhatIsOlderThanTheRetentionIsDeleted) {
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
  record::RecordBatch batch;
  for (const std::int64_t seconds : {1'700'000'000, 1'700'000'100, 1'700'000'200}) {
    batch.begin_record(topic, "shop.orders", seconds);
    batch.buffer() += "record";
    batch.end_record();
  }
  ASSERT_TRUE(sink->write(batch, {}).ok());
  ASSERT_TRUE(sink->flush(milliseconds{10'000}).ok());

  auto conf = sink::make_kafka_conf(*task.spec.sink.kafka, task::SecretReader(""), "test");
  ASSERT_TRUE(conf.ok());
  const auto client = sink::make_kafka_producer(*std::move(conf));
  ASSERT_TRUE(client.ok());
  const auto first_left = [&](std::int64_t timestamp) {
    const auto left = sink::delete_before(**client, topic, timestamp, milliseconds{10'000});
    EXPECT_TRUE(left.ok()) << left.status();
    return left.value_or(-1);
  };
  EXPECT_EQ(first_left(1'600'000'000), 0) << "nothing is that old";
  EXPECT_EQ(first_left(1'700'000'050), 1);
  EXPECT_EQ(broker.reader(topic).read_to_end().size(), 2U);
  EXPECT_EQ(first_left(1'800'000'000), 3) << "all are older";
  EXPECT_TRUE(broker.reader(topic).read_to_end().empty());

  const auto missing = sink::delete_before(**client, "no-such-topic", 1, milliseconds{5'000});
  EXPECT_THAT(text(missing.status()), HasSubstr("no-such-topic"));
}

}  // namespace
}  // namespace rowtide::test
