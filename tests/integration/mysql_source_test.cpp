// The source on real servers: positions, resuming, faults. Each case runs on all of them but where it says
// so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>
#include <thread>

#include "common/status/reason.h"
#include "tests/integration/source_fixture.h"
#include "tests/support/wait_until.h"
#include "tracker/source/position_sampler.h"
#include "tracker/source/reader_identity.h"

namespace rowtide::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string name_of(const testing::TestParamInfo<SqlFlavor>& info) {
  return flavor_name(info.param);
}

std::string message_of(const absl::Status& status) {
  return std::string(status.message());
}

/// Servers that a case restarts, purges or stops are its own.
class OwnServer : public testing::TestWithParam<SqlFlavor> {
 protected:
  explicit OwnServer(std::vector<std::string> options = {})
      : server(GetParam(), {.bind = "127.0.0.1", .port = 0, .options = std::move(options)}) {
    server.create_user(kUser, sql_password());
    server.exec("CREATE DATABASE d");
    server.exec("CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(40))");
  }
  void insert(int id) { server.exec("INSERT INTO d.t VALUES (" + std::to_string(id) + ", 'x')"); }

  MysqlServer server;
};

/// The others share one.
class SharedServer : public testing::TestWithParam<SqlFlavor> {
 protected:
  static void prepare(MysqlServer& server) {
    static std::set<const MysqlServer*> prepared;
    if (prepared.insert(&server).second) server.create_user(kUser, sql_password());
  }
  void SetUp() override {
    prepare(server);
    database = server.fresh_database();
    table = "t_" + database;
    server.exec("CREATE TABLE " + full() + " (id INT PRIMARY KEY, v LONGBLOB)");
  }
  [[nodiscard]] std::string full() const { return database + "." + table; }
  void insert(int id) { server.exec("INSERT INTO " + full() + " VALUES (" + std::to_string(id) + ", 'x')"); }

  MysqlServer& server = MysqlServer::shared(GetParam());
  task::Task task = task_for(server);
  std::string database;
  std::string table;
};

TEST_P(SharedServer, StreamsFromLatestByGtid) {
  const binlog::Position from = position_at(task, task::StartMode::Latest);
  EXPECT_NE(from.gtids.index(), 0U);
  EXPECT_FALSE(from.file.empty());
  StreamReader reader(task);
  ASSERT_TRUE(reader.open(from).ok());
  EXPECT_EQ(reader.source.info().is_mariadb, is_mariadb(GetParam()));
  EXPECT_EQ(reader.source.info().client_address, "127.0.0.1");
  insert(1);
  ASSERT_TRUE(reader.read_transaction_of(table).ok());
  EXPECT_THAT(reader.tables, ElementsAre(table));
  if (GetParam() == SqlFlavor::Mysql57) {
    EXPECT_THAT(reader.last_map.column_names, IsEmpty());
  } else {
    EXPECT_THAT(reader.last_map.column_names, ElementsAre("id", "v"));
  }
}

TEST_P(SharedServer, StreamsFromFileAndOffset) {
  binlog::Position from = position_at(task, task::StartMode::Latest);
  from.gtids = std::monostate{};
  insert(1);
  StreamReader reader(task);
  ASSERT_TRUE(reader.open(from).ok());
  ASSERT_TRUE(reader.read_transaction_of(table).ok());
  EXPECT_THAT(reader.tables, ElementsAre(table));
  EXPECT_EQ(reader.stream.file(), from.file);
  EXPECT_GT(reader.stream.offset(), from.offset);
}

TEST_P(SharedServer, StreamsEverythingFromEarliest) {
  insert(1);
  StreamReader reader(task);
  ASSERT_TRUE(reader.open(position_at(task, task::StartMode::Earliest)).ok());
  ASSERT_TRUE(reader.read_transaction_of(table).ok());
}

