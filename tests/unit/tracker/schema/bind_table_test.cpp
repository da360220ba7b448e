#include "tracker/schema/bind_table.h"
#include "tracker/schema/source_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tracker/sql/recorded_session.h"

namespace rowtide::schema {
namespace {

using test::RecordedSession;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint8_t kLong = 3;
constexpr std::uint8_t kVarchar = 15;
constexpr std::uint8_t kString = 254;

/// id INT UNSIGNED NOT NULL, name VARCHAR(10), size ENUM.
binlog::TableMap wire_map() {
  binlog::TableMap map;
  map.database = "shop";
  map.table = "orders";
  map.wire_types = {kLong, kVarchar, kString};
  map.wire_metadata = {0, 40, 0x01F7};
  map.is_nullable = {false, true, true};
  return map;
}

binlog::TableMap full_map() {
  binlog::TableMap map = wire_map();
  map.is_unsigned = std::vector<bool>{true, false, false};
  map.collations = {0, 255, 255};
  map.column_names = {"id", "name", "size"};
  map.members = {{}, {}, {"small", "large"}};
  map.primary_key = std::vector<std::uint32_t>{0};
  return map;
}

void record_orders(RecordedSession& session) {
  session.record("information_schema.COLUMNS",
                 {{"id", "int(10) unsigned", "int", "NO", std::nullopt},
                  {"name", "varchar(10)", "varchar", "YES", "utf8mb4_general_ci"},
                  {"size", "enum('klein','groß')", "enum", "YES", "utf8mb4_general_ci"}});
  session.record("information_schema.STATISTICS", {{"PRIMARY", "id", ""}});
  session.record("information_schema.COLLATIONS", {{"utf8mb4_general_ci", "45"}});
}

TEST(BindTable, AsksNothingWhenTheEventSaysEverything) {
  RecordedSession session;
  SourceCatalog catalog(session);
  const absl::StatusOr<binlog::TablePlan> plan = bind_table(full_map(), catalog);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(session.statements, IsEmpty());
  EXPECT_EQ(plan->database, "shop");
  EXPECT_EQ(plan->table, "orders");
  ASSERT_EQ(plan->columns.size(), 3U);
  EXPECT_EQ(plan->columns[0].name, "id");
  EXPECT_TRUE(plan->columns[0].is_unsigned);
  EXPECT_FALSE(plan->columns[0].is_nullable);
  EXPECT_EQ(plan->columns[1].collation, 255);
  EXPECT_THAT(plan->columns[2].members, ElementsAre("small", "large"));
  EXPECT_THAT(plan->key_columns, ElementsAre(0));
  EXPECT_NE(plan->columns[2].decode, nullptr);
}

TEST(BindTable, TakesEverythingFromTheCatalogWhenTheEventSaysNothing) {
  RecordedSession session;
  record_orders(session);
  SourceCatalog catalog(session);
  const absl::StatusOr<binlog::TablePlan> plan = bind_table(wire_map(), catalog);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->columns[1].name, "name");
  EXPECT_TRUE(plan->columns[0].is_unsigned);
  EXPECT_EQ(plan->columns[1].collation, 45);
  EXPECT_THAT(plan->columns[2].members, ElementsAre("klein", "groß"));
  EXPECT_THAT(plan->key_columns, ElementsAre(0));
}

/// MariaDB's is a VARBINARY to the binlog.
TEST(BindTable, AVectorIsBytesAlsoWhenTheEventSaysNothing) {
  RecordedSession session;
  session.record("information_schema.COLUMNS", {{"e", "vector(3)", "vector", "NO", std::nullopt}});
  session.record("information_schema.STATISTICS", {});
  session.record("information_schema.COLLATIONS", {{"utf8mb4_general_ci", "45"}});
  SourceCatalog catalog(session);
  binlog::TableMap map = wire_map();
  map.wire_types = {kVarchar};
  map.wire_metadata = {12};
  map.is_nullable = {false};
  const absl::StatusOr<binlog::TablePlan> plan = bind_table(map, catalog);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->columns[0].kind, types::ValueKind::Bytes);
}

TEST(BindTable, TheEventsOwnWordWinsOverTheCatalogs) {
  RecordedSession session;
  record_orders(session);
  SourceCatalog catalog(session);
  binlog::TableMap minimal = wire_map();
  minimal.is_unsigned = std::vector<bool>{false, false, false};
  minimal.collations = {0, 8, 8};
  const absl::StatusOr<binlog::TablePlan> plan = bind_table(minimal, catalog);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_FALSE(plan->columns[0].is_unsigned);
  EXPECT_EQ(plan->columns[1].collation, 8);
}

