// Delivery ExactlyOnce: what a read_committed consumer sees is each row once, in order, whatever is killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr const char* kCheckpoints = "__rowtide_checkpoints";

/// Of a row change; nothing of any other record.
std::optional<int> id_after(const KafkaRecord& record) {
  if (!record.value) return std::nullopt;
  const json value = json::parse(*record.value);
  if (!value.contains("op")) return std::nullopt;
  return value.at("after").at("id").get<int>();
}

/// How `ids` differ from 1, 2, ..., last: "" if they do not.
std::string differences(const std::vector<int>& ids, int last) {
  std::map<int, int> counts;
  for (const int id : ids) ++counts[id];
  std::string text;
  for (int id = 1; id <= last; ++id) {
    if (counts[id] != 1) text += " " + std::to_string(id) + ": " + std::to_string(counts[id]) + " times";
  }
  if (text.empty() && !std::ranges::is_sorted(ids)) text = " not in order";
  return text;
}

class ExactlyOnce : public testing::TestWithParam<SqlFlavor> {
 protected:
  void SetUp() override { server.create_user(kTrackerUser, kTrackerPassword); }
  json task_on(const KafkaBroker& broker) const {
    json task = kafka_task(server, database, broker.bootstrap());
    task["spec"]["sink"]["kafka"]["delivery"] = "ExactlyOnce";
    return task;
  }
  void create_table() {
    server.connect(database).exec("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(8000))");
  }
  /// Rows 1 to `count`, a multiple of 1000, with names of `width` bytes.
  void insert_in_one_transaction(int count, int width) {
    SqlClient client = server.connect(database);
    const std::string name = "REPEAT('x', " + std::to_string(width) + ")";
    std::string values = "(1, " + name + ")";
    for (int id = 2; id <= 1000; ++id) values += ",(" + std::to_string(id) + ", " + name + ")";
    client.exec("START TRANSACTION");
    client.exec("INSERT INTO t VALUES " + values);
    for (int first = 1000; first < count; first += 1000) {
      client.exec("INSERT INTO t SELECT id + " + std::to_string(first) +
                  ", name FROM t WHERE id BETWEEN 1 AND 1000");
    }
    client.exec("COMMIT");
  }
  /// The ids of all row changes that a committed reader sees, once the row `last` is among them.
  static std::vector<int> arrived(KafkaReader& reader, int last) {
    std::vector<int> ids;
    int largest = 0;
    std::size_t seen = 0;
    const auto read = [&] {
      const std::vector<KafkaRecord>& records = reader.read_to_end();
      for (; seen < records.size(); ++seen) {
        const std::optional<int> id = id_after(records[seen]);
        if (!id) continue;
        ids.push_back(*id);
        largest = std::max(largest, *id);
      }
      return largest >= last;
    };
    wait_until("row " + std::to_string(last), read, seconds{60});
    read();  // is anything after it?
    return ids;
  }
  /// Rows of INSERTs that the tracker has read; the series is not there before the first.
  static double inserted(const TrackerProcess& tracker) {
    constexpr auto kSeries = "op=\"insert\"";
    const bool is_there = tracker.get("/metrics").body.find(kSeries) != std::string::npos;
    return is_there ? tracker.metric("rowtide_tracker_events_total", kSeries) : 0;
  }
  /// Of the binlog, by this process; 0 before it answers.
  static double read_bytes(const TrackerProcess& tracker) {
    constexpr auto kBytes = "rowtide_tracker_binlog_read_bytes_total";
    const bool is_there = tracker.get("/metrics").body.find(kBytes) != std::string::npos;
    return is_there ? tracker.metric(kBytes) : 0;
  }
  /// Row 0, after which the position rests: nothing is left to be committed.
  void commit_a_row(KafkaReader& reader) {
    server.connect(database).exec("INSERT INTO t VALUES (0, '')");
    wait_until(
        "a commit", [&] { return !reader.read_to_end().empty(); }, seconds{60});
  }
  /// Loses the tracker's checkpoints by `lose`, and its connection inside a transaction. When it has gone
  /// back to its last commit, and before it commits again, it is killed and started anew.
  void lose_checkpoints_and_tracker(const KafkaBroker& broker, TrackerProcess& tracker, const json& task,
                                    const std::function<void()>& lose) {
    constexpr int kRows = 60'000;
    KafkaReader reader = broker.reader(topic_of(task));
    commit_a_row(reader);
    lose();
    const std::size_t seen = reader.read_to_end().size();
    insert_in_one_transaction(kRows, 300);
    wait_until(
        "rows read", [&] { return inserted(tracker) > 5000; }, seconds{60},
        [&] { return tracker.process().err() + tracker.get("/status").body; });
    kill_dump();
    wait_until(
        "the last commit",
        [&] { return tracker.process().err().find("Going on from the last commit") != std::string::npos; },
        seconds{60}, [&] { return tracker.process().err(); });
    EXPECT_EQ(tracker.stop(SIGKILL).signal, SIGKILL);
    const std::string said = tracker.process().err();
    EXPECT_THAT(said, HasSubstr("this tracker goes on from where it stands"));
    ASSERT_EQ(reader.read_to_end().size(), seen) << "it was too fast to be killed before the commit";
    tracker.start_streaming();
    const std::vector<int> ids = arrived(reader, kRows);
    EXPECT_EQ(differences(ids, kRows), "") << said << tracker.process().err();
    EXPECT_EQ(std::ranges::count(ids, 0), 1);
    EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  }
  /// Ends the tracker's connection that reads the binlog, as an administrator would.
  void kill_dump() {
    for (const Row& row :
         server.query("SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'")) {
      try {
        server.exec("KILL " + row.at(0).value());
      } catch (const std::exception& error) {  // one of a tracker that has ended, and went just then
        if (std::string(error.what()).find("Unknown thread id") == std::string::npos) throw;
      }
    }
  }

