// spec.startPosition.timestamp on real servers with several binlog files.
#include <absl/time/time.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/status/reason.h"
#include "tests/integration/source_fixture.h"
#include "tests/support/wait_until.h"
#include "tracker/binlog/transaction_begin.h"
#include "tracker/source/position_sampler.h"

namespace rowtide::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::int64_t kSecond = 1'000'000;

/// One transaction of the binlog: where it stands and when it was committed.
struct Placed {
  std::string file;
  std::uint64_t offset = 0;
  std::int64_t time_us = 0;
};

struct Server {
  SqlFlavor flavor = SqlFlavor::Mysql8;
  std::vector<std::string> options;
  std::string name;
};

class TimestampPosition : public testing::TestWithParam<Server> {
 protected:
  TimestampPosition() { server.create_user(kUser, sql_password()); }

  /// Waits until the source's clock is in another second.
  void next_second() {
    const std::string now = server.value("SELECT UNIX_TIMESTAMP()");
    wait_until("another second", [&] { return server.value("SELECT UNIX_TIMESTAMP()") != now; });
  }
  void insert(int count = 1) {
    for (int i = 0; i < count; ++i)
      server.exec("INSERT INTO d.t VALUES (" + std::to_string(++last_id_) + ")");
  }
  /// Five files, the seconds between them told apart, but for the third and fourth.
  void write_files() {
    server.exec("RESET MASTER");
    server.exec("CREATE DATABASE d");
    server.exec("CREATE TABLE d.t (id INT PRIMARY KEY)");
    for (const bool waits : {true, true, false, true}) {
      insert(2);
      if (waits) next_second();
      insert(2);
      server.exec("FLUSH BINARY LOGS");
      insert();
    }
    next_second();
    insert();
    next_second();
  }

  /// All transactions, in the binlog's order, by reading it from its beginning.
  std::vector<Placed> all() {
    std::vector<Placed> placed;
    const auto end = source::current_end(*session_for(task)).value();
    StreamReader reader(task);
    binlog::Position from;
    from.file = source::list_binlog_files(*session_for(task))->front().name;
    from.offset = 4;
    EXPECT_TRUE(reader.open(from).ok());
    EXPECT_TRUE(reader
                    .read_until([&](const binlog::EventView& event) {
                      const auto begin = binlog::transaction_begin(event).value();
                      if (begin) placed.push_back({reader.stream.file(), event.start_offset, begin->time_us});
                      return reader.stream.file() == end.first && reader.stream.offset() >= end.second;
                    })
                    .ok());
    return placed;
  }

  static task::StartPosition from(std::int64_t time_us) {
    return {
        .mode = task::StartMode::Timestamp, .timestamp_us = time_us, .gtid_set = {}, .file = {}, .offset = 4};
  }
  source::OpenSource counting_source() {
    opened_.clear();
    return [this, real = source::search_source(task, no_secrets())] {
      opened_.push_back(true);
      return real();
    };
  }
  absl::StatusOr<binlog::Position> at(std::int64_t time_us) {
    return source::resolve_start_position(from(time_us), *session_for(task), counting_source());
  }

  /// What a stream from there begins with.
  Placed first_from(const binlog::Position& position) {
    StreamReader reader(task);
    EXPECT_TRUE(reader.open(position).ok());
    Placed placed;
    EXPECT_TRUE(reader
                    .read_until([&](const binlog::EventView& event) {
                      const auto begin = binlog::transaction_begin(event).value();
                      if (begin) placed = {reader.stream.file(), event.start_offset, begin->time_us};
                      return begin.has_value();
                    })
                    .ok());
    return placed;
  }

  MysqlServer server{GetParam().flavor, {.bind = "127.0.0.1", .port = 0, .options = GetParam().options}};
  task::Task task = task_for(server);
  std::vector<bool> opened_;
  int last_id_ = 0;
};

TEST_P(TimestampPosition, IsTheFirstTransactionAtOrAfterTheTime) {
  write_files();
  const std::vector<Placed> transactions = all();
  ASSERT_GT(transactions.size(), 20U);
  const std::size_t files = source::list_binlog_files(*session_for(task))->size();
  ASSERT_EQ(files, 5U);
  std::set<std::int64_t> times;
  for (const Placed& placed : transactions)
    for (const std::int64_t time : {placed.time_us, placed.time_us - 1, placed.time_us / kSecond * kSecond})
      times.insert(time);
  // A dump that ends and another that begins take MySQL half a second.
  constexpr std::size_t kSamples = 12;
  const std::size_t step = times.size() / kSamples + 1;
  for (auto next = times.begin(); next != times.end();
       std::advance(next, std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(step),
                                                   std::distance(next, times.end())))) {
    const std::int64_t time = *next;
    const auto expected = std::find_if(transactions.begin(), transactions.end(),
                                       [&](const Placed& placed) { return placed.time_us >= time; });
    ASSERT_NE(expected, transactions.end());
    const auto position = at(time);
    ASSERT_TRUE(position.ok()) << position.status();
    EXPECT_LE(opened_.size(), 4U) << "three files asked for their beginning, one read";
    const Placed first = first_from(*position);
    EXPECT_EQ(first.file, expected->file) << time;
    EXPECT_EQ(first.offset, expected->offset) << time;
  }
}

