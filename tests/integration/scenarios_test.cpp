// What people use a change topic for, by the programs in examples/scenarios as a reader runs them, against
// the real tracker, MySQL, Kafka and Redis: a cache, a second database, services of their own, work that
// takes longer than the source's.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>

#include "tests/integration/format_cases.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr const char* kCopierPassword = "C0pier-password";

/// As an example is run: `name.py BOOTSTRAP GROUP TOPIC more...`.
ProcessOptions program(const std::string& name, const std::string& group, const json& task,
                       const std::vector<std::string>& more) {
  std::vector<std::string> words = {"/usr/bin/python3", source_root() / "examples" / "scenarios" / name,
                                    KafkaBroker::shared().bootstrap(), group, topic_of(task)};
  words.insert(words.end(), more.begin(), more.end());
  return {.argv = words, .env = {{"PYTHONDONTWRITEBYTECODE", "1"}}, .working_dir = {}};
}

void expect_clean_stop(Process& process) {
  EXPECT_EQ(process.stop(SIGTERM, seconds{30}).to_string(), ExitStatus{}.to_string()) << process.err();
}

/// Waits, and says at once why if the program ends.
void wait_while_running(Process& process, const std::string& what, const std::function<bool()>& condition) {
  wait_until(
      what,
      [&] {
        if (!process.running()) throw std::runtime_error("it ended:\n" + process.err());
        return condition();
      },
      seconds{120}, [&] { return process.err(); });
}

/// 110,000 changes in statements of thousands of rows, with deletes, changed keys and a changed definition.
void write_orders(SqlClient& sql) {
  sql.exec(
      "CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, customer INT UNSIGNED NOT NULL,"
      " status ENUM('new','paid','sent') NOT NULL, total DECIMAL(10,2), note VARCHAR(60),"
      " photo VARBINARY(8), placed DATETIME(3) NOT NULL)");
  for (int i = 0; i < 4; ++i) {
    sql.exec(
        "INSERT INTO orders (customer, status, total, note, photo, placed)"
        " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
        " SELECT /*+ SET_VAR(cte_max_recursion_depth=10000) */ i % 997, 'new', i / 7,"
        " IF(i % 3, CONCAT('näh \"', i, '\" 🐟'), NULL), UNHEX(LEFT(MD5(i), 16)),"
        " '2024-02-29 12:00:00.5' + INTERVAL i SECOND FROM n");
  }
  sql.exec("UPDATE orders SET status = 'paid', note = CONCAT_WS(' ', note, 'paid') WHERE id % 4");
  sql.exec("DELETE FROM orders WHERE id % 10 = 3");
  sql.exec("UPDATE orders SET id = id + 1000000 WHERE id % 100 = 1");
  sql.exec("ALTER TABLE orders ADD COLUMN carrier VARCHAR(10) NOT NULL DEFAULT 'post', DROP COLUMN total");
  sql.exec("UPDATE orders SET carrier = IF(id % 2, 'bike', 'ship'), status = 'sent'");
  sql.exec("DELETE FROM orders WHERE customer = 5");
}

json orders_task(MysqlServer& server, const std::string& database, const std::string& format) {
  json task = kafka_task(server, database, KafkaBroker::shared().bootstrap());
  task["spec"]["sink"]["kafka"]["format"] = format;
  return task;
}

std::string redis_cli(const ScriptServer& redis, const std::vector<std::string>& words) {
  std::vector<std::string> command = {"redis-cli", "-p", std::to_string(redis.port())};
  command.insert(command.end(), words.begin(), words.end());
  const RunResult result = run({.argv = command, .env = {}, .working_dir = {}}, seconds{30});
  if (!result.status.ok()) throw std::runtime_error(result.err);
  return result.out;
}

/// A hash of Redis: its fields and values, a line each.
std::map<json, json> cached(const ScriptServer& redis, const std::string& table) {
  std::istringstream lines(redis_cli(redis, {"HGETALL", table}));
  std::map<json, json> rows;
  for (std::string key, row; std::getline(lines, key) && std::getline(lines, row);)
    if (!key.empty()) rows.emplace(json::parse(key), json::parse(row));
  return rows;
}

/// The table as debezium-json has it.
std::map<json, json> selected(SqlClient& sql) {
  std::map<json, json> rows;
  for (const Row& row :
       sql.query("SELECT JSON_OBJECT('id', id), JSON_OBJECT('id', id, 'customer', customer, 'status', status,"
                 " 'note', note, 'photo', TO_BASE64(photo), 'placed',"
                 " CAST(UNIX_TIMESTAMP(placed) * 1000 AS SIGNED), 'carrier', carrier) FROM orders")) {
    rows.emplace(json::parse(*row[0]), json::parse(*row[1]));
  }
  return rows;
}

