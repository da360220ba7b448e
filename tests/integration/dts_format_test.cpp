// dts-avro read by the public consumer SDK of Alibaba Cloud DTS, unmodified (scripts/dts-sdk.sh): rows of
// every type compared with what the server selects, transactions, schema changes, and its checkpoint over a
// restart.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/format_cases.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/dts_sdk.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr const char* kGroup = "dtsgroup1";
constexpr const char* kAccount = "reader";
constexpr const char* kReaderPassword = "R3ader-password";

/// Kafka users as DTS has them: <account>-<group>.
KafkaBroker& secured_broker() {
  static KafkaBroker broker(
      {.options = plain_logins(
           {{kTrackerUser, kTrackerPassword}, {std::string(kAccount) + "-" + kGroup, kReaderPassword}})});
  return broker;
}

/// The SDK in a process of its own; its checkpoint lies in a folder that outlives it.
class DtsReader {
 public:
  DtsReader(std::string topic, std::string mode) : topic_(std::move(topic)), mode_(std::move(mode)) {}

  void start(const std::string& checkpoint) {
    process_.emplace(ProcessOptions{
        .argv = dts_sdk_command(
            source_root() / "tests/integration/DtsReader.java",
            {secured_broker().bootstrap(), topic_, kGroup, kAccount, kReaderPassword, checkpoint, mode_}),
        .env = {},
        .working_dir = folder_.path()});
    records_.clear();
  }

  /// What this process has read, once there are `count` records.
  const std::vector<json>& wait_for(std::size_t count) {
    wait_until(
        "the SDK has read " + std::to_string(count) + " records", [&] { return read_more().size() >= count; },
        seconds{90},
        [&] {
          return std::to_string(records_.size()) + " came\n" + process_->out() + "\n" + process_->err();
        });
    return records_;
  }

  /// The SDK saves the timestamp of what its user has committed: to a file, and to the group's offset some
  /// time later. ASSIGN goes on at the first, SUBSCRIBE at the second.
  void wait_saved(std::int64_t timestamp) {
    const std::string wanted = std::to_string(timestamp);
    if (mode_ == "SUBSCRIBE") {
      wait_until("the group's checkpoint is " + wanted,
                 [&] { return secured_broker().committed_metadata(kGroup, topic_) == wanted; });
    } else {
      wait_saved_to_file("\"timestamp\":" + wanted);
    }
  }

  void stop() { process_->stop(SIGTERM, seconds{20}); }

 private:
  void wait_saved_to_file(const std::string& wanted) {
    wait_until("the SDK's checkpoint is " + wanted, [&] {
      std::ifstream stream(folder_.path() / ("localCheckpointStore-" + std::string(kGroup)));
      std::ostringstream text;
      text << stream.rdbuf();
      return text.str().find(wanted) != std::string::npos;
    });
  }

  const std::vector<json>& read_more() {
    if (!process_->running())
      throw std::runtime_error("the SDK ended:\n" + process_->out() + process_->err());
    for (const std::string& line : process_->new_lines()) {
      if (line.starts_with("{")) records_.push_back(json::parse(line));
    }
    return records_;
  }

  std::string topic_;
  std::string mode_;
  TempDir folder_;
  std::optional<Process> process_;
  std::vector<json> records_;
};

json dts_task(const MysqlServer& server, const std::string& database) {
  json task = kafka_task(server, database, secured_broker().bootstrap());
  json& kafka = task["spec"]["sink"]["kafka"];
  kafka["format"] = "dts-avro";
  kafka["delivery"] = "AtLeastOnce";
  kafka["security"] = {
      {"protocol", "SASL_PLAINTEXT"},
      {"mechanism", "PLAIN"},
      {"credentials", {{"username", kTrackerUser}, {"password", "${env:ROWTIDE_TEST_PASSWORD}"}}}};
  return task;
}

