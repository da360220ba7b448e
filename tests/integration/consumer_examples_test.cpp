// The programs in examples/consumers, as a reader runs them, against the real tracker, MySQL and Kafka: what
// each prints of the same changes, that SIGTERM ends it, and that it then goes on where it was.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>

#include "tests/integration/tracker_process.h"
#include "tests/support/dts_sdk.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using Words = std::vector<std::string>;

constexpr const char* kDtsGroup = "printer";
constexpr const char* kDtsAccount = "reader";
constexpr const char* kDtsPassword = "R3ader-password";

/// The DTS SDK logs in, as <account>-<group>; the others come through the open listener.
KafkaBroker& broker_of_examples() {
  static KafkaBroker broker(
      {.options = plain_logins({{std::string(kDtsAccount) + "-" + kDtsGroup, kDtsPassword}})});
  return broker;
}

std::string example(const std::string& name) {
  return source_root() / "examples" / "consumers" / name;
}

/// Built once, out of the module's folder, with exactly the modules of go.sum.
std::string go_example() {
  static const TempDir folder;
  static const std::string program = [] {
    std::string path = folder.path() / "print-changes";
    const RunResult built = run({.argv = {"go", "build", "-mod=readonly", "-buildvcs=false", "-o", path, "."},
                                 .env = {{"CGO_ENABLED", "0"}},
                                 .working_dir = example("go")},
                                seconds{300});
    if (!built.status.ok()) throw std::runtime_error(built.err);
    return path;
  }();
  return program;
}

/// A line as the debezium-json examples print it.
struct Line {
  std::string operation;
  std::string object;
  json value;
  bool operator==(const Line&) const = default;
};

void PrintTo(const Line& line, std::ostream* out) {
  *out << line.operation << ' ' << line.object << ' ' << line.value;
}

Line line_of(const std::string& text) {
  const std::size_t first = text.find(' ');
  const std::size_t second = text.find(' ', first + 1);
  if (second == std::string::npos) throw std::runtime_error("no change: " + text);
  return {text.substr(0, first), text.substr(first + 1, second - first - 1),
          json::parse(text.substr(second + 1))};
}

/// Not the log of the DTS SDK, which goes to standard output.
bool is_change(const std::string& line) {
  return !line.empty() && !line.starts_with('[') && !line.starts_with('\t');
}

/// A program of examples/consumers that runs.
class Example {
 public:
  explicit Example(ProcessOptions options) : options_(std::move(options)) {}

  void start() { process_.emplace(options_); }

  /// What it has printed since the last call, once that is `count` lines.
  Words lines(std::size_t count) {
    Words lines;
    wait_until(
        std::to_string(count) + " lines",
        [&] {
          if (!process_->running()) throw std::runtime_error("it ended:\n" + process_->err());
          for (std::string& line : process_->new_lines())
            if (is_change(line)) lines.push_back(std::move(line));
          return lines.size() >= count;
        },
        seconds{90}, [&] { return process_->out() + process_->err(); });
    return lines;
  }

  ExitStatus stop() { return process_->stop(SIGTERM, seconds{30}); }

 private:
  ProcessOptions options_;
  std::optional<Process> process_;
};

struct Demo {
  std::string name;
  std::function<Words()> command;
  int code_after_sigterm = 0;  ///< of a JVM: 143
};

void PrintTo(const Demo& demo, std::ostream* out) {
  *out << demo.name;
}

class DebeziumExample : public testing::TestWithParam<Demo> {};

TEST_P(DebeziumExample, PrintsEachChangeAndGoesOnAfterARestart) {
  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  const std::string database = server.fresh_database();
  const json task = kafka_task(server, database, broker_of_examples().admin_bootstrap());
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient sql = server.connect(database);
  sql.exec("CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, price DECIMAL(10,2), note VARCHAR(40))");
  sql.exec("INSERT INTO t VALUES (7, 12.50, 'a \"word\", ä and 🐟'), (18446744073709551615, NULL, '')");
  sql.exec("UPDATE t SET price = -1 WHERE id = 7");
  sql.exec("ALTER TABLE t ADD COLUMN more INT DEFAULT 3");
  sql.exec("UPDATE t SET id = 8 WHERE id = 7");
  sql.exec("DELETE FROM t WHERE id > 8");

  Words command = GetParam().command();
  for (const std::string& word : {broker_of_examples().admin_bootstrap(), topic_of(task), topic_of(task)})
    command.push_back(word);
  Example program({.argv = command, .env = {}, .working_dir = {}});
  program.start();
  const std::string table = database + ".t";
  const json seven = {{"id", 7}, {"price", "-1.00"}, {"note", "a \"word\", ä and 🐟"}, {"more", 3}};
  const auto with = [](json row, const json& changes) { return row.update(changes), row; };
  const auto without_more = [](json row) { return row.erase("more"), row; };
  const json last = {{"id", 18446744073709551615U}, {"price", nullptr}, {"note", ""}, {"more", 3}};
  std::vector<Line> seen;
  for (const std::string& text : program.lines(8)) seen.push_back(line_of(text));
  const std::vector<Line> expected = {
      {"schema", database,
       "CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, price DECIMAL(10,2), note VARCHAR(40))"},
      {"c", table, without_more(with(seven, {{"price", "12.50"}}))},
      {"c", table, without_more(last)},
      {"u", table, without_more(seven)},
      {"schema", database, "ALTER TABLE t ADD COLUMN more INT DEFAULT 3"},
      {"d", table, seven},
      {"c", table, with(seven, {{"id", 8}})},
      {"d", table, last}};
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(program.stop().to_string(), (ExitStatus{.code = GetParam().code_after_sigterm}.to_string()));

  sql.exec("DELETE FROM t");
  program.start();
  const Words again = program.lines(1);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(line_of(again[0]), (Line{"d", table, with(seven, {{"id", 8}})}));
}

