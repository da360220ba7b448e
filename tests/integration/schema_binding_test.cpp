// Table maps of real servers, with all metadata and with less of it, must lead to the same plan.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/source_fixture.h"
#include "tracker/schema/bind_table.h"
#include "tracker/schema/catalog_reader.h"
#include "tracker/schema/historic_catalog.h"
#include "tracker/sql/names.h"

namespace rowtide::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string name_of(const testing::TestParamInfo<SqlFlavor>& info) {
  return flavor_name(info.param);
}

class SchemaBinding : public testing::TestWithParam<SqlFlavor> {
 protected:
  void SetUp() override {
    server.create_user(kUser, sql_password());
    database = server.fresh_database();
  }

  /// The table map of the one row then in the table, with the server's setting for metadata.
  binlog::TableMap map_of_insert(const std::string& metadata, const std::string& table,
                                 const std::string& row) {
    server.exec("DELETE FROM " + database + "." + table);
    const task::Task task = task_for(server);
    StreamReader reader(task);
    EXPECT_TRUE(reader.open(position_at(task, task::StartMode::Latest)).ok());
    set_metadata(metadata);
    server.exec("INSERT INTO " + database + "." + table + " VALUES (" + row + ")");
    EXPECT_TRUE(reader.read_transaction_of(table).ok());
    set_metadata("FULL");
    return reader.last_map;
  }

  absl::StatusOr<binlog::TablePlan> bind(const binlog::TableMap& map) {
    const auto session = session_for(task_for(server));
    schema::SchemaHistory history(schema::read_source_dialect(*session).value());
    schema::HistoricCatalog catalog(*session, history, [](const sql::TableName&) { return false; });
    return schema::bind_table(map, catalog);
  }

  /// MySQL 5.7 has none, and nothing to set.
  [[nodiscard]] static bool has_metadata() { return GetParam() != SqlFlavor::Mysql57; }
  void set_metadata(const std::string& metadata) {
    if (has_metadata()) server.exec("SET GLOBAL binlog_row_metadata = " + metadata);
  }
  [[nodiscard]] static std::string silent_metadata() { return is_mariadb(GetParam()) ? "NO_LOG" : "MINIMAL"; }

  MysqlServer& server = MysqlServer::shared(GetParam());
  std::string database;
};

void expect_same(const binlog::TablePlan& a, const binlog::TablePlan& b) {
  ASSERT_EQ(a.columns.size(), b.columns.size());
  EXPECT_EQ(a.key_columns, b.key_columns);
  for (std::size_t i = 0; i < a.columns.size(); ++i) {
    const types::Column& x = a.columns[i];
    const types::Column& y = b.columns[i];
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.kind, y.kind) << x.name;
    EXPECT_EQ(x.is_unsigned, y.is_unsigned) << x.name;
    EXPECT_EQ(x.is_nullable, y.is_nullable) << x.name;
    EXPECT_EQ(x.charset, y.charset) << x.name;
    EXPECT_EQ(x.members, y.members) << x.name;
    EXPECT_EQ(x.decode, y.decode) << x.name;
  }
}

TEST_P(SchemaBinding, TheCatalogSaysTheSameAsTheEvent) {
  server.exec(
      "CREATE TABLE " + database +
      ".all_types (ti TINYINT UNSIGNED, si SMALLINT, mi MEDIUMINT UNSIGNED, id INT, bi BIGINT UNSIGNED "
      "NOT NULL, f FLOAT, dbl DOUBLE, de DECIMAL(10,2) UNSIGNED, y YEAR, d DATE, t TIME(3), dt "
      "DATETIME(6), ts TIMESTAMP NULL, c CHAR(10) CHARACTER SET latin1, vc VARCHAR(300) CHARACTER SET "
      "utf8mb4, bin BINARY(16), vb VARBINARY(20), tt TINYTEXT, tx TEXT, lt LONGTEXT, tb TINYBLOB, mb "
      "MEDIUMBLOB, e ENUM('klein','groß','it''s') CHARACTER SET latin1, s SET('a','b') , bt BIT(12), j "
      "JSON, zf INT(6) ZEROFILL, `odd ``name'` INT, PRIMARY KEY (bi, id))");
  const std::string row =
      "1, 2, 3, 4, 5, 1.5, 2.5, 3.25, 2024, '2024-01-02', '03:04:05', '2024-01-02 03:04:05', NULL, 'ä', "
      "'ö', 'b', 'vb', 't', 't', 't', 'b', 'b', 'groß', 'a,b', b'101', '{}', 7, 8";
  const auto full = bind(map_of_insert("FULL", "all_types", row));
  ASSERT_TRUE(full.ok()) << full.status();
  const auto silent = bind(map_of_insert(silent_metadata(), "all_types", row));
  ASSERT_TRUE(silent.ok()) << silent.status();
  expect_same(*full, *silent);
  EXPECT_THAT(full->key_columns, ElementsAre(4, 3)) << "in the key's order";
  EXPECT_THAT(full->columns[22].members, ElementsAre("klein", "groß", "it's"));
  EXPECT_EQ(full->columns[27].name, "odd `name'");
}

