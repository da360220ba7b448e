#include "tests/integration/ddl_oracle.h"

namespace rowtide::test {
namespace {

TEST_P(DdlOracle, EveryTypeIsSpelledAsTheServerSpellsIt) {
  unsigned number = 0;
  for (const std::string type :
       {"INT",
        "INTEGER UNSIGNED",
        "INT(3) ZEROFILL",
        "TINYINT(1)",
        "BOOL",
        "BOOLEAN NOT NULL DEFAULT TRUE",
        "SERIAL",
        "BIGINT UNSIGNED AUTO_INCREMENT UNIQUE",
        "MIDDLEINT",
        "INT1",
        "INT2",
        "INT3",
        "INT4",
        "INT8 UNSIGNED",
        "DEC",
        "DECIMAL(65,30) UNSIGNED",
        "NUMERIC(5)",
        "FIXED(6,1) ZEROFILL",
        "FLOAT",
        "FLOAT(10)",
        "FLOAT(30)",
        "FLOAT(7,3) UNSIGNED",
        "REAL",
        "DOUBLE PRECISION",
        "DOUBLE(9,2)",
        "FLOAT4",
        "FLOAT8",
        "BIT",
        "BIT(64)",
        "BIT(3) DEFAULT b'101'",
        "YEAR",
        "YEAR(4)",
        "DATE",
        "TIME(3)",
        "DATETIME(6)",
        "TIMESTAMP NULL",
        "TIMESTAMP",
        "TIMESTAMP(2) NOT NULL DEFAULT CURRENT_TIMESTAMP(2) ON UPDATE CURRENT_TIMESTAMP(2)",
        "DATETIME DEFAULT NOW()",
        "CHAR",
        "CHARACTER(7)",
        "CHAR(0)",
        "CHARACTER VARYING(20)",
        "NATIONAL CHAR(3)",
        "NCHAR VARYING(5)",
        "NVARCHAR(9)",
        "NATIONAL VARCHAR(4)",
        "NCHAR(2)",
        "CHAR(3) BYTE",
        "VARCHAR(3) CHARACTER SET binary",
        "CHAR(5) ASCII",
        "VARCHAR(5) UNICODE",
        "VARCHAR(9) BINARY",
        "VARCHAR(3) CHARSET koi8r COLLATE koi8r_bin",
        "VARCHAR(3) COLLATE utf8mb4_bin",
        "VARCHAR(3) CHARACTER SET utf8mb4",
        "VARCHAR(3) CHARACTER SET utf8",
        "BINARY",
        "BINARY(255)",
        "VARBINARY(10)",
        "TINYTEXT",
        "TEXT",
        "TEXT(10)",
        "TEXT(100) CHARSET utf8mb4",
        "TEXT(70000)",
        "TEXT BYTE",
        "MEDIUMTEXT",
        "LONGTEXT CHARACTER SET latin1",
        "LONG",
        "LONG VARCHAR",
        "LONG VARBINARY",
        "TINYBLOB",
        "BLOB",
        "BLOB(100)",
        "BLOB(300)",
        "MEDIUMBLOB",
        "LONGBLOB",
        "ENUM('a','B  ','it''s','b\\\\c')",
        "ENUM('ä','x,y') CHARACTER SET latin1",
        "SET('x','y','z') NOT NULL",
        "JSON",
        "GEOMETRY",
        "POINT NOT NULL",
        "LINESTRING",
        "POLYGON",
        "MULTIPOINT",
        "MULTILINESTRING",
        "MULTIPOLYGON",
        "GEOMETRYCOLLECTION",
        "VARCHAR(5) DEFAULT 'it''s' COMMENT 'a \\'comment\\''",
        "INT DEFAULT 5",
        "INT DEFAULT NULL",
        "INT NOT NULL",
        "INT KEY",
        "INT UNIQUE KEY",
        "INT AS (1 + 1) VIRTUAL",
        "INT GENERATED ALWAYS AS (2) STORED"}) {
    run(fmt::format("CREATE TABLE t{} (first INT, c {})", ++number, type));
    if (HasFailure()) return;
  }
  EXPECT_GE(compared, 95U) << "types that the server took";
  if (is_mariadb()) {
    expect_all({"CREATE TABLE m1 (a UUID, b INET6, c INT INVISIBLE DEFAULT 7, d VARCHAR(36) DEFAULT uuid())",
                "CREATE TABLE m2 (a INT4, b INT DEFAULT (1 + 1)) COLLATE uca1400_ai_ci",
                "CREATE TABLE m3 (a INT) WITH SYSTEM VERSIONING",
                "SET SESSION system_versioning_alter_history = KEEP",
                "ALTER TABLE m3 ADD b INT WITHOUT SYSTEM VERSIONING", "ALTER TABLE m3 DROP SYSTEM VERSIONING",
                "CREATE TABLE m4 (a INT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6) "
                "GENERATED ALWAYS AS "
                "ROW END, PERIOD FOR SYSTEM_TIME(s, e)) WITH SYSTEM VERSIONING",
                "CREATE SEQUENCE q1 START WITH 3", "ALTER SEQUENCE q1 RESTART 9",
                "CREATE OR REPLACE SEQUENCE q1 NOCACHE", "RENAME TABLE q1 TO q2",
                "CREATE SEQUENCE IF NOT EXISTS q2 CYCLE", "CREATE SEQUENCE q3", "DROP SEQUENCE q2"});
  } else if (GetParam() == SqlFlavor::Mysql8) {
    expect_all({"CREATE TABLE f1 (a INT, b VARCHAR(10), KEY ((a + 1)), UNIQUE KEY u (b, (a * 2)))",
                "ALTER TABLE f1 ADD c INT, DROP KEY u"});
  }
  std::printf("%u definitions compared\n", compared);
}

TEST_P(DdlOracle, WrittenStatements) {
  expect_all({
      "CREATE TABLE a (id INT PRIMARY KEY, b INT, c VARCHAR(10), UNIQUE (b), UNIQUE (b, c), KEY type (c))",
      "ALTER TABLE a ADD d INT FIRST, ADD COLUMN e INT AFTER id, MODIFY c VARCHAR(20) AFTER d, CHANGE b B2 "
      "BIGINT NOT NULL",
      "ALTER TABLE a ADD f INT AFTER g, CHANGE e g INT NOT NULL FIRST, ADD e INT NOT NULL",
      "ALTER TABLE a DROP g, DROP f, MODIFY d INT AFTER B2, MODIFY e INT NOT NULL AFTER d",
      "ALTER TABLE a DROP PRIMARY KEY, ADD PRIMARY KEY (e)",
      "ALTER TABLE a ADD COLUMN (x INT, y TEXT, z ENUM('q','r')), ENGINE=InnoDB, COMMENT='hello'",
      "CREATE TABLE a2 LIKE a",
      "RENAME TABLE a TO t, a2 TO a, t TO a2",
      fmt::format("ALTER TABLE a2 RENAME TO {}.moved, ADD more INT", other),
      fmt::format("RENAME TABLE {}.moved TO a2", other),
      "CREATE UNIQUE INDEX i ON a (B2, e)",
      "DROP INDEX i ON a",
      "ALTER TABLE a ALTER x SET DEFAULT 3, ALTER COLUMN z SET DEFAULT 'r'",
      "ALTER TABLE a ALTER x DROP DEFAULT",
      "ALTER TABLE a DEFAULT CHARACTER SET latin1, ADD v VARCHAR(3)",
      "ALTER TABLE a ADD w CHAR(2) COLLATE utf8mb4_bin, ADD tt TINYTEXT, ADD mt MEDIUMTEXT, ADD bb BLOB",
      "ALTER TABLE a CONVERT TO CHARACTER SET latin1",
      "ALTER TABLE a CONVERT TO CHARACTER SET utf8mb4",
      "ALTER TABLE a CONVERT TO CHARACTER SET utf8 COLLATE utf8_bin",
      "TRUNCATE TABLE a",
      "CREATE TABLE fk (id INT PRIMARY KEY, r INT, FOREIGN KEY (r) REFERENCES fk (id) ON DELETE CASCADE)",
      "ALTER TABLE fk ADD KEY (r), ADD s INT, ADD CONSTRAINT named FOREIGN KEY (s) REFERENCES fk (id)",
      "CREATE TABLE p (id INT NOT NULL, w INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN "
      "(10), PARTITION p1 VALUES LESS THAN MAXVALUE)",
      "ALTER TABLE p REORGANIZE PARTITION p1 INTO (PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES "
      "LESS THAN MAXVALUE)",
      "ALTER TABLE p DROP PARTITION p0",
      "ALTER TABLE p ADD q INT REMOVE PARTITIONING",
      "CREATE TABLE IF NOT EXISTS p (other INT)",
      "CREATE TEMPORARY TABLE p (temporary INT)",
      "DROP TEMPORARY TABLE p",
      "CREATE TABLE `odd ``name` (`a``b` INT, `ü` INT, `select` INT, PRIMARY KEY (`a``b`)) COMMENT 'it''s /* "
      "no */ -- comment'",
      "ALTER TABLE `odd ``name` /* a comment */ CHANGE `select` `from` INT -- the end",
      "CREATE /*!50001 TABLE */ vc (a INT /*!80000 NOT NULL */ /*!99999 nonsense */)",
      "CREATE VIEW view1 AS SELECT 1 AS a",
      "DROP VIEW view1",
      fmt::format("ALTER DATABASE {} CHARACTER SET latin1 COLLATE latin1_german1_ci", database),
      "CREATE TABLE after_database (a TEXT, b VARCHAR(3) CHARACTER SET utf8mb4)",
      fmt::format("CREATE TABLE {}.elsewhere (a TEXT)", other),
      fmt::format("DROP DATABASE {}", other),
      fmt::format("CREATE DATABASE {} DEFAULT COLLATE = utf8mb4_bin", other),
      fmt::format("CREATE TABLE {}.again (a TEXT)", other),
      "DROP TABLE IF EXISTS a, nothing, a2",
      "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
      "CREATE TABLE \"ansi\" (\"a\\\" INT COMMENT 'b\\')",
      "SET SESSION sql_mode = ''",
      "CREATE TABLE lax (a VARCHAR(70000))",
      "SET SESSION collation_server = 'koi8r_bin'",
      "CREATE DATABASE IF NOT EXISTS unused_database",
      "DROP DATABASE unused_database",
  });
  if (is_mariadb()) {
    // MySQL refuses this one while it writes GTIDs.
    expect_all({"CREATE TABLE selected SELECT 1 AS a, 'x' AS b", "CREATE OR REPLACE TABLE lax (b INT)",
                "ALTER TABLE lax ADD COLUMN IF NOT EXISTS b INT, DROP COLUMN IF EXISTS z",
                "SET STATEMENT max_statement_time = 5 FOR ALTER TABLE lax ADD c INT",
                "ALTER TABLE lax ADD added INT FIRST, MODIFY added BIGINT AFTER b",
                "ALTER TABLE IF EXISTS lax RENAME COLUMN c TO d, RENAME INDEX IF EXISTS i TO j"});
  } else if (GetParam() == SqlFlavor::Mysql8) {
    expect_all({"SET SESSION default_collation_for_utf8mb4 = 'utf8mb4_general_ci'",
                "CREATE TABLE general (a VARCHAR(3) CHARACTER SET utf8mb4)",
                "CREATE TABLE second (a INT) SECONDARY_ENGINE=rapid",
                "ALTER TABLE second SECONDARY_ENGINE=NULL",
                "ALTER TABLE general RENAME COLUMN a TO b, ADD CHECK (b <> 'x'), ALGORITHM = COPY"});
  }
  std::printf("%u definitions compared\n", compared);
}

// Whether the first TIMESTAMP has a default that nobody wrote is a setting: OFF is the default of MySQL 5.7.
TEST_P(DdlOracle, TimestampsHaveTheDefaultsOfTheSession) {
  for (const char* const setting : {"OFF", "ON"}) {
    expect_all({fmt::format("SET SESSION explicit_defaults_for_timestamp = {}", setting),
                "SET SESSION sql_mode = ''",
                fmt::format("CREATE TABLE ts_{} (a INT, t1 TIMESTAMP, t2 TIMESTAMP, t3 TIMESTAMP NULL, t4 "
                            "TIMESTAMP NOT NULL, t5 TIMESTAMP(3))",
                            setting),
                fmt::format("ALTER TABLE ts_{} ADD t7 TIMESTAMP, ADD t0 TIMESTAMP FIRST", setting),
                fmt::format("ALTER TABLE ts_{} MODIFY t3 TIMESTAMP, MODIFY t5 TIMESTAMP(6)", setting),
                fmt::format("ALTER TABLE ts_{} CHANGE t1 other TIMESTAMP, ADD t8 TIMESTAMP NULL DEFAULT NULL",
                            setting),
                fmt::format("ALTER TABLE ts_{} DROP t0, DROP other, MODIFY t2 TIMESTAMP", setting)});
  }
}

TEST_P(DdlOracle, UniqueKeysStandInTheServersOrder) {
  expect_all({
      "CREATE TABLE k1 (a INT NOT NULL, b INT NOT NULL, UNIQUE KEY ub (b), UNIQUE KEY ua (a))",
      "ALTER TABLE k1 ADD c INT NOT NULL FIRST, ADD UNIQUE aa (c)",
      "ALTER TABLE k1 DROP KEY ub, ADD UNIQUE ub (b)",
      "ALTER TABLE k1 DROP KEY ub, ADD UNIQUE ub (b), COMMENT 'x'",
      "ALTER TABLE k1 RENAME KEY ua TO ub, RENAME KEY ub TO ua",
      "ALTER TABLE k1 MODIFY a INT",
      "ALTER TABLE k1 MODIFY a INT NOT NULL, ADD PRIMARY KEY (c)",
      "ALTER TABLE k1 DROP PRIMARY KEY",
      "CREATE TABLE k2 (n INT, v VARCHAR(20) NOT NULL, b INT NOT NULL, w VARCHAR(20) NOT NULL, UNIQUE un "
      "(n), UNIQUE uv (v(5)), UNIQUE uw (w(20)), UNIQUE ub (b))",
      "ALTER TABLE k2 DROP KEY ub, DROP w",
      "ALTER TABLE k2 MODIFY v VARCHAR(4) NOT NULL",
      "ALTER TABLE k2 ADD x VARCHAR(9) NOT NULL UNIQUE, ADD UNIQUE a (b, v(2))",
      "CREATE TABLE k3 LIKE k2",
      "CREATE UNIQUE INDEX b ON k3 (v(3), x)",
      "ALTER TABLE k3 DROP KEY a, DROP KEY b, DROP v",
      "CREATE TABLE k4 (t TINYBLOB NOT NULL, v VARCHAR(9), UNIQUE ut (t(255)), UNIQUE uv (v(3)), UNIQUE v "
      "(v))",
      "ALTER TABLE k4 MODIFY v VARCHAR(9) NOT NULL",
      "CREATE TABLE k6 (a INT, b INT, c INT NOT NULL, UNIQUE ua (a), UNIQUE ub (b), UNIQUE uc (c))",
      "ALTER TABLE k6 ADD PRIMARY KEY (b)",
      "ALTER TABLE k6 DROP PRIMARY KEY",
      "ALTER TABLE k6 MODIFY c INT",
      "ALTER TABLE k6 MODIFY c INT NOT NULL",
      "ALTER TABLE k6 ADD KEY (a), MODIFY c INT",
      "ALTER TABLE k6 MODIFY a INT NOT NULL",
      "ALTER TABLE k6 ADD z INT UNIQUE",
      "CREATE TABLE k7 (UNIQUE u1 (a), UNIQUE u2 (b), a INT, b INT PRIMARY KEY)",
      "CREATE TABLE k8 (a INT, b INT, UNIQUE u1 (a), UNIQUE u2 (b), PRIMARY KEY (b), UNIQUE u3 (b))",
      "CREATE TABLE k9 LIKE k8",
      "CREATE TABLE k10 (a INT, b INT, UNIQUE ua (a), UNIQUE ub (b))",
      "ALTER TABLE k10 ADD PRIMARY KEY (b)",
      "CREATE TABLE k11 LIKE k10",
      "ALTER TABLE k10 DROP PRIMARY KEY",
      "CREATE TABLE k12 LIKE k10",
  });
  if (!is_mariadb()) return;
  expect_all({
      "CREATE TABLE k5 (t TEXT NOT NULL, v VARCHAR(9) NOT NULL, a INT NOT NULL, b INT, UNIQUE t (t), "
      "UNIQUE v (v(3)), UNIQUE b (b), UNIQUE tb (t, b), UNIQUE bv (b, v(2)))",
      "ALTER TABLE k5 DROP KEY b, ADD UNIQUE b (b)",
      "ALTER TABLE k5 ADD UNIQUE a (a) USING HASH, ADD UNIQUE a2 (a)",
  });
}

TEST_P(DdlOracle, DefaultsAreSpelledAsTheServerSpellsThem) {
  expect_all({
      "CREATE TABLE d1 (a DECIMAL(5,2) DEFAULT 0, b DECIMAL(5,2) DEFAULT '1.5', c FLOAT(5,2) DEFAULT 1, d "
      "DECIMAL(5,2) DEFAULT -.5)",
      "CREATE TABLE d2 (a DATETIME(2) DEFAULT '2020-01-01 00:00:00.5', b TIME(2) DEFAULT '10:00:00', c "
      "TIMESTAMP(3) NULL DEFAULT '2021-01-01', d DATETIME DEFAULT '2020-01-01', e TIMESTAMP(1) NULL DEFAULT "
      "'2020-02-02 01:02:03.4')",
      "CREATE TABLE d3 (a BIT(8) DEFAULT 5, b BIT(8) DEFAULT b'00000011', c BIT(8) DEFAULT 0, d BIT(64) "
      "DEFAULT b'1', e BIT(8) DEFAULT x'05')",
      "CREATE TABLE d4 (a INT DEFAULT b'11', b INT DEFAULT 0x0141, c BIGINT DEFAULT 0b101)",
      "CREATE TABLE d5 (a VARCHAR(9) DEFAULT _utf8mb4'x' 'y', b VARCHAR(9) DEFAULT N'x', c VARCHAR(9) "
      "DEFAULT x'41', d VARCHAR(9) DEFAULT b'1000001', e VARCHAR(9) DEFAULT 0x41, f CHAR(3) DEFAULT 5)",
      "CREATE TABLE d6 (a VARCHAR(9) DEFAULT _latin1 x'e4', b VARCHAR(9) CHARSET latin1 DEFAULT x'e4', c "
      "VARCHAR(9) DEFAULT _latin1'x' COLLATE utf8mb4_bin)",
      "CREATE TABLE d7 (a VARBINARY(9) DEFAULT 'aJ', b VARBINARY(9) DEFAULT x'6a4b', c BINARY(3) DEFAULT "
      "'abc')",
      "ALTER TABLE d1 ALTER a SET DEFAULT 7, ALTER b DROP DEFAULT, ALTER d SET DEFAULT NULL",
      "ALTER TABLE d2 ALTER a SET DEFAULT '2020-01-01', MODIFY d DATETIME(3) DEFAULT '2020-01-01 01:01:01'",
      "ALTER TABLE d5 ALTER a SET DEFAULT x'4142'",
      "SET SESSION sql_mode = ''",
      "CREATE TABLE d8 (a DATETIME DEFAULT 0, b TIMESTAMP(2) NOT NULL DEFAULT 0, c DATE DEFAULT 0, d "
      "TIMESTAMP NULL DEFAULT '0000-00-00')",
  });
  if (!is_mariadb()) return;
  expect_all({
      "CREATE TABLE d9 (a DATE DEFAULT DATE '2020-01-01', b TIME(3) DEFAULT TIME'10:11:12.5', c DATETIME "
      "DEFAULT TIMESTAMP '2020-01-01 00:00:01', d DATETIME DEFAULT DATE '2020-01-01', e VARCHAR(20) DEFAULT "
      "DATE '2020-01-01')",
      "CREATE TABLE d10 (a DATE DEFAULT {d '2020-01-01'}, b DATETIME DEFAULT {ts '2020-01-01 00:00:00'}, c "
      "TIME DEFAULT {t '10:00:00'})",
      "ALTER TABLE d9 ALTER a SET DEFAULT DATE'2021-01-01', ADD f DATE DEFAULT DATE('2020-01-01')",
      "CREATE SEQUENCE ds",
      fmt::format("CREATE TABLE d11 (a INT DEFAULT CASE WHEN 1 THEN 2 ELSE 3 END NOT NULL, b INT DEFAULT "
                  "NEXT VALUE FOR {0}.ds, c INT DEFAULT d11.a, d INT DEFAULT {0}.d11.a COMMENT 'c', e INT "
                  "DEFAULT (1 + 1) NOT NULL)",
                  database),
  });
}

// As JDBC's driver sends them: the server takes one statement and writes down what stands behind it, too.
TEST_P(DdlOracle, WhatStandsBehindTheStatement) {
  expect_all({
      "CREATE TABLE b1 (a INT); -- ticket 12",
      "ALTER TABLE b1 ADD c INT; -- ticket 12",
      "ALTER TABLE b1 MODIFY c BIGINT ; /* ticket 12 */",
      "ALTER TABLE b1 CHANGE c d BIGINT UNSIGNED, ADD KEY (d); -- ticket 12",
      "CREATE UNIQUE INDEX i ON b1 (a); -- ticket 12",
      "DROP INDEX i ON b1; # ticket 12",
      "RENAME TABLE b1 TO b2; -- ticket 12",
      "TRUNCATE TABLE b2; -- ticket 12",
      "DROP TABLE b2; -- ticket 12",
  });
}

// The servers look through the new columns in their order.
TEST_P(DdlOracle, AKeyMayComeToANewColumnOfItsColumnsName) {
  expect_all({
      "CREATE TABLE n1 (id INT, a CHAR(3), UNIQUE ka (a))",
      "ALTER TABLE n1 CHANGE a b CHAR(3), ADD a VARCHAR(9) FIRST",
      "ALTER TABLE n1 CHANGE a c VARCHAR(9), ADD a VARCHAR(9)",
      "ALTER TABLE n1 CHANGE id a2 INT, DROP c, ADD id INT FIRST",
      "CREATE TABLE n2 (id INT, a CHAR(3), UNIQUE ka (id, a))",
      "ALTER TABLE n2 CHANGE a id CHAR(3), CHANGE id a INT",
      "ALTER TABLE n2 DROP a, ADD a INT FIRST, ADD x INT FIRST",
  });
  if (is_mariadb() || GetParam() == SqlFlavor::Mysql8) {
    expect_all({"CREATE TABLE n3 (id INT, a CHAR(3), UNIQUE ka (a))",
                "ALTER TABLE n3 RENAME COLUMN a TO b, ADD a VARCHAR(9) FIRST",
                "ALTER TABLE n3 RENAME COLUMN b TO a, RENAME COLUMN a TO b"});
  }
}

TEST_P(DdlOracle, CharsetAndCollationOfOneStatementBelongTogether) {
  expect_all({
      "CREATE TABLE o1 (a TEXT) CHARSET latin1",
      "ALTER TABLE o1 COLLATE utf8mb4_bin CHARACTER SET utf8mb4",
      "ALTER TABLE o1 ADD b VARCHAR(20)",
      "ALTER TABLE o1 CHARACTER SET latin1, ADD c VARCHAR(20), COLLATE latin1_bin",
      "ALTER TABLE o1 COLLATE utf8mb4_unicode_ci, ADD d VARCHAR(20)",
      "CREATE TABLE o2 (a TEXT) COLLATE utf8mb4_bin CHARACTER SET utf8mb4",
      "CREATE TABLE o3 (a TEXT) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
      "ALTER TABLE o3 CONVERT TO CHARACTER SET koi8r COLLATE koi8r_bin",
      fmt::format("ALTER DATABASE {} COLLATE latin1_bin CHARACTER SET latin1", database),
      "CREATE TABLE o4 (a TEXT)",
  });
  if (is_mariadb()) {
    expect_all(
        {"ALTER TABLE o1 CHARACTER SET utf8mb4 COLLATE uca1400_ai_ci", "ALTER TABLE o1 ADD e VARCHAR(20)",
         "ALTER TABLE o1 CONVERT TO CHARACTER SET latin1, COLLATE latin1_general_ci, ADD f VARCHAR(3)"});
  }
}

TEST_P(DdlOracle, ADatabaseNamedAsAnOption) {
  for (const std::string name : {"comment", "encryption", "upgrade", "charset"}) {
    expect_all({fmt::format("CREATE DATABASE {} CHARACTER SET latin1", name),
                fmt::format("CREATE TABLE of_{} (a TEXT)", name),
                fmt::format("ALTER DATABASE {} CHARACTER SET koi8r", name),
                fmt::format("CREATE TABLE more_{} (a TEXT)", name), fmt::format("DROP DATABASE {}", name)});
  }
  expect_all({"ALTER DATABASE CHARACTER SET latin1", "CREATE TABLE last (a TEXT)"});
}

INSTANTIATE_TEST_SUITE_P(Server, DdlOracle, testing::ValuesIn(kEverySqlFlavor), name_of_flavor);

}  // namespace
}  // namespace rowtide::test
