// The binlog at the source is not the one that was read, or cannot be read by GTIDs alone: what was not read
// is delivered, or the task stops and says why. Nothing is passed over.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/integration/tracker_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

struct Source {
  std::string name;
  SqlFlavor flavor;
  bool has_gtids;
};

class BinlogOfASource {
 protected:
  explicit BinlogOfASource(const Source& source) : has_gtids_(source.has_gtids), server_(server_of(source)) {
    server_.exec("DROP DATABASE IF EXISTS shop");
    server_.exec("CREATE DATABASE shop");
    server_.exec("CREATE TABLE shop.t (id INT PRIMARY KEY)");
    server_.exec("RESET MASTER");
    tracker_.emplace(stdout_task(server_, "shop"),
                     std::vector<std::string>{"--checkpoint", folder_.path() / "checkpoint"});
    tracker_->start_streaming();
  }

  /// One for all tests of its kind: each resets the binlog.
  static MysqlServer& server_of(const Source& source) {
    static std::map<std::string, std::unique_ptr<MysqlServer>> servers;
    std::unique_ptr<MysqlServer>& server = servers[source.name];
    if (server == nullptr) {
      server = std::make_unique<MysqlServer>(source.flavor, options_of(source));
      server->create_user(kTrackerUser, kTrackerPassword);
    }
    return *server;
  }
  static ServerOptions options_of(const Source& source) {
    ServerOptions options{.bind = "127.0.0.1", .port = 0, .options = {}};
    if (!source.has_gtids) options.options = {"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"};
    return options;
  }
  void insert(int from, int to) {
    for (int id = from; id <= to; ++id) server_.exec(fmt::format("INSERT INTO shop.t VALUES ({})", id));
  }
  void stop_tracker() { EXPECT_TRUE(tracker_->stop(SIGTERM).ok()) << tracker_->process().err(); }
  /// Files are told apart by the second in which they were begun.
  void wait_for_another_second() {
    const std::string now = server_.value("SELECT UNIX_TIMESTAMP()");
    wait_until("the server's clock moves on",
               [&] { return server_.value("SELECT UNIX_TIMESTAMP()") != now; });
  }
  void reset() {
    wait_for_another_second();
    server_.exec("RESET MASTER");
  }
  /// In the order in which they come; since the tracker was started.
  void expect_rows(const std::vector<int>& ids) {
    const std::string last = fmt::format("\"id\":{}}}", ids.back());
    wait_until(
        "the last row", [&] { return tracker_->process().out().find(last) != std::string::npos; },
        std::chrono::seconds{30}, [&] { return tracker_->process().err(); });
    EXPECT_EQ(rows(), ids);
  }
  [[nodiscard]] std::vector<int> rows() {
    std::vector<int> got;
    for (const std::string& line : tracker_->process().new_lines()) {
      const json record = json::parse(line);
      if (record.contains("op")) got.push_back(record.at("after").at("id"));
    }
    return got;
  }
  void expect_stop(const std::string& reason) {
    EXPECT_FALSE(tracker_->wait_exit().ok());
    EXPECT_THAT(tracker_->failure(), StartsWith(reason + ": "));
    EXPECT_THAT(tracker_->failure(), HasSubstr("spec.startPosition.mode Earliest"));
    EXPECT_THAT(rows(), testing::IsEmpty());
  }

  TempDir folder_;
  bool has_gtids_;
  MysqlServer& server_;
  std::optional<TrackerProcess> tracker_;
};

class Binlog : public BinlogOfASource, public testing::TestWithParam<Source> {
 protected:
  Binlog() : BinlogOfASource(GetParam()) {}
};

TEST_P(Binlog, ResetWhileAwayAndLongerThanBefore) {
  insert(1, 3);
  expect_rows({1, 2, 3});
  stop_tracker();
  reset();
  insert(4, 20);  // the same GTIDs, and more
  tracker_->start();
  expect_stop("BinlogReset");
}

TEST_P(Binlog, ResetWhileAwayToAFileBeforeTheOneThatWasRead) {
  server_.exec("FLUSH BINARY LOGS");
  insert(1, 1);
  expect_rows({1});
  stop_tracker();
  reset();
  insert(2, 20);
  tracker_->start();
  expect_stop("BinlogReset");
}

