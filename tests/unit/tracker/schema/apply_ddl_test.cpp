// What statements do to definitions. That a real server means the same by them is shown by
// tests/integration/ddl_oracle_test.cpp.
#include "tracker/schema/apply_ddl.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tracker/schema/ddl_parser.h"

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

  Found find(const TableName& name) const override {
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
                    const TableName& name = {"shop", "t"}) {
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
      if (column.generated != Generated::No)
        text += column.generated == Generated::Stored ? " STORED" : " VIRTUAL";
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
  std::set<TableName> unknown;

 private:
  SourceDialect dialect_;
  std::map<TableName, TablePtr> tables_;
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
  EXPECT_EQ(column("NUMERIC(12,4) UNSIGNED DEFAULT -1.50"), "c decimal(12,4) unsigned DEFAULT -1.50 |");
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

TEST(ApplyDdl, CharacterSetsAreConverted) {
  Tables tables;
  EXPECT_EQ(tables.after({"CREATE TABLE t (a VARCHAR(10), b TEXT, c BLOB, d ENUM('x'))",
                          "ALTER TABLE t DEFAULT CHARACTER SET utf8mb4, ADD e CHAR(1)"}),
            "a varchar(10)/8, b text/8, c blob/63, d enum('x')/8, e char(1)/255 |");
  EXPECT_EQ(tables.after({"ALTER TABLE t CONVERT TO CHARACTER SET utf8 COLLATE utf8_bin"}),
            "a varchar(10)/83, b mediumtext/83, c blob/63, d enum('x')/83, e char(1)/83 |");
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
  EXPECT_EQ(effect.tables[0].old_name, (TableName{"other", "v"}));
  EXPECT_EQ(effect.tables[0].name, (TableName{"shop", "w"}));
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
  tables.session.variables.sql_mode = binlog::kSqlModeAnsiQuotes | binlog::kSqlModeNoBackslashEscapes;
  EXPECT_EQ(tables.after({R"(CREATE TABLE "t" ("a\" INT COMMENT 'b\'))"}), R"(a\ int(11) 'b\' |)");
  tables.session.variables.sql_mode = binlog::kSqlModeRealAsFloat;
  EXPECT_EQ(tables.after({R"(CREATE TABLE t2 (a REAL DEFAULT "1"))"}, {"shop", "t2"}), "a float DEFAULT 1 |");
}

TEST(ApplyDdl, NamesFollowTheServersCase) {
  SourceDialect dialect = mysql8();
  dialect.lower_case_names = true;
  Tables tables(dialect);
  EXPECT_EQ(tables.after({"CREATE TABLE T (A INT)", "ALTER TABLE Shop.T ADD b INT AFTER a"}),
            "A int(11), b int(11) |");
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

/// How many hashes there may be behind the columns of `t (declaration)`.
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
    EXPECT_FALSE(parse_ddl(sql.substr(0, size), {}, 0).ok()) << sql.substr(0, size);
  }
  EXPECT_TRUE(parse_ddl(sql, {}, 0).ok());
  EXPECT_FALSE(parse_ddl(std::string(10000, '('), {}, 0).ok());
  EXPECT_FALSE(parse_ddl("CREATE TABLE t (a INT", {}, 0).ok());
  EXPECT_FALSE(parse_ddl("ALTER TABLE t ADD a INT b", {}, 0).ok());
}

}  // namespace
}  // namespace rowtide::schema
