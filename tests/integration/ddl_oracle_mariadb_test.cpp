// What MySQL has no statements, names or types for.
#include "tests/integration/ddl_oracle.h"

namespace rowtide::test {
namespace {

class MariadbDdlOracle : public DdlOracle {};
class Mariadb114DdlOracle : public DdlOracle {};

// character_set_collations is MariaDB's since 11.2.
TEST_P(Mariadb114DdlOracle, CollationsAreTheSessions) {
  expect_all({
      "CREATE TABLE u1 (a TEXT, b VARCHAR(3) CHARACTER SET utf8mb4, c TEXT CHARACTER SET ucs2, d UUID, e "
      "INET4)",
      "CREATE TABLE u2 (a TEXT, b TEXT COLLATE uca1400_swedish_nopad_as_cs) COLLATE utf8mb3_uca1400_ai_ci",
      "SET SESSION character_set_collations = "
      "'utf8mb4=uca1400_as_cs,utf8mb3=uca1400_german2_ai_ci,latin1=latin1_german2_ci'",
      "CREATE TABLE u3 (a TEXT, b VARCHAR(3) CHARACTER SET utf8mb4, c TEXT CHARACTER SET latin1, d TEXT "
      "CHARACTER SET utf8)",
      "CREATE TABLE u4 (a TEXT) CHARACTER SET utf8mb4",
      "ALTER TABLE u1 CONVERT TO CHARACTER SET latin1",
      "ALTER TABLE u2 CONVERT TO CHARACTER SET utf8mb4, ADD c TEXT",
      fmt::format("ALTER DATABASE {} CHARACTER SET utf8mb4", database),
      "CREATE TABLE u5 (a TEXT)",
      fmt::format("ALTER DATABASE {} CHARACTER SET latin1", database),
      "CREATE TABLE u6 (a TEXT, b TEXT CHARACTER SET utf8mb4 COLLATE uca1400_ai_ci)",
      "SET SESSION character_set_collations = ''",
      "CREATE TABLE u7 (a TEXT CHARACTER SET utf8mb4, b TEXT)",
      "ALTER TABLE u3 CHARACTER SET latin1, ADD e TEXT",
  });
}

TEST_P(MariadbDdlOracle, PartitionsBecomeTablesAndTablesPartitions) {
  expect_all({
      "CREATE TABLE p (id INT NOT NULL, v VARCHAR(9) INVISIBLE, w TEXT, g INT AS (id + 1), UNIQUE u (id, "
      "v(3)), KEY kv (v)) COMMENT 'c' CHARSET latin1 PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN "
      "(10), PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES LESS THAN (30))",
      "ALTER TABLE p CONVERT PARTITION p0 TO TABLE n",
      fmt::format("ALTER TABLE p CONVERT PARTITION p1 TO TABLE {}.`o``n`", other),
      "ALTER TABLE p ADD x INT",
      "ALTER TABLE n ADD x INT",
      "ALTER TABLE p CONVERT TABLE n TO PARTITION `to` VALUES LESS THAN (40)",
      "CREATE TABLE n (something INT)",
      fmt::format("ALTER TABLE {}.`o``n` ADD x INT", other),
      fmt::format("ALTER TABLE p CONVERT TABLE {}.`o``n` TO PARTITION q VALUES LESS THAN (50)", other),
      "CREATE TABLE s (id INT PRIMARY KEY) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 10 "
      "(PARTITION h HISTORY, PARTITION h2 HISTORY, PARTITION c CURRENT)",
      "ALTER TABLE s CONVERT PARTITION h TO TABLE sh",
  });
}

TEST_P(MariadbDdlOracle, ColumnsNamedWithTheirTable) {
  expect_all({
      fmt::format("CREATE TABLE q (q.a INT, {}.q.b INT, .c INT, q.`select` INT)", database),
      "ALTER TABLE q ADD q.d INT AFTER b, CHANGE q.a q.aa INT, MODIFY q.b BIGINT",
      fmt::format("ALTER TABLE q DROP COLUMN {}.q.c, ALTER q.d SET DEFAULT 3", database),
      fmt::format("ALTER TABLE q ADD COLUMN (q.y INT, {}.q.z INT)", database),
      fmt::format("ALTER TABLE q ORDER BY q.y, {}.q.z DESC", database),
  });
}

TEST_P(MariadbDdlOracle, TypesOfOtherDatabases) {
  expect_all({
      "SET SESSION sql_mode = 'ORACLE'",
      "CREATE TABLE o1 (a DATE, b BLOB, c BLOB(10), d CLOB, e RAW(10), f VARCHAR2(9), g NUMBER, h NUMBER(9), "
      "i NUMBER(9,2), j VARCHAR(3), k CHAR, l TIMESTAMP, m TIMESTAMP(3), n FLOAT, o TEXT, p LONG, q BLOB(0), "
      "r BLOB(70000), s NCHAR(3), t NVARCHAR(4), u JSON, v BOOLEAN, w INTEGER, x REAL, y BINARY(4))",
      "CREATE TABLE \"o2\" (a mariadb_schema.date, b oracle_schema.DATE, c mariadb_schema.BLOB, d "
      "oracle_schema.BLOB, e mariadb_schema.VARCHAR(3), f oracle_schema.NUMBER, g mariadb_schema.NUMBER, h "
      "oracle_schema.NUMBER(3), i mariadb_schema.timestamp(3), j maxdb_schema.timestamp, k "
      "maxdb_schema.date)",
      "CREATE TABLE o3 (a DATE DEFAULT DATE '2020-01-01', b DATE DEFAULT SYSDATE, c NUMBER UNSIGNED DEFAULT "
      "1.5, d NUMBER(5) UNSIGNED ZEROFILL, e VARCHAR2(3) BINARY, f CLOB CHARACTER SET latin1, g DATE NOT "
      "NULL DEFAULT CURRENT_TIMESTAMP, h BLOB DEFAULT 'x')",
      "ALTER TABLE o1 MODIFY b DATE, ADD z1 NUMBER AFTER a, ADD (z2 DATE, z3 RAW(3)), ADD z4 "
      "mariadb_schema.date",
      "ALTER TABLE o1 RENAME COLUMN a TO aa, ADD UNIQUE (z2)",
      "SET SESSION sql_mode = 'MAXDB'",
      "CREATE TABLE o4 (a TIMESTAMP, b TIMESTAMP(3), c DATE, d BLOB, e mariadb_schema.timestamp, f TIMESTAMP "
      "NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)",
      "SET SESSION sql_mode = ''",
      "CREATE TABLE o5 (a DATE, b BLOB, c oracle_schema.date, d oracle_schema.blob, e "
      "maxdb_schema.timestamp)",
      "ALTER TABLE o1 ADD z5 DATE, ADD z6 TIMESTAMP NULL",
  });
}

TEST_P(MariadbDdlOracle, ColumnsMakeTheirTableVersioned) {
  expect_all({
      "CREATE TABLE v1 (id INT PRIMARY KEY, a INT WITH SYSTEM VERSIONING, b INT)",
      "CREATE TABLE v2 (id INT PRIMARY KEY, a INT WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING",
      "CREATE TABLE v3 (id INT PRIMARY KEY, a INT WITHOUT SYSTEM VERSIONING)",
      "CREATE TABLE v4 LIKE v1",
  });
}

// What is there, is what the table had before the statement, whatever the statement drops.
TEST_P(MariadbDdlOracle, IfExistsGoesByTheTableAsItWas) {
  expect_all({
      "CREATE TABLE e1 (id INT, new_name INT, z INT)",
      "ALTER TABLE e1 CHANGE COLUMN IF EXISTS old_name new_name BIGINT UNIQUE",
      "ALTER TABLE e1 MODIFY COLUMN IF EXISTS gone BIGINT, ADD y INT",
      "ALTER TABLE e1 DROP COLUMN z, ADD COLUMN IF NOT EXISTS z BIGINT",
      "ALTER TABLE e1 ADD COLUMN IF NOT EXISTS y INT UNIQUE, RENAME COLUMN IF EXISTS gone TO id",
      "CREATE TABLE e2 (id INT PRIMARY KEY, a INT NOT NULL, b INT NOT NULL, x INT)",
      "CREATE UNIQUE INDEX i ON e2 (a)",
      "CREATE OR REPLACE UNIQUE INDEX i ON e2 (b)",
      "CREATE OR REPLACE INDEX i2 ON e2 (b)",
      "CREATE UNIQUE INDEX IF NOT EXISTS i ON e2 (a)",
      "ALTER TABLE e2 ADD UNIQUE IF NOT EXISTS (a)",
      "ALTER TABLE e2 ADD UNIQUE IF NOT EXISTS (a, b)",
      "ALTER TABLE e2 DROP INDEX a",
      "ALTER TABLE e2 ADD PRIMARY KEY IF NOT EXISTS (x)",
      "ALTER TABLE e2 DROP INDEX IF EXISTS i, ADD UNIQUE INDEX IF NOT EXISTS i (a)",
      "ALTER TABLE e2 DROP INDEX IF EXISTS i, DROP INDEX IF EXISTS gone, ADD w INT",
      "ALTER TABLE e2 ADD UNIQUE INDEX IF NOT EXISTS j (a), ADD UNIQUE INDEX IF NOT EXISTS j (b)",
      "ALTER TABLE IF EXISTS gone ADD c INT",
      "RENAME TABLE IF EXISTS gone TO e2",
      "RENAME TABLE IF EXISTS gone TO e3, e2 TO e3, gone TO e4",
  });
}

TEST_P(MariadbDdlOracle, PeriodsMakeTheirColumnsNotNull) {
  expect_all({
      "CREATE TABLE p1 (id INT NOT NULL, s DATE, e DATE, PERIOD FOR p (s, e), UNIQUE (id, s))",
      "CREATE TABLE p2 (id INT NOT NULL, s DATE, e DATE, UNIQUE (id, s))",
      "ALTER TABLE p2 ADD PERIOD FOR p (s, e)",
      "ALTER TABLE p2 ADD PERIOD IF NOT EXISTS FOR p (s, e)",
      "ALTER TABLE p2 DROP PERIOD IF EXISTS FOR p",
      "ALTER TABLE p2 DROP PERIOD IF EXISTS FOR p",
      "CREATE TABLE p3 (id INT, s DATE, e DATE, PERIOD FOR p (s, e), UNIQUE (id, p WITHOUT OVERLAPS))",
      "CREATE TABLE p4 (id INT NOT NULL, s DATE, e DATE)",
      "ALTER TABLE p4 ADD PERIOD FOR p (s, e), ADD PRIMARY KEY (id, p WITHOUT OVERLAPS)",
      "ALTER TABLE p4 ADD x INT FIRST",
  });
}

TEST_P(MariadbDdlOracle, WordsInPlacesOfTheirOwn) {
  expect_all({
      "CREATE TABLE w1 (id INT PRIMARY KEY, a INT)",
      "CREATE UNIQUE INDEX i ON w1 (a) WAIT 5",
      "DROP INDEX i ON w1 NOWAIT",
      "ALTER TABLE w1 DROP CONSTRAINT PRIMARY KEY",
      "CREATE OR REPLACE DATABASE comment CHARACTER SET latin1",
      "CREATE TABLE w2 (a TEXT)",
      "ALTER DATABASE COMMENT = 'x'",
      "DROP DATABASE comment",
  });
}

TEST_P(MariadbDdlOracle, CompressedTextIsConverted) {
  expect_all(
      {"CREATE TABLE c1 (id INT PRIMARY KEY, d LONGTEXT COMPRESSED, e VARCHAR(9) COMPRESSED, j JSON) CHARSET "
       "latin1"});
  history->begin(read(), {});
  expect_all({"ALTER TABLE c1 CONVERT TO CHARACTER SET utf8mb4"});
}

INSTANTIATE_TEST_SUITE_P(Server, MariadbDdlOracle, testing::Values(SqlFlavor::Mariadb, SqlFlavor::Mariadb114),
                         name_of_flavor);
INSTANTIATE_TEST_SUITE_P(Server, Mariadb114DdlOracle, testing::Values(SqlFlavor::Mariadb114), name_of_flavor);

}  // namespace
}  // namespace rowtide::test