INSTANTIATE_TEST_SUITE_P(
    Languages, DebeziumExample,
    testing::Values(Demo{.name = "Python",
                         .command =
                             [] {
                               return Words{"/usr/bin/python3", example("python/print_changes.py")};
                             }},
                    Demo{.name = "Java",
                         .command =
                             [] {
                               return Words{"java", "-XX:TieredStopAtLevel=1", "-cp",
                                            broker_of_examples().jars() + "/*",
                                            example("java/PrintChanges.java")};
                             },
                         .code_after_sigterm = 128 + SIGTERM},
                    Demo{.name = "Go", .command = [] { return Words{go_example()}; }}),
    [](const auto& parameter) { return parameter.param.name; });

TEST(CppExample, PrintsEachChangeAndGoesOnAfterARestart) {
  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  const std::string database = server.fresh_database();
  const json task = kafka_task(server, database, broker_of_examples().admin_bootstrap());
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient sql = server.connect(database);
  sql.exec("CREATE TABLE t (id INT PRIMARY KEY, note TEXT)");
  sql.exec("INSERT INTO t VALUES (7, 'new')");
  sql.exec("UPDATE t SET note = NULL");
  Example program({.argv = {ROWTIDE_EXAMPLE_PROGRAM, broker_of_examples().admin_bootstrap(), topic_of(task),
                            topic_of(task)},
                   .env = {},
                   .working_dir = {}});
  program.start();
  EXPECT_EQ(program.lines(3),
            (Words{"SchemaChange " + database + ".t CREATE TABLE t (id INT PRIMARY KEY, note TEXT)",
                   "Insert " + database + ".t +id=7 +note=new",
                   "Update " + database + ".t -id=7 -note=new +id=7 +note=NULL"}));
  EXPECT_TRUE(program.stop().ok());
  sql.exec("DELETE FROM t");
  program.start();
  EXPECT_EQ(program.lines(1), Words{"Delete " + database + ".t -id=7 -note=NULL"});
}

TEST(DtsExample, PrintsEachChangeAndGoesOnAfterARestart) {
  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  const std::string database = server.fresh_database();
  json task = kafka_task(server, database, broker_of_examples().admin_bootstrap());
  task["spec"]["sink"]["kafka"]["format"] = "dts-avro";
  task["spec"]["sink"]["kafka"]["delivery"] = "AtLeastOnce";
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient sql = server.connect(database);
  const auto now = [&] { return sql.value("SELECT UNIX_TIMESTAMP()"); };
  sql.exec("CREATE TABLE t (id INT PRIMARY KEY, note VARCHAR(20))");
  sql.exec("INSERT INTO t VALUES (7, 'new')");
  wait_until("the next second", [&, then = now()] { return now() != then; });
  sql.exec("UPDATE t SET note = NULL");
  sql.exec("ALTER TABLE t ADD COLUMN more INT");
  wait_until("the next second", [&, then = now()] { return now() != then; });
  const std::string before = now();
  sql.exec("DELETE FROM t");
  const std::string after = now();

  const TempDir folder;
  Example program({.argv = dts_sdk_command(
                       example("dts/PrintDtsChanges.java"),
                       {broker_of_examples().bootstrap(), topic_of(task), kDtsGroup, kDtsAccount, "1"}),
                   .env = {{"DTS_PASSWORD", kDtsPassword}},
                   .working_dir = folder.path()});
  program.start();
  const std::string table = database + ".t";
  const std::string deleted = "DELETE " + table + " id=7 note=NULL more=NULL";
  EXPECT_EQ(program.lines(5),
            (Words{"DDL CREATE TABLE t (id INT PRIMARY KEY, note VARCHAR(20))",
                   "INSERT " + table + " id=7 note=new", "UPDATE " + table + " id=7 note=NULL",
                   "DDL ALTER TABLE t ADD COLUMN more INT", deleted}));
  wait_until("the checkpoint is saved", [&] {
    std::ifstream stream(folder.path() / ("localCheckpointStore-" + std::string(kDtsGroup)));
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    return text.find(before) != std::string::npos || text.find(after) != std::string::npos;
  });
  EXPECT_EQ(program.stop().code, 128 + SIGTERM);

  // The checkpoint is a second, which comes again.
  sql.exec("INSERT INTO t VALUES (8, 'newer', 1)");
  program.start();
  EXPECT_EQ(program.lines(2), (Words{deleted, "INSERT " + table + " id=8 note=newer more=1"}));
}

}  // namespace
}  // namespace rowtide::test
