// A value in the record is the value in the table: random rows of every type are written to real servers,
// read by the program itself, and compared with what SELECT shows. The seed is printed; ROWTIDE_ORACLE_SEED=N
// repeats a run.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tests/integration/oracle_columns.h"
#include "tests/integration/tracker_process.h"
#include "tests/support/wait_until.h"

namespace rowtide::test {
namespace {

using nlohmann::json;

struct OracleCase {
  SqlFlavor flavor;
  std::string metadata;  ///< binlog_row_metadata; empty where there is none
  std::size_t rows;      ///< of each table
};

void PrintTo(const OracleCase& one, std::ostream* out) {
  *out << flavor_name(one.flavor) << one.metadata;
}

/// The same at each run, so that a commit is judged by what it changes.
std::uint64_t run_seed() {
  constexpr std::uint64_t kUsual = 20'261'130;
  const char* const chosen = std::getenv("ROWTIDE_ORACLE_SEED");
  return chosen == nullptr ? kUsual : std::strtoull(chosen, nullptr, 10);
}

std::string column_name(std::size_t index) {
  return fmt::format("c{}", index);
}

/// The column's name for the X of an expression.
std::string for_column(std::string text, std::size_t index) {
  const std::string name = column_name(index);
  for (std::size_t at = 0; (at = text.find('X', at)) != std::string::npos; at += name.size()) {
    const bool is_alone = (at == 0 || !std::isalpha(static_cast<unsigned char>(text[at - 1]))) &&
                          (at + 1 == text.size() || !std::isalpha(static_cast<unsigned char>(text[at + 1])));
    if (!is_alone) {
      at += 1 - name.size();
      continue;
    }
    text.replace(at, 1, name);
  }
  return text;
}

class ValueOracle : public testing::TestWithParam<OracleCase> {
 protected:
  ValueOracle() : server_(MysqlServer::shared(GetParam().flavor)) {
    server_.create_user(kTrackerUser, kTrackerPassword);
    set_metadata(GetParam().metadata);
    client_ = std::make_unique<SqlClient>(server_.connect(database_));
    client_->exec("SET time_zone = '+00:00'");
    // Zero and impossible dates, values cut to size and members that do not exist are values too.
    client_->exec("SET sql_mode = 'ALLOW_INVALID_DATES'");
  }
  ~ValueOracle() override {
    set_metadata("FULL");
    server_.exec("DROP USER " + std::string(kTrackerUser));
  }

  void set_metadata(const std::string& metadata) {
    if (!GetParam().metadata.empty()) server_.exec("SET GLOBAL binlog_row_metadata = " + metadata);
  }

  void create(const OracleTable& table) {
    std::string sql = "CREATE TABLE " + table.name + " (id INT PRIMARY KEY, touched INT NOT NULL DEFAULT 0";
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      sql += fmt::format(", {} {}", column_name(i), table.columns[i].type);
    if (table.has_old_temporals) server_.exec("SET GLOBAL mysql56_temporal_format = OFF");
    client_->exec(sql + ") " + table.options);
    if (table.has_old_temporals) server_.exec("SET GLOBAL mysql56_temporal_format = ON");
  }

  void insert(const OracleTable& table) {
    constexpr std::size_t kRowsAStatement = 50;
    std::string names = "id";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (table.columns[i].literal) names += "," + column_name(i);
    }
    std::string sql;
    for (std::size_t row = 0; row < GetParam().rows; ++row) {
      sql += sql.empty() ? "INSERT INTO " + table.name + " (" + names + ") VALUES (" : ",(";
      sql += std::to_string(row);
      for (const OracleColumn& column : table.columns) {
        if (column.literal) sql += "," + literal(column, row);
      }
      sql += ")";
      if ((row + 1) % kRowsAStatement != 0 && row + 1 < GetParam().rows) continue;
      client_->exec(sql);
      sql.clear();
    }
    // Both images of an update have every value as well.
    client_->exec("UPDATE " + table.name + " SET touched = 1 WHERE id % 8 = 0");
  }

  [[nodiscard]] std::size_t updated_rows() const { return (GetParam().rows + 7) / 8; }

  std::map<std::string, std::vector<json>> read_records(TrackerProcess& tracker, std::size_t expected) {
    std::map<std::string, std::vector<json>> records;
    std::size_t count = 0;
    wait_until(
        fmt::format("{} row changes come", expected),
        [&] {
          for (const std::string& line : tracker.process().new_lines()) {
            json record = json::parse(line);
            if (!record.contains("op")) continue;
            records[record.at("source").at("table").get<std::string>()].push_back(std::move(record));
            ++count;
          }
          if (!tracker.process().running())
            throw std::runtime_error("the tracker ended:\n" + tracker.process().err());
          return count >= expected;
        },
        std::chrono::minutes{3}, [&] { return std::to_string(count) + "\n" + tracker.process().err(); });
    return records;
  }