std::vector<FormatCase> dts_cases(SqlFlavor flavor) {
  std::vector<FormatCase> cases = format_cases(flavor);
  for (FormatCase& column : cases) {
    if (column.compare == FormatCase::Compare::Hex && (column.name == "po" || column.name == "ge")) {
      column.expected = "HEX(ST_AsWKB(X))";
    } else if (column.type.starts_with("TIMESTAMP")) {
      column.expected = "IF(X IS NULL, NULL, CAST(IF(X = 0, 0, UNIX_TIMESTAMP(X)) AS DECIMAL(20,6)))";
    }
  }
  return cases;
}

/// The SDK prints times without the zeros at their fraction's end, but for one.
std::string without_trailing_zeros(std::string text) {
  if (text.find(':') == std::string::npos || text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

void expect_value(const FormatCase& column, const json& actual, const std::optional<std::string>& expected) {
  SCOPED_TRACE(column.type);
  if (!expected) {
    EXPECT_TRUE(actual.is_null()) << actual;
    return;
  }
  ASSERT_TRUE(actual.is_string()) << actual;
  const auto text = actual.get<std::string>();
  switch (column.compare) {
    case FormatCase::Compare::Text:
      EXPECT_EQ(without_trailing_zeros(text), without_trailing_zeros(*expected));
      break;
    case FormatCase::Compare::Hex:
      EXPECT_EQ(text, *expected);
      break;
    case FormatCase::Compare::Real:
      if (column.type == "FLOAT") {
        EXPECT_EQ(std::strtof(text.c_str(), nullptr), std::strtof(expected->c_str(), nullptr)) << text;
      } else {
        EXPECT_EQ(std::strtod(text.c_str(), nullptr), std::strtod(expected->c_str(), nullptr)) << text;
      }
      break;
    case FormatCase::Compare::Json:
      EXPECT_EQ(json::parse(text), json::parse(*expected));
      break;
  }
}

class DtsFormat : public testing::TestWithParam<SqlFlavor> {};

TEST_P(DtsFormat, TheSdkReadsEveryTypeTransactionsAndSchemaChanges) {
  MysqlServer& server = tracked_server(GetParam());
  const std::string database = server.fresh_database();
  SqlClient client = server.connect(database);
  const json task = dts_task(server, database);
  TrackerProcess tracker(task);
  tracker.start_streaming();

  const std::vector<FormatCase> cases = dts_cases(GetParam());
  const auto rows = static_cast<std::size_t>(write_format_rows(client, "everything", cases));
  const Rows expected = expected_format_rows(client, "everything", cases);
  client.exec("BEGIN");
  client.exec("UPDATE everything SET vc = 'new', i64 = NULL WHERE id = 0");
  client.exec("DELETE FROM everything WHERE id = 1");
  client.exec("COMMIT");
  client.exec("ALTER TABLE everything ADD COLUMN note TEXT");

  DtsReader reader(topic_of(task), "ASSIGN");
  reader.start("1");
  const std::size_t in_all = 1 + 3 * rows + 4 + 1;
  const std::vector<json>& records = reader.wait_for(in_all);

  EXPECT_EQ(records[0]["op"], "DDL");
  EXPECT_EQ(records[0]["object"], database + ".everything");
  EXPECT_TRUE(records[0]["sql"].get<std::string>().starts_with("CREATE TABLE everything"));
  for (std::size_t row = 0; row < rows; ++row) {
    const json& begin = records[1 + 3 * row];
    const json& insert = records[2 + 3 * row];
    const json& commit = records[3 + 3 * row];
    EXPECT_EQ(begin["op"], "BEGIN");
    EXPECT_EQ(commit["op"], "COMMIT");
    EXPECT_EQ(begin["txid"], commit["txid"]);
    EXPECT_EQ(begin["txid"], insert["txid"]);
    ASSERT_EQ(insert["op"], "INSERT");
    EXPECT_EQ(insert["database"], database);
    EXPECT_EQ(insert["table"], "everything");
    EXPECT_EQ(insert["key"], R"({"PRIMARY":["id"]})");
    EXPECT_TRUE(insert["before"].is_null());
    for (std::size_t i = 0; i < cases.size(); ++i) {
      expect_value(cases[i], insert["after"][cases[i].name], expected[row][i + 1]);
    }
  }
  const std::size_t last = 1 + 3 * rows;
  EXPECT_EQ(records[last]["op"], "BEGIN");
  EXPECT_EQ(records[last + 1]["op"], "UPDATE");
  EXPECT_EQ(records[last + 1]["before"]["i64"], *expected[0][9]);
  EXPECT_TRUE(records[last + 1]["after"]["i64"].is_null());
  EXPECT_EQ(records[last + 1]["after"]["vc"], "new");
  EXPECT_EQ(records[last + 2]["op"], "DELETE");
  EXPECT_EQ(records[last + 2]["before"]["id"], "1");
  EXPECT_TRUE(records[last + 2]["after"].is_null());
  EXPECT_EQ(records[last + 3]["op"], "COMMIT");
  EXPECT_EQ(records[last + 1]["txid"], records[last + 3]["txid"]);
  EXPECT_NE(records[last]["txid"], records[last - 1]["txid"]);
  EXPECT_EQ(records[last + 4]["op"], "DDL");
  EXPECT_EQ(records[last + 4]["sql"], "ALTER TABLE everything ADD COLUMN note TEXT");
  for (std::size_t i = 1; i < in_all; ++i) EXPECT_GT(records[i]["id"], records[i - 1]["id"]) << i;

  EXPECT_EQ(records[2]["types"]["de"], 246);
  EXPECT_EQ(records[2]["types"]["ts6"], 7);
  EXPECT_EQ(records[2]["types"]["dt3"], 12);
  EXPECT_EQ(records[2]["types"]["en"], 247);
  EXPECT_EQ(records[2]["types"]["bl"], 252);
}

INSTANTIATE_TEST_SUITE_P(Servers, DtsFormat, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         [](const auto& parameter) {
                           return parameter.param == SqlFlavor::Mysql8 ? "Mysql8" : "Mariadb";
                         });

class DtsResume : public testing::TestWithParam<const char*> {};

TEST_P(DtsResume, ARestartGoesOnAtTheCheckpoint) {
  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  const std::string database = server.fresh_database();
  SqlClient client = server.connect(database);
  const json task = dts_task(server, database);
  TrackerProcess tracker(task);
  tracker.start_streaming();
  client.exec("CREATE TABLE t (id INT PRIMARY KEY)");

  const auto insert = [&](int id) { client.exec("INSERT INTO t VALUES (" + std::to_string(id) + ")"); };
  const auto wait_next_second = [&] {
    const std::string now = client.value("SELECT UNIX_TIMESTAMP()");
    wait_until("the next second", [&] { return client.value("SELECT UNIX_TIMESTAMP()") != now; });
  };
  for (int id = 0; id < 5; ++id) insert(id);
  wait_next_second();
  insert(5);

  DtsReader reader(topic_of(task), GetParam());
  reader.start("1");
  const std::vector<json> first = reader.wait_for(1 + 6 * 3);
  reader.wait_saved(first.back()["timestamp"]);
  reader.stop();
  wait_next_second();
  for (int id = 6; id < 9; ++id) insert(id);

  // Its checkpoint is a second: it reads that one again, and nothing before.
  reader.start("1");
  std::vector<int> ids;
  for (const json& record : reader.wait_for(4 * 3)) {
    if (record["op"] == "INSERT") ids.push_back(std::stoi(record["after"]["id"].get<std::string>()));
  }
  EXPECT_EQ(ids, (std::vector<int>{5, 6, 7, 8}));
}

INSTANTIATE_TEST_SUITE_P(Modes, DtsResume, testing::Values("ASSIGN", "SUBSCRIBE"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace rowtide::test