TEST(BindTable, FindsAUniqueKeyForATableWithoutPrimaryKey) {
  RecordedSession session;
  record_orders(session);
  SourceCatalog catalog(session);
  binlog::TableMap map = full_map();
  map.primary_key->clear();
  const absl::StatusOr<binlog::TablePlan> plan = bind_table(map, catalog);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->key_columns, ElementsAre(0));
}

TEST(BindTable, AKeyOfATableThatHasBecomeAnotherIsNotUsed) {
  RecordedSession session;
  record_orders(session);
  SourceCatalog catalog(session);
  binlog::TableMap map = full_map();
  map.primary_key->clear();
  map.column_names = {"uid", "name", "size"};
  const absl::StatusOr<binlog::TablePlan> plan = bind_table(map, catalog);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->key_columns, IsEmpty());
}

TEST(BindTable, HiddenColumnsAreLeftOutAndTheKeyStillNamesItsColumn) {
  RecordedSession session;
  session.record("information_schema.COLUMNS", {});
  SourceCatalog catalog(session);
  binlog::TableMap map = full_map();
  map.column_names = {"!hidden!by_size!0!0", "name", "size"};
  map.primary_key = std::vector<std::uint32_t>{1};
  const absl::StatusOr<binlog::TablePlan> plan = bind_table(map, catalog);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->columns.size(), 2U);
  EXPECT_EQ(plan->columns[0].name, "name");
  EXPECT_THAT(plan->key_columns, ElementsAre(0));
}

TEST(BindTable, AKeyOfAHiddenColumnIsDamage) {
  RecordedSession session;
  session.record("information_schema.COLUMNS", {});
  SourceCatalog catalog(session);
  binlog::TableMap map = full_map();
  map.column_names[0] = "!hidden!by_size!0!0";
  const absl::Status status = bind_table(map, catalog).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("`shop`.`orders`"), HasSubstr("column 1")));
}

TEST(BindTable, ATableThatIsGoneStillBindsWhenItsEventsSayEverything) {
  RecordedSession session;
  session.record("information_schema.COLUMNS", {});
  SourceCatalog catalog(session);
  binlog::TableMap map = full_map();
  map.primary_key->clear();
  const absl::StatusOr<binlog::TablePlan> plan = bind_table(map, catalog);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->key_columns, IsEmpty());
}

/// The texts that a person acts on: which table, what differs, what to do.
void expect_refused(const binlog::TableMap& map, RecordedSession& session, const std::string& difference) {
  SourceCatalog catalog(session);
  const absl::Status status = bind_table(map, catalog).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("`shop`.`orders`"), HasSubstr(difference),
                    HasSubstr("SET GLOBAL binlog_row_metadata=FULL"), HasSubstr("SkipAndCount")));
}

TEST(BindTable, RefusesAnotherNumberOfColumns) {
  RecordedSession session;
  record_orders(session);
  binlog::TableMap map = wire_map();
  map.wire_types.pop_back();
  map.wire_metadata.pop_back();
  map.is_nullable.pop_back();
  expect_refused(map, session, "the binlog event has 2 columns, the known definition has 3");
}

TEST(BindTable, RefusesAnotherType) {
  RecordedSession session;
  record_orders(session);
  binlog::TableMap map = wire_map();
  map.wire_types[0] = 8;
  expect_refused(map, session, "column 1 (id) is BIGINT in the binlog event and int(10) unsigned");
}

TEST(BindTable, RefusesAnEnumThatHasBecomeASet) {
  RecordedSession session;
  record_orders(session);
  binlog::TableMap map = wire_map();
  map.wire_metadata[2] = 0x01F8;
  expect_refused(map, session, "column 3 (size) is SET in the binlog event and enum(");
}

TEST(BindTable, RefusesATableThatIsGone) {
  RecordedSession session;
  session.record("information_schema.COLUMNS", {});
  expect_refused(wire_map(), session, "is not there (any more)");
}

TEST(BindTable, ALostConnectionStaysUnavailable) {
  class LostSession final : public sql::Session {
   public:
    absl::StatusOr<sql::Result> query(std::string_view) override { return absl::UnavailableError("gone"); }
  };
  LostSession session;
  SourceCatalog catalog(session);
  EXPECT_TRUE(absl::IsUnavailable(bind_table(wire_map(), catalog).status()));
}

TEST(BindTable, NamesTableAndColumnOfATypeThatIsNotBuilt) {
  RecordedSession session;
  SourceCatalog catalog(session);
  binlog::TableMap map = full_map();
  map.wire_types[0] = 77;
  const absl::Status status = bind_table(map, catalog).status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("shop.orders"), HasSubstr("id")));
}

}  // namespace
}  // namespace rowtide::schema