  MysqlServer& server = MysqlServer::shared(GetParam());
  std::string database = server.fresh_database();
};

/// What depends on how a server goes on where its reader left it; the others are about the broker and us.
class ExactlyOnceOfEveryServer : public ExactlyOnce {};

/// Commits rows 1..count of table t in transactions of one to seven rows, on a thread of its own.
class Writer {
 public:
  Writer(MysqlServer& server, const std::string& database, int count)
      : thread_([this, &server, database, count] {
          SqlClient client = server.connect(database);
          for (int id = 1, size = 1; id <= count; size = size % 7 + 1) {
            client.exec("START TRANSACTION");
            for (int i = 0; i < size && id <= count; ++i, ++id) {
              client.exec("INSERT INTO t VALUES (" + std::to_string(id) + ", REPEAT('x', 200))");
            }
            client.exec("COMMIT");
            committed_ = id - 1;
          }
        }) {}
  void wait_for(int count) const {
    wait_until(
        "the writer's row " + std::to_string(count), [&] { return committed_ >= count; }, seconds{60});
  }
  void join() { thread_.join(); }

 private:
  std::atomic<int> committed_{0};
  std::jthread thread_;
};

TEST_P(ExactlyOnceOfEveryServer, KilledTrackersLoseAndRepeatNothing) {
  constexpr int kRows = 3200;
  create_table();
  const json task = task_on(KafkaBroker::shared());
  TrackerProcess tracker(task);
  tracker.start_streaming();
  Writer writer(server, database, kRows);
  for (const int at : {700, 1500, 2300}) {
    writer.wait_for(at);
    EXPECT_EQ(tracker.stop(SIGKILL).signal, SIGKILL);
    tracker.start_streaming();
  }
  writer.join();
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  EXPECT_EQ(differences(arrived(reader, kRows), kRows), "");
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(ExactlyOnce, StoppedUnderLoadAndStartedAgain) {
  constexpr int kRows = 3000;
  create_table();
  const json task = task_on(KafkaBroker::shared());
  TrackerProcess tracker(task);
  tracker.start_streaming();
  Writer writer(server, database, kRows);
  for (const int at : {500, 1200, 2000}) {
    writer.wait_for(at);
    EXPECT_TRUE(tracker.stop(SIGTERM).ok());
    tracker.start_streaming();
  }
  writer.join();
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  EXPECT_EQ(differences(arrived(reader, kRows), kRows), "");
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(ExactlyOnceOfEveryServer, AConnectionLostInsideATransactionRepeatsNothing) {
  constexpr int kRows = 60'000;
  create_table();
  const json task = task_on(KafkaBroker::shared());
  TrackerProcess tracker(task);
  tracker.start_streaming();
  insert_in_one_transaction(kRows, 300);
  // Rows are on their way and cannot be visible before the transaction has ended.
  wait_until(
      "rows read", [&] { return inserted(tracker) > 5000; }, seconds{60});
  kill_dump();
  wait_until(
      "a reconnect",
      [&] {
        return tracker.get("/metrics").body.find("\nrowtide_tracker_reconnects_total{") != std::string::npos;
      },
      seconds{60});
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  wait_until(
      "a commit", [&] { return reader.read_to_end().size() >= kRows; }, seconds{60},
      [&] { return tracker.get("/status").body; });
  EXPECT_EQ(differences(arrived(reader, kRows), kRows), "");
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

// spec.startPosition is Latest: to look for it again would pass over the transaction.
TEST_P(ExactlyOnce, ACheckpointLostUnderTheTrackerLosesNoChange) {
  constexpr int kRows = 30'000;
  KafkaBroker broker;
  create_table();
  const json task = task_on(broker);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  KafkaReader reader = broker.reader(topic_of(task));
  commit_a_row(reader);
  broker.delete_topic(kCheckpoints);
  insert_in_one_transaction(kRows, 300);
  wait_until(
      "rows read", [&] { return inserted(tracker) > 5000; }, seconds{60});
  kill_dump();
  EXPECT_EQ(differences(arrived(reader, kRows), kRows), "") << tracker.process().err();
  EXPECT_THAT(tracker.process().err(), HasSubstr("The checkpoint is not there"));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  // There is one again, and it counts.
  tracker.start_streaming();
  server.connect(database).exec("INSERT INTO t VALUES (" + std::to_string(kRows + 1) + ", '')");
  EXPECT_EQ(differences(arrived(reader, kRows + 1), kRows + 1), "");
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(ExactlyOnce, ACheckpointLostUnderTheTrackerIsThereAgainBeforeTheNextCommit) {
  KafkaBroker broker;
  create_table();
  const json task = task_on(broker);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  lose_checkpoints_and_tracker(broker, tracker, task, [&] { broker.delete_topic(kCheckpoints); });
}

TEST_P(ExactlyOnce, AnOlderCheckpointBroughtBackUnderTheTrackerRepeatsNothing) {
  KafkaBroker broker;
  create_table();
  const json task = task_on(broker);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  std::vector<KafkaRecord> copy;
  KafkaReader checkpoints = broker.reader(kCheckpoints);
  // The broker's first commit of all is seen a moment after it has answered.
  wait_until("the first checkpoint", [&] { return !(copy = checkpoints.read_to_end()).empty(); });
  lose_checkpoints_and_tracker(broker, tracker, task, [&] {
    broker.delete_topic(kCheckpoints);
    broker.create_topic(kCheckpoints, 1, {{"cleanup.policy", "compact"}});
    for (const KafkaRecord& each : copy) broker.produce(kCheckpoints, each.key, each.value);
  });
}

// Several times 64 MiB of records, so that there is time for two kills.
TEST_P(ExactlyOnce, ATrackerKilledInsideAVeryLargeTransactionGoesOnInside) {
  constexpr int kRows = 36'000;
  create_table();
  const json task = task_on(KafkaBroker::shared());
  TrackerProcess tracker(task);
  tracker.start_streaming();
  server.connect(database).exec("INSERT INTO t VALUES (0, 'the first, that makes the topic')");
  wait_until(
      "the first row", [&] { return inserted(tracker) == 1; }, seconds{60});
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  insert_in_one_transaction(kRows, 6000);
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  std::size_t seen = reader.read_to_end().size();
  for (int kill = 0; kill < 2; ++kill) {
    tracker.start();
    // Less than a part: what it does until then needs no steps.
    wait_until("it reads the transaction", [&] { return read_bytes(tracker) > 40'000'000; });
    // It stands still while the reader looks, and so is never past the transaction when it is killed.
    wait_until(
        "a committed part",
        [&] {
          tracker.process().signal(SIGCONT);
          std::this_thread::sleep_for(std::chrono::milliseconds{50});
          suspend(tracker.process().pid());
          return reader.read_to_end().size() > seen;
        },
        seconds{60});
    EXPECT_EQ(tracker.stop(SIGKILL).signal, SIGKILL);
    const std::size_t now = reader.read_to_end().size();
    ASSERT_LT(now, static_cast<std::size_t>(kRows)) << "it was too fast to be killed inside the transaction";
    seen = now;
  }
  tracker.start_streaming();
  EXPECT_THAT(tracker.process().err(), HasSubstr("rows of transaction "));
  EXPECT_EQ(differences(arrived(reader, kRows), kRows), "");
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

TEST_P(ExactlyOnce, ASecondTrackerTakesOverAndTheFirstSaysSo) {
  constexpr int kRows = 3000;
  create_table();
  const json task = task_on(KafkaBroker::shared());
  TrackerProcess first(task);
  TrackerProcess second(task);
  first.start_streaming();
  Writer writer(server, database, kRows);
  writer.wait_for(500);
  second.start_streaming();
  EXPECT_FALSE(first.wait_exit().ok());
  // The broker and the source fence each by itself; one of them is first.
  EXPECT_THAT(first.failure(), testing::AnyOf(HasSubstr("another tracker of this task has taken over"),
                                              HasSubstr("another reader with our server id has connected")));
  writer.join();
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  EXPECT_EQ(differences(arrived(reader, kRows), kRows), "");
  EXPECT_TRUE(second.stop(SIGTERM).ok());
}

TEST_P(ExactlyOnce, ABrokerKilledAndStoppedRepeatsNothing) {
  constexpr int kRows = 4000;
  KafkaBroker broker;
  create_table();
  const json task = task_on(broker);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  Writer writer(server, database, kRows);
  writer.wait_for(800);
  broker.kill9();
  writer.wait_for(1500);
  broker.start();
  writer.wait_for(2500);
  broker.stop();
  broker.start();
  writer.join();
  KafkaReader reader = broker.reader(topic_of(task));
  EXPECT_EQ(differences(arrived(reader, kRows), kRows), "");
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

// A broker that starts again after a crash has forgotten the producer of records older than a day and takes
// the batches that are sent again for new ones. Their transaction must not be committed with both.
TEST_P(ExactlyOnce, ABrokerKilledWhileOldRecordsAreWrittenRepeatsNothing) {
  constexpr int kRows = 60'000;
  KafkaBroker broker;
  create_table();
  const json task = task_on(broker);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  SqlClient client = server.connect(database);
  client.exec("SET timestamp = UNIX_TIMESTAMP() - 200000");
  std::string values = "(1, 'x')";
  for (int id = 2; id <= 10'000; ++id) values += ",(" + std::to_string(id) + ", 'x')";
  client.exec("INSERT INTO t VALUES " + values);
  for (int first = 10'000; first < kRows; first += 10'000) {
    client.exec("INSERT INTO t SELECT id + " + std::to_string(first) + ", name FROM t WHERE id <= 10000");
  }
  tracker.start();
  for (const int sent : {15'000, 40'000}) {
    wait_until(
        "records", [&] { return inserted(tracker) > sent; }, seconds{60});
    broker.kill9();
    broker.start();
  }
  KafkaReader reader = broker.reader(topic_of(task));
  EXPECT_EQ(differences(arrived(reader, kRows), kRows), "");
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

// Until it has written the topic again, which can take it ten minutes, only its records tell of it.
TEST_P(ExactlyOnce, APrecheckDoesNotStopATrackerWhoseCheckpointWasLost) {
  KafkaBroker broker;
  create_table();
  const json task = task_on(broker);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  KafkaReader reader = broker.reader(topic_of(task));
  commit_a_row(reader);
  broker.delete_topic(kCheckpoints);
  const RunResult precheck = run_tracker("precheck", task);
  EXPECT_THAT(precheck.out, HasSubstr("it might stop a tracker whose checkpoint was lost")) << precheck.err;
  insert_in_one_transaction(60'000, 300);
  wait_until(
      "rows read", [&] { return inserted(tracker) > 5000; }, seconds{60});
  kill_dump();
  EXPECT_EQ(differences(arrived(reader, 60'000), 60'000), "") << tracker.process().err();
  EXPECT_THAT(tracker.process().err(), testing::Not(HasSubstr("taken over")));
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

// A definition or a position can be larger than the topic of checkpoints allows: no try mends that.
TEST_P(ExactlyOnce, ACheckpointThatIsTooLargeEndsTheTrackerWithTheRepair) {
  KafkaBroker broker;
  create_table();
  const json task = task_on(broker);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  broker.run_commands(std::string("kafka-configs.sh --bootstrap-server X --alter --entity-type topics "
                                  "--entity-name ") +
                      kCheckpoints + " --add-config max.message.bytes=300");
  server.connect(database).exec("ALTER TABLE t ADD COLUMN more INT");
  server.connect(database).exec("INSERT INTO t VALUES (1, '', 2)");
  EXPECT_FALSE(tracker.wait_exit().ok());
  EXPECT_THAT(tracker.failure(), testing::AllOf(HasSubstr("RecordTooLarge"), HasSubstr(kCheckpoints),
                                                HasSubstr("--add-config max.message.bytes=")));
}

// The source is there all the time.
TEST_P(ExactlyOnce, BrokersThatAreAwayAreNotTakenForTheSource) {
  constexpr int kRows = 60'000;
  KafkaBroker broker;
  create_table();
  const json task = task_on(broker);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  KafkaReader reader = broker.reader(topic_of(task));
  commit_a_row(reader);
  insert_in_one_transaction(kRows, 300);
  wait_until(
      "rows read", [&] { return inserted(tracker) > 5000; }, seconds{60});
  broker.kill9();  // at once: the transaction must not come to its end meanwhile
  kill_dump();
  wait_until(
      "the transaction is lost",
      [&] {
        return tracker.process().err().find("what was not committed is written again") != std::string::npos;
      },
      seconds{120}, [&] { return tracker.process().err() + tracker.get("/status").body; });
  EXPECT_EQ(tracker.status().at("reason"), "SinkUnavailable");
  EXPECT_EQ(tracker.metric("rowtide_tracker_source_connected"), 1);
  broker.start();
  EXPECT_EQ(differences(arrived(reader, kRows), kRows), "") << tracker.process().err();
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

// Kubernetes kills what has not stopped within its grace period.
TEST_P(ExactlyOnce, AStopDoesNotWaitForBrokersThatAreAway) {
  KafkaBroker broker;
  create_table();
  SqlClient unselected = server.connect(server.fresh_database());
  const json task = task_on(broker);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  KafkaReader reader = broker.reader(topic_of(task));
  commit_a_row(reader);
  broker.suspend();
  // A position without records, which is committed within half a second: more likely not before the stop.
  unselected.exec("CREATE TABLE u (id INT)");
  static_cast<void>(tracker.stop(SIGTERM));
  broker.resume();
  tracker.start_streaming();
  server.connect(database).exec("INSERT INTO t VALUES (1, '')");
  EXPECT_EQ(differences(arrived(reader, 1), 1), "") << tracker.process().err();
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
}

INSTANTIATE_TEST_SUITE_P(Server, ExactlyOnceOfEveryServer, testing::ValuesIn(kEverySqlFlavor),
                         [](const auto& one) { return flavor_name(one.param); });

INSTANTIATE_TEST_SUITE_P(Server, ExactlyOnce, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         [](const auto& one) { return flavor_name(one.param); });
INSTANTIATE_TEST_SUITE_P(DISABLED_More, ExactlyOnce,
                         testing::Values(SqlFlavor::Mysql57, SqlFlavor::Mariadb114),
                         [](const auto& one) { return flavor_name(one.param); });

}  // namespace
}  // namespace rowtide::test
