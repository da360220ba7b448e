#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/free_port.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/mysql_server.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Process, CapturesOutputAndExitCode) {
  const RunResult result =
      run({{"sh", "-c", "echo out $WORD; echo err >&2; pwd; exit 3"}, {{"WORD", "x y"}}, "/"}, seconds{20});
  EXPECT_EQ(result.status.code, 3);
  EXPECT_EQ(result.out, "out x y\n/\n");
  EXPECT_EQ(result.err, "err\n");
}

TEST(Process, SaysWhatCannotRun) {
  try {
    Process process({{"no-such-program-here"}, {}, {}});
    FAIL() << "it ran";
  } catch (const std::exception& error) {
    EXPECT_NE(std::string{error.what()}.find("no-such-program-here"), std::string::npos) << error.what();
  }
}

TEST(Process, GivesLinesAsTheyComplete) {
  TempDir dir;
  const std::string go = (dir.path() / "go").string();
  Process process(
      {{"sh", "-c", "echo one; printf tw; until [ -e '" + go + "' ]; do sleep 0.01; done; echo o"}, {}, {}});
  wait_until("half a line stands there", [&] { return process.out() == "one\ntw"; });
  EXPECT_EQ(process.new_lines(), std::vector<std::string>{"one"});
  EXPECT_TRUE(process.new_lines().empty());
  std::ofstream{go} << "go";
  ASSERT_TRUE(process.wait(seconds{20}));
  EXPECT_EQ(process.new_lines(), std::vector<std::string>{"two"});
}

// A killed JVM under load: the leader is a zombie while the broker's other threads still hold ports and
// locks.
TEST(Process, HasNotEndedWhileAThreadOutlivesItsLeader) {
  const std::string sys_exit = std::to_string(SYS_exit);
  Process process({{"python3", "-c",
                    "import ctypes, threading, time\n"
                    "threading.Thread(target=time.sleep, args=(600,)).start()\n"
                    "ctypes.CDLL(None).syscall(" +
                        sys_exit + ", 0)"},
                   {},
                   {}});
  const std::string pid = std::to_string(process.pid());
  const auto script_sees = [&] {
    const std::string library = (source_root() / "scripts/lib/process.sh").string();
    return run({{"bash", "-c", ". \"$1\"; process_start_time $2", "-", library, pid}, {}, {}}, seconds{20})
               .status.code == 0;
  };
  wait_until("the leader is a zombie", [&] {
    std::ifstream stat("/proc/" + pid + "/stat");
    return std::string(std::istreambuf_iterator<char>{stat}, {}).find(") Z ") != std::string::npos;
  });
  EXPECT_FALSE(has_ended(process.pid()));
  EXPECT_TRUE(script_sees());
  ASSERT_EQ(::kill(process.pid(), SIGKILL), 0);
  wait_until("all its threads are gone", [&] { return has_ended(process.pid()); });
  EXPECT_FALSE(script_sees());
}

