// What `rowtide-tracker cleanup` deletes in Kafka, and what it leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class CleanupTest : public testing::Test {
 protected:
  void sql(const std::string& statement) { server_.connect(database_).exec(statement); }
  [[nodiscard]] bool is_there(const std::string& topic) const { return kafka_.partitions(topic) > 0; }
  /// Keys of the task that are not deleted, as who starts now would find them.
  [[nodiscard]] std::set<std::string> kept_keys(const json& task) const {
    const std::string identity = "default/" + task.at("metadata").at("name").get<std::string>();
    std::set<std::string> keys;
    KafkaReader reader = kafka_.reader("__rowtide_checkpoints");
    for (const KafkaRecord& record : reader.read_to_end()) {
      if (record.key != identity && !record.key->starts_with(identity + "#")) continue;
      record.value ? (void)keys.insert(*record.key) : (void)keys.erase(*record.key);
    }
    return keys;
  }
  /// What was committed last is seen a moment after it was answered.
  void expect_nothing_kept() {
    wait_until("nothing is kept", [&] { return kept_keys(task_).empty(); });
  }
  /// Until the CREATE TABLE and the row after it are in Kafka: where tables have topics of their own, in two
  /// topics.
  static void track_and_stop(TrackerProcess& tracker) {
    tracker.start_streaming();
    stop_after(tracker, 2);
  }
  /// That a topic is there says less: the tracker notes it with what it writes.
  static void stop_after(TrackerProcess& tracker, int records) {
    wait_until("the records are in Kafka",
               [&] { return tracker.metric("rowtide_tracker_sink_records_total") >= records; });
    EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  }
  void topic_per_table(const std::string& name) { task_["spec"]["sink"]["kafka"]["topic"]["name"] = name; }

  KafkaBroker& kafka_ = KafkaBroker::shared();
  MysqlServer& server_ = tracked_server(SqlFlavor::Mysql8);
  std::string database_ = server_.fresh_database();
  json task_ = kafka_task(server_, database_, kafka_.bootstrap());
};

class CleanupOf : public CleanupTest, public testing::WithParamInterface<const char*> {};

TEST_P(CleanupOf, ATaskLeavesNothingAndMayBeDoneAgain) {
  task_["spec"]["sink"]["kafka"]["delivery"] = GetParam();
  task_["spec"]["startPosition"]["mode"] = "Earliest";
  sql("CREATE TABLE t (id INT PRIMARY KEY)");
  sql("INSERT INTO t VALUES (1)");
  TrackerProcess tracker(task_);
  track_and_stop(tracker);
  ASSERT_TRUE(is_there(topic_of(task_)));
  ASSERT_FALSE(kept_keys(task_).empty());

  const RunResult done = run_tracker("cleanup", task_);
  EXPECT_TRUE(done.status.ok()) << done.err;
  EXPECT_THAT(done.out, HasSubstr(topic_of(task_)));
  EXPECT_FALSE(is_there(topic_of(task_)));
  expect_nothing_kept();
  EXPECT_TRUE(run_tracker("cleanup", task_).status.ok());

  // A task of that name begins anew.
  track_and_stop(tracker);
  EXPECT_TRUE(is_there(topic_of(task_)));
}

INSTANTIATE_TEST_SUITE_P(Deliveries, CleanupOf, testing::Values("ExactlyOnce", "AtLeastOnce"),
                         [](const auto& one) { return std::string(one.param); });

TEST_F(CleanupTest, ATrackerThatStillRunsIsFenced) {
  sql("CREATE TABLE t (id INT PRIMARY KEY)");
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  sql("INSERT INTO t VALUES (1)");
  wait_until("rows are delivered", [&] { return tracker.metric("rowtide_tracker_sink_records_total") > 0; });
  EXPECT_TRUE(run_tracker("cleanup", task_).status.ok());
  // What is not tracked moves the checkpoint only: a record would wait for the topic that is gone.
  server_.connect(server_.fresh_database()).exec("CREATE TABLE t (id INT PRIMARY KEY)");
  EXPECT_FALSE(tracker.wait_exit().ok());
  expect_nothing_kept();
  EXPECT_FALSE(is_there(topic_of(task_)));
}

TEST_F(CleanupTest, TopicsOfTablesGoAlsoWhereTableOrSourceIsGone) {
  task_["spec"]["startPosition"]["mode"] = "Earliest";
  topic_per_table("cdc.{database}.{table}");
  sql("CREATE TABLE kept (id INT PRIMARY KEY)");
  sql("CREATE TABLE dropped (id INT PRIMARY KEY)");
  sql("INSERT INTO kept VALUES (1)");
  sql("INSERT INTO dropped VALUES (1)");
  const std::string prefix = "cdc." + database_ + ".";
  {
    TrackerProcess tracker(task_);
    tracker.start_streaming();
    stop_after(tracker, 4);
  }
  sql("DROP TABLE dropped");
  const std::string of_others = "cdc.other_" + database_ + ".t";
  const std::string called_alike = prefix + "an_application";
  kafka_.create_topic(of_others);
  kafka_.create_topic(called_alike);
  task_["spec"]["source"]["port"] = 1;
  const RunResult done = run_tracker("cleanup", task_);
  EXPECT_TRUE(done.status.ok()) << done.err;
  EXPECT_FALSE(is_there(prefix + "kept"));
  EXPECT_FALSE(is_there(prefix + "dropped"));
  EXPECT_FALSE(is_there(topic_of(task_))) << "of the schema changes";
  EXPECT_TRUE(is_there(of_others));
  EXPECT_TRUE(is_there(called_alike));
  EXPECT_THAT(done.out, HasSubstr("it is not noted that the task wrote to them: " + called_alike));
}

