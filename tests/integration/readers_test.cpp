// The sink `stream`: changes over HTTP, read with curl as its users do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <numeric>

#include "tests/integration/tracker_process.h"
#include "tests/support/free_port.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

/// curl on /changes.
class Lines {
 public:
  explicit Lines(const TrackerProcess& tracker, const std::string& query = "",
                 std::vector<std::string> options = {}) {
    std::vector<std::string> argv{"curl", "-sSN",
                                  "http://127.0.0.1:" + std::to_string(tracker.port()) + "/changes?" + query};
    argv.insert(argv.end(), options.begin(), options.end());
    process_.emplace(ProcessOptions{.argv = argv, .env = {}, .working_dir = {}});
  }

  const std::vector<json>& read() {
    for (const std::string& line : process_->new_lines()) lines_.push_back(json::parse(line));
    return lines_;
  }
  [[nodiscard]] static bool is(const json& line, const std::string& kind) {
    return line.value("rowtide", "") == kind;
  }
  [[nodiscard]] std::vector<json> of_kind(const std::string& kind) {
    std::vector<json> found;
    for (const json& line : read()) {
      if (is(line, kind)) found.push_back(line);
    }
    return found;
  }
  /// "c1", "u1", "d1": operation and id of each row, in order.
  [[nodiscard]] std::vector<std::string> rows() {
    std::vector<std::string> rows;
    for (const json& line : read()) {
      if (!line.contains("op")) continue;
      const json& row = line["after"].is_null() ? line["before"] : line["after"];
      rows.push_back(line["op"].get<std::string>() + row.at("id").dump());
    }
    return rows;
  }
  /// The position of the nth commit line.
  std::string commit(std::size_t n) {
    wait_until(
        "commit " + std::to_string(n), [&] { return of_kind("commit").size() >= n; }, kDeadline,
        [&] { return process_->out() + process_->err(); });
    return of_kind("commit").at(n - 1).at("position").get<std::string>();
  }
  json wait_for(const std::string& kind) {
    wait_until(
        "a line of kind " + kind, [&] { return !of_kind(kind).empty(); }, kDeadline,
        [&] { return process_->out() + process_->err(); });
    return of_kind(kind).back();
  }
  /// Streams: what is committed from now on comes.
  Lines& begun() {
    wait_for("heartbeat");
    return *this;
  }
  void leave() { process_->stop(SIGKILL, std::chrono::seconds{10}); }
  [[nodiscard]] Process& process() { return *process_; }

 private:
  static constexpr std::chrono::seconds kDeadline{60};
  std::optional<Process> process_;
  std::vector<json> lines_;
};

/// For what others must not meet: it has shop.t, and the tracker's account.
std::unique_ptr<MysqlServer> own_server(SqlFlavor flavor) {
  auto own = std::make_unique<MysqlServer>(flavor);
  own->create_user(kTrackerUser, kTrackerPassword);
  own->exec("CREATE DATABASE shop");
  own->exec("CREATE TABLE shop.t (id INT PRIMARY KEY)");
  return own;
}

class ReadersOf : public testing::TestWithParam<SqlFlavor> {
 protected:
  void SetUp() override {
    sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))");
    tracker_.start_streaming();
  }
  void sql(const std::string& statement) { server_.connect(database_).exec(statement); }
  [[nodiscard]] HttpAnswer acknowledge(const std::string& reader, const std::string& position) const {
    return http_send(tracker_.port(), "POST", "/ack?reader=" + reader, position);
  }
  [[nodiscard]] json reader_status(const std::string& name) const {
    const json status = tracker_.status();
    for (const json& reader : status.at("readers")) {
      if (reader.at("name") == name) return reader;
    }
    return json::object();
  }

  MysqlServer& server_ = tracked_server(GetParam());
  std::string database_ = server_.fresh_database();
  TempDir state_;
  json task_ = stream_task(server_, database_);
  TrackerProcess tracker_{task_, {"--state", state_.path()}};
};