TEST_P(SharedServer, ResumesBehindTheTransactionThatWasDone) {
  StreamReader first(task);
  ASSERT_TRUE(first.open(position_at(task, task::StartMode::Latest)).ok());
  insert(1);
  ASSERT_TRUE(first.read_transaction_of(table).ok());
  binlog::Position done = position_at(task, task::StartMode::Latest);
  const std::string other = "u_" + database;
  server.exec("CREATE TABLE " + database + "." + other + " (id INT PRIMARY KEY)");
  server.exec("INSERT INTO " + database + "." + other + " VALUES (1)");
  first.source.close();
  ASSERT_TRUE(first.open(done).ok());
  ASSERT_TRUE(first.read_transaction_of(other).ok());
  EXPECT_THAT(first.tables, ElementsAre(table, other)) << "nothing twice, nothing left out";
}

TEST_P(SharedServer, FollowsARotation) {
  StreamReader reader(task);
  const binlog::Position from = position_at(task, task::StartMode::Latest);
  ASSERT_TRUE(reader.open(from).ok());
  insert(1);
  ASSERT_TRUE(reader.read_transaction_of(table).ok());
  server.exec("FLUSH BINARY LOGS");
  insert(2);
  ASSERT_TRUE(reader.read_transaction_of(table).ok());
  EXPECT_NE(reader.stream.file(), from.file);
  const auto end = source::current_end(*session_for(task));
  ASSERT_TRUE(end.ok());
  // A thread of MariaDB's writes a BINLOG_CHECKPOINT some time after the file was begun.
  if (reader.stream.offset() < end->second) {
    EXPECT_TRUE(
        reader.read_until([&](const binlog::EventView&) { return reader.stream.offset() >= end->second; })
            .ok());
  }
  EXPECT_EQ(reader.stream.file(), end->first);
  EXPECT_EQ(reader.stream.offset(), end->second);
}

TEST_P(SharedServer, ReturnsOnAnIdleSource) {
  StreamReader reader(task);
  ASSERT_TRUE(reader.open(position_at(task, task::StartMode::Latest)).ok());
  const auto begin = std::chrono::steady_clock::now();
  absl::StatusOr<Bytes> event = reader.source.next();
  while (event.ok() && !event->empty()) event = reader.source.next();
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 9s);
}

TEST_P(SharedServer, AnInterruptEndsABlockedRead) {
  StreamReader reader(task);
  ASSERT_TRUE(reader.open(position_at(task, task::StartMode::Latest)).ok());
  std::promise<void> blocked;
  auto status = std::async(std::launch::async, [&] {
    blocked.set_value();
    absl::StatusOr<Bytes> event = reader.source.next();
    while (event.ok()) event = reader.source.next();
    return event.status();
  });
  blocked.get_future().wait();
  reader.source.interrupt();
  ASSERT_EQ(status.wait_for(5s), std::future_status::ready);
  EXPECT_TRUE(absl::IsCancelled(status.get()));
  EXPECT_TRUE(absl::IsCancelled(reader.source.open({})));
  reader.source.close();
  EXPECT_TRUE(reader.open(position_at(task, task::StartMode::Latest)).ok())
      << "close() makes it usable again";
}

TEST_P(SharedServer, JoinsEventsOfSeveralPackets) {
  StreamReader reader(task);
  ASSERT_TRUE(reader.open(position_at(task, task::StartMode::Latest)).ok());
  // More than the 4 MiB that MySQL 5.7 has for one value by default.
  const std::string limit = server.value("SELECT @@GLOBAL.max_allowed_packet");
  server.exec("SET GLOBAL max_allowed_packet = 64 * 1024 * 1024");
  server.connect().exec("INSERT INTO " + full() + " VALUES (1, REPEAT('x', 20000000))");
  server.exec("SET GLOBAL max_allowed_packet = " + limit);
  insert(2);
  ASSERT_TRUE(reader.read_transaction_of(table).ok());
  EXPECT_GT(reader.largest_event, 20'000'000U);
  ASSERT_TRUE(reader.read_transaction_of(table).ok()) << "the packets after it are still in step";
}

TEST_P(SharedServer, TheOlderOfTwoReadersWithOneServerIdIsCutOff) {
  StreamReader older(task);
  ASSERT_TRUE(older.open(position_at(task, task::StartMode::Latest)).ok());
  insert(1);
  ASSERT_TRUE(older.read_transaction_of(table).ok());
  StreamReader newer(task);
  ASSERT_TRUE(newer.open(position_at(task, task::StartMode::Latest)).ok());
  insert(2);
  const absl::Status cut = older.read_until([](const binlog::EventView&) { return false; });
  EXPECT_TRUE(absl::IsAborted(cut)) << cut;
  EXPECT_EQ(reason_of(cut), "DuplicateServerId");
  EXPECT_THAT(message_of(cut), HasSubstr("spec.source.serverId"));
  ASSERT_TRUE(newer.read_transaction_of(table).ok());
}

