// A task that is deleted and created again has another uid, and goes on where it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

json with_uid(json task, const std::string& uid) {
  task["metadata"]["uid"] = task["metadata"]["name"].get<std::string>() + "-" + uid;
  return task;
}

class RecreatedTask : public testing::TestWithParam<const char*> {
 protected:
  json task_with_uid(const std::string& uid) {
    json task = with_uid(task_, uid);
    task["spec"]["sink"]["kafka"]["delivery"] = GetParam();
    return task;
  }
  void sql(const std::string& statement) { server_.connect(database_).exec(statement); }
  /// Ids of the row changes, once `last` is among them.
  std::vector<int> ids_up_to(int last) {
    std::vector<int> ids;
    wait_until(
        "row " + std::to_string(last),
        [&] {
          if (!reader_) reader_.emplace(KafkaBroker::shared().reader(topic_of(task_)));
          reader_->read_to_end();
          ids.clear();
          for (const json& change : row_changes(reader_->records())) {
            ids.push_back(change.at("after").at("id").get<int>());
          }
          return std::ranges::find(ids, last) != ids.end();
        },
        seconds{60});
    return ids;
  }

  MysqlServer& server_ = tracked_server(SqlFlavor::Mysql8);
  std::string database_ = server_.fresh_database();
  json task_ = kafka_task(server_, database_, KafkaBroker::shared().bootstrap());
  std::optional<KafkaReader> reader_;  ///< made when the topic is there
};

/// Who reads only what is committed.
class RecreatedExactlyOnceTask : public RecreatedTask {};

TEST_P(RecreatedTask, GoesOnWhereItWasAndSaysSo) {
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))");
  TrackerProcess former(task_with_uid("a"));
  former.start_streaming();
  EXPECT_EQ(former.status().at("startRemark"), "");
  sql("INSERT INTO t VALUES (1, 'before')");
  EXPECT_EQ(ids_up_to(1), std::vector<int>{1});
  EXPECT_TRUE(former.stop(SIGTERM).ok());
  sql("INSERT INTO t VALUES (2, 'between')");
  sql("ALTER TABLE t ADD more INT FIRST");
  sql("INSERT INTO t VALUES (7, 3, 'between')");

  TrackerProcess again(task_with_uid("b"));
  again.start_streaming();
  EXPECT_THAT(again.status().at("startRemark").get<std::string>(),
              HasSubstr("Goes on where the former task"));
  sql("INSERT INTO t VALUES (7, 4, 'after')");
  EXPECT_EQ(ids_up_to(4), (std::vector<int>{1, 2, 3, 4}));
  const json changes = row_changes(reader_->records());
  EXPECT_EQ(changes.at(1).at("after"), json::parse(R"({"id": 2, "name": "between"})"));
  EXPECT_EQ(changes.at(2).at("after"), json::parse(R"({"more": 7, "id": 3, "name": "between"})"));

  // Its own checkpoint by now.
  EXPECT_TRUE(again.stop(SIGTERM).ok());
  sql("INSERT INTO t VALUES (7, 5, 'once more')");
  again.start_streaming();
  EXPECT_EQ(again.status().at("startRemark"), "");
  EXPECT_EQ(ids_up_to(5), (std::vector<int>{1, 2, 3, 4, 5}));
  EXPECT_TRUE(again.stop(SIGTERM).ok());

  // The former one, should it still be started somewhere, neither begins anew nor takes the place back.
  former.start();
  EXPECT_FALSE(former.wait_exit().ok());
  EXPECT_THAT(former.failure(), testing::StartsWith("TakenOver: "));
}

TEST_P(RecreatedTask, OfAnotherSourceBeginsAtItsStartPositionAndSaysSo) {
  sql("CREATE TABLE t (id INT PRIMARY KEY)");
  TrackerProcess former(task_with_uid("a"));
  former.start_streaming();
  sql("INSERT INTO t VALUES (1)");
  EXPECT_EQ(ids_up_to(1), std::vector<int>{1});
  EXPECT_TRUE(former.stop(SIGTERM).ok());
  sql("INSERT INTO t VALUES (2)");
  json other = task_with_uid("b");
  ASSERT_EQ(other["spec"]["source"]["host"], "127.0.0.1");
  other["spec"]["source"]["host"] = "127.1";
  TrackerProcess again(other);
  again.start_streaming();
  EXPECT_THAT(again.status().at("startRemark").get<std::string>(),
              HasSubstr("it read the source 127.0.0.1:"));
  sql("INSERT INTO t VALUES (3)");
  EXPECT_EQ(ids_up_to(3), (std::vector<int>{1, 3}));
  EXPECT_TRUE(again.stop(SIGTERM).ok());
}