  void compare(const OracleTable& table, const std::vector<json>& records) {
    std::string sql = "SELECT id";
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      sql += ", " + for_column(table.columns[i].select, i);
    const Rows rows = client_->query(sql + " FROM " + table.name + " ORDER BY id");
    ASSERT_EQ(rows.size(), GetParam().rows);
    ASSERT_EQ(records.size(), GetParam().rows + updated_rows()) << table.name;
    for (const json& record : records) {
      const std::string operation = record.at("op");
      ASSERT_EQ(record.at("before").is_null(), operation == "c");
      ASSERT_NO_FATAL_FAILURE(compare_row(table, rows, record.at("after")));
      if (operation != "u") continue;
      ASSERT_NO_FATAL_FAILURE(compare_row(table, rows, record.at("before")));
    }
  }

  MysqlServer& server_;
  std::string database_ = server_.fresh_database();
  std::unique_ptr<SqlClient> client_;
  OracleRandom random_{run_seed()};
  std::map<std::string, std::size_t> counts_;  ///< values compared, by family

 private:
  std::string literal(const OracleColumn& column, std::size_t row) {
    if (row == 0 && column.is_nullable) return "NULL";
    const std::size_t first = column.is_nullable ? 1 : 0;
    if (row < first + column.extremes.size()) return column.extremes[row - first];
    if (column.is_nullable && random_.one_in(12)) return "NULL";
    return column.literal(random_);
  }

  void compare_row(const OracleTable& table, const Rows& rows, const json& image) {
    const Row& row = rows.at(image.at("id").get<std::size_t>());
    ASSERT_EQ(image.size(), table.columns.size() + 2) << table.name;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const OracleColumn& column = table.columns[i];
      const std::optional<std::string>& shown = row[i + 1];
      const json& got = image.at(column_name(i));
      ASSERT_TRUE(shown ? column.same(*shown, got) : got.is_null())
          << table.name << "." << column_name(i) << " " << column.type.substr(0, 100) << ", row "
          << row[0].value() << "\n  record:   " << got.dump().substr(0, 600)
          << "\n  selected: " << shown.value_or("NULL").substr(0, 600);
      ++counts_[column.family];
    }
  }
};

TEST_P(ValueOracle, RecordsAreWhatSelectShows) {
  fmt::print("seed {}\n", run_seed());
  const std::vector<OracleTable> tables = oracle_tables(server_);
  for (const OracleTable& table : tables) ASSERT_NO_THROW(create(table)) << table.name;
  TrackerProcess tracker(stdout_task(server_, database_));
  tracker.start_streaming();
  for (const OracleTable& table : tables) insert(table);
  const auto records = read_records(tracker, tables.size() * (GetParam().rows + updated_rows()));
  for (const OracleTable& table : tables) {
    SCOPED_TRACE(fmt::format("seed {}", run_seed()));
    ASSERT_NO_FATAL_FAILURE(compare(table, records.at(table.name)));
  }
  EXPECT_TRUE(tracker.stop(SIGTERM).ok());
  const std::string version = server_.value("SELECT VERSION()");
  std::size_t all = 0;
  for (const auto& [family, count] : counts_) {
    fmt::print("{} {}: {:<20} {:>8} values equal\n", version, GetParam().metadata, family, count);
    all += count;
  }
  fmt::print("{} {}: {} values of {} rows a table equal, seed {}\n", version, GetParam().metadata, all,
             GetParam().rows, run_seed());
}

INSTANTIATE_TEST_SUITE_P(Servers, ValueOracle,
                         testing::Values(OracleCase{SqlFlavor::Mysql8, "FULL", 2000},
                                         OracleCase{SqlFlavor::Mysql8, "MINIMAL", 250},
                                         OracleCase{SqlFlavor::Mysql57, "", 500},
                                         OracleCase{SqlFlavor::Mariadb, "FULL", 2000},
                                         OracleCase{SqlFlavor::Mariadb, "NO_LOG", 250},
                                         OracleCase{SqlFlavor::Mariadb114, "FULL", 500},
                                         OracleCase{SqlFlavor::Mariadb114, "NO_LOG", 250}),
                         [](const auto& one) { return flavor_name(one.param.flavor) + one.param.metadata; });

}  // namespace
}  // namespace rowtide::test