TEST_P(SchemaBinding, AUniqueKeyServesWhereThereIsNoPrimaryKey) {
  server.exec("CREATE TABLE " + database +
              ".keyed (a INT NULL, b INT NOT NULL, c INT NOT NULL, UNIQUE u1 (a), UNIQUE u2 (c, b))");
  const auto plan = bind(map_of_insert("FULL", "keyed", "1, 2, 3"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->key_columns, ElementsAre(2, 1));
  server.exec("CREATE TABLE " + database + ".keyless (a INT)");
  EXPECT_THAT(bind(map_of_insert("FULL", "keyless", "1"))->key_columns, IsEmpty());
}

/// The servers name the UNIQUE key that they take as the primary one; where they name none, any is taken.
TEST_P(SchemaBinding, TheKeyIsTheServersChoiceWhateverTheMetadata) {
  struct Case {
    const char* table;
    std::vector<std::uint32_t> key;
  };
  const std::vector<Case> cases = {
      {"a INT NOT NULL, b INT NOT NULL, c INT, UNIQUE ub (b), UNIQUE ua (a)", {1}},
      {"a INT, b INT NOT NULL, c INT NOT NULL, UNIQUE ua (a), UNIQUE uc (c, b), UNIQUE ub (b)", {2, 1}},
      {"a VARCHAR(9) NOT NULL, b INT NOT NULL, c INT, UNIQUE ua (a(3)), UNIQUE ub (b)", {1}},
      {"a VARCHAR(9) NOT NULL, b INT, c VARCHAR(9) NOT NULL, UNIQUE ub (b), UNIQUE uc (c(3)), UNIQUE ua "
       "(a(3))",
       {2}},
      {"a TINYBLOB NOT NULL, b INT NOT NULL, c INT, UNIQUE ua (a(255))", {0}},
      {"a INT NOT NULL, b INT NOT NULL, c INT NOT NULL, UNIQUE ub (b), PRIMARY KEY (c), UNIQUE ua (a)", {2}},
      {"a INT, b INT, c INT NOT NULL, UNIQUE ub (b), UNIQUE ua (a)", {}},
  };
  for (const Case& each : cases) {
    server.exec("DROP TABLE IF EXISTS " + database + ".u");
    server.exec("CREATE TABLE " + database + ".u (" + each.table + ")");
    const auto full = bind(map_of_insert("FULL", "u", "1, 2, 3"));
    ASSERT_TRUE(full.ok()) << full.status();
    EXPECT_EQ(full->key_columns, each.key) << each.table;
    const auto silent = bind(map_of_insert(silent_metadata(), "u", "1, 2, 3"));
    ASSERT_TRUE(silent.ok()) << silent.status();
    EXPECT_EQ(silent->key_columns, each.key) << each.table;
  }
}

TEST_P(SchemaBinding, AnEventFromBeforeAChangeIsRefusedUnlessItSaysWhatItIs) {
  server.exec("CREATE TABLE " + database + ".changed (id INT PRIMARY KEY, v INT)");
  const binlog::TableMap full = map_of_insert("FULL", "changed", "1, 2");
  const binlog::TableMap silent = map_of_insert(silent_metadata(), "changed", "1, 2");
  server.exec("ALTER TABLE " + database + ".changed MODIFY v BIGINT");
  EXPECT_EQ(bind(full).ok(), has_metadata());
  const absl::Status status = bind(silent).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("`" + database + "`.`changed`"), HasSubstr("column 2 (v) is INT"),
                    HasSubstr("SET GLOBAL binlog_row_metadata=FULL")));
  server.exec("DROP TABLE " + database + ".changed");
  EXPECT_EQ(bind(full).ok(), has_metadata());
  EXPECT_TRUE(absl::IsFailedPrecondition(bind(silent).status()));
}

INSTANTIATE_TEST_SUITE_P(Server, SchemaBinding, testing::ValuesIn(kEverySqlFlavor), name_of);

}  // namespace
}  // namespace rowtide::test
