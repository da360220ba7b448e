#include "tracker/schema/ddl_since_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide::schema {
namespace {

const sql::TableName kT{"shop", "t"};
const binlog::BinlogCoordinates kBegin{"bin.000001", 4};

DdlSinceStart of_server(bool is_mariadb = false) {
  return DdlSinceStart({.is_mariadb = is_mariadb, .version = is_mariadb ? 101106U : 80036U});
}
void add(DdlSinceStart& changes, std::string_view sql, const binlog::BinlogCoordinates& at,
         const std::string& database = "shop") {
  changes.add(sql, {.database = database, .variables = {}}, at);
}
/// After this one statement: may the tables of before be others now?
bool changes_t(std::string_view sql, bool is_mariadb = false) {
  DdlSinceStart changes = of_server(is_mariadb);
  add(changes, sql, {"bin.000001", 200});
  EXPECT_FALSE(changes.is_changed_from(kT, {"bin.000001", 201})) << sql;
  return changes.is_changed_from(kT, kBegin);
}
bool doubts_t(std::string_view sql) {
  DdlSinceStart changes = of_server();
  add(changes, sql, {"bin.000001", 200});
  return changes.changed().contains(kT) || changes.changed_databases().contains("shop");
}

TEST(DdlSinceStart, KnowsWhereATableWasChangedLast) {
  DdlSinceStart changes = of_server();
  add(changes, "CREATE TABLE t (id INT)", {"bin.000009", 100});
  add(changes, "ALTER TABLE shop.t ADD a INT", {"bin.000010", 200}, "");
  add(changes, "CREATE TEMPORARY TABLE t (id INT)", {"bin.000010", 300});
  EXPECT_TRUE(changes.is_changed_from(kT, {"bin.000009", 4}));
  EXPECT_TRUE(changes.is_changed_from(kT, {"bin.000010", 200}));
  EXPECT_FALSE(changes.is_changed_from(kT, {"bin.000010", 201}));
  EXPECT_FALSE(changes.is_changed_from({"shop", "T"}, {"bin.000009", 4}));
  EXPECT_FALSE(changes.is_changed_from({"other", "t"}, {"bin.000009", 4}));
  add(changes, "RENAME TABLE other.t TO shop.u", {"bin.000010", 400}, "");
  EXPECT_TRUE(changes.is_changed_from({"other", "t"}, {"bin.000010", 400}));
  EXPECT_TRUE(changes.is_changed_from({"shop", "u"}, {"bin.000010", 400}));
  // Any table of it.
  add(changes, "DROP DATABASE shop", {"bin.000010", 500}, "");
  EXPECT_TRUE(changes.is_changed_from(kT, {"bin.000010", 500}));
}

TEST(DdlSinceStart, ComparesNamesAsTheServerKeepsThem) {
  DdlSinceStart changes({.version = 80036, .lower_case_names = true});
  add(changes, "ALTER TABLE Shop.Orders ADD a INT", {"bin.000001", 200}, "");
  add(changes, "DROP DATABASE GONE", {"bin.000001", 300}, "");
  EXPECT_TRUE(changes.is_changed_from({"shop", "orders"}, {"bin.000001", 200}));
  EXPECT_TRUE(changes.is_changed_from({"gone", "t"}, {"bin.000001", 200}));
}

TEST(DdlSinceStart, OnlyATableThatCannotHaveBeenThereIsNew) {
  DdlSinceStart changes = of_server();
  const binlog::BinlogCoordinates at{"bin.000001", 200};
  add(changes, "CREATE TABLE made (id INT)", at);
  add(changes, "CREATE TABLE selected SELECT 1", at);
  add(changes, "CREATE TABLE IF NOT EXISTS perhaps (id INT)", at);
  add(changes, "CREATE OR REPLACE TABLE replaced (id INT)", at);
  add(changes, "CREATE VIEW seen AS SELECT 1", at);
  EXPECT_THAT(changes.created(),
              testing::ElementsAre(sql::TableName{"shop", "made"}, sql::TableName{"shop", "selected"}));
  EXPECT_THAT(changes.changed(),
              testing::ElementsAre(sql::TableName{"shop", "perhaps"}, sql::TableName{"shop", "replaced"}));
  add(changes, "DROP DATABASE gone", at);
  add(changes, "CREATE TABLE gone.again (id INT)", at);
  EXPECT_TRUE(changes.changed().contains({"gone", "again"}));
}

TEST(DdlSinceStart, WhatLeavesDefinitionsAsTheyAreIsNoChange) {
  for (const char* sql : {"CREATE DATABASE shop",
                          "CREATE DATABASE IF NOT EXISTS shop",
                          "ALTER DATABASE shop CHARSET utf8mb4",
                          "ALTER DATABASE COLLATE utf8mb4_bin",
                          "CREATE PROCEDURE p() BEGIN DROP TABLE t; END",
                          "CREATE DEFINER=`root`@`%` FUNCTION f() RETURNS INT RETURN 1",
                          "ALTER PROCEDURE p COMMENT 'x'",
                          "DROP PROCEDURE IF EXISTS shop.p",
                          "DROP FUNCTION f",
                          "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SET @a = 1",
                          "ALTER EVENT e DISABLE",
                          "DROP EVENT e",
                          "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
                          "DROP TRIGGER shop.g",
                          "CREATE VIEW v AS SELECT * FROM t",
                          "ALTER VIEW t AS SELECT 1",
                          "DROP VIEW t",
                          "TRUNCATE TABLE t",
                          "DELETE FROM `shop`.`t`",
                          "CREATE INDEX i ON t (a)",
                          "CREATE FULLTEXT INDEX i ON t (a)",
                          "ALTER TABLE t ADD INDEX (a), RENAME INDEX a TO b, ADD FOREIGN KEY "
                          "(a) REFERENCES u (a)",
                          "ALTER TABLE t DROP FOREIGN KEY f",
                          "ALTER TABLE t ADD PARTITION (PARTITION p1 VALUES LESS THAN (9))",
                          "ALTER TABLE t DROP PARTITION p1",
                          "ALTER TABLE t TRUNCATE PARTITION p1",
                          "ALTER TABLE t EXCHANGE PARTITION p1 WITH TABLE u",
                          "ALTER TABLE u EXCHANGE PARTITION p1 WITH TABLE t",
                          "ALTER TABLE t PARTITION BY KEY (a)",
                          "ALTER TABLE t ENGINE=InnoDB, ALGORITHM=INPLACE",
                          "ALTER TABLE t FORCE",
                          "ALTER TABLE t ALTER INDEX i INVISIBLE",
                          "ALTER TABLE t AUTO_INCREMENT = 7",
                          "ALTER TABLE u ADD a INT"}) {
    EXPECT_FALSE(changes_t(sql)) << sql;
    EXPECT_FALSE(doubts_t(sql)) << sql;
  }
  EXPECT_FALSE(changes_t("ALTER TABLE t CONVERT PARTITION p TO TABLE u", true));
  // A row of before says that the table was there: it stays.
  EXPECT_FALSE(changes_t("CREATE TABLE IF NOT EXISTS t (a INT)"));
  EXPECT_TRUE(doubts_t("CREATE TABLE IF NOT EXISTS t (a INT)"));
}

/// Which of both it was is not known here.
TEST(DdlSinceStart, WhatMayHaveBeenOfATemporaryTableIsAChange) {
  DdlSinceStart changes = of_server();
  const DdlSession session{.database = "shop", .variables = {}, .uses_temporary_table = true};
  changes.add("ALTER TABLE t ADD a INT", session, kBegin);
  EXPECT_TRUE(changes.is_changed_from(kT, kBegin));
}

TEST(DdlSinceStart, KnowsWhichDatabasesMayHaveHadAnotherCharacterSet) {
  DdlSinceStart changes = of_server();
  for (const char* sql :
       {"CREATE DATABASE made CHARSET latin1", "CREATE DATABASE IF NOT EXISTS perhaps CHARSET latin1",
        "ALTER DATABASE locked ENCRYPTION='Y'", "ALTER DATABASE altered COLLATE utf8mb4_bin",
        "ALTER DATABASE CHARSET latin1", "DROP DATABASE dropped", "CREATE OR REPLACE DATABASE replaced"}) {
    add(changes, sql, kBegin);
  }
  EXPECT_THAT(changes.converted_databases(), testing::ElementsAre("altered", "dropped", "replaced", "shop"));
}

TEST(DdlSinceStart, WhatMayChangeADefinitionIsAChange) {
  for (const char* sql :
       {"CREATE UNIQUE INDEX i ON t (a)", "CREATE INDEX i ON t ((a + 1))", "DROP INDEX i ON t",
        "ALTER TABLE t ADD UNIQUE (a)", "ALTER TABLE t ADD PRIMARY KEY (a)", "ALTER TABLE t DROP KEY i",
        "ALTER TABLE t ADD INDEX (a), ADD b INT", "ALTER TABLE t ENGINE=InnoDB CHARSET=latin1",
        "ALTER TABLE t CONVERT TO CHARSET utf8mb4", "ALTER TABLE t RENAME TO u", "ALTER TABLE u RENAME t",
        "RENAME TABLE u TO t", "RENAME TABLE t TO u", "DROP TABLE u, t", "ALTER TABLE t DROP a, NONSENSE",
        "CREATE OR REPLACE TABLE t (a INT)", "DROP DATABASE shop", "CREATE OR REPLACE DATABASE shop"}) {
    EXPECT_TRUE(changes_t(sql)) << sql;
    EXPECT_TRUE(doubts_t(sql)) << sql;
  }
  EXPECT_TRUE(changes_t("ALTER TABLE u CONVERT TABLE t TO PARTITION p VALUES LESS THAN (9)", true));
  EXPECT_TRUE(changes_t("ALTER TABLE u CONVERT PARTITION p TO TABLE t", true));
}

}  // namespace
}  // namespace rowtide::schema