TEST(CacheUpdate, RedisEndsEqualToTheTable) {
  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  const std::string database = server.fresh_database();
  const json task = orders_task(server, database, "debezium-json");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  const ScriptServer redis("redis", {});
  Process cache(program("redis_cache.py", "cache", task, {"127.0.0.1", std::to_string(redis.port())}));
  SqlClient sql = server.connect(database);
  sql.exec("CREATE TABLE rates (id INT PRIMARY KEY)");
  sql.exec("INSERT INTO rates VALUES (1)");
  write_orders(sql);
  sql.exec("INSERT INTO orders VALUES (5000000, 1, 'new', 'the last', 'x', '2024-01-01', 'van')");
  const std::string table = database + ".orders";
  wait_while_running(cache, "the last row is in Redis", [&] {
    return redis_cli(redis, {"HEXISTS", table, R"({"id":5000000})"}).starts_with("1");
  });
  EXPECT_GE(tracker.metric("rowtide_tracker_events_total"), 100'000);
  const std::map<json, json> expected = selected(sql);
  const std::map<json, json> actual = cached(redis, table);
  ASSERT_EQ(actual.size(), expected.size());
  const auto [left, right] = std::mismatch(actual.begin(), actual.end(), expected.begin());
  EXPECT_TRUE(left == actual.end()) << left->second << " instead of " << right->second;
  EXPECT_TRUE(cached(redis, database + ".rates").empty()) << "what a schema change may have made stale";
  expect_clean_stop(cache);
}

/// The database that is kept equal, and the program that does.
class SecondDatabase : public testing::Test {
 protected:
  SecondDatabase() { target.create_user("copier", kCopierPassword, "ALL"); }

  void start_copying() {
    ProcessOptions copy =
        program("copy_to_mysql.py", database, task, {target.host(), std::to_string(target.port()), "copier"});
    copy.env.emplace_back("MYSQL_PWD", kCopierPassword);
    copier.emplace(copy);
  }
  [[nodiscard]] int copied_rows(const std::string& table) {
    const bool is_there =
        target.value("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '" + database +
                     "' AND table_name = '" + table + "'") == "1";
    return is_there ? std::stoi(target.value("SELECT COUNT(*) FROM " + database + "." + table)) : 0;
  }
  void wait_for_the_end_of(SqlClient& sql) {
    sql.exec("CREATE TABLE done (id INT PRIMARY KEY)");
    sql.exec("INSERT INTO done VALUES (1)");
    wait_while_running(*copier, "the last row is copied", [&] { return copied_rows("done") == 1; });
  }
  void expect_equal(const std::string& table) {
    const std::string checksum = "CHECKSUM TABLE " + database + "." + table;
    EXPECT_EQ(target.query(checksum), server.query(checksum));
  }

  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  std::string database = server.fresh_database();
  json task = orders_task(server, database, "canal-json");
  MysqlServer target{SqlFlavor::Mysql8};
  std::optional<Process> copier;
};

TEST_F(SecondDatabase, EndsWithTheSourcesChecksum) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  start_copying();
  SqlClient sql = server.connect(database);
  write_orders(sql);
  // Killed in the middle, it does again what it has not committed.
  wait_while_running(*copier, "a part of it is copied", [&] { return copied_rows("orders") >= 10'000; });
  copier->stop(SIGKILL, seconds{10});
  start_copying();
  wait_for_the_end_of(sql);
  expect_equal("orders");
  EXPECT_GT(copied_rows("orders"), 30'000);
  expect_clean_stop(*copier);
}

TEST_F(SecondDatabase, DoesNotRepeatRowsOfBeforeASchemaChange) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  start_copying();
  SqlClient sql = server.connect(database);
  sql.exec("CREATE TABLE orders (id INT PRIMARY KEY, total INT)");
  sql.exec("CREATE TABLE later (id INT PRIMARY KEY)");
  sql.exec("INSERT INTO orders VALUES (1, 5)");
  wait_while_running(*copier, "the first row is copied", [&] { return copied_rows("orders") == 1; });
  expect_clean_stop(*copier);

  // All of it comes as one list of records.
  sql.exec("INSERT INTO orders VALUES (2, 6)");
  sql.exec("ALTER TABLE orders DROP COLUMN total");
  sql.exec("INSERT INTO later VALUES (1)");
  KafkaBroker::shared().reader(topic_of(task)).wait_for_count(6);
  SqlClient copy = target.connect(database);
  copy.exec("CREATE TRIGGER stop BEFORE INSERT ON later FOR EACH ROW SIGNAL SQLSTATE '45000'");
  start_copying();
  const std::optional<ExitStatus> ended = copier->wait(seconds{60});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 1);
  EXPECT_EQ(target.value("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = '" + database +
                         "' AND table_name = 'orders'"),
            "1");
  copy.exec("DROP TRIGGER stop");
  start_copying();
  wait_for_the_end_of(sql);
  expect_equal("orders");
  expect_equal("later");
  expect_clean_stop(*copier);
}

TEST_F(SecondDatabase, HasValuesOfEveryType) {
  TrackerProcess tracker(task);
  tracker.start_streaming();
  start_copying();
  SqlClient sql = server.connect(database);
  const int rows = write_format_rows(sql, "everything", format_cases(SqlFlavor::Mysql8));
  wait_for_the_end_of(sql);
  EXPECT_EQ(copied_rows("everything"), rows);
  expect_equal("everything");
  expect_clean_stop(*copier);
}

/// The lines of a file; none if there is none.
std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// What services do in these tests: note each row in a file.
struct Notebook {
  TempDir folder;
  std::filesystem::path file = folder.path() / "rows";

  [[nodiscard]] std::vector<std::string> command(const std::string& table) const {
    return {table, "sh", "-c", "cat >> " + file.string()};
  }
  [[nodiscard]] std::vector<int> ids() const {
    std::vector<int> ids;
    for (const std::string& line : lines_of(file)) ids.push_back(json::parse(line).at("id"));
    return ids;
  }
};

std::vector<int> numbers(int from, int to) {
  std::vector<int> numbers(static_cast<std::size_t>(to - from + 1));
  std::iota(numbers.begin(), numbers.end(), from);
  return numbers;
}

void insert_numbers(SqlClient& sql, int from, int to) {
  sql.exec("INSERT INTO orders SELECT value FROM (WITH RECURSIVE n (value) AS (SELECT " +
           std::to_string(from) + " UNION ALL SELECT value + 1 FROM n WHERE value < " + std::to_string(to) +
           ") SELECT value FROM n) AS numbers");
}

TEST(Decoupling, EachServiceReactsInItsOwnTimeAndMissesNothing) {
  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  const std::string database = server.fresh_database();
  const json task = orders_task(server, database, "debezium-json");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient sql = server.connect(database);
  sql.exec("CREATE TABLE orders (id INT PRIMARY KEY)");
  const Notebook mails;
  const Notebook stock;
  const std::string table = database + ".orders";
  const ProcessOptions mailing = program("on_insert.py", "mails", task, mails.command(table));
  std::optional<Process> mailer(mailing);
  Process storekeeper(program("on_insert.py", "stock", task, stock.command(table)));
  insert_numbers(sql, 1, 10);
  wait_while_running(*mailer, "ten mails", [&] { return mails.ids().size() >= 10; });
  wait_while_running(storekeeper, "ten in stock", [&] { return stock.ids().size() >= 10; });
  expect_clean_stop(*mailer);

  insert_numbers(sql, 11, 20);
  sql.exec("DELETE FROM orders WHERE id = 15");
  wait_while_running(storekeeper, "twenty in stock", [&] { return stock.ids().size() >= 20; });
  EXPECT_EQ(mails.ids(), numbers(1, 10)) << "it is stopped";
  mailer.emplace(mailing);
  wait_while_running(*mailer, "twenty mails", [&] { return mails.ids().size() >= 20; });
  expect_clean_stop(*mailer);
  expect_clean_stop(storekeeper);
  EXPECT_EQ(mails.ids(), numbers(1, 20));
  EXPECT_EQ(stock.ids(), numbers(1, 20));
}

TEST(AsynchronousProcessing, ASlowServiceFallsBehindAndCatchesUp) {
  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  const std::string database = server.fresh_database();
  const json task = orders_task(server, database, "debezium-json");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient sql = server.connect(database);
  sql.exec("CREATE TABLE orders (id INT PRIMARY KEY)");
  const Notebook done;
  Process worker(program("on_insert.py", "work", task, done.command(database + ".orders")));
  KafkaReader reader = KafkaBroker::shared().reader(topic_of(task));
  // A process for each row takes longer than the source and the tracker need for a thousand.
  int behind = 0;
  for (int from = 1; from <= 1'000; from += 250) {
    insert_numbers(sql, from, from + 249);
    wait_for_rows(reader, static_cast<std::size_t>(from) + 249);
    behind = std::max(behind, from + 249 - static_cast<int>(done.ids().size()));
  }
  EXPECT_GT(behind, 100);
  wait_while_running(worker, "all is done", [&] { return done.ids().size() >= 1'000; });
  expect_clean_stop(worker);
  EXPECT_EQ(done.ids(), numbers(1, 1'000));
}

TEST(Decoupling, ARowWhoseCommandFailsComesAgain) {
  MysqlServer& server = tracked_server(SqlFlavor::Mysql8);
  const std::string database = server.fresh_database();
  const json task = orders_task(server, database, "debezium-json");
  TrackerProcess tracker(task);
  tracker.start_streaming();
  SqlClient sql = server.connect(database);
  sql.exec("CREATE TABLE orders (id INT PRIMARY KEY)");
  const Notebook notes;
  const std::string closed = notes.folder.path() / "closed";
  const ProcessOptions service = program(
      "on_insert.py", "notes", task,
      {database + ".orders", "sh", "-c", "! test -e " + closed + " && cat >> " + notes.file.string()});
  std::optional<Process> process(service);
  insert_numbers(sql, 1, 2);
  wait_while_running(*process, "two notes", [&] { return notes.ids().size() >= 2; });
  std::ofstream(closed).close();
  insert_numbers(sql, 3, 4);
  const std::optional<ExitStatus> ended = process->wait(seconds{60});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 1);
  std::filesystem::remove(closed);
  process.emplace(service);
  wait_while_running(*process, "four notes", [&] { return notes.ids().size() >= 4; });
  expect_clean_stop(*process);
  EXPECT_EQ(notes.ids(), numbers(1, 4));
}

}  // namespace
}  // namespace rowtide::test
