#include "tracker/schema/schema_history.h"
#include "tracker/sql/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rowtide::schema {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

const sql::TableName kT{"shop", "t"};
const sql::TableName kU{"shop", "u"};

class History : public testing::Test {
 protected:
  void SetUp() override { history.begin({.tables = {}, .databases = {{"shop", 8}}}, {}); }

  void run(std::string_view sql) { history.apply(sql, {.database = "shop", .variables = {}}); }
  static std::string columns(const SchemaHistory& of, const sql::TableName& name) {
    const Definitions::Found found = of.find(name);
    if (!found.is_known) return "unknown";
    if (found.table == nullptr) return "none";
    std::string names;
    for (const CatalogColumn& column : found.table->columns) names += column.name;
    return names;
  }

  SchemaHistory history{{.version = 80015, .collations = Collations(false, 80015)}};
};

TEST_F(History, NamesHaveTheCaseOfTheSourceThatAnswers) {
  run("CREATE TABLE t (a INT)");
  run("ALTER TABLE T ADD b INT");
  EXPECT_EQ(columns(history, kT), "a");
  history.set_lower_case_names(true);
  run("ALTER TABLE SHOP.T ADD c INT");
  EXPECT_EQ(columns(history, kT), "ac");
  EXPECT_EQ(history.canonical({"Shop", "ÄRZTE"}), (sql::TableName{"shop", "ärzte"}));
}

TEST_F(History, EachChangeRaisesTheVersionAndCanBeGoneBackTo) {
  run("CREATE TABLE t (a INT)");
  run("CREATE VIEW v AS SELECT 1");
  run("ALTER TABLE t ADD b INT");
  run("RENAME TABLE t TO u");
  EXPECT_EQ(history.version(), 3U);
  EXPECT_EQ(columns(history, kU), "ab");
  EXPECT_EQ(columns(history, kT), "none");
  history.rewind(2);
  EXPECT_EQ(columns(history, kT), "ab");
  EXPECT_EQ(columns(history, kU), "none");
  history.rewind(1);
  EXPECT_EQ(columns(history, kT), "a");
  run("ALTER TABLE t ADD b INT");
  EXPECT_EQ(history.version(), 2U) << "reading on repeats what followed";
  EXPECT_EQ(columns(history, kT), "ab");
}

TEST_F(History, SwapsKeepBothTables) {
  run("CREATE TABLE t (a INT)");
  run("CREATE TABLE u (b INT)");
  run("RENAME TABLE t TO x, u TO t, x TO u");
  EXPECT_EQ(columns(history, kT), "b");
  EXPECT_EQ(columns(history, kU), "a");
  EXPECT_EQ(columns(history, {"shop", "x"}), "none");
}

TEST_F(History, WhatIsSavedIsReadBack) {
  run("CREATE TABLE t (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, e ENUM('a','b\\'c') DEFAULT "
      "'a' COMMENT 'x', "
      "g INT AS (1) STORED, KEY ((id + 1)))");
  run("ALTER TABLE t ADD b VARCHAR(10) DEFAULT (uuid())");
  run("CREATE TABLE u AS SELECT 1");
  SchemaHistory restored{history.dialect()};
  ASSERT_TRUE(restored.restore(history.unsaved(0)).ok());
  restored.rewind(3);
  ASSERT_NE(restored.find(kT).table, nullptr);
  EXPECT_EQ(*restored.find(kT).table, *history.find(kT).table);
  EXPECT_EQ(columns(restored, kU), "unknown");
  EXPECT_EQ(restored.database_collation("shop"), 8);
  restored.rewind(1);
  EXPECT_EQ(columns(restored, kT), "ideg") << "the table of then";
  EXPECT_EQ(columns(restored, kU), "none");
}

TEST_F(History, OnlyWhatChangedIsSavedAgain) {
  run("CREATE TABLE t (a INT)");
  run("CREATE TABLE u (a INT)");
  history.mark_saved(history.unsaved(0));
  EXPECT_THAT(history.unsaved(0), IsEmpty());
  run("ALTER TABLE t ADD b INT");
  const std::vector<SavedSchema> before_more = history.unsaved(2);
  EXPECT_THAT(before_more, SizeIs(1));
  run("ALTER TABLE t ADD c INT");
  history.mark_saved(before_more);
  EXPECT_THAT(history.unsaved(2), SizeIs(1)) << "changed while it was saved";
}

TEST_F(History, OldVersionsGoWhenNoCheckpointNeedsThem) {
  run("CREATE TABLE t (a INT)");
  run("ALTER TABLE t ADD b INT");
  run("ALTER TABLE t ADD c INT");
  run("DROP TABLE t");
  SchemaHistory restored{history.dialect()};
  ASSERT_TRUE(restored.restore(history.unsaved(3)).ok());
  restored.rewind(3);
  EXPECT_EQ(columns(restored, kT), "abc");
  for (const SavedSchema& saved : history.unsaved(4)) {
    if (saved.key != R"(["shop","t"])") continue;
    EXPECT_EQ(saved.value, "") << "a dropped table is forgotten";
  }
  EXPECT_EQ(columns(history, kT), "none");
}

TEST_F(History, ATableOfDoubtIsLearnt) {
  run("CREATE TABLE t (a INT)");
  run("ALTER TABLE t NONSENSE");
  EXPECT_EQ(columns(history, kT), "unknown");
  CatalogTable table;
  table.columns.emplace_back().name = "z";
  history.learn(kT, std::make_shared<const CatalogTable>(table));
  EXPECT_EQ(columns(history, kT), "z");
  EXPECT_EQ(columns(history, {"elsewhere", "t"}), "unknown") << "of a database that is not kept";
}

TEST_F(History, DamageIsAnErrorWithItsPlace) {
  const absl::Status status = history.restore({{R"(["shop","t"])", R"({"versions":[{"since":"x"}]})"}});
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(R"(["shop","t"])"));
}

}  // namespace
}  // namespace rowtide::schema
