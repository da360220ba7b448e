#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/integration/source_fixture.h"
#include "tracker/schema/schema_history.h"
#include "tracker/sql/names.h"
#include "tracker/sql/statement.h"

namespace rowtide::test {

/// What must be equal of two definitions of a table.
[[nodiscard]] std::string text_of(const schema::CatalogTable& table);

/// Statements run on a real server, read from its binlog and applied: after each the definitions must be what
/// information_schema says they are.
class DdlOracle : public testing::TestWithParam<SqlFlavor> {
 protected:
  void SetUp() override {
    server.create_user(kUser, sql_password());
    database = server.fresh_database();
    other = server.fresh_database();
    task = task_for(server);
    session = session_for(task);
    history.emplace(schema::read_source_dialect(*session).value());
    reader.emplace(task);
    ASSERT_TRUE(reader->open(position_at(task, task::StartMode::Latest)).ok());
    client.emplace(server.connect(database));
    history->begin(read(), {});
  }

  [[nodiscard]] bool is_mariadb() const { return test::is_mariadb(GetParam()); }

  schema::CatalogSnapshot read() {
    const std::vector<std::string> databases{database, other};
    return schema::read_catalog(*session, history->dialect(), databases).value();
  }

  /// Applies the statements that the server has written for what was just run: up to a mark after them.
  void follow() {
    const std::string mark = fmt::format("mark_{}", ++marks);
    client->exec(fmt::format("CREATE DATABASE {}", mark));
    client->exec(fmt::format("DROP DATABASE {}", mark));
    const absl::Status status = reader->read_until([&](const binlog::EventView& event) {
      if (event.header.type != binlog::EventType::Query) return false;
      const binlog::QueryEvent query = binlog::parse_query(event.body).value();
      const std::string sql(query.sql);
      if (sql.find(mark) != std::string::npos) return sql.starts_with("DROP");
      if (sql::classify_statement(sql, query.database).kind != sql::StatementKind::Ddl) return false;
      logged = sql;
      const schema::DdlEffect effect = history->apply(
          sql,
          {std::string(query.database), binlog::parse_query_variables(query.status_variables, is_mariadb())});
      EXPECT_EQ(effect.doubt, "") << sql;
      return false;
    });
    ASSERT_TRUE(status.ok()) << status;
  }

  void compare(const std::string& sql) {
    const schema::CatalogSnapshot truth = read();
    std::map<sql::TableName, std::string> expected;
    std::map<sql::TableName, std::string> actual;
    for (const auto& [name, table] : truth.tables) expected[name] = text_of(*table);
    for (const std::string& each : {database, other}) {
      for (const std::string& table : history->tables_of(each)) {
        const schema::TablePtr found = history->find({each, table}).table;
        actual[{each, table}] = found == nullptr ? "unknown" : text_of(*found);
      }
      EXPECT_EQ(history->database_collation(each),
                truth.databases.contains(each) ? truth.databases.at(each) : 0)
          << sql;
    }
    for (const auto& [name, text] : expected)
      EXPECT_EQ(actual[name], text) << name.table << "\nafter " << sql << "\nlogged " << logged;
    for (const auto& [name, text] : actual)
      EXPECT_TRUE(expected.contains(name)) << name.table << " after " << sql;
    ++compared;
  }

  /// False when the server refused the statement.
  bool run(const std::string& sql) {
    try {
      client->exec(sql);
    } catch (const std::runtime_error&) {
      return false;
    }
    follow();
    compare(sql);
    return true;
  }

  void expect_all(std::initializer_list<std::string> statements) {
    for (const std::string& sql : statements) {
      EXPECT_TRUE(run(sql)) << sql;
      if (HasFailure()) return;
    }
  }

  MysqlServer& server = MysqlServer::shared(GetParam());
  std::string database, other;
  task::Task task;
  std::unique_ptr<source::MysqlSession> session;
  std::optional<schema::SchemaHistory> history;
  std::optional<StreamReader> reader;
  std::optional<SqlClient> client;
  std::string logged;
  unsigned marks = 0;
  unsigned compared = 0;
};

[[nodiscard]] inline std::string name_of_flavor(const testing::TestParamInfo<SqlFlavor>& info) {
  return flavor_name(info.param);
}

}  // namespace rowtide::test
