// What the task says of changes that cannot be delivered as they are: oversizedRecord and onUnprocessable.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class Policies : public testing::Test {
 protected:
  Policies() {
    server_.create_user(kTrackerUser, kTrackerPassword);
    client_.exec("CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)");
  }
  ~Policies() override { server_.exec("DROP USER " + std::string(kTrackerUser)); }

  /// "c null {id,v}" of each change: its operation, and the columns that its images hold.
  std::vector<std::string> shapes(std::size_t count) {
    const auto columns = [](const json& image) {
      if (image.is_null()) return std::string("null");
      std::string names;
      for (const auto& item : image.items()) names += (names.empty() ? "" : ",") + item.key();
      return "{" + names + "}";
    };
    KafkaReader reader = KafkaBroker::shared().reader(topic_of(task_));
    std::vector<std::string> found;
    for (const json& change : wait_for_rows(reader, count)) {
      found.push_back(change.at("op").get<std::string>() + " " + columns(change.at("before")) + " " +
                      columns(change.at("after")));
    }
    return found;
  }

  void make_small_topic() {
    KafkaBroker::shared().create_topic(topic_of(task_), 1, {{"max.message.bytes", "20000"}});
    task_["spec"]["sink"]["kafka"]["compression"] = "none";
  }
  void small_and_large_rows() {
    for (const char* statement :
         {"INSERT INTO t VALUES (1, 'small')", "INSERT INTO t VALUES (2, REPEAT('x', 100000))",
          "UPDATE t SET v = 'y' WHERE id = 2",  // the image before it is still too large
          "UPDATE t SET v = 'z' WHERE id = 2", "INSERT INTO t VALUES (3, REPEAT('x', 19000))",
          "DELETE FROM t WHERE id = 1"}) {
      client_.exec(statement);
    }
  }

  MysqlServer& server_ = MysqlServer::shared(SqlFlavor::Mysql8);
  std::string database_ = server_.fresh_database();
  SqlClient client_ = server_.connect(database_);
  json task_ = kafka_task(server_, database_, KafkaBroker::shared().bootstrap());
};

TEST_F(Policies, OversizedRecordsAreToldWithTheirKeysOnly) {
  make_small_topic();
  task_["spec"]["sink"]["kafka"]["oversizedRecord"] = "KeysOnly";
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  small_and_large_rows();
  EXPECT_THAT(shapes(6), ElementsAre("c null {id,v}", "c null {id}", "u {id} {id}", "u {id,v} {id,v}",
                                     "c null {id,v}", "d {id,v} null"));
  EXPECT_EQ(tracker.metric("rowtide_tracker_keys_only_events_total"), 2);
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_F(Policies, OversizedRecordsAreLeftOutAndCounted) {
  make_small_topic();
  task_["spec"]["sink"]["kafka"]["oversizedRecord"] = "SkipAndCount";
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  small_and_large_rows();
  EXPECT_THAT(shapes(4), ElementsAre("c null {id,v}", "u {id,v} {id,v}", "c null {id,v}", "d {id,v} null"));
  EXPECT_EQ(tracker.metric("rowtide_tracker_skipped_events_total", "reason=\"oversized\""), 2);
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_F(Policies, WhatTheSizeCheckLetsPassKafkaTakes) {
  make_small_topic();
  task_["spec"]["sink"]["kafka"]["oversizedRecord"] = "SkipAndCount";
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  // Around the limit, byte by byte: whichever is not left out must be taken.
  constexpr int kFirst = 19'000;
  constexpr int kLast = 19'700;
  for (int size = kFirst; size < kLast; ++size) {
    client_.exec("INSERT INTO t VALUES (" + std::to_string(size) + ", REPEAT('x', " + std::to_string(size) +
                 "))");
  }
  client_.exec("INSERT INTO t VALUES (1, 'last')");
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task_));
  reader.wait_for("the last row", [](const std::vector<KafkaRecord>& records) {
    return !records.empty() && records.back().value.value_or("").find("\"last\"") != std::string::npos;
  });
  const double skipped = tracker.metric("rowtide_tracker_skipped_events_total", "reason=\"oversized\"");
  EXPECT_GT(skipped, 0);
  EXPECT_LT(skipped, kLast - kFirst);
  EXPECT_EQ(row_changes(reader.records()).size(), kLast - kFirst + 1 - static_cast<std::size_t>(skipped));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_F(Policies, ChangesThatCannotBeToldAreLeftOutAndCounted) {
  task_["spec"]["onUnprocessable"] = "SkipAndCount";
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  client_.exec("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  client_.exec("SET SESSION binlog_row_image = 'MINIMAL'");
  client_.exec("UPDATE t SET v = 'incomplete' WHERE id = 1");
  client_.exec("SET SESSION binlog_row_image = 'FULL'");
  client_.exec("SET SESSION binlog_format = 'STATEMENT'");
  client_.exec("UPDATE t SET v = 'a statement' WHERE id = 1");
  client_.exec("SET SESSION binlog_format = 'ROW'");
  client_.exec("DELETE FROM t WHERE id = 2");
  EXPECT_THAT(shapes(3), ElementsAre("c null {id,v}", "c null {id,v}", "d {id,v} null"));
  EXPECT_EQ(tracker.metric("rowtide_tracker_skipped_events_total", "reason=\"unprocessable\""), 2);
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_F(Policies, ATableThatCannotBeReadIsLeftOut) {
  task_["spec"]["onUnprocessable"] = "SkipAndCount";
  // Names a column that the table does not have.
  task_["spec"]["objects"]["columns"] = json::array({{{"table", database_ + ".t"}, {"mask", {"gone"}}}});
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  client_.exec("INSERT INTO t VALUES (1, 'secret')");
  client_.exec("CREATE TABLE u (id INT PRIMARY KEY)");
  client_.exec("INSERT INTO u VALUES (1)");
  EXPECT_THAT(shapes(1), ElementsAre("c null {id}"));
  EXPECT_GE(tracker.metric("rowtide_tracker_skipped_events_total", "reason=\"unprocessable\""), 1);
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

}  // namespace
}  // namespace rowtide::test