TEST_P(ReadersOf, AReaderThatKeepsItsPlaceGetsEachChangeOnce) {
  Lines first(tracker_, "heartbeat=1");
  first.begun();
  sql("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  sql("UPDATE t SET v = 'c' WHERE id = 1");
  sql("DELETE FROM t WHERE id = 2");
  const std::string after_insert = first.commit(1);
  static_cast<void>(first.commit(3));
  EXPECT_THAT(first.rows(), ElementsAre("c1", "c2", "u1", "d2"));
  EXPECT_EQ(first.of_kind("commit").at(0).at("changes"), 2);
  first.leave();
  sql("ALTER TABLE t ADD w INT NOT NULL DEFAULT 7");
  sql("INSERT INTO t VALUES (3, 'd', 8)");

  Lines second(tracker_, "from=" + after_insert);
  static_cast<void>(second.commit(4));  // the ALTER has its own
  EXPECT_THAT(second.rows(), ElementsAre("u1", "d2", "c3"));
  EXPECT_EQ(second.read().at(second.read().size() - 2).at("after").at("w"), 8);
}

TEST_P(ReadersOf, TheSourceGoesAwayAndComesBack) {
  const auto own = own_server(GetParam());
  TrackerProcess tracker(stream_task(*own, "shop"));
  tracker.start_streaming();
  Lines lines(tracker, "heartbeat=1");
  lines.begun();
  own->exec("INSERT INTO shop.t VALUES (1)");
  static_cast<void>(lines.commit(1));
  own->stop();
  wait_until("the reader is told", [&] { return lines.wait_for("heartbeat").at("state") == "Reconnecting"; });
  own->start();
  own->connect().exec("INSERT INTO shop.t VALUES (2)");
  static_cast<void>(lines.commit(2));
  EXPECT_THAT(lines.rows(), ElementsAre("c1", "c2"));
}

INSTANTIATE_TEST_SUITE_P(Server, ReadersOf, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         [](const auto& one) { return flavor_name(one.param); });

/// What is the same with every source.
class Readers : public ReadersOf {};
INSTANTIATE_TEST_SUITE_P(Server, Readers, testing::Values(SqlFlavor::Mysql8),
                         [](const auto& one) { return flavor_name(one.param); });

TEST_P(Readers, ANamedReaderGoesOnFromWhatItAcknowledgedAlsoAfterAKill) {
  {
    Lines lines(tracker_, "reader=cache&heartbeat=1");
    lines.begun();
    for (int id = 1; id <= 3; ++id) sql("INSERT INTO t VALUES (" + std::to_string(id) + ", 'x')");
    static_cast<void>(lines.commit(3));
    EXPECT_EQ(acknowledge("cache", lines.commit(2)).status, 200);
    EXPECT_EQ(reader_status("cache").at("commitsAcknowledged"), 2);
    wait_until("what it has not acknowledged is lag", [&] {
      const json lag = reader_status("cache").at("lagSeconds");
      return lag.is_number() && lag.get<double>() > 0;
    });
    tracker_.stop(SIGKILL);
  }
  tracker_.start_streaming();
  Lines again(tracker_, "reader=cache");
  static_cast<void>(again.commit(1));
  EXPECT_THAT(again.rows(), ElementsAre("c3"));
  // Its connection is over, its last word counts.
  again.leave();
  EXPECT_EQ(acknowledge("cache", again.commit(1)).status, 200);
  sql("INSERT INTO t VALUES (4, 'x')");
  Lines last(tracker_, "reader=cache");
  static_cast<void>(last.commit(1));
  EXPECT_THAT(last.rows(), ElementsAre("c4"));
}

TEST_P(Readers, WhatCannotBeAcknowledgedIsRefusedAndNothingMoves) {
  Lines lines(tracker_, "reader=r&heartbeat=1");
  lines.begun();
  for (int id = 1; id <= 3; ++id) sql("INSERT INTO t VALUES (" + std::to_string(id) + ", 'x')");
  const std::string first = lines.commit(1);
  const std::string third = lines.commit(3);
  EXPECT_EQ(acknowledge("r", third).status, 200);
  const HttpAnswer backwards = acknowledge("r", first);
  EXPECT_EQ(backwards.status, 409);
  EXPECT_THAT(backwards.body, HasSubstr("3 is acknowledged already"));
  EXPECT_EQ(acknowledge("r", "nonsense").status, 400);
  EXPECT_EQ(acknowledge("nobody", third).status, 409);
  EXPECT_EQ(acknowledge("../r", third).status, 400);

  // Two connections: the newer one has the place, what the older one still says is refused.
  Lines newer(tracker_, "reader=r&heartbeat=1");
  newer.begun();
  EXPECT_EQ(lines.wait_for("error").at("reason"), "TakenOver");
  const HttpAnswer late = acknowledge("r", third);
  EXPECT_EQ(late.status, 409);
  EXPECT_THAT(late.body, HasSubstr("another connection"));
  sql("INSERT INTO t VALUES (4, 'x')");
  static_cast<void>(newer.commit(1));
  EXPECT_THAT(newer.rows(), ElementsAre("c4"));
}

TEST_P(Readers, APlaceThatCannotBeSavedIsSaidOnceAndWhy) {
  Lines lines(tracker_, "reader=r&heartbeat=1");
  lines.begun();
  sql("INSERT INTO t VALUES (1, 'x')");
  const std::string position = lines.commit(1);
  const std::filesystem::path written = state_.path() / "r.json.new";
  std::filesystem::create_symlink("/dev/full", written);
  const auto said = [&] {
    const std::string log = tracker_.process().err();
    std::size_t count = 0;
    for (std::size_t at = 0; (at = log.find("No space left on device", at)) != std::string::npos; ++at)
      ++count;
    return count;
  };
  for (int times = 0; times < 2; ++times) {
    const HttpAnswer full = acknowledge("r", position);
    EXPECT_EQ(full.status, 503) << full.body;
    EXPECT_THAT(full.body, HasSubstr("No space left on device"));
    EXPECT_THAT(full.body, HasSubstr(written.string()));
  }
  EXPECT_EQ(said(), 1U) << tracker_.process().err();
  std::filesystem::remove(written);
  EXPECT_EQ(acknowledge("r", position).body, "saved\n");
  wait_until("that is said",
             [&] { return tracker_.process().err().find("is saved again") != std::string::npos; });
  EXPECT_EQ(reader_status("r").at("isConnected"), true) << "nothing of it ended its lines";
}

/// Its acknowledgement waits for the disk, which here is a pipe that nobody reads from.
TEST_P(Readers, NobodyTakesAPlaceOverThatIsBeingSaved) {
  Lines lines(tracker_, "reader=r&heartbeat=1");
  lines.begun();
  sql("INSERT INTO t VALUES (1, 'x')");
  const std::string position = lines.commit(1);
  SqlClient client = server_.connect(database_);
  client.exec("SET SESSION binlog_format = STATEMENT");
  client.exec("INSERT INTO t VALUES (2, 'x')");
  static_cast<void>(lines.wait_for("error"));

  const std::filesystem::path written = state_.path() / "r.json.new";
  ASSERT_EQ(::mkfifo(written.c_str(), 0600), 0);
  Process acknowledging({.argv = {"curl", "-sS", "--data-raw", position,
                                  "http://127.0.0.1:" + std::to_string(tracker_.port()) + "/ack?reader=r"},
                         .env = {},
                         .working_dir = {}});
  wait_until("it is being acknowledged",
             [&] { return reader_status("r").value("commitsAcknowledged", 0) == 1; });
  const HttpAnswer forgotten = http_send(tracker_.port(), "DELETE", "/readers?reader=r", "");
  ASSERT_EQ(forgotten.status, 503) << forgotten.body;
  EXPECT_THAT(forgotten.body, HasSubstr("StillEnding"));
  Lines early(tracker_, "reader=r");
  ASSERT_TRUE(early.process().wait(std::chrono::seconds{30}).has_value()) << early.process().out();
  EXPECT_THAT(early.process().out(), HasSubstr("StillEnding"));
  EXPECT_TRUE(acknowledging.running());
  // A pipe cannot be synchronized to a disk, so the answer is that it is not saved.
  Process reading({.argv = {"cat", written}, .env = {}, .working_dir = {}});
  ASSERT_TRUE(acknowledging.wait(std::chrono::seconds{30}).has_value());
  EXPECT_THAT(acknowledging.out(), HasSubstr("CheckpointNotSaved"));
  std::filesystem::remove(written);
  EXPECT_EQ(acknowledge("r", position).body, "saved\n");
  Lines again(tracker_, "reader=r");
  ASSERT_TRUE(again.process().wait(std::chrono::seconds{30}).has_value());
  EXPECT_THAT(again.process().out(), HasSubstr("written as a statement"));
  EXPECT_TRUE(again.rows().empty()) << "it begins after what is saved";
}

TEST_P(Readers, WhoReadsSlowlyHoldsNobodyBackAndLosesNothing) {
  constexpr int kRows = 30000;
  Lines slow(tracker_, "reader=slow&heartbeat=1");
  slow.begun();
  Lines quick(tracker_, "reader=quick&heartbeat=1");
  quick.begun();
  suspend(slow.process().pid());
  SqlClient client = server_.connect(database_);
  client.exec("ALTER TABLE t MODIFY v TEXT");
  constexpr int kPerInsert = 1000;
  for (int first = 0; first < kRows; first += kPerInsert) {
    std::string insert = "INSERT INTO t VALUES ";
    for (int id = first; id < first + kPerInsert; ++id)
      insert += (id == first ? "(" : ",(") + std::to_string(id) + ",REPEAT('x',700))";
    client.exec(insert);
  }
  wait_until("the quick one has all", [&] { return quick.rows().size() == kRows; });
  // Some 35 MB: it stands still while its buffer and the sockets are full, not longer.
  EXPECT_LT(reader_status("slow").at("bytesTotal").get<std::int64_t>(),
            reader_status("quick").at("bytesTotal").get<std::int64_t>());
  slow.process().signal(SIGCONT);
  wait_until("the slow one has all", [&] { return slow.rows().size() == kRows; });
  EXPECT_EQ(slow.rows(), quick.rows());
  for (const json& line : slow.read()) EXPECT_FALSE(Lines::is(line, "error")) << line;
}

TEST_P(Readers, BeginAtTheSamePlaceAtTheSameTime) {
  Lines before(tracker_, "heartbeat=1");
  before.begun();
  sql("INSERT INTO t VALUES (1, 'x')");
  const std::string position = before.commit(1);
  before.leave();
  // What each reads first, to know the definitions at its place, takes a while.
  const std::string other = server_.fresh_database();
  server_.exec("CREATE TABLE " + other + ".t (id INT PRIMARY KEY, v TEXT)");
  server_.exec("INSERT INTO " + other +
               ".t WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 90000)"
               " SELECT /*+ SET_VAR(cte_max_recursion_depth=100000) */ id, REPEAT('x', 700) FROM n");
  sql("INSERT INTO t VALUES (2, 'x')");
  std::vector<std::unique_ptr<Lines>> all;
  for (int i = 0; i < 3; ++i) all.push_back(std::make_unique<Lines>(tracker_, "from=" + position));
  for (const auto& each : all) {
    static_cast<void>(each->commit(1));
    EXPECT_THAT(each->rows(), ElementsAre("c2"));
  }
}

TEST_P(Readers, AStreamThatIsLostInsideATransactionIsEndedAndBeginsBeforeIt) {
  sql("ALTER TABLE t MODIFY v TEXT");
  task_["spec"]["sink"]["stream"]["bufferMiB"] = 1;
  const TempDir state;
  TrackerProcess tracker(task_, {"--state", state.path()});
  tracker.start_streaming();
  Lines lines(tracker, "reader=r&heartbeat=1");
  lines.begun();
  sql("INSERT INTO t VALUES (0, 'x')");
  const std::string before = lines.commit(1);
  suspend(lines.process().pid());
  constexpr int kRows = 40000;
  sql("INSERT INTO t WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < " +
      std::to_string(kRows) +
      ") SELECT /*+ SET_VAR(cte_max_recursion_depth=100000) */ id, REPEAT('x', 700) FROM n");
  wait_until("lines are given and stand still", [&] {
    const json status = tracker.status();
    return status.at("readers").at(0).at("changesTotal").get<int>() > 1;
  });
  std::string dump;
  wait_until("its connection is found", [&] {
    dump = server_.value(
        "SELECT COALESCE(MAX(id), '') FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%' AND user = '" +
        std::string(kTrackerUser) + "'");
    return !dump.empty();
  });
  server_.exec("KILL " + dump);
  lines.process().signal(SIGCONT);
  EXPECT_EQ(lines.wait_for("error").at("reason"), "LostInTransaction");
  EXPECT_EQ(lines.of_kind("commit").size(), 1U);
  // What was given before is acknowledged all the same.
  EXPECT_EQ(http_send(tracker.port(), "POST", "/ack?reader=r", before).status, 200);
  Lines again(tracker, "reader=r");
  static_cast<void>(again.commit(1));
  EXPECT_EQ(again.rows().size(), static_cast<std::size_t>(kRows));
}

TEST_P(Readers, OnlyWhatIsAskedForComes) {
  sql("CREATE TABLE other (id INT PRIMARY KEY)");
  Lines all(tracker_, "heartbeat=1");
  Lines deletes(tracker_, "heartbeat=1&operation=delete");
  Lines others(tracker_, "heartbeat=1&table=" + database_ + ".other");
  all.begun(), deletes.begun(), others.begun();
  sql("INSERT INTO t VALUES (1, 'x')");
  sql("INSERT INTO other VALUES (2)");
  sql("DELETE FROM t");
  sql("ALTER TABLE other ADD v INT");
  sql("DELETE FROM other");
  static_cast<void>(all.commit(5));
  static_cast<void>(deletes.commit(2));
  static_cast<void>(others.commit(3));
  EXPECT_THAT(all.rows(), ElementsAre("c1", "c2", "d1", "d2"));
  EXPECT_THAT(deletes.rows(), ElementsAre("d1", "d2"));
  EXPECT_THAT(others.rows(), ElementsAre("c2", "d2"));
  EXPECT_EQ(deletes.of_kind("commit").size(), 2U);
}

/// A format says one name of a statement, or none.
TEST_P(Readers, ASchemaChangeOfSeveralTablesComesToWhoAskedForOneOfThem) {
  const std::string other = server_.fresh_database();
  json& spec = task_["spec"];
  spec["objects"]["include"].push_back({{"database", other}});
  sql("CREATE TABLE next (id INT PRIMARY KEY)");
  sql("CREATE TABLE away (id INT PRIMARY KEY)");
  for (const char* format : {"canal-json", "debezium-json"}) {
    spec["sink"]["stream"]["format"] = format;
    TrackerProcess tracker(task_);
    tracker.start_streaming();
    Lines of_t(tracker, "heartbeat=1&table=" + database_ + ".t");
    Lines of_away(tracker, "heartbeat=1&table=" + database_ + ".away");
    Lines of_other(tracker, "heartbeat=1&table=" + other + ".*");
    of_t.begun(), of_away.begun(), of_other.begun();
    const auto statements = [&](Lines& lines, std::size_t count) {
      static_cast<void>(lines.commit(count));
      std::vector<std::string> found;
      for (const json& line : lines.read()) {
        for (const char* text : {"ddl", "sql"}) {
          if (line.contains(text)) found.push_back(line[text]);
        }
      }
      return found;
    };
    const std::string swap = "RENAME TABLE t TO t_old, next TO t";
    const std::string move = "RENAME TABLE away TO " + other + ".came";
    const std::string drop = "DROP TABLE t_old, t";
    for (const std::string& statement : {swap, move, drop}) sql(statement);
    EXPECT_THAT(statements(of_t, 2), ElementsAre(swap, HasSubstr("DROP TABLE"))) << format;
    EXPECT_THAT(statements(of_away, 1), ElementsAre(move)) << format;
    EXPECT_THAT(statements(of_other, 1), ElementsAre(move)) << format;
    sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))");
    for (const char* table : {"next", "away"})
      sql(std::string("CREATE TABLE ") + table + " (id INT PRIMARY KEY)");
    server_.exec("DROP TABLE " + other + ".came");
  }
}