TEST_F(CleanupTest, ATopicWhoseNameOnlyTheTableTellsGoes) {
  task_["spec"]["startPosition"]["mode"] = "Earliest";
  topic_per_table("cdc.{database}.{table}");
  sql("CREATE TABLE `a b` (id INT PRIMARY KEY)");
  sql("INSERT INTO `a b` VALUES (1)");
  TrackerProcess tracker(task_);
  track_and_stop(tracker);
  const RunResult done = run_tracker("cleanup", task_);
  EXPECT_TRUE(done.status.ok()) << done.err;
  EXPECT_THAT(done.out, HasSubstr("cdc." + database_ + ".a_b-"));
}

TEST_F(CleanupTest, ATopicThatAnotherTaskWritesToStaysAndIsNamed) {
  const std::string topic = "shared-" + database_;
  task_["spec"]["sink"]["kafka"]["topic"]["name"] = topic;
  task_["spec"]["startPosition"]["mode"] = "Earliest";
  sql("CREATE TABLE t (id INT PRIMARY KEY)");
  sql("INSERT INTO t VALUES (1)");
  json other = kafka_task(server_, database_, kafka_.bootstrap());
  other["spec"] = task_["spec"];
  for (const json& task : {task_, other}) {
    TrackerProcess tracker(task);
    track_and_stop(tracker);
  }
  const RunResult refused = run_tracker("cleanup", task_);
  EXPECT_EQ(refused.status.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("default/" + other.at("metadata").at("name").get<std::string>()));
  EXPECT_THAT(refused.err, HasSubstr(topic));
  EXPECT_TRUE(is_there(topic));
  expect_nothing_kept();
  EXPECT_FALSE(kept_keys(other).empty());
  // Who is the last one takes it along.
  EXPECT_TRUE(run_tracker("cleanup", other).status.ok());
  EXPECT_FALSE(is_there(topic));
}

TEST_F(CleanupTest, OfATopicPerTableOnlyThatWhichAnotherTaskWritesToStays) {
  task_["spec"]["startPosition"]["mode"] = "Earliest";
  topic_per_table("{database}.{table}");
  sql("CREATE TABLE t (id INT PRIMARY KEY)");
  sql("INSERT INTO t VALUES (1)");
  json other = kafka_task(server_, server_.fresh_database(), kafka_.bootstrap());
  const std::string topic = database_ + ".orders";
  other["spec"]["sink"]["kafka"]["topic"]["name"] = topic;
  {
    TrackerProcess tracker(other);
    tracker.start_streaming();
    server_.connect(other.at("spec").at("objects").at("include").at(0).at("database"))
        .exec("CREATE TABLE t (id INT PRIMARY KEY)");
    stop_after(tracker, 1);
  }
  {
    TrackerProcess tracker(task_);
    track_and_stop(tracker);
  }
  const RunResult done = run_tracker("cleanup", task_);
  EXPECT_TRUE(done.status.ok()) << done.err;
  EXPECT_THAT(done.out, HasSubstr("it is not noted that the task wrote to them: " + topic + ";"));
  EXPECT_TRUE(is_there(topic));
  EXPECT_FALSE(is_there(database_ + ".t"));
  expect_nothing_kept();
  EXPECT_TRUE(run_tracker("cleanup", other).status.ok());
}

TEST_F(CleanupTest, OfATaskThatNotedNoTopicsThoseWithWholeNamesGo) {
  task_["spec"]["startPosition"]["mode"] = "Earliest";
  sql("CREATE TABLE t (id INT PRIMARY KEY)");
  sql("INSERT INTO t VALUES (1)");
  TrackerProcess tracker(task_);
  track_and_stop(tracker);
  for (const std::string& key : kept_keys(task_)) {
    if (key.find("#topic#") != std::string::npos) kafka_.produce("__rowtide_checkpoints", key, std::nullopt);
  }
  const RunResult done = run_tracker("cleanup", task_);
  EXPECT_TRUE(done.status.ok()) << done.err;
  EXPECT_FALSE(is_there(topic_of(task_)));
  expect_nothing_kept();
}

TEST_F(CleanupTest, ATaskWithoutKafkaIsRefused) {
  const RunResult refused = run_tracker("cleanup", stdout_task(server_, database_));
  EXPECT_EQ(refused.status.code, 2);
}

}  // namespace
}  // namespace rowtide::test
