#include "tracker/schema/source_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/sql/recorded_session.h"
#include "tracker/schema/catalog_reader.h"

namespace rowtide::schema {
namespace {

using test::RecordedSession;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

void record_collations(RecordedSession& session) {
  session.record("information_schema.COLLATIONS",
                 {{"latin1_swedish_ci", "8"}, {"utf8mb4_general_ci", "45"}, {"utf8mb4_0900_ai_ci", "255"}});
}

TEST(Catalog, ReadsColumnsAndPrimaryKey) {
  RecordedSession session;
  session.record("information_schema.COLUMNS",
                 {{"id", "bigint unsigned", "bigint", "NO", std::nullopt},
                  {"state", "enum('new','it''s')", "enum", "YES", "latin1_swedish_ci"},
                  {"name", "varchar(40)", "varchar", "YES", "utf8mb4_0900_ai_ci"},
                  {"raw", "varbinary(16)", "varbinary", "YES", std::nullopt},
                  {"body", "mediumblob", "mediumblob", "YES", std::nullopt}});
  session.record("information_schema.STATISTICS", {{"PRIMARY", "name", ""}, {"PRIMARY", "id", ""}});
  record_collations(session);
  SourceCatalog catalog(session);

  const absl::StatusOr<const CatalogTable*> table = catalog.describe("shop", "orders");
  ASSERT_TRUE(table.ok()) << table.status();
  const std::vector<CatalogColumn>& columns = (*table)->columns;
  ASSERT_THAT(columns, SizeIs(5));
  EXPECT_EQ(columns[0].name, "id");
  EXPECT_TRUE(columns[0].is_unsigned);
  EXPECT_FALSE(columns[0].is_nullable);
  EXPECT_EQ(columns[0].collation, 0);
  EXPECT_THAT(columns[1].members, ElementsAre("new", "it's"));
  EXPECT_EQ(columns[1].collation, 8);
  EXPECT_EQ(columns[2].collation, 255);
  EXPECT_TRUE(columns[2].is_nullable);
  EXPECT_EQ(columns[3].collation, 63);
  EXPECT_EQ(columns[4].collation, 63);
  EXPECT_THAT((*table)->key_columns, ElementsAre(2, 0)) << "in the order of the key, not of the table";
}

TEST(Catalog, NamesAreInTheCaseOfTheBinlogNotInThatOfTheInformationSchema) {
  RecordedSession session;
  session.record("information_schema.SCHEMATA", {{"Shop", "latin1_swedish_ci"}});
  session.record("information_schema.TABLES", {{"Shop", "Orders", "latin1_swedish_ci", "", "BASE TABLE"}});
  session.record("information_schema.COLUMNS",
                 {{"Shop", "Orders", "Id", "int", "int", "NO", std::nullopt, std::nullopt, "", ""}});
  session.record("information_schema.STATISTICS",
                 {{"Shop", "Orders", "PRIMARY", "Id", "0", std::nullopt, "BTREE"}});
  for (const bool lower_case_names : {true, false}) {
    const SourceDialect dialect{
        .version = 80015, .lower_case_names = lower_case_names, .collations = Collations(false, 80015)};
    const std::vector<std::string> databases{"Shop"};
    const absl::StatusOr<CatalogSnapshot> snapshot = read_catalog(session, dialect, databases);
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    const sql::TableName name =
        lower_case_names ? sql::TableName{"shop", "orders"} : sql::TableName{"Shop", "Orders"};
    EXPECT_TRUE(snapshot->tables.contains(name));
    EXPECT_TRUE(snapshot->databases.contains(name.database));
  }
}

TEST(Catalog, TakesTheFirstUniqueKeyWithoutNullsWhenThereIsNoPrimaryKey) {
  RecordedSession session;
  session.record("information_schema.COLUMNS", {{"a", "int", "int", "YES", std::nullopt},
                                                {"b", "int", "int", "NO", std::nullopt},
                                                {"c", "int", "int", "NO", std::nullopt}});
  session.record(
      "information_schema.STATISTICS",
      {{"u1", "b", ""}, {"u1", "a", "YES"}, {"u2", std::nullopt, ""}, {"u3", "c", ""}, {"u4", "b", ""}});
  SourceCatalog catalog(session);
  const absl::StatusOr<const CatalogTable*> table = catalog.describe("shop", "t");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT((*table)->key_columns, ElementsAre(2));
}

TEST(Catalog, ATableWithoutAnyUsableKeyHasNone) {
  RecordedSession session;
  session.record("information_schema.COLUMNS", {{"a", "int", "int", "YES", std::nullopt}});
  session.record("information_schema.STATISTICS", {{"u1", "a", "YES"}});
  SourceCatalog catalog(session);
  const absl::StatusOr<const CatalogTable*> table = catalog.describe("shop", "t");
  ASSERT_TRUE(table.ok());
  EXPECT_THAT((*table)->key_columns, IsEmpty());
}

TEST(Catalog, FindsMariadbCollationsThatAreListedUnderTheirFullNameOnly) {
  RecordedSession session;
  session.record("information_schema.COLUMNS", {{"a", "text", "text", "YES", "utf8mb4_uca1400_ai_ci"}});
  session.record("information_schema.STATISTICS", {});
  record_collations(session);
  session.record("COLLATION_CHARACTER_SET_APPLICABILITY", {{"utf8mb4_uca1400_ai_ci", "2304"}});
  SourceCatalog catalog(session);
  const absl::StatusOr<const CatalogTable*> table = catalog.describe("shop", "t");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->columns[0].collation, 2304);
}

TEST(Catalog, AsksOncePerTableUntilItIsForgotten) {
  RecordedSession session;
  session.record("information_schema.COLUMNS", {{"a", "int", "int", "YES", std::nullopt}});
  session.record("information_schema.STATISTICS", {});
  SourceCatalog catalog(session);
  ASSERT_TRUE(catalog.describe("shop", "t").ok());
  const std::size_t asked = session.statements.size();
  ASSERT_TRUE(catalog.describe("shop", "t").ok());
  EXPECT_EQ(session.statements.size(), asked);
  catalog.forget("shop", "t");
  ASSERT_TRUE(catalog.describe("shop", "t").ok());
  EXPECT_EQ(session.statements.size(), 2 * asked);
}

TEST(Catalog, SaysWhichTableIsGone) {
  RecordedSession session;
  session.record("information_schema.COLUMNS", {});
  SourceCatalog catalog(session);
  const absl::Status status = catalog.describe("shop", "gone").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("shop.gone"));
}

TEST(Catalog, QuotesNames) {
  RecordedSession session;
  session.record("information_schema.COLUMNS", {});
  SourceCatalog catalog(session);
  EXPECT_FALSE(catalog.describe("o'brien", "a\\b").ok());
  EXPECT_THAT(session.statements.at(0), HasSubstr("TABLE_SCHEMA = 'o\\'brien' AND TABLE_NAME = 'a\\\\b'"));
}

TEST(Catalog, PassesTheServersFailuresOn) {
  RecordedSession session;
  SourceCatalog catalog(session);
  EXPECT_TRUE(absl::IsFailedPrecondition(catalog.describe("shop", "t").status()));
}

}  // namespace
}  // namespace rowtide::schema