TEST_P(TimestampPosition, ACheckThatHasNoTimeLeftOpensNoStream) {
  write_files();
  const task::StartPosition start = from(all().back().time_us);
  const auto session = session_for(task);
  const auto check = [&](std::chrono::seconds time) {
    return source::check_start_position(start, *session, counting_source(),
                                        std::chrono::steady_clock::now() + time);
  };
  const absl::Status late = check(std::chrono::seconds(-1)).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
  EXPECT_EQ(reason_of(late), "Timeout");
  EXPECT_TRUE(opened_.empty());
  EXPECT_TRUE(check(std::chrono::seconds(60)).ok());
}

TEST_P(TimestampPosition, BehindTheLastChangeIsTheEnd) {
  write_files();
  const auto last = all().back();
  const auto position = at(last.time_us + 1);
  ASSERT_TRUE(position.ok()) << position.status();
  insert();
  const Placed first = first_from(*position);
  EXPECT_GT(first.time_us, last.time_us);
  EXPECT_EQ(first.file, last.file);
}

TEST_P(TimestampPosition, BeforeEverythingIsTheBeginningAndPurgedIsSaid) {
  write_files();
  const Placed first = all().front();
  const auto beginning = at(kSecond);
  ASSERT_TRUE(beginning.ok()) << beginning.status();
  EXPECT_EQ(first_from(*beginning).offset, first.offset);

  const std::string third = (*source::list_binlog_files(*session_for(task)))[2].name;
  wait_until("two files are gone", [&] {
    // MariaDB keeps a file until the storage engine has let go of it, a moment later.
    server.exec("PURGE BINARY LOGS TO '" + third + "'");
    return server.query("SHOW BINARY LOGS").size() == 3;
  });
  const absl::Status purged = at(first.time_us).status();
  EXPECT_TRUE(absl::IsOutOfRange(purged)) << purged;
  EXPECT_EQ(reason_of(purged), "BinlogPositionPurged");
  EXPECT_THAT(std::string(purged.message()), AllOf(HasSubstr(third + ":4"), HasSubstr("Earliest"),
                                                   HasSubstr("spec.startPosition.timestamp")));

  const absl::Status to_come = at(absl::ToUnixMicros(absl::Now() + absl::Hours(1))).status();
  EXPECT_TRUE(absl::IsInvalidArgument(to_come)) << to_come;
  EXPECT_THAT(std::string(to_come.message()), HasSubstr("still to come"));
}

/// A server that was made from a backup: no file of it tells the GTIDs that came with that.
class RestoredServer : public TimestampPosition {};

TEST_P(RestoredServer, WhatTheBackupBroughtIsDone) {
  server.exec("RESET MASTER");
  server.exec("SET GLOBAL gtid_purged = '5f0c7f5e-0000-0000-0000-000000000001:1-5'");
  server.exec("CREATE DATABASE d");
  server.exec("CREATE TABLE d.t (id INT PRIMARY KEY)");
  insert();
  server.exec("FLUSH BINARY LOGS");
  next_second();
  insert();
  const Placed last = all().back();
  const auto position = at(last.time_us);
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(first_from(*position).offset, last.offset);
}

INSTANTIATE_TEST_SUITE_P(Server, RestoredServer, testing::Values(Server{SqlFlavor::Mysql8, {}, "Mysql8"}),
                         [](const auto& one) { return one.param.name; });

INSTANTIATE_TEST_SUITE_P(Server, TimestampPosition,
                         testing::Values(Server{SqlFlavor::Mysql8, {}, "Mysql8"},
                                         Server{SqlFlavor::Mysql8,
                                                {"--enforce-gtid-consistency=OFF", "--gtid-mode=OFF"},
                                                "Mysql8WithoutGtids"},
                                         Server{SqlFlavor::Mariadb, {}, "Mariadb"}),
                         [](const auto& one) { return one.param.name; });
INSTANTIATE_TEST_SUITE_P(DISABLED_More, TimestampPosition,
                         testing::Values(Server{SqlFlavor::Mysql57, {}, "Mysql57"},
                                         Server{SqlFlavor::Mysql57,
                                                {"--enforce-gtid-consistency=OFF", "--gtid-mode=OFF"},
                                                "Mysql57WithoutGtids"},
                                         Server{SqlFlavor::Mariadb114, {}, "Mariadb114"}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace rowtide::test