TEST(Process, EndsByOurSignalAndWithItsObject) {
  Process process({{"sleep", "600"}, {}, {}});
  EXPECT_FALSE(process.wait(milliseconds{50}));
  EXPECT_EQ(process.stop(SIGTERM, seconds{20}).signal, SIGTERM);
  pid_t pid = 0;
  {
    Process other({{"sleep", "600"}, {}, {}});
    pid = other.pid();
    ASSERT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(WaitUntil, SaysWhatWasSeenAtTheDeadline) {
  try {
    wait_until(
        "the moon is green", [] { return false; }, milliseconds{30}, [] { return std::string{"white"}; });
    FAIL() << "it came true";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string{error.what()}, "waited 30 ms in vain: the moon is green\nseen instead: white");
  }
}

class SqlServers : public testing::TestWithParam<SqlFlavor> {};

INSTANTIATE_TEST_SUITE_P(All, SqlServers, testing::ValuesIn(kEverySqlFlavor),
                         [](const auto& test) { return flavor_name(test.param); });

TEST_P(SqlServers, AreOfTheirVersion) {
  const std::map<SqlFlavor, std::string> versions{{SqlFlavor::Mysql8, "8.0.15"},
                                                  {SqlFlavor::Mysql57, "5.7.22-log"},
                                                  {SqlFlavor::Mariadb, "10.11."},
                                                  {SqlFlavor::Mariadb114, "11.4.5-MariaDB-log"}};
  const std::string version = MysqlServer::shared(GetParam()).value("SELECT VERSION()");
  EXPECT_TRUE(version.starts_with(versions.at(GetParam()))) << version;
}

TEST_P(SqlServers, HaveARowBinlogWithFullMetadata) {
  MysqlServer& server = MysqlServer::shared(GetParam());
  EXPECT_EQ(server.query("SELECT @@log_bin, @@binlog_format, @@binlog_row_image, @@server_id"),
            (Rows{{"1", "ROW", "FULL", "1"}}));
  const Rows metadata = server.query("SHOW VARIABLES LIKE 'binlog_row_metadata'");
  EXPECT_EQ(metadata, GetParam() == SqlFlavor::Mysql57 ? Rows{} : (Rows{{"binlog_row_metadata", "FULL"}}));
  if (!is_mariadb(GetParam())) {
    EXPECT_EQ(server.value("SELECT @@gtid_mode"), "ON");
  }
}

TEST_P(SqlServers, TellNullFromEmptyAndKeepBytes) {
  EXPECT_EQ(MysqlServer::shared(GetParam())
                .query("SELECT NULL, '', CONCAT('a', CHAR(0), 'b') UNION ALL SELECT 1, 2, 3"),
            (Rows{{std::nullopt, "", std::string("a\0b", 3)}, {"1", "2", "3"}}));
}

TEST_P(SqlServers, LetUsersInOverTcpWithTheirPasswordOnly) {
  MysqlServer& server = MysqlServer::shared(GetParam());
  server.create_user("tracker", "secret word");
  EXPECT_EQ(server.connect_as("tracker", "secret word").value("SELECT 1"), "1");
  EXPECT_THROW((void)server.connect_as("tracker", "wrong"), std::runtime_error);
  EXPECT_THROW(server.connect_as("tracker", "secret word").exec("CREATE DATABASE forbidden"),
               std::runtime_error);
}

TEST_P(SqlServers, KeepDataAndPortOverRestartsAndKills) {
  MysqlServer server{GetParam()};
  const int port = server.port();
  const std::string database = server.fresh_database();
  server.exec("CREATE TABLE " + database + ".t (id INT PRIMARY KEY)");
  server.exec("INSERT INTO " + database + ".t VALUES (1)");
  server.restart({{"--binlog-row-image=MINIMAL"}});
  EXPECT_EQ(server.value("SELECT @@binlog_row_image"), "MINIMAL");
  server.exec("INSERT INTO " + database + ".t VALUES (2)");
  server.kill9();
  EXPECT_THROW(server.exec("SELECT 1"), std::runtime_error);
  server.start();
  EXPECT_EQ(server.query("SELECT id FROM " + database + ".t ORDER BY id"), (Rows{{"1"}, {"2"}}));
  EXPECT_EQ(server.port(), port);
}

TEST(Kafka, GivesBackWhatWasWritten) {
  KafkaBroker& broker = KafkaBroker::shared();
  const std::string topic = broker.fresh_topic(2);
  broker.produce(topic, "k1", "v1");
  broker.produce(topic, "k1", std::nullopt);
  broker.produce(topic, std::nullopt, "", 1);
  KafkaReader reader = broker.reader(topic);
  ASSERT_EQ(reader.read_to_end().size(), 3U);
  std::map<int, std::vector<std::pair<std::optional<std::string>, std::optional<std::string>>>> seen;
  for (const KafkaRecord& record : reader.records())
    seen[record.partition].emplace_back(record.key, record.value);
  EXPECT_EQ(seen[0], (decltype(seen)::mapped_type{{"k1", "v1"}, {"k1", std::nullopt}}));
  EXPECT_EQ(seen[1], (decltype(seen)::mapped_type{{std::nullopt, ""}}));
  broker.produce(topic, "k4", "v4");
  EXPECT_EQ(reader.read_to_end().size(), 4U);
}

TEST(Kafka, MakesNoTopicByItself) {
  KafkaBroker& broker = KafkaBroker::shared();
  EXPECT_EQ(broker.partitions("never-made"), 0);
  EXPECT_THROW((void)broker.reader("never-made"), std::runtime_error);
  const std::string topic = broker.fresh_topic();
  broker.delete_topic(topic);
  EXPECT_EQ(broker.partitions(topic), 0);
}

TEST(Kafka, KeepsRecordsOverRestartsWhileAReaderWaits) {
  KafkaBroker broker;
  const std::string bootstrap = broker.bootstrap();
  broker.create_topic("kept", 1, {{"cleanup.policy", "compact"}});
  broker.produce("kept", "a", "1");
  KafkaReader reader = broker.reader("kept");
  EXPECT_EQ(reader.wait_for_count(1).size(), 1U);
  broker.restart();
  EXPECT_EQ(broker.bootstrap(), bootstrap);
  broker.produce("kept", "b", "2");
  EXPECT_EQ(reader.wait_for_count(2).back().value, "2");
  broker.kill9();
  broker.start();
  broker.produce("kept", "c", "3");
  EXPECT_EQ(reader.wait_for_count(3).back().offset, 2);
}

TEST(Kafka, AsksForAPasswordWhenOptionsSaySo) {
  KafkaBroker broker{{.options = plain_logins({{"tracker", "secret"}})}};
  broker.create_topic("guarded");
  broker.produce("guarded", "k", "v");
  const std::map<std::string, std::string> right{{"security.protocol", "SASL_PLAINTEXT"},
                                                 {"sasl.mechanisms", "PLAIN"},
                                                 {"sasl.username", "tracker"},
                                                 {"sasl.password", "secret"}};
  EXPECT_EQ(KafkaReader(broker.bootstrap(), "guarded", right).read_to_end().size(), 1U);
}

TEST(FreePort, IsGivenOnce) {
  constexpr std::size_t kSides = 4;
  constexpr std::size_t kEach = 25;
  std::vector<std::future<std::vector<int>>> sides;
  for (std::size_t side = 0; side < kSides; ++side) {
    sides.push_back(std::async(std::launch::async, [] {
      std::vector<int> ports(kEach);
      std::generate(ports.begin(), ports.end(), free_port);
      return ports;
    }));
  }
  std::set<int> all;
  for (auto& side : sides) {
    for (const int port : side.get()) all.insert(port);
  }
  EXPECT_EQ(all.size(), kSides * kEach);
}

TEST(Servers, EndWithTheProcessThatStartedThem) {
  TempDir dir;
  Process owner({{"sleep", "600"}, {}, {}});
  const std::string script = (source_root() / "scripts/servers/mariadb.sh").string();
  const std::string where = (dir.path() / "s").string();
  const RunResult started = run(
      {{script, "start", "--dir", where, "--with-pid", std::to_string(owner.pid())}, {}, {}}, seconds{120});
  ASSERT_TRUE(started.status.ok()) << started.err;
  EXPECT_EQ(run({{script, "status", "--dir", where}, {}, {}}, seconds{20}).out, started.out);
  owner.stop(SIGKILL, seconds{20});
  wait_until("the server has ended", [&] {
    return run({{script, "status", "--dir", where}, {}, {}}, seconds{20}).status.code == 3;
  });
}

}  // namespace
}  // namespace rowtide::test
