// `rowtide-tracker decode --schema`: a dump of the tables says what the binlog file of a server with little
// metadata leaves out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/tracker_process.h"
#include "tests/support/mysql_server.h"
#include "tests/support/temp_dir.h"

namespace rowtide::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

RunResult decode(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {tracker_program(), "decode"});
  return run({.argv = std::move(arguments), .env = {}, .working_dir = {}}, seconds{60});
}

/// "op before after" of the row changes.
std::vector<std::string> rows_in(const std::string& lines) {
  std::vector<std::string> rows;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    const json record = json::parse(line);
    if (record.contains("op")) rows.push_back(record["op"].get<std::string>() + " " + record["after"].dump());
  }
  return rows;
}

class DecodeSchema : public testing::TestWithParam<SqlFlavor> {
 protected:
  DecodeSchema() : server(GetParam(), {.options = little_metadata()}) {
    server.exec("CREATE DATABASE shop");
    server.exec("USE shop");
    server.exec(
        "CREATE TABLE t (id INT UNSIGNED PRIMARY KEY, e ENUM('red','green'), s SET('x','y'), "
        "name VARCHAR(20) CHARACTER SET latin1, note TEXT)");
    server.exec("CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.note = IFNULL(NEW.note, ';')");
    server.exec("CREATE VIEW v AS SELECT id FROM t");
    server.exec("FLUSH LOGS");
    file = std::filesystem::path(server.value("SELECT @@log_bin_basename")).parent_path() /
           server.query("SHOW MASTER STATUS").at(0).at(0).value();
  }
  static std::vector<std::string> little_metadata() {
    if (GetParam() == SqlFlavor::Mysql57) return {};  // it has none
    return {is_mariadb(GetParam()) ? "--binlog-row-metadata=NO_LOG" : "--binlog-row-metadata=MINIMAL"};
  }
  void dump() {
    const RunResult result = run({.argv = {"mariadb-dump", "--no-data", "--socket", server.socket(), "--user",
                                           "root", "--databases", "shop"},
                                  .env = {},
                                  .working_dir = {}},
                                 seconds{60});
    ASSERT_TRUE(result.status.ok()) << result.err;
    write(result.out);
  }
  void write(const std::string& sql) { std::ofstream(schema) << sql; }

  MysqlServer server;
  TempDir folder;
  std::string schema = folder.path() / "schema.sql";
  std::string file;
};

TEST_P(DecodeSchema, ADumpSaysWhatTheBinlogLeavesOut) {
  dump();
  server.exec("INSERT INTO t VALUES (4000000000, 'green', 'x,y', 'é', NULL)");
  server.exec("ALTER TABLE t DROP COLUMN s, ADD COLUMN b TINYINT UNSIGNED FIRST");
  server.exec("INSERT INTO t VALUES (200, 2, 'red', 'ü', 'n')");
  const RunResult plain = decode({file});
  if (GetParam() == SqlFlavor::Mysql8) {
    EXPECT_TRUE(plain.status.ok()) << plain.err;
    EXPECT_THAT(rows_in(plain.out), testing::Contains(HasSubstr(R"("@1":4000000000,"@2":2,"@3":3)")));
  } else {
    // Latin1 bytes are no UTF-8, and NO_LOG and MySQL 5.7 do not say which they are.
    EXPECT_EQ(plain.status.code, 1);
    EXPECT_THAT(plain.err, AllOf(HasSubstr("shop.t"), HasSubstr("column @4"), HasSubstr("--schema")));
  }

  const RunResult named = decode({"--schema", schema, file});
  EXPECT_TRUE(named.status.ok()) << named.err;
  EXPECT_THAT(rows_in(named.out),
              ElementsAre(R"(c {"e":"green","id":4000000000,"name":"é","note":";","s":"x,y"})",
                          R"(c {"b":200,"e":"red","id":2,"name":"ü","note":"n"})"));
}

/// What the servers have little part in.
class DecodeFile : public DecodeSchema {};

