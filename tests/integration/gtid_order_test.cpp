// MariaDB without strict mode: in a domain a transaction may follow one of another server with a higher
// sequence, as where two servers write and one replica logs both. The order of a domain is that of the
// binlog.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;

class GtidOrder : public testing::TestWithParam<SqlFlavor> {
 protected:
  GtidOrder() {
    server_.create_user(kTrackerUser, kTrackerPassword);
    server_.exec("CREATE DATABASE shop");
    server_.exec("CREATE TABLE shop.t (id INT PRIMARY KEY)");
    task_ = kafka_task(server_, "shop", KafkaBroker::shared().bootstrap());
  }

  /// As a replica logs what it got from server `from`.
  void insert(int id, int from, int sequence) {
    server_.exec(fmt::format("SET SESSION server_id = {}, gtid_seq_no = {}", from, sequence));
    server_.exec(fmt::format("INSERT INTO shop.t VALUES ({})", id));
  }
  [[nodiscard]] std::vector<int> delivered(std::size_t count) const {
    KafkaReader reader = KafkaBroker::shared().reader(topic_of(task_));
    static_cast<void>(wait_for_rows(reader, count));
    std::vector<int> ids;
    for (const json& change : row_changes(reader.read_to_end())) ids.push_back(change.at("after").at("id"));
    return ids;
  }

  MysqlServer server_{GetParam()};
  json task_;
};

TEST_P(GtidOrder, ATransactionWithALowerSequenceIsNotRepeatedNorWaitedFor) {
  {
    TrackerProcess tracker(task_);
    tracker.start_streaming();
    insert(1, 101, 500);
    EXPECT_EQ(delivered(1), std::vector<int>{1});
    EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  }
  insert(2, 102, 101);  // the source's last sequence is lower now than the one that was delivered
  insert(3, 102, 102);
  {
    TrackerProcess tracker(task_);
    tracker.start_streaming();
    EXPECT_EQ(delivered(3), (std::vector<int>{1, 2, 3}));
    tracker.process().stop(SIGKILL, std::chrono::seconds{10});
  }
  server_.exec("FLUSH BINARY LOGS");
  insert(4, 101, 501);
  insert(5, 102, 103);
  {
    TrackerProcess tracker(task_);
    tracker.start_streaming();
    EXPECT_EQ(delivered(5), (std::vector<int>{1, 2, 3, 4, 5}));
    EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  }
  // What was read last stands in a file that is gone.
  server_.keep_newest_binlog_only();
  insert(6, 102, 104);
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  insert(7, 101, 502);
  EXPECT_EQ(delivered(7), (std::vector<int>{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

INSTANTIATE_TEST_SUITE_P(Server, GtidOrder, testing::Values(SqlFlavor::Mariadb, SqlFlavor::Mariadb114),
                         [](const auto& one) { return flavor_name(one.param); });

}  // namespace
}  // namespace rowtide::test
