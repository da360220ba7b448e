// What statements do to definitions. That a real server means the same by them is shown by
// tests/integration/ddl_oracle_test.cpp.
#include "tracker/schema/apply_ddl.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tracker/sql/ddl_parser.h"
#include "tracker/sql/names.h"
#include "tracker/sql/sql_mode.h"

namespace rowtide::schema {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SourceDialect mysql8() {
  return {.version = 80015, .collations = Collations(false, 80015)};
}
SourceDialect mariadb() {
  return {.is_mariadb = true, .version = 101106, .collations = Collations(true, 101106)};
}

/// The tables of a source, kept by statements alone.
class Tables final : public Definitions {
 public:
  explicit Tables(SourceDialect dialect = mysql8()) : dialect_(std::move(dialect)) {
    session.database = "shop";
    session.variables.server_collation = 8;  // latin1_swedish_ci
    databases_ = {{"shop", 8}, {"other", 45}};
  }

  Found find(const sql::TableName& name) const override {
    if (unknown.contains(name)) return {};
    const auto found = tables_.find(name);
    return {true, found == tables_.end() ? nullptr : found->second};
  }
  std::vector<std::string> tables_of(const std::string& database) const override {
    std::vector<std::string> names;
    for (const auto& [name, table] : tables_) {
      if (name.database == database) names.push_back(name.table);
    }
    return names;
  }
  std::uint16_t database_collation(const std::string& database) const override {
    const auto found = databases_.find(database);
    return found == databases_.end() ? std::uint16_t{0} : found->second;
  }

  bool is_absent(const std::string& database) const override { return absent.contains(database); }

  DdlEffect run(std::string_view sql) {
    DdlEffect effect = apply_ddl(sql, session, dialect_, *this);
    for (const DatabaseChange& change : effect.databases) {
      databases_.erase(change.name);
      if (!change.is_dropped) databases_[change.name] = change.collation;
    }
    for (const TableChange& change : effect.tables) {
      if (change.old_name != change.name) tables_.erase(change.old_name);
      tables_.erase(change.name);
      unknown.erase(change.name);
      if (change.kind == TableChange::Kind::Unknown) unknown.insert(change.name);
      if (change.after != nullptr) tables_[change.name] = change.after;
    }
    return effect;
  }

  /// "a int(11) NOT NULL, b varchar(10)/8 | PRIMARY(a)"; statements run one after the other.
  std::string after(std::initializer_list<std::string_view> statements,
                    const sql::TableName& name = {"shop", "t"}) {
    for (const std::string_view sql : statements) {
      const DdlEffect effect = run(sql);
      if (!effect.doubt.empty()) return fmt::format("{}: {}", sql, effect.doubt);
    }
    const TablePtr table = find(name).table;
    return table == nullptr ? "none" : text_of(*table);
  }

  static std::string text_of(const CatalogTable& table) {
    std::string text;
    for (const CatalogColumn& column : table.columns) {
      if (!text.empty()) text += ", ";
      text += fmt::format("{} {}", column.name, column.column_type);
      if (column.collation != 0) text += fmt::format("/{}", column.collation);
      if (!column.is_nullable) text += " NOT NULL";
      if (column.default_value)
        text += fmt::format(" DEFAULT {}{}", column.is_default_expression ? "=" : "", *column.default_value);
      if (column.generated != sql::Generated::No)
        text += column.generated == sql::Generated::Stored ? " STORED" : " VIRTUAL";
      if (column.is_auto_increment) text += " AUTO";
      if (column.is_invisible) text += " INVISIBLE";
      if (!column.comment.empty()) text += fmt::format(" '{}'", column.comment);
    }
    text += " |";
    for (const CatalogKey& key : table.keys) {
      if (key.kind == CatalogKey::Kind::Other) continue;
      text += fmt::format(" {}({})", key.name, fmt::join(key.columns, ","));
    }
    return text;
  }

  DdlSession session;
  std::set<sql::TableName> unknown;
  std::set<std::string> absent;