TEST_P(DecodeFile, WhatDoesNotHelpIsSaid) {
  server.exec("INSERT INTO t VALUES (1, 'red', 'x', 'a', 'b')");
  const RunResult missing = decode({"--schema", "/nonexistent.sql", file});
  EXPECT_EQ(missing.status.code, 1);
  EXPECT_THAT(missing.err, AllOf(HasSubstr("/nonexistent.sql"), HasSubstr("mysqldump --no-data")));

  write("CREATE TABLE t (id INT);\n");
  const RunResult homeless = decode({"--schema", schema, file});
  EXPECT_EQ(homeless.status.code, 1);
  EXPECT_THAT(homeless.err, AllOf(HasSubstr("line 1: CREATE TABLE t (id INT)"), HasSubstr("--databases")));

  write("-- tables\nUSE `shop`;\n\nCREATE TABLE t (id WHAT);\n");
  const RunResult broken = decode({"--schema", schema, file});
  EXPECT_EQ(broken.status.code, 1);
  EXPECT_THAT(broken.err, HasSubstr("line 4: CREATE TABLE t (id WHAT)"));

  write("CREATE TABLE shop.t (id INT, more INT);\n");
  const RunResult other = decode({"--schema", schema, file});
  EXPECT_EQ(other.status.code, 1);
  EXPECT_THAT(other.err, AllOf(HasSubstr("`shop`.`t`"), HasSubstr("5 columns")));
}

TEST_P(DecodeFile, BinaryRecordsDoNotGoToATerminal) {
  server.exec("INSERT INTO t VALUES (1, 'red', 'x', 'a', 'b')");
  const std::string command = std::string(tracker_program()) + " decode --format dts-avro " + file;
  const RunResult terminal =
      run({.argv = {"script", "--quiet", "--return", "--command", command, "/dev/null"},
           .env = {},
           .working_dir = {}},
          seconds{60});
  EXPECT_EQ(terminal.status.code, 2);
  EXPECT_THAT(terminal.out, AllOf(HasSubstr("--format dts-avro"), HasSubstr("> FILE")));
  EXPECT_TRUE(decode({"--format", "dts-avro", file}).status.ok()) << "into a file";
}

TEST_P(DecodeFile, AChangeWrittenAsAStatementIsLeftOutOnlyIfAsked) {
  dump();
  server.exec("INSERT INTO t (id, name) VALUES (1, 'a')");
  server.exec("SET SESSION binlog_format = STATEMENT");
  server.exec("INSERT INTO t (id, name) VALUES (2, 'b')");
  server.exec("SET SESSION binlog_format = ROW");
  server.exec("INSERT INTO t (id, name) VALUES (3, 'c')");
  server.exec("FLUSH LOGS");
  const RunResult stopped = decode({"--schema", schema, file});
  EXPECT_FALSE(stopped.status.ok());
  EXPECT_THAT(rows_in(stopped.out), ElementsAre(HasSubstr(R"("id":1)")));
  EXPECT_THAT(stopped.err, AllOf(HasSubstr("INSERT INTO t (id, name) VALUES (2"),
                                 HasSubstr("--skip-unprocessable"), testing::Not(HasSubstr("spec."))));
  const RunResult whole = decode({"--skip-unprocessable", "--schema", schema, file});
  EXPECT_TRUE(whole.status.ok()) << whole.err;
  EXPECT_THAT(rows_in(whole.out), ElementsAre(HasSubstr(R"("id":1)"), HasSubstr(R"("id":3)")));
  EXPECT_THAT(whole.err, HasSubstr("1 events could not be delivered and were left out"));
}

INSTANTIATE_TEST_SUITE_P(Server, DecodeSchema, testing::ValuesIn(kEverySqlFlavor),
                         [](const auto& one) { return flavor_name(one.param); });
INSTANTIATE_TEST_SUITE_P(Server, DecodeFile, testing::Values(SqlFlavor::Mysql8, SqlFlavor::Mariadb),
                         [](const auto& one) { return flavor_name(one.param); });
INSTANTIATE_TEST_SUITE_P(DISABLED_More, DecodeFile,
                         testing::Values(SqlFlavor::Mysql57, SqlFlavor::Mariadb114),
                         [](const auto& one) { return flavor_name(one.param); });

}  // namespace
}  // namespace rowtide::test