TEST_P(SharedServer, IsListedAtTheSource) {
  StreamReader reader(task);
  ASSERT_TRUE(reader.open(position_at(task, task::StartMode::Latest)).ok());
  const source::ReaderIdentity identity = source::reader_identity(task);
  std::vector<std::string> hosts;
  for (const Row& row : server.query("SHOW SLAVE HOSTS")) {
    if (row.at(0) == std::to_string(identity.server_id)) hosts.push_back(row.at(1).value_or(""));
  }
  EXPECT_THAT(hosts, Contains(identity.label));
}

TEST_P(SharedServer, TellsAWrongPasswordAndNeverShowsIt) {
  task.spec.source.credentials->password = "wr0ng-Pass";
  source::BinlogSource source(task, no_secrets());
  const absl::Status status = source.open({});
  EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
  EXPECT_EQ(reason_of(status), "AccessDenied");
  EXPECT_THAT(message_of(status), AllOf(HasSubstr("tracker"), Not(HasSubstr("wr0ng-Pass"))));
}

TEST_P(SharedServer, TellsAMissingReplicationPrivilege) {
  server.create_user("reader_" + database, "pw", "SELECT");
  const binlog::Position from = position_at(task, task::StartMode::Latest);
  task.spec.source.credentials = task::InlineCredentials{"reader_" + database, "pw"};
  source::BinlogSource source(task, no_secrets());
  absl::Status status = source.open(from);
  if (status.ok()) status = source.next().status();
  EXPECT_TRUE(absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status)) << status;
}

TEST_P(SharedServer, RefusesAPositionOfTheOtherKindOfServer) {
  binlog::Position from;
  if (is_mariadb(GetParam())) {
    from.gtids = binlog::MysqlGtidSet::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1").value();
  } else {
    from.gtids = binlog::MariadbGtidSet::parse("0-1-1").value();
  }
  source::BinlogSource source(task, no_secrets());
  const absl::Status status = source.open(from);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(reason_of(status), "PositionOfOtherServer");
}

TEST_P(SharedServer, StartPositionsAreLookedUp) {
  const auto session = session_for(task);
  const auto at = [&](const std::string& file, std::uint64_t offset) {
    task::StartPosition start;
    start.mode = task::StartMode::BinlogFile;
    start.file = file;
    start.offset = offset;
    return source::resolve_start_position(start, *session, {});
  };
  const std::string first = source::list_binlog_files(*session)->front().name;
  ASSERT_TRUE(at(first, 4).ok()) << at(first, 4).status();
  EXPECT_EQ(reason_of(at("binlog.999999", 4).status()), "BinlogPositionPurged");
  EXPECT_EQ(reason_of(at(first, 999'999'999).status()), "BinlogPositionUnknown");

  insert(1);
  const binlog::Position latest = position_at(task, task::StartMode::Latest);
  task::StartPosition by_set;
  by_set.mode = task::StartMode::GtidSet;
  by_set.gtid_set = binlog::to_string(latest.gtids);
  const auto resolved = source::resolve_start_position(by_set, *session, {});
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(resolved->gtids, latest.gtids);
}