TEST_P(Readers, BeginWhereTheyAreToldTo) {
  sql("INSERT INTO t VALUES (1, 'x')");
  Lines earliest(tracker_, "from=earliest&table=" + database_ + ".t&operation=insert");
  static_cast<void>(earliest.commit(1));
  EXPECT_THAT(earliest.rows(), ElementsAre("c1"));
  const std::string now =
      server_.value("SELECT DATE_FORMAT(UTC_TIMESTAMP(6) + INTERVAL 1 SECOND, '%Y-%m-%dT%H:%i:%sZ')");
  wait_until("that second has come", [&] {
    return server_.value("SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%sZ') >= '" + now + "'") ==
           "1";
  });
  sql("INSERT INTO t VALUES (2, 'x')");
  Lines since(tracker_, "from=" + now);
  static_cast<void>(since.commit(1));
  EXPECT_THAT(since.rows(), ElementsAre("c2"));
}

TEST_P(Readers, BrowsersGetEventsAndComeBackWithTheLastId) {
  Lines json_lines(tracker_, "heartbeat=1");
  json_lines.begun();
  sql("INSERT INTO t VALUES (1, 'x')");
  const std::string before = json_lines.commit(1);
  sql("INSERT INTO t VALUES (2, 'x')");
  const std::string url = "http://127.0.0.1:" + std::to_string(tracker_.port()) + "/changes";
  Process events(
      {.argv = {"curl", "-sSNi", "-H", "Accept: text/event-stream", "-H", "Last-Event-ID: " + before, url},
       .env = {},
       .working_dir = {}});
  wait_until("an event with an id",
             [&] { return events.out().find("\nevent: commit\n") != std::string::npos; });
  const std::string text = events.out();
  EXPECT_THAT(text, HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(text, HasSubstr("event: change\ndata: {\"before\":null,\"after\":{\"id\":2"));
  EXPECT_THAT(text, HasSubstr("\nid: "));
  EXPECT_EQ(text.find("\"id\":1"), std::string::npos);
}

TEST_P(Readers, ABrowserHasAnIdBeforeAnythingIsCommitted) {
  const std::string url = "http://127.0.0.1:" + std::to_string(tracker_.port()) + "/changes";
  const auto events = [&](const std::string& query, std::vector<std::string> headers) {
    std::vector<std::string> argv{"curl", "-sSN", "-H", "Accept: text/event-stream", url + query};
    argv.insert(argv.end(), headers.begin(), headers.end());
    return std::make_unique<Process>(ProcessOptions{.argv = argv, .env = {}, .working_dir = {}});
  };
  auto first = events("?heartbeat=60", {});
  const auto since = std::chrono::steady_clock::now();
  wait_until("an id", [&] { return first->out().find("\n\n") != std::string::npos; });
  EXPECT_LT(std::chrono::steady_clock::now() - since, std::chrono::seconds{30})
      << "not the heartbeat of the first silence";
  const std::string event = first->out();
  ASSERT_TRUE(event.starts_with("id: ")) << event;
  first->stop(SIGKILL, std::chrono::seconds{10});
  sql("INSERT INTO t VALUES (1, 'x')");
  auto again = events("?heartbeat=60", {"-H", "Last-Event-ID: " + event.substr(4, event.find('\n') - 4)});
  wait_until("what came meanwhile", [&] { return again->out().find("event: commit") != std::string::npos; });
  EXPECT_THAT(again->out(), HasSubstr("\"after\":{\"id\":1"));
}

TEST_P(Readers, APageOfAnotherOriginTakesNobodyOver) {
  Lines lines(tracker_, "reader=cache&heartbeat=1");
  lines.begun();
  sql("INSERT INTO t VALUES (1, 'x')");
  const std::string position = lines.commit(1);
  const std::string at = "http://127.0.0.1:" + std::to_string(tracker_.port());
  const auto refused = [](std::vector<std::string> arguments) {
    std::vector<std::string> argv{"curl", "-sS", "-m", "20", "-w", "%{http_code}"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    Process page({.argv = argv, .env = {}, .working_dir = {}});
    EXPECT_TRUE(page.wait(std::chrono::seconds{30}).has_value());
    EXPECT_TRUE(page.out().ends_with("\n403")) << page.out() << page.err();
  };
  refused({"-H", "Sec-Fetch-Site: cross-site", at + "/changes?reader=cache"});
  refused({"-H", "Origin: http://localhost:3000", "-H", "Accept: text/event-stream",
           at + "/changes?reader=cache"});
  refused({"-H", "Host: evil.example", "-A", "Mozilla/5.0", at + "/changes?from=earliest"});
  refused({"-H", "Origin: null", "--data-raw", position, at + "/ack?reader=cache"});
  refused({"-X", "DELETE", "-H", "Sec-Fetch-Site: same-site", at + "/readers?reader=cache"});
  sql("INSERT INTO t VALUES (2, 'x')");
  static_cast<void>(lines.commit(2));
  EXPECT_EQ(reader_status("cache").at("commitsAcknowledged"), 0);
}

TEST_P(Readers, APositionThatIsGoneIsSaid) {
  const auto own = own_server(GetParam());
  TrackerProcess tracker(stream_task(*own, "shop"));
  tracker.start_streaming();
  Lines lines(tracker, "heartbeat=1");
  lines.begun();
  own->exec("INSERT INTO shop.t VALUES (1)");
  const std::string position = lines.commit(1);
  lines.leave();
  own->exec("INSERT INTO shop.t VALUES (2)");
  own->keep_newest_binlog_only();
  const HttpAnswer answer = tracker.get("/changes?from=" + position);
  EXPECT_EQ(answer.status, 410) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("purged"));
}

/// examples/stream/sqlite_copy.py, which stores its place with its data; the table has only what the binlog
/// has.
TEST_P(Readers, AnApplicationKeepsACopyThroughKillsOfAllAndAnAlter) {
  const TempDir folder;
  const std::string file = folder.path() / "copy.db";
  const auto start = [&] {
    return std::make_unique<Process>(ProcessOptions{
        .argv = {"/usr/bin/python3", source_root() / "examples" / "stream" / "sqlite_copy.py",
                 "http://127.0.0.1:" + std::to_string(tracker_.port()), database_ + ".t", "id", file},
        .env = {},
        .working_dir = {}});
  };
  const auto copy = [&](const std::string& query) {
    const RunResult result = run(
        {.argv =
             {"/usr/bin/python3", "-c",
              "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])",
              file, query},
         .env = {},
         .working_dir = {}},
        std::chrono::seconds{60});
    return result.out.substr(0, result.out.find('\n'));
  };
  auto program = start();
  SqlClient client = server_.connect(database_);
  constexpr int kTransactions = 400;
  for (int i = 0; i < kTransactions; ++i) {
    const std::string id = std::to_string(i);
    client.exec("BEGIN");
    client.exec("INSERT INTO t (id, v) VALUES (" + id + ", 'new'), (" + std::to_string(i + 100000) +
                ", 'gone')");
    client.exec("UPDATE t SET v = CONCAT('v', " + id + ") WHERE id <= " + id + " AND id > " + id + " - 20");
    client.exec("DELETE FROM t WHERE id = " + std::to_string(i + 100000));
    client.exec("COMMIT");
    if (i == 100) tracker_.stop(SIGKILL), tracker_.start();
    if (i == 200) program->stop(SIGKILL, std::chrono::seconds{10}), program = start();
    if (i == 300) client.exec("ALTER TABLE t ADD w INT NOT NULL DEFAULT 1 FIRST");
  }
  client.exec("UPDATE t SET w = id * 3");

  server_.exec("SET SESSION group_concat_max_len = 1000000");
  const std::string expected = server_.value(
      "SELECT CONCAT(COUNT(*), ' ', SUM(w * 7 + id), ' ', GROUP_CONCAT(v ORDER BY id SEPARATOR '')) FROM " +
      database_ + ".t");
  wait_until(
      "the copy is equal",
      [&] {
        return copy(
                   "SELECT COUNT(*) || ' ' || SUM(row->>'w' * 7 + key) || ' ' || group_concat(row->>'v', '') FROM (SELECT * FROM rows ORDER BY key)") ==
               expected;
      },
      std::chrono::seconds{60}, [&] { return program->err() + tracker_.process().err(); });
  EXPECT_TRUE(program->running());
}

TEST_P(Readers, BadRequestsSayWhatIsAllowed) {
  const auto refused = [&](const std::string& query, const std::string& with) {
    const HttpAnswer answer = tracker_.get("/changes?" + query);
    EXPECT_EQ(answer.status, 400) << query << ": " << answer.body;
    EXPECT_THAT(answer.body, HasSubstr(with)) << query;
  };
  refused("form=latest", "there are: reader, from");
  refused("from=yesterday", "2026-01-31T12:00:00Z");
  refused("from=1900-01-01T00:00:00Z", "1970 to 2106");
  refused("reader=Cache", "a-z");
  refused("reader=a&from=latest", "exclude each other");
  refused("reader=a&reader=b", "more than once");
  refused("table=orders", "database.table");
  refused("table=" + database_ + ".t,nowhere.t", "table=nowhere.t: spec.objects");
  refused("table=D" + database_.substr(1) + ".t", "spec.objects");
  refused("operation=insert,upsert", "insert, update, delete or schema");
  refused("heartbeat=0", "1 to 60");
  EXPECT_EQ(http_send(tracker_.port(), "DELETE", "/readers?reader=nobody", "").status, 404);
  EXPECT_TRUE(tracker_.process().running());
}

TEST_P(Readers, MoreThanTheTaskAllowsAreRefused) {
  task_["spec"]["sink"]["stream"]["maxReaders"] = 1;
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  Lines first(tracker, "heartbeat=1");
  first.begun();
  const HttpAnswer second = tracker.get("/changes");
  EXPECT_EQ(second.status, 429);
  EXPECT_THAT(second.body, HasSubstr("maxReaders"));
  const HttpAnswer named = tracker.get("/changes?reader=a");
  EXPECT_EQ(named.status, 409);
  EXPECT_THAT(named.body, HasSubstr("--state"));
  first.leave();
  wait_until("the place is free", [&] {
    Lines next(tracker, "heartbeat=1");
    wait_until("an answer", [&] { return !next.process().out().empty(); });
    return next.process().out().find("TooManyReaders") == std::string::npos;
  });
}

TEST_P(Readers, TheStatusHasAnAddressOfItsOwnWithoutTheChanges) {
  const int port = free_port();
  TrackerProcess tracker(task_, {"--status-listen", "127.0.0.1:" + std::to_string(port)});
  tracker.start_streaming();
  for (const char* path : {"/healthz", "/readyz", "/metrics", "/status"})
    EXPECT_EQ(http_get(port, path).status, 200) << path;
  EXPECT_EQ(http_get(port, "/changes?from=latest").status, 404);
  EXPECT_EQ(http_send(port, "DELETE", "/readers?reader=r", "").status, 404);
}

TEST_P(Readers, AFolderOfPlacesHasOneTrackerAndTheNextServesMeanwhile) {
  Lines(tracker_, "reader=r&heartbeat=1").begun();
  TrackerProcess second(task_, {"--state", state_.path()});
  second.start_streaming();
  Lines(second, "heartbeat=1").begun();
  for (const HttpAnswer& answer :
       {second.get("/changes?reader=r"), http_send(second.port(), "DELETE", "/readers?reader=r", "")}) {
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.body, HasSubstr("another tracker uses it"));
  }
  EXPECT_EQ(tracker_.stop(SIGKILL).signal, SIGKILL);
  Lines(second, "reader=r&heartbeat=1").begun();
}