 private:
  SourceDialect dialect_;
  std::map<sql::TableName, TablePtr> tables_;
  std::map<std::string, std::uint16_t> databases_;
};

std::string column(std::string_view declaration, SourceDialect dialect = mysql8()) {
  Tables tables(std::move(dialect));
  return tables.after({fmt::format("CREATE TABLE t (c {})", declaration)});
}

TEST(ApplyDdl, NumbersAreSpelledAsTheServerSpellsThem) {
  EXPECT_EQ(column("INTEGER UNSIGNED"), "c int(10) unsigned |");
  EXPECT_EQ(column("INT(5) ZEROFILL"), "c int(5) unsigned zerofill |");
  EXPECT_EQ(column("BOOL NOT NULL DEFAULT TRUE"), "c tinyint(1) NOT NULL DEFAULT 1 |");
  EXPECT_EQ(column("SERIAL"), "c bigint(20) unsigned NOT NULL AUTO | c(c)");
  EXPECT_EQ(column("DEC"), "c decimal(10,0) |");
  EXPECT_EQ(column("NUMERIC(12,4) UNSIGNED DEFAULT -1.50"), "c decimal(12,4) unsigned DEFAULT -1.5000 |");
  EXPECT_EQ(column("FLOAT(30)"), "c double |");
  EXPECT_EQ(column("REAL(8,2)"), "c double(8,2) |");
  EXPECT_EQ(column("DOUBLE PRECISION DEFAULT 1e-3"), "c double DEFAULT 1e-3 |");
  EXPECT_EQ(column("BIT"), "c bit(1) |");
  EXPECT_EQ(column("YEAR"), "c year(4) |");
  SourceDialect mysql9{.version = 90100, .collations = Collations(false, 90100)};
  EXPECT_EQ(column("INT(7)", mysql9), "c int |");
  EXPECT_EQ(column("TINYINT(1)", mysql9), "c tinyint(1) |");
  EXPECT_EQ(column("YEAR", mysql9), "c year |");
}

TEST(ApplyDdl, TextsHaveTheirCharacterSetAndSize) {
  EXPECT_EQ(column("CHARACTER VARYING(20)"), "c varchar(20)/8 |");
  EXPECT_EQ(column("NATIONAL CHAR(3)"), "c char(3)/33 |");
  EXPECT_EQ(column("CHAR(3) BYTE"), "c binary(3)/63 |");
  EXPECT_EQ(column("TEXT CHARACTER SET binary"), "c blob/63 |");
  EXPECT_EQ(column("VARCHAR(5) CHARSET utf8mb4 COLLATE utf8mb4_bin"), "c varchar(5)/46 |");
  EXPECT_EQ(column("VARCHAR(5) CHARSET utf8mb4"), "c varchar(5)/255 |");
  EXPECT_EQ(column("VARCHAR(5) CHARSET utf8mb4", mariadb()), "c varchar(5)/45 |");
  EXPECT_EQ(column("VARCHAR(5) BINARY"), "c varchar(5)/47 |");
  EXPECT_EQ(column("TEXT(100)"), "c tinytext/8 |");
  EXPECT_EQ(column("TEXT(100) CHARSET utf8mb4"), "c text/255 |");
  EXPECT_EQ(column("LONG VARBINARY"), "c mediumblob/63 |");
  EXPECT_EQ(column("ENUM('a ','it''s','b\\'c')"), "c enum('a','it''s','b''c')/8 |");
  EXPECT_EQ(column("JSON"), "c json |");
  EXPECT_EQ(column("JSON", mariadb()), "c longtext/46 |");
  EXPECT_EQ(column("UUID", mariadb()), "c uuid |");
  EXPECT_EQ(column("INET6 DEFAULT '::1'", mariadb()), "c inet6 DEFAULT ::1 |");
}

TEST(ApplyDdl, AttributesThatChangeNoShapeAreReadOver) {
  EXPECT_EQ(
      column("INT COMMENT 'it''s' COLUMN_FORMAT DYNAMIC STORAGE DISK REFERENCES o (id) ON DELETE SET NULL"),
      "c int(11) 'it's' |");
  EXPECT_EQ(column("INT CHECK (c > 0) NOT ENFORCED"), "c int(11) |");
  EXPECT_EQ(column("INT AS (1 + (2)) STORED"), "c int(11) STORED |");
  EXPECT_EQ(column("TIMESTAMP(3) NOT NULL DEFAULT NOW(3) ON UPDATE CURRENT_TIMESTAMP(3)"),
            "c timestamp(3) NOT NULL DEFAULT =CURRENT_TIMESTAMP(3) |");
  EXPECT_EQ(column("POINT NOT NULL SRID 4326"), "c point NOT NULL |");
  EXPECT_EQ(column("INT INVISIBLE DEFAULT 3", mariadb()), "c int(11) DEFAULT 3 INVISIBLE |");
  EXPECT_EQ(column("VARCHAR(36) DEFAULT uuid()", mariadb()), "c varchar(36)/8 DEFAULT =uuid() |");
  EXPECT_THAT(column("/*!50606 STORAGE DISK */ INT"), HasSubstr("a column type expected"));
  EXPECT_EQ(column("INT /*!50606 STORAGE DISK */ /*!99999 nonsense */"), "c int(11) |");
}

TEST(ApplyDdl, ATimestampWithoutExplicitDefaultsIsNotNull) {
  Tables tables;
  tables.session.variables.explicit_defaults_for_timestamp = false;
  EXPECT_EQ(
      tables.after({"CREATE TABLE t (a TIMESTAMP, b TIMESTAMP, c TIMESTAMP NULL)"}),
      "a timestamp NOT NULL DEFAULT =CURRENT_TIMESTAMP, b timestamp NOT NULL DEFAULT 0000-00-00 00:00:00, "
      "c timestamp |");
}

TEST(ApplyDdl, TheFirstTimestampByPlaceIsTheTimeOfWriting) {
  Tables tables;
  tables.session.variables.explicit_defaults_for_timestamp = false;
  EXPECT_EQ(tables.after({"CREATE TABLE t (i INT)", "ALTER TABLE t ADD b TIMESTAMP, ADD a TIMESTAMP(3) FIRST",
                          "ALTER TABLE t ADD d TIMESTAMP FIRST, ADD c TIMESTAMP(3)"}),
            "d timestamp NOT NULL DEFAULT =CURRENT_TIMESTAMP, a timestamp(3) NOT NULL DEFAULT "
            "=CURRENT_TIMESTAMP(3), i int(11), b timestamp NOT NULL DEFAULT 0000-00-00 00:00:00, c "
            "timestamp(3) NOT NULL DEFAULT 0000-00-00 00:00:00.000 |");
  EXPECT_EQ(
      tables.after({"CREATE TABLE u (a TIMESTAMP, b TIMESTAMP)", "ALTER TABLE u DROP a, MODIFY b TIMESTAMP"},
                   {"shop", "u"}),
      "b timestamp NOT NULL DEFAULT =CURRENT_TIMESTAMP |");
}

TEST(ApplyDdl, KeysGetTheServersNames) {
  Tables tables;
  EXPECT_EQ(
      tables.after(
          {"CREATE TABLE `t` (a INT, b INT NOT NULL, c INT, UNIQUE (b), UNIQUE KEY `x` USING BTREE (c), KEY "
           "type (a), UNIQUE (b, c), CONSTRAINT pk PRIMARY KEY (a) USING HASH, CONSTRAINT u UNIQUE (a))"}),
      "a int(11) NOT NULL, b int(11) NOT NULL, c int(11) | PRIMARY(a) b(b) u(a) x(c) b_2(b,c)");
  EXPECT_THAT(tables.find({"shop", "t"}).table->key_columns, ElementsAre(0));
  EXPECT_EQ(tables.after({"ALTER TABLE t DROP PRIMARY KEY", "DROP INDEX b ON t"}),
            "a int(11) NOT NULL, b int(11) NOT NULL, c int(11) | u(a) x(c) b_2(b,c)");
  EXPECT_THAT(tables.find({"shop", "t"}).table->key_columns, ElementsAre(0)) << "u";
  EXPECT_EQ(tables.after({"ALTER TABLE t DROP COLUMN b, RENAME KEY u TO v, DROP KEY x"}),
            "a int(11) NOT NULL, c int(11) | v(a) b_2(c)");
}

TEST(ApplyDdl, APrimaryKeysColumnsAreNotNullForTheKeysBehindIt) {
  Tables tables;
  EXPECT_EQ(tables.after({"CREATE TABLE t (a INT, b INT, UNIQUE ua (a), UNIQUE ub (b))",
                          "ALTER TABLE t ADD PRIMARY KEY (b), ADD UNIQUE uc (b)"}),
            "a int(11), b int(11) NOT NULL | PRIMARY(b) uc(b) ua(a) ub(b)");
  EXPECT_EQ(tables.after({"CREATE TABLE t (UNIQUE u1 (a), UNIQUE u2 (b), a INT, b INT PRIMARY KEY)"}),
            "a int(11), b int(11) NOT NULL | PRIMARY(b) u2(b) u1(a)");
}

TEST(ApplyDdl, MariadbSortsKeysOnlyWhereOneIsAddedOrComesToAllowNull) {
  SourceDialect old = mariadb();
  old.version = 100512;
  const auto keys = [](SourceDialect dialect, std::string_view alter) {
    const std::string text =
        Tables(std::move(dialect))
            .after({"CREATE TABLE t (a INT, b INT, UNIQUE ua (a), UNIQUE ub (b))", alter});
    return text.substr(text.find('|'));
  };
  EXPECT_EQ(keys(mariadb(), "ALTER TABLE t MODIFY b INT NOT NULL"), "| ua(a) ub(b)");
  EXPECT_EQ(keys(old, "ALTER TABLE t MODIFY b INT NOT NULL"), "| ub(b) ua(a)");
  EXPECT_EQ(keys(mysql8(), "ALTER TABLE t MODIFY b INT NOT NULL"), "| ub(b) ua(a)");
  EXPECT_EQ(keys(mariadb(), "ALTER TABLE t MODIFY b INT NOT NULL, ADD KEY (b)"), "| ub(b) ua(a)");
  EXPECT_EQ(keys(mariadb(), "ALTER TABLE t MODIFY b INT NOT NULL, ADD c INT UNIQUE"), "| ub(b) ua(a) c(c)");
  Tables tables(mariadb());
  EXPECT_THAT(tables.after({"CREATE TABLE t (a INT, b INT, c INT NOT NULL, UNIQUE ua (a), UNIQUE ub (b), "
                            "UNIQUE uc (c))",
                            "ALTER TABLE t MODIFY b INT NOT NULL"}),
              testing::EndsWith("| uc(c) ua(a) ub(b)"));
  EXPECT_THAT(tables.after({"ALTER TABLE t MODIFY c INT"}), testing::EndsWith("| ub(b) uc(c) ua(a)"));
}

TEST(ApplyDdl, ColumnsAreAddedMovedAndChanged) {
  Tables tables;
  EXPECT_EQ(
      tables.after(
          {"CREATE TABLE t (a INT PRIMARY KEY, b INT, c INT)",
           "ALTER TABLE t ADD d INT FIRST, ADD COLUMN e INT AFTER a, MODIFY c BIGINT AFTER d, CHANGE `b` "
           "`B2` VARCHAR(3) NOT NULL"}),
      "d int(11), c bigint(20), a int(11) NOT NULL, e int(11), B2 varchar(3)/8 NOT NULL | PRIMARY(a)");
  EXPECT_EQ(tables.after({"ALTER TABLE t DROP d, DROP COLUMN e, RENAME COLUMN a TO id, ADD (x INT, y TEXT)"}),
            "c bigint(20), id int(11) NOT NULL, B2 varchar(3)/8 NOT NULL, x int(11), y text/8 | PRIMARY(id)");
  EXPECT_EQ(tables.after({"ALTER ONLINE IGNORE TABLE t ALTER x SET DEFAULT 5, ALTER COLUMN B2 DROP DEFAULT, "
                          "ENGINE=InnoDB ROW_FORMAT=DYNAMIC, ALGORITHM=INPLACE, LOCK NONE"}),
            "c bigint(20), id int(11) NOT NULL, B2 varchar(3)/8 NOT NULL, x int(11) DEFAULT 5, y text/8 | "
            "PRIMARY(id)");
  EXPECT_EQ(tables.after({"ALTER TABLE t DROP id, DROP x"}),
            "c bigint(20), B2 varchar(3)/8 NOT NULL, y text/8 |");
}

TEST(ApplyDdl, AColumnThatMovesStandsInItsOldPlaceUntilItsTurn) {
  Tables tables;
  EXPECT_EQ(tables.after({"CREATE TABLE t (a INT, b INT)",
                          "ALTER TABLE t ADD d INT AFTER c, ADD a INT, CHANGE a c BIGINT FIRST"}),
            "c bigint(20), d int(11), b int(11), a int(11) |");
  EXPECT_EQ(tables.after({"CREATE OR REPLACE TABLE t (a INT, b INT)",
                          "ALTER TABLE t ADD d INT AFTER b, MODIFY b BIGINT FIRST, ADD e INT AFTER b"}),
            "b bigint(20), e int(11), a int(11), d int(11) |");
}

// Of MySQL 8.0.30 and later, which nobody can run here: sql/sql_gipk.cc.
TEST(ApplyDdl, AGeneratedInvisiblePrimaryKeyStaysInFront) {
  constexpr std::string_view kCreate =
      "CREATE TABLE t (my_row_id bigint unsigned NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE */, a int, PRIMARY KEY "
      "(my_row_id))";
  const SourceDialect dialect{.version = 80030, .collations = Collations(false, 80030)};
  EXPECT_EQ(Tables(dialect).after({kCreate, "ALTER TABLE t ADD b INT FIRST"}),
            "my_row_id bigint unsigned NOT NULL AUTO INVISIBLE, b int, a int | PRIMARY(my_row_id)");
  EXPECT_EQ(
      Tables(dialect).after({kCreate, "ALTER TABLE t ADD b INT FIRST, DROP my_row_id, DROP PRIMARY KEY"}),
      "b int, a int |");
  EXPECT_EQ(
      Tables(dialect).after({"CREATE TABLE t (my_row_id INT PRIMARY KEY)", "ALTER TABLE t ADD b INT FIRST"}),
      "b int, my_row_id int NOT NULL | PRIMARY(my_row_id)");
}

TEST(ApplyDdl, CharacterSetsAreConverted) {
  Tables tables;
  EXPECT_EQ(tables.after({"CREATE TABLE t (a VARCHAR(10), b TEXT, c BLOB, d ENUM('x'))",
                          "ALTER TABLE t DEFAULT CHARACTER SET utf8mb4, ADD e CHAR(1)"}),
            "a varchar(10)/8, b text/8, c blob/63, d enum('x')/8, e char(1)/255 |");
  EXPECT_EQ(tables.after({"ALTER TABLE t CONVERT TO CHARACTER SET utf8 COLLATE utf8_bin"}),
            "a varchar(10)/83, b mediumtext/83, c blob/63, d enum('x')/83, e char(1)/83 |");
}

TEST(ApplyDdl, APrefixGoesWhenItsColumnBecomesANumber) {
  Tables tables;
  tables.run("CREATE TABLE t (a VARCHAR(9), b VARCHAR(9), UNIQUE KEY k (a(2), b(3)), UNIQUE KEY l (a(2)))");
  tables.run("ALTER TABLE t MODIFY a TINYINT(1)");
  const TablePtr table = tables.find({"shop", "t"}).table;
  ASSERT_NE(table, nullptr);
  ASSERT_EQ(table->keys.size(), 2U);
  for (const CatalogKey& key : table->keys) {
    if (key.columns.size() == 2) EXPECT_THAT(key.prefixes, ElementsAre(0, 3));
    if (key.columns.size() == 1) EXPECT_THAT(key.prefixes, testing::IsEmpty());
  }
}

/// Measured on MySQL 5.7 and 8, MariaDB 10.11.
TEST(ApplyDdl, AColumnThatIsDroppedAndAddedAgainStaysInTheKeys) {
  Tables tables;
  tables.run(
      "CREATE TABLE t (c3 VARCHAR(20), c5 INT NOT NULL, i INT, UNIQUE KEY k2 (c3(3)), KEY k3 (c5, c3), KEY "
      "k4 (i))");
  tables.run("ALTER TABLE t ADD c3 VARCHAR(30) FIRST, DROP COLUMN c3, DROP i, ADD i VARCHAR(9)");
  const TablePtr table = tables.find({"shop", "t"}).table;
  ASSERT_NE(table, nullptr);
  ASSERT_EQ(table->keys.size(), 3U);
  EXPECT_THAT(table->keys[0].columns, ElementsAre("c3"));
  EXPECT_THAT(table->keys[0].prefixes, ElementsAre(3));
  EXPECT_THAT(table->keys[1].columns, ElementsAre("c5", "c3"));
  EXPECT_THAT(table->keys[1].prefixes, ElementsAre(0, 20));
  EXPECT_THAT(table->keys[2].prefixes, ElementsAre(4)) << "as long as the INT was";
  tables.run("ALTER TABLE t DROP COLUMN c3, CHANGE c5 c3 INT");
  EXPECT_THAT(tables.find({"shop", "t"}).table->keys[0].columns, ElementsAre("c3"));
  EXPECT_EQ(tables.find({"shop", "t"}).table->keys.size(), 2U)
      << "another column of its name is not the same";
}

TEST(ApplyDdl, MembersEndAtANulOnMysql57) {
  Tables tables({.version = 50722, .collations = Collations(false, 50722)});
  EXPECT_EQ(tables.after({"CREATE TABLE t (a ENUM('x','y')) CHARSET ucs2",
                          "ALTER TABLE t CONVERT TO CHARACTER SET latin1"}),
            "a enum('','')/8 |");
}

TEST(ApplyDdl, MembersKeepTheirBytesInAnotherCharacterSet) {
  Tables tables;
  EXPECT_EQ(tables.after({"CREATE TABLE t (a ENUM('x','y')) CHARSET ucs2",
                          "ALTER TABLE t CONVERT TO CHARACTER SET latin1"}),
            "a enum('\\0x','\\0y')/8 |");
  EXPECT_EQ(tables.after({"ALTER TABLE t CONVERT TO CHARACTER SET ucs2"}), "a enum('x','y')/35 |");
  EXPECT_EQ(tables.after({"CREATE TABLE u (a SET('x')) CHARSET utf16le",
                          "ALTER TABLE u CONVERT TO CHARACTER SET latin1"},
                         {"shop", "u"}),
            "a set('x\\0')/8 |");
  EXPECT_EQ(tables.after({"CREATE TABLE v (a SET('x')) CHARSET utf32",
                          "ALTER TABLE v CONVERT TO CHARACTER SET utf8mb4"},
                         {"shop", "v"}),
            "a set('\\0\\0\\0x')/255 |");
  // Neither the bytes of 'ä' in latin1 are known here, nor is one byte a character of ucs2.
  for (const char* const members : {"'ä'", "'x'"}) {
    tables.run("DROP TABLE t");
    tables.run(fmt::format("CREATE TABLE t (a ENUM({})) CHARSET latin1", members));
    const DdlEffect effect = tables.run("ALTER TABLE t CONVERT TO CHARACTER SET ucs2");
    EXPECT_THAT(effect.doubt, HasSubstr("members of column a"));
  }
}

TEST(ApplyDdl, MariadbPrefersTheDefaultCharacterSetToTheConverted) {
  for (const char* const options : {"DEFAULT CHARSET = koi8r, CONVERT TO CHARACTER SET latin1",
                                    "CONVERT TO CHARACTER SET latin1, DEFAULT CHARSET = koi8r",
                                    "CONVERT TO CHARACTER SET latin1, DEFAULT CHARSET = koi8r, CONVERT TO "
                                    "CHARACTER SET latin1"}) {
    Tables tables(mariadb());
    EXPECT_EQ(tables.after({"CREATE TABLE t (a TEXT) CHARSET utf8mb4",
                            fmt::format("ALTER TABLE t {}", options), "ALTER TABLE t ADD b TEXT"}),
              "a text/8, b text/7 |")
        << options;
  }
}

TEST(ApplyDdl, TablesAreRenamedAndSwapped) {
  Tables tables;
  EXPECT_EQ(tables.after(
                {"CREATE TABLE t (a INT)", "CREATE TABLE u (b INT)", "RENAME TABLE t TO x, u TO t, x TO u"}),
            "b int(11) |");
  EXPECT_EQ(tables.after({}, {"shop", "u"}), "a int(11) |");
  EXPECT_EQ(tables.after({"ALTER TABLE u ADD c INT, RENAME TO other.v"}, {"other", "v"}),
            "a int(11), c int(11) |");
  EXPECT_EQ(tables.after({}, {"shop", "u"}), "none");
  const DdlEffect effect = tables.run("RENAME TABLE other.v TO w");
  ASSERT_EQ(effect.tables.size(), 1U);
  EXPECT_EQ(effect.tables[0].old_name, (sql::TableName{"other", "v"}));
  EXPECT_EQ(effect.tables[0].name, (sql::TableName{"shop", "w"}));
}

TEST(ApplyDdl, DatabasesGiveTheirCharacterSet) {
  Tables tables;
  EXPECT_EQ(tables.after({"CREATE DATABASE `d``1` CHARACTER SET = utf8mb4", "CREATE TABLE `d``1`.t (a TEXT)"},
                         {"d`1", "t"}),
            "a text/255 |");
  EXPECT_EQ(tables.after({"ALTER DATABASE `d``1` COLLATE latin1_bin", "CREATE TABLE `d``1`.t2 LIKE `d``1`.t",
                          "CREATE TABLE `d``1`.t3 (a TEXT)"},
                         {"d`1", "t3"}),
            "a text/47 |");
  const DdlEffect effect = tables.run("DROP DATABASE IF EXISTS `d``1`");
  EXPECT_EQ(effect.tables.size(), 3U);
  EXPECT_EQ(tables.after({}, {"d`1", "t"}), "none");
}

TEST(ApplyDdl, ADatabaseThatMayHaveBeenThereStaysWhatItIs) {
  Tables tables;
  EXPECT_THAT(tables.run("CREATE DATABASE IF NOT EXISTS other CHARACTER SET latin1").databases, IsEmpty());
  EXPECT_THAT(tables.run("CREATE DATABASE IF NOT EXISTS crm CHARACTER SET latin1").databases, IsEmpty());
  tables.absent = {"fresh"};
  const DdlEffect made = tables.run("CREATE DATABASE IF NOT EXISTS fresh CHARACTER SET utf8mb4");
  ASSERT_EQ(made.databases.size(), 1U);
  EXPECT_TRUE(made.databases[0].is_new);
  EXPECT_EQ(made.databases[0].collation, 255);
  const DdlEffect altered = tables.run("ALTER DATABASE crm CHARACTER SET utf8mb4");
  ASSERT_EQ(altered.databases.size(), 1U);
  EXPECT_FALSE(altered.databases[0].is_new);
  EXPECT_EQ(altered.databases[0].collation, 255);
  EXPECT_EQ(tables.run("ALTER DATABASE elsewhere ENCRYPTION = 'Y'").databases.at(0).collation, 0);
}

TEST(ApplyDdl, TextsOfADatabaseOfUnknownCharacterSetAreUnknown) {
  for (const char* sql : {"CREATE TABLE crm.t (a VARCHAR(20))", "CREATE TABLE crm.t (i INT, e ENUM('x'))",
                          "CREATE TABLE crm.t (a TINYTEXT COLLATE DEFAULT)",
                          "CREATE TABLE crm.t (a CHAR(3)) CHARSET DEFAULT"}) {
    Tables tables;
    const DdlEffect effect = tables.run(sql);
    EXPECT_THAT(effect.doubt, HasSubstr("character set")) << sql;
    EXPECT_TRUE(tables.unknown.contains({"crm", "t"})) << sql;
    tables.run("RENAME TABLE crm.t TO shop.t");
    EXPECT_TRUE(tables.unknown.contains({"shop", "t"})) << sql;
    EXPECT_FALSE(tables.run("CREATE TABLE shop.copy LIKE crm.t").doubt.empty()) << sql;
  }
  Tables tables;
  EXPECT_EQ(
      tables.after({"CREATE TABLE crm.n (i INT, b VARBINARY(9), j JSON, d DATE, t TEXT CHARSET utf8mb4)"},
                   {"crm", "n"}),
      "i int(11), b varbinary(9)/63, j json, d date, t text/255 |");
  EXPECT_EQ(tables.after({"CREATE TABLE crm.c (a CHAR(3)) COLLATE utf8mb4_bin"}, {"crm", "c"}),
            "a char(3)/46 |");
  EXPECT_EQ(tables.after({"ALTER TABLE crm.n ADD k INT, ADD u CHAR(1) CHARSET latin1"}, {"crm", "n"}),
            "i int(11), b varbinary(9)/63, j json, d date, t text/255, k int(11), u char(1)/8 |");
  EXPECT_THAT(tables.run("ALTER TABLE crm.n ADD v CHAR(1)").doubt, HasSubstr("character set"));
  EXPECT_THAT(tables.run("ALTER TABLE crm.c CONVERT TO CHARACTER SET DEFAULT").doubt,
              HasSubstr("character set"));
  // Once it is known, all is.
  EXPECT_EQ(tables.after({"ALTER DATABASE crm CHARACTER SET utf8mb4", "CREATE TABLE crm.v (a CHAR(3))"},
                         {"crm", "v"}),
            "a char(3)/255 |");
}

TEST(ApplyDdl, PartitionsAndOtherObjectsChangeNothing) {
  Tables tables;
  const std::string created =
      tables.after({"CREATE TABLE t (a INT) ENGINE=InnoDB COMMENT='x' /*!50100 PARTITION BY RANGE (a) "
                    "(PARTITION p0 VALUES LESS THAN "
                    "(10) ENGINE = InnoDB) */"});
  EXPECT_EQ(created, "a int(11) |");
  EXPECT_EQ(tables.after({"ALTER TABLE t ADD PARTITION (PARTITION p1 VALUES LESS THAN MAXVALUE)",
                          "ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE u",
                          "ALTER TABLE t REMOVE PARTITIONING", "CREATE OR REPLACE VIEW t2 AS SELECT 1",
                          "DROP TEMPORARY TABLE t", "CREATE TEMPORARY TABLE t (z INT)",
                          "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
                          "SET STATEMENT max_statement_time=0 FOR ALTER TABLE t ENGINE=InnoDB"}),
            created);
}

std::string text_of(const DdlEffect& effect) {
  constexpr const char* kKinds[] = {"Create", "Alter", "Drop", "Truncate", "Unknown"};
  std::string text;
  for (const TableChange& change : effect.tables)
    text += fmt::format("{} {}.{};", kKinds[static_cast<unsigned>(change.kind)], change.name.database,
                        change.name.table);
  return text;
}

TEST(ApplyDdl, APartitionBecomesATableAndATableAPartition) {
  Tables maria(mariadb());
  const std::string created = maria.after({"CREATE TABLE t (a INT PRIMARY KEY, b TEXT) PARTITION BY RANGE "
                                           "(a) (PARTITION p0 VALUES LESS THAN (9))",
                                           "ALTER TABLE t CONVERT PARTITION p0 TO TABLE other.`n`"},
                                          {"other", "n"});
  EXPECT_EQ(created, "a int(11) NOT NULL, b text/8 | PRIMARY(a)");
  EXPECT_EQ(maria.after({}), created);
  EXPECT_EQ(text_of(maria.run("ALTER TABLE t CONVERT TABLE other.n TO PARTITION p1 VALUES LESS THAN (20)")),
            "Alter shop.t;Drop other.n;");
  EXPECT_EQ(maria.after({}, {"other", "n"}), "none");
  EXPECT_EQ(text_of(maria.run("ALTER TABLE t CONVERT PARTITION p1 TO TABLE m")),
            "Alter shop.t;Create shop.m;");
  EXPECT_EQ(text_of(maria.run("ALTER TABLE IF EXISTS none CONVERT PARTITION p1 TO TABLE o")), "");
  maria.unknown.insert({"shop", "t"});
  EXPECT_EQ(text_of(maria.run("ALTER TABLE t CONVERT TABLE m TO PARTITION p1 VALUES IN (2)")),
            "Unknown shop.t;Drop shop.m;");
  EXPECT_EQ(text_of(maria.run("ALTER TABLE t CONVERT PARTITION p1 TO TABLE m")),
            "Unknown shop.t;Unknown shop.m;");
}

TEST(ApplyDdl, ColumnsMayBeNamedWithTheirTable) {
  Tables maria(mariadb());
  EXPECT_EQ(maria.after({"CREATE TABLE t (t.a INT, shop.t.b INT, .c INT, `t`.`select` INT)",
                         "ALTER TABLE t ADD t.d INT AFTER b, CHANGE t.a shop.t.aa INT, MODIFY t.b BIGINT",
                         "ALTER TABLE t DROP shop.t.c, ALTER t.d SET DEFAULT 3, ADD (t.x INT, .y INT)",
                         "ALTER TABLE t ORDER BY t.x, shop.t.y DESC"}),
            "aa int(11), b bigint(20), d int(11) DEFAULT 3, select int(11), x int(11), y int(11) |");
}

TEST(ApplyDdl, DefaultsAreSpelledAsTheServerSpellsThem) {
  EXPECT_EQ(column("DATE DEFAULT DATE '2020-01-01'", mariadb()), "c date DEFAULT 2020-01-01 |");
  EXPECT_EQ(column("DATETIME(2) DEFAULT TIMESTAMP'2020-01-01 00:00:00.5'", mariadb()),
            "c datetime(2) DEFAULT 2020-01-01 00:00:00.50 |");
  EXPECT_EQ(column("TIME DEFAULT {t '10:00:00'} NOT NULL", mariadb()), "c time NOT NULL DEFAULT 10:00:00 |");
  EXPECT_EQ(column("DATE DEFAULT DATE('2020-01-01')", mariadb()), "c date DEFAULT =DATE('2020-01-01') |");
  EXPECT_EQ(column("DATETIME DEFAULT 0"), "c datetime DEFAULT 0000-00-00 00:00:00 |");
  EXPECT_EQ(column("VARCHAR(9) DEFAULT _utf8mb4'x' 'y' COMMENT 'z'"), "c varchar(9)/8 DEFAULT xy 'z' |");
  EXPECT_EQ(column("VARCHAR(9) DEFAULT N'x'"), "c varchar(9)/8 DEFAULT x |");
  EXPECT_EQ(column("VARCHAR(9) DEFAULT x'41'"), "c varchar(9)/8 DEFAULT A |");
  EXPECT_EQ(column("VARCHAR(9) DEFAULT b'1000001'"), "c varchar(9)/8 DEFAULT A |");
  EXPECT_EQ(column("VARCHAR(9) DEFAULT 0xe4"), "c varchar(9)/8 DEFAULT ä |");
  EXPECT_EQ(column("VARCHAR(9) CHARSET utf8mb4 DEFAULT _latin1 x'e4'"), "c varchar(9)/255 DEFAULT ä |");
  EXPECT_EQ(column("INT DEFAULT 0x0141"), "c int(11) DEFAULT 321 |");
  EXPECT_EQ(column("BIT(8) DEFAULT b'00000101'"), "c bit(8) DEFAULT b'101' |");
  EXPECT_EQ(column("BIT(8) DEFAULT 0"), "c bit(8) DEFAULT b'0' |");
  EXPECT_EQ(column("VARBINARY(9) DEFAULT 'aJ'"), "c varbinary(9)/63 DEFAULT 0x614A |");
  EXPECT_EQ(column("VARBINARY(9) DEFAULT 'aJ'", mariadb()), "c varbinary(9)/63 DEFAULT aJ |");
  EXPECT_EQ(column("INT DEFAULT CASE WHEN 1 THEN 2 ELSE CASE WHEN 1 THEN 3 END END NOT NULL", mariadb()),
            "c int(11) NOT NULL DEFAULT =CASE WHEN 1 THEN 2 ELSE CASE WHEN 1 THEN 3 END END |");
  EXPECT_EQ(column("INT DEFAULT shop.t.c", mariadb()), "c int(11) DEFAULT =shop.t.c |");
  Tables tables;
  EXPECT_EQ(tables.after({"CREATE TABLE t (a DECIMAL(5,2))", "ALTER TABLE t ALTER a SET DEFAULT 1.5"}),
            "a decimal(5,2) DEFAULT 1.50 |");
}

TEST(ApplyDdl, WhatIsNotUnderstoodIsUnknownNotGuessed) {
  Tables tables;
  tables.after({"CREATE TABLE t (a INT)", "CREATE TABLE u (a INT)"});
  DdlEffect effect = tables.run("ALTER TABLE t FROBNICATE COLUMN a");
  ASSERT_EQ(effect.tables.size(), 1U);
  EXPECT_EQ(effect.tables[0].kind, TableChange::Kind::Unknown);
  EXPECT_THAT(effect.doubt, HasSubstr("FROBNICATE COLUMN a"));
  EXPECT_FALSE(tables.find({"shop", "t"}).is_known);
  effect = tables.run("ALTER TABLE u DROP COLUMN z");
  EXPECT_THAT(effect.doubt, HasSubstr("no column z"));
  EXPECT_THAT(tables.run("ALTER TABLE t ADD b INT").doubt, HasSubstr("not known before"));
  EXPECT_THAT(tables.run("CREATE TABLE v AS SELECT 1 AS a").tables, testing::SizeIs(1));
  EXPECT_FALSE(tables.find({"shop", "v"}).is_known);
  EXPECT_EQ(tables.after({"DROP TABLE v", "CREATE TABLE v (q INT)"}, {"shop", "v"}), "q int(11) |");
}

TEST(ApplyDdl, ExistingTablesStayWhatTheyAre) {
  Tables tables;
  EXPECT_EQ(tables.after({"CREATE TABLE t (a INT)", "CREATE TABLE IF NOT EXISTS t (b INT)",
                          "ALTER TABLE t ADD COLUMN IF NOT EXISTS (a INT)", "DROP TABLE IF EXISTS nothing"}),
            "a int(11) |");
  Tables maria(mariadb());
  EXPECT_EQ(
      maria.after({"CREATE TABLE t (a INT)", "CREATE OR REPLACE TABLE t (b INT)",
                   "ALTER TABLE IF EXISTS t WAIT 5 ADD COLUMN IF NOT EXISTS b INT, DROP COLUMN IF EXISTS z"}),
      "b int(11) |");
}

TEST(ApplyDdl, ASequenceOfAnotherTypeIsReadFromTheSource) {
  Tables maria(mariadb());
  EXPECT_EQ(maria.run("CREATE SEQUENCE q START WITH 3").doubt, "");
  EXPECT_EQ(maria.find({"shop", "q"}).table->columns.size(), 8U);
  EXPECT_THAT(maria.run("CREATE SEQUENCE q AS INT UNSIGNED").doubt, HasSubstr("a sequence of BIGINT"));
  EXPECT_FALSE(maria.find({"shop", "q"}).is_known);
}

TEST(ApplyDdl, SqlModeChangesWhatQuotesMean) {
  Tables tables;
  tables.session.variables.sql_mode = sql::kSqlModeAnsiQuotes | sql::kSqlModeNoBackslashEscapes;
  EXPECT_EQ(tables.after({R"(CREATE TABLE "t" ("a\" INT COMMENT 'b\'))"}), R"(a\ int(11) 'b\' |)");
  tables.session.variables.sql_mode = sql::kSqlModeRealAsFloat;
  EXPECT_EQ(tables.after({R"(CREATE TABLE t2 (a REAL DEFAULT "1"))"}, {"shop", "t2"}), "a float DEFAULT 1 |");
}

TEST(ApplyDdl, SqlModeChangesWhatTypesMean) {
  const auto columns = [](std::uint64_t sql_mode, std::string_view list, SourceDialect dialect = mariadb()) {
    Tables tables(std::move(dialect));
    tables.session.variables.sql_mode = sql_mode;
    return tables.after({fmt::format("CREATE TABLE t ({})", list)});
  };
  constexpr std::string_view kAll =
      "a DATE, b BLOB, c BLOB(10), d CLOB, e RAW(10), f VARCHAR2(9), g NUMBER(9,2), h BLOB(0)";
  EXPECT_EQ(columns(sql::kSqlModeOracle, kAll),
            "a datetime, b longblob/63, c tinyblob/63, d longtext/8, e varbinary(10)/63, f varchar(9)/8, g "
            "decimal(9,2), h blob/63 |");
  EXPECT_EQ(columns(sql::kSqlModeOracle, "a NUMBER, b NUMBER UNSIGNED, c NUMBER(5)"),
            "a double, b double unsigned, c decimal(5,0) |");
  EXPECT_EQ(columns(0, "a DATE, b BLOB, c mariadb_schema.date, d oracle_schema.date, e oracle_schema.BLOB"),
            "a date, b blob/63, c date, d datetime, e blob/63 |");
  EXPECT_EQ(columns(sql::kSqlModeOracle, "c mariadb_schema.date, e mariadb_schema.BLOB"),
            "c date, e longblob/63 |");
  EXPECT_EQ(columns(sql::kSqlModeOracle, "a DATE, b BLOB", mysql8()), "a date, b blob/63 |");
  EXPECT_EQ(columns(0, "a maxdb_schema.timestamp(2), b mariadb_schema.timestamp NULL"),
            "a datetime(2), b timestamp |");
  EXPECT_EQ(columns(sql::kSqlModeMaxdb, "a TIMESTAMP, b mariadb_schema.timestamp NULL, c DATE"),
            "a datetime, b timestamp, c date |");
}

TEST(ApplyDdl, SecondaryEnginesChangeNoColumns) {
  Tables tables;
  EXPECT_EQ(tables.after({"CREATE TABLE t (a INT NOT SECONDARY, b INT) SECONDARY_ENGINE=rapid",
                          "ALTER TABLE t SECONDARY_LOAD", "ALTER TABLE t SECONDARY_LOAD PARTITION (p0, p1)",
                          "ALTER TABLE t SECONDARY_UNLOAD", "ALTER TABLE t SECONDARY_ENGINE NULL",
                          "ALTER TABLE t SECONDARY_ENGINE = 'rapid', ADD c INT NOT SECONDARY"}),
            "a int(11), b int(11), c int(11) |");
}

TEST(ApplyDdl, NamesFollowTheServersCase) {
  SourceDialect dialect = mysql8();
  dialect.lower_case_names = true;
  Tables tables(dialect);
  EXPECT_EQ(tables.after({"CREATE TABLE T (A INT)", "ALTER TABLE Shop.T ADD b INT AFTER a"}),
            "A int(11), b int(11) |");
  tables.after({"CREATE TABLE ÄRZTE (Ä INT)", "ALTER TABLE ärzte RENAME COLUMN ä TO b"});
  ASSERT_NE(tables.find({"shop", "ärzte"}).table, nullptr);
  EXPECT_EQ(tables.find({"shop", "ärzte"}).table->columns.at(0).name, "b");
}

TEST(ApplyDdl, HiddenColumnsAreCounted) {
  Tables tables;
  tables.after({"CREATE TABLE t (a INT, KEY ((a + 1)), UNIQUE KEY f (a, (a * 2)))"});
  EXPECT_EQ(tables.find({"shop", "t"}).table->hidden_columns.size(), 2U);
  Tables maria(mariadb());
  maria.after({"CREATE TABLE t (a INT) WITH SYSTEM VERSIONING"});
  EXPECT_THAT(maria.find({"shop", "t"}).table->hidden_columns, ElementsAre("row_start", "row_end"));
  maria.after({"ALTER TABLE t DROP SYSTEM VERSIONING"});
  EXPECT_THAT(maria.find({"shop", "t"}).table->hidden_columns, IsEmpty());
}

/// How many hashes there may be after the columns of `t (declaration)`.
std::size_t hashes(std::string_view declaration, std::string_view alter = {},
                   SourceDialect dialect = mariadb()) {
  Tables tables(std::move(dialect));
  tables.after({fmt::format("CREATE TABLE t ({})", declaration)});
  if (!alter.empty()) tables.after({alter});
  return tables.find({"shop", "t"}).table->hidden_columns.size();
}

TEST(ApplyDdl, UniqueKeysThatAreTooLongForAnIndexAreHashed) {
  EXPECT_EQ(hashes("a TEXT, b BLOB UNIQUE, c INT, UNIQUE (c, a)"), 2U);
  EXPECT_EQ(hashes("a TEXT, b INT, UNIQUE (a(20)), KEY (b) USING HASH, PRIMARY KEY (b)"), 0U);
  EXPECT_EQ(hashes("a VARCHAR(20), b TEXT, UNIQUE (a(10), b)"), 1U);
  EXPECT_EQ(hashes("a INT, b INT, UNIQUE USING HASH (a), UNIQUE k (b) USING HASH"), 2U);
  EXPECT_EQ(hashes("a VARCHAR(767) CHARACTER SET latin1 UNIQUE"), 0U);
  EXPECT_EQ(hashes("a VARCHAR(767) CHARACTER SET utf8mb4 UNIQUE"), 1U);
  EXPECT_EQ(hashes("a VARBINARY(400), b VARBINARY(400), UNIQUE (a, b)"), 1U);
  EXPECT_EQ(hashes("a TEXT, b INT", "CREATE UNIQUE INDEX k USING HASH ON t (b)"), 1U);
  EXPECT_EQ(hashes("a TEXT, b INT", "CREATE UNIQUE INDEX k ON t (b, a)"), 1U);
  EXPECT_EQ(hashes("a TEXT UNIQUE, b INT", "DROP INDEX a ON t"), 0U);
  EXPECT_EQ(hashes("a TEXT UNIQUE, b INT, UNIQUE (b) USING HASH", "ALTER TABLE t ADD c INT"), 1U);
  EXPECT_EQ(hashes("a TEXT UNIQUE, b INT", "ALTER TABLE t DROP a"), 0U);
  EXPECT_EQ(hashes("a TEXT, b INT, UNIQUE (b, a(5))", "ALTER TABLE t DROP b, ADD UNIQUE (a)"), 1U);
  EXPECT_EQ(hashes("a VARCHAR(10) UNIQUE", "ALTER TABLE t MODIFY a TEXT"), 1U);
  EXPECT_EQ(hashes("a VARCHAR(3000) UNIQUE, b INT, UNIQUE (b) USING HASH", {}, mysql8()), 0U);
}

TEST(ParseDdl, AnyBytesAreReadWithoutHarm) {
  const std::string_view sql =
      "CREATE TABLE IF NOT EXISTS `a`.`b` (c DECIMAL(10,2) DEFAULT (1+2) COMMENT 'x', UNIQUE k (c(3) DESC)) "
      "DEFAULT CHARSET=utf8mb4 PARTITION BY HASH(c)";
  const std::size_t end_of_columns = sql.find(" DEFAULT CHARSET");
  for (std::size_t size = std::string_view("CREATE TABLE").size(); size < end_of_columns; ++size) {
    EXPECT_FALSE(sql::parse_ddl(sql.substr(0, size), {}, 0).ok()) << sql.substr(0, size);
  }
  EXPECT_TRUE(sql::parse_ddl(sql, {}, 0).ok());
  EXPECT_FALSE(sql::parse_ddl(std::string(10000, '('), {}, 0).ok());
  EXPECT_FALSE(sql::parse_ddl("CREATE TABLE t (a INT", {}, 0).ok());
  EXPECT_FALSE(sql::parse_ddl("ALTER TABLE t ADD a INT b", {}, 0).ok());
}

}  // namespace
}  // namespace rowtide::schema