TEST_P(SharedServer, AFileIsReadFromTheBeginningOfATransactionOnly) {
  const auto session = session_for(task);
  task::StartPosition start;
  start.mode = task::StartMode::BinlogFile;
  const auto reason_at = [&](std::uint64_t offset) {
    start.offset = offset;
    return reason_of(source::resolve_start_position(start, *session, {}).status());
  };
  server.exec("FLUSH BINARY LOGS");
  start.file = source::list_binlog_files(*session)->back().name;
  insert(1);
  insert(2);
  std::set<std::string> readable;
  int inside_events = 0;
  std::uint64_t end = 0;
  for (const Row& event : server.query("SHOW BINLOG EVENTS IN '" + start.file + "'")) {
    const std::uint64_t begin = std::stoull(event.at(1).value());
    end = std::stoull(event.at(4).value());
    if (reason_at(begin).empty()) readable.insert(event.at(2).value());
    // MySQL 8.0 takes most places in its first events for the next event's.
    if (begin < 500) continue;
    ++inside_events;
    EXPECT_EQ(reason_at(begin + 5), "BinlogPositionUnknown") << begin;
  }
  EXPECT_THAT(readable, Contains(testing::AnyOf(HasSubstr("Gtid"), HasSubstr("gtid"))));
  for (const char* inside : {"Table_map", "_rows", "Xid"})
    EXPECT_THAT(readable, Not(Contains(HasSubstr(inside))));
  EXPECT_GT(inside_events, 1);
  EXPECT_EQ(reason_at(end), "");
}

INSTANTIATE_TEST_SUITE_P(Server, SharedServer, testing::ValuesIn(kEverySqlFlavor), name_of);

TEST_P(OwnServer, GtidsThatAreNotThereAreNoStart) {
  const task::Task task = task_for(server);
  const auto session = session_for(task);
  const auto reason_at = [&](const std::string& gtids) {
    task::StartPosition start;
    start.mode = task::StartMode::GtidSet;
    start.gtid_set = gtids;
    return reason_of(source::resolve_start_position(start, *session, {}).status());
  };
  insert(1);
  const std::string first = binlog::to_string(position_at(task, task::StartMode::Latest).gtids);
  EXPECT_EQ(reason_at(first), "");
  const std::string later = is_mariadb(GetParam()) ? "0-1-999999" : "3e11fa47-71ca-11e1-9e33-c80aa9429562:1";
  EXPECT_EQ(reason_at(later), "BinlogPositionUnknown");
  insert(2);
  server.keep_newest_binlog_only();
  EXPECT_EQ(reason_at(first), "BinlogPositionPurged");
  const std::string last = binlog::to_string(position_at(task, task::StartMode::Latest).gtids);
  EXPECT_EQ(reason_at(last), "");
  if (!is_mariadb(GetParam())) return;
  // As one that was made from a backup of another server.
  EXPECT_EQ(reason_at(last + ",7-9-5"), "BinlogPositionUnknown");
  server.exec("SET GLOBAL gtid_slave_pos = '7-9-5'");
  EXPECT_EQ(reason_at(last + ",7-9-5"), "");
}

TEST_P(OwnServer, ARestartIsAPassingFault) {
  const task::Task task = task_for(server);
  StreamReader reader(task);
  ASSERT_TRUE(reader.open(position_at(task, task::StartMode::Latest)).ok());
  insert(1);
  ASSERT_TRUE(reader.read_transaction_of("t").ok());
  const binlog::Position done = position_at(task, task::StartMode::Latest);
  server.stop();
  const absl::Status lost = reader.read_until([](const binlog::EventView&) { return false; });
  EXPECT_TRUE(absl::IsUnavailable(lost)) << lost;
  reader.source.close();
  const absl::Status away = reader.open(done);
  EXPECT_TRUE(absl::IsUnavailable(away)) << away;
  EXPECT_EQ(reason_of(away), "ConnectionRefused");
  server.start();
  insert(2);
  ASSERT_TRUE(reader.open(done).ok());
  ASSERT_TRUE(reader.read_transaction_of("t").ok());
  EXPECT_THAT(reader.tables, ElementsAre("t", "t"));
}

/// What the server does not have a part in.
class SuspendedServer : public OwnServer {};

TEST_P(SuspendedServer, ASilentServerCountsAsLost) {
  const task::Task task = task_for(server);
  StreamReader reader(task);
  ASSERT_TRUE(reader.open(position_at(task, task::StartMode::Latest)).ok());
  insert(1);
  ASSERT_TRUE(reader.read_transaction_of("t").ok());
  server.suspend();
  const auto begin = std::chrono::steady_clock::now();
  const absl::Status status = reader.read_until([](const binlog::EventView&) { return false; });
  const auto took = std::chrono::steady_clock::now() - begin;
  server.resume();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_GT(took, 5s);
  EXPECT_LT(took, 30s);
}