TEST_P(RecreatedExactlyOnceTask, FencesTheFormerTrackerThatStillRuns) {
  sql("CREATE TABLE t (id INT PRIMARY KEY)");
  TrackerProcess former(task_with_uid("a"));
  former.start_streaming();
  sql("INSERT INTO t VALUES (1)");
  EXPECT_EQ(ids_up_to(1), std::vector<int>{1});
  TrackerProcess again(task_with_uid("b"));
  again.start_streaming();
  sql("INSERT INTO t VALUES (2)");
  EXPECT_FALSE(former.wait_exit().ok());
  sql("INSERT INTO t VALUES (3)");
  EXPECT_EQ(ids_up_to(3), (std::vector<int>{1, 2, 3}));
  EXPECT_TRUE(again.stop(SIGTERM).ok());
}

TEST_P(RecreatedExactlyOnceTask, AbortsWhatAKilledFormerTrackerLeftOpen) {
  constexpr int kRows = 20'000;
  sql("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(8000))");
  TrackerProcess former(task_with_uid("a"));
  former.start_streaming();
  sql("INSERT INTO t VALUES (0, 'the first, that makes the topic')");
  EXPECT_EQ(ids_up_to(0), std::vector<int>{0});
  std::string values = "INSERT INTO t VALUES (1, REPEAT('x', 1000))";
  for (int id = 2; id <= kRows; ++id) values += ",(" + std::to_string(id) + ", 'x')";
  sql(values);
  const auto written = [&] { return former.metric("rowtide_tracker_events_total", "op=\"insert\""); };
  wait_until("rows on their way", [&] { return written() > 2; });
  EXPECT_EQ(former.stop(SIGKILL).signal, SIGKILL);
  TrackerProcess again(task_with_uid("b"));
  again.start_streaming();
  std::vector<int> expected(kRows + 1);
  for (int id = 0; id <= kRows; ++id) expected[static_cast<std::size_t>(id)] = id;
  EXPECT_EQ(ids_up_to(kRows), expected);
  EXPECT_TRUE(again.stop(SIGTERM).ok());
}

TEST_P(RecreatedTask, AHigherResetNonceAppliesTheStartPositionOnce) {
  sql("CREATE TABLE t (id INT PRIMARY KEY)");
  json task = task_with_uid("a");
  TrackerProcess first(task);
  first.start_streaming();
  sql("INSERT INTO t VALUES (1)");
  EXPECT_EQ(ids_up_to(1), std::vector<int>{1});
  EXPECT_TRUE(first.stop(SIGTERM).ok());
  sql("INSERT INTO t VALUES (2)");
  task["spec"]["resetNonce"] = 3;
  task["spec"]["startPosition"] = {{"mode", "Earliest"}};
  TrackerProcess reset(task);
  reset.start_streaming();
  EXPECT_THAT(reset.status().at("startRemark").get<std::string>(), HasSubstr("spec.resetNonce 3"));
  EXPECT_EQ(ids_up_to(2), (std::vector<int>{1, 1, 2}));
  EXPECT_TRUE(reset.stop(SIGTERM).ok());

  sql("INSERT INTO t VALUES (3)");
  reset.start_streaming();
  EXPECT_EQ(reset.status().at("startRemark"), "");
  EXPECT_EQ(ids_up_to(3), (std::vector<int>{1, 1, 2, 3}));
  EXPECT_TRUE(reset.stop(SIGTERM).ok());

  // So does a task that is created anew, and a lower one is none.
  task = task_with_uid("b");
  TrackerProcess again(task);
  again.start_streaming();
  EXPECT_THAT(again.status().at("startRemark").get<std::string>(), HasSubstr("set spec.resetNonce to 1"));
  sql("INSERT INTO t VALUES (4)");
  EXPECT_EQ(ids_up_to(4), (std::vector<int>{1, 1, 2, 3, 4}));
  EXPECT_TRUE(again.stop(SIGTERM).ok());
}

INSTANTIATE_TEST_SUITE_P(Delivery, RecreatedTask, testing::Values("AtLeastOnce", "ExactlyOnce"),
                         [](const auto& one) { return std::string(one.param); });
INSTANTIATE_TEST_SUITE_P(Delivery, RecreatedExactlyOnceTask, testing::Values("ExactlyOnce"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace rowtide::test