TEST_P(Readers, AFolderThatCannotBeWrittenToIsSaid) {
  TrackerProcess tracker(task_, {"--state", "/proc"});
  tracker.start();
  EXPECT_EQ(tracker.wait_exit().code, 1);
  EXPECT_THAT(tracker.process().err(), HasSubstr("--state /proc: "));
}

TEST_P(Readers, AForgottenOneBeginsAnew) {
  Lines lines(tracker_, "reader=r&heartbeat=1");
  lines.begun();
  EXPECT_EQ(http_send(tracker_.port(), "DELETE", "/readers?reader=r", "").status, 409) << "it is connected";
  lines.leave();
  wait_until("it has left", [&] { return reader_status("r").at("isConnected") == false; });
  sql("INSERT INTO t VALUES (1, 'x')");
  EXPECT_EQ(http_send(tracker_.port(), "DELETE", "/readers?reader=r", "").status, 200);
  EXPECT_EQ(reader_status("r"), json::object());
  Lines anew(tracker_, "reader=r&heartbeat=1");
  anew.begun();
  sql("INSERT INTO t VALUES (2, 'x')");
  static_cast<void>(anew.commit(1));
  EXPECT_THAT(anew.rows(), ElementsAre("c2"));
}

TEST_P(Readers, AMisspeltNameOfTheTaskIsSaidOnceOneStreams) {
  task_["spec"]["objects"]["include"] = {{{"database", database_}, {"tables", {"tt"}}}};
  TrackerProcess tracker(task_);
  tracker.start_streaming();
  Lines lines(tracker, "heartbeat=1");
  lines.begun();
  wait_until("it is said", [&] { return tracker.process().err().find(".tt") != std::string::npos; });
  EXPECT_THAT(tracker.process().err(), HasSubstr("rowtide-tracker precheck looks at everything"));
}

TEST_P(Readers, StoppingEndsTheirLines) {
  Lines lines(tracker_, "heartbeat=1");
  lines.begun();
  EXPECT_TRUE(tracker_.stop(SIGTERM).ok());
  EXPECT_TRUE(lines.process().wait(std::chrono::seconds{10}).has_value());
}

}  // namespace
}  // namespace rowtide::test