TEST_P(OwnServer, APurgedPositionIsSaidWithWhatIsLeft) {
  const task::Task task = task_for(server);
  insert(1);
  const binlog::Position old = position_at(task, task::StartMode::Latest);
  insert(2);
  server.exec("FLUSH BINARY LOGS");
  insert(3);
  server.exec("FLUSH BINARY LOGS");
  insert(4);
  const std::string newest = source::current_end(*session_for(task))->first;
  wait_until("the files are gone", [&] {
    // MariaDB keeps a file until the storage engine has let go of it, a moment later.
    server.exec("PURGE BINARY LOGS TO '" + newest + "'");
    return server.query("SHOW BINARY LOGS").size() == 1;
  });

  binlog::Position by_file = old;
  by_file.gtids = std::monostate{};
  for (const binlog::Position& from : {old, by_file}) {
    StreamReader reader(task);
    absl::Status status = reader.open(from);
    if (status.ok()) status = reader.read_until([](const binlog::EventView&) { return false; });
    EXPECT_TRUE(absl::IsOutOfRange(status)) << status;
    EXPECT_EQ(reason_of(status), "BinlogPositionPurged");
    EXPECT_THAT(message_of(status), AllOf(HasSubstr("earliest it still has is " + newest + ":4"),
                                          HasSubstr("Earliest"), HasSubstr("Latest")));
  }
  StreamReader reader(task);
  ASSERT_TRUE(reader.open(position_at(task, task::StartMode::Earliest)).ok());
  ASSERT_TRUE(reader.read_transaction_of("t").ok()) << "Earliest is what is left";
}

TEST_P(OwnServer, AServerThatNeverHadThePositionSaysSo) {
  const task::Task task = task_for(server);
  insert(1);
  binlog::Position ahead = position_at(task, task::StartMode::Latest);
  if (is_mariadb(GetParam())) {
    ahead.gtids = binlog::MariadbGtidSet::parse("0-1-99999").value();
  } else {
    std::get<binlog::MysqlGtidSet>(ahead.gtids)
        .unite(binlog::MysqlGtidSet::parse(server.value("SELECT @@server_uuid") + ":1-99999").value());
  }
  StreamReader reader(task);
  const absl::Status status = reader.open(ahead);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status << ": a replica may still catch up";
  EXPECT_EQ(reason_of(status), "SourceBehind");
  EXPECT_THAT(message_of(status), HasSubstr("-99999, and SELECT "));
}

INSTANTIATE_TEST_SUITE_P(Server, OwnServer, testing::ValuesIn(kEverySqlFlavor), name_of);

INSTANTIATE_TEST_SUITE_P(Server, SuspendedServer, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         name_of);
INSTANTIATE_TEST_SUITE_P(DISABLED_More, SuspendedServer,
                         testing::Values(SqlFlavor::Mysql57, SqlFlavor::Mariadb114), name_of);

// MariaDB's positions are always GTIDs.
TEST(PositionsWithoutGtids, FilesOfAnotherServerAreNotReadInItsStead) {
  MysqlServer server(SqlFlavor::Mysql8);
  server.create_user(kUser, sql_password());
  server.exec("CREATE DATABASE d");
  server.exec("CREATE TABLE d.t (id INT PRIMARY KEY)");
  for (const char* mode : {"ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF"})
    server.exec(std::string("SET GLOBAL gtid_mode = ") + mode);
  const task::Task task = task_for(server);
  binlog::Position position = position_at(task, task::StartMode::Latest);
  EXPECT_EQ(position.server, server.value("SELECT @@server_uuid"));
  server.exec("INSERT INTO d.t VALUES (1)");
  {
    StreamReader reader(task);
    ASSERT_TRUE(reader.open(position).ok());
    ASSERT_TRUE(reader.read_transaction_of("t").ok());
  }
  position.server = "00000000-0000-0000-0000-000000000001";
  StreamReader reader(task);
  const absl::Status status = reader.open(position);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(reason_of(status), "SourceReplaced");
  EXPECT_THAT(message_of(status), HasSubstr(position.server));
}

}  // namespace
}  // namespace rowtide::test