TEST_P(Binlog, ResetWhileAwayAndPurgedSince) {
  insert(1, 20);
  wait_until("all is read",
             [&] { return tracker_->process().out().find("\"id\":20}") != std::string::npos; });
  static_cast<void>(rows());
  stop_tracker();
  reset();
  insert(21, 22);
  server_.keep_newest_binlog_only();
  insert(23, 60);
  tracker_->start();
  expect_stop(has_gtids_ ? "BinlogReset" : "BinlogPositionPurged");
}

TEST_P(Binlog, ResetWhileReading) {
  insert(1, 3);
  expect_rows({1, 2, 3});
  reset();
  expect_stop("BinlogReset");  // though nothing comes any more
}

TEST_P(Binlog, ResetWhileReadingALaterFile) {
  server_.exec("FLUSH BINARY LOGS");
  insert(1, 3);
  expect_rows({1, 2, 3});
  reset();
  insert(4, 5);
  expect_stop("BinlogReset");
}

TEST_P(Binlog, RotatedAndServerRestartedWhileAway) {
  insert(1, 2);
  expect_rows({1, 2});
  stop_tracker();
  insert(3, 3);
  server_.exec("FLUSH BINARY LOGS");
  server_.restart();
  insert(4, 5);
  tracker_->start_streaming();
  expect_rows({3, 4, 5});
  server_.exec("FLUSH BINARY LOGS");
  insert(6, 7);
  expect_rows({6, 7});
}

TEST_P(Binlog, PurgedWhileAwayUpToWhatWasRead) {
  insert(1, 2);
  expect_rows({1, 2});
  stop_tracker();
  server_.keep_newest_binlog_only();
  insert(3, 4);
  if (has_gtids_) {
    tracker_->start_streaming();
    expect_rows({3, 4});
  } else {  // whether something stood after the place is not known
    tracker_->start();
    expect_stop("BinlogPositionPurged");
  }
}

INSTANTIATE_TEST_SUITE_P(Server, Binlog,
                         testing::Values(Source{"Mysql8", SqlFlavor::Mysql8, true},
                                         Source{"Mysql8WithoutGtids", SqlFlavor::Mysql8, false},
                                         Source{"Mariadb", SqlFlavor::Mariadb, true}),
                         [](const auto& one) { return one.param.name; });
INSTANTIATE_TEST_SUITE_P(DISABLED_More, Binlog,
                         testing::Values(Source{"Mysql57", SqlFlavor::Mysql57, true},
                                         Source{"Mysql57WithoutGtids", SqlFlavor::Mysql57, false},
                                         Source{"Mariadb114", SqlFlavor::Mariadb114, true}),
                         [](const auto& one) { return one.param.name; });

class GtidMode : public BinlogOfASource, public testing::Test {
 protected:
  GtidMode() : BinlogOfASource({"Mysql8", SqlFlavor::Mysql8, true}) {}

  void set_modes(const std::vector<std::string>& modes) {
    for (const std::string& mode : modes) server_.exec("SET GLOBAL gtid_mode = " + mode);
  }
};

TEST_F(GtidMode, OffAndOnWhileAway) {
  insert(1, 1);
  expect_rows({1});
  stop_tracker();
  insert(2, 2);
  set_modes({"ON_PERMISSIVE", "OFF_PERMISSIVE"});
  insert(3, 4);
  set_modes({"ON_PERMISSIVE", "ON"});
  insert(5, 6);
  tracker_->start();
  wait_until("the tracker says what the server holds back", [&] {
    return tracker_->get("/status").body.find("\"TransactionsWithoutGtid\"") != std::string::npos;
  });
  EXPECT_THAT(tracker_->status().at("message").get<std::string>(), HasSubstr("gtid_mode = ON_PERMISSIVE"));
  server_.exec("SET GLOBAL gtid_mode = ON_PERMISSIVE");
  expect_rows({2, 3, 4, 5, 6});
  server_.exec("SET GLOBAL gtid_mode = ON");
  insert(7, 7);
  expect_rows({7});
}

TEST_F(GtidMode, OffAndOnWhileReading) {
  set_modes({"ON_PERMISSIVE", "OFF_PERMISSIVE"});
  insert(1, 2);
  expect_rows({1, 2});
  server_.exec("SET GLOBAL gtid_mode = OFF");
  insert(3, 3);
  expect_rows({3});
  stop_tracker();
  insert(4, 4);
  set_modes({"OFF_PERMISSIVE", "ON_PERMISSIVE"});
  insert(5, 6);
  tracker_->start_streaming();
  expect_rows({4, 5, 6});
  server_.exec("SET GLOBAL gtid_mode = ON");
  insert(7, 7);
  expect_rows({7});
}

}  // namespace
}  // namespace rowtide::test
