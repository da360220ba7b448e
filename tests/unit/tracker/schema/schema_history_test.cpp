#include "tracker/schema/schema_history.h"
#include "tracker/sql/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
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

TEST_F(History, ADatabaseThatChangedWhileItWasSavedIsSavedAgain) {
  run("CREATE DATABASE app CHARACTER SET latin1");
  const std::vector<SavedSchema> before_more = history.unsaved(0);
  run("ALTER DATABASE app CHARACTER SET utf8mb4");
  history.mark_saved(before_more);
  EXPECT_THAT(history.unsaved(0), testing::Contains(testing::Field(&SavedSchema::key, R"(["app"])")));
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

TEST_F(History, WhatWasSavedForOlderCheckpointsIsForgottenLater) {
  run("CREATE TABLE t (a INT)");
  history.mark_saved(history.unsaved(1));
  run("ALTER TABLE t ADD b INT");
  run("DROP TABLE t");
  const std::vector<SavedSchema> saved = history.unsaved(1);
  history.mark_saved(saved);
  EXPECT_THAT(history.unsaved(1), testing::IsEmpty());
  SchemaHistory restored{history.dialect()};
  ASSERT_TRUE(restored.restore(saved).ok());
  for (SchemaHistory* each : {&history, &restored}) {
    const std::vector<SavedSchema> later = each->unsaved(3);
    ASSERT_EQ(later.size(), 1U);
    EXPECT_EQ(later.front().key, R"(["shop","t"])");
    EXPECT_EQ(later.front().value, "");
    each->mark_saved(later);
    EXPECT_THAT(each->unsaved(3), testing::IsEmpty());
  }
}

TEST_F(History, OldVersionsOfATableThatStaysAreForgottenLater) {
  run("CREATE TABLE t (a INT)");
  history.mark_saved(history.unsaved(0));
  run("ALTER TABLE t ADD b INT");
  history.mark_saved(history.unsaved(1));
  const std::vector<SavedSchema> later = history.unsaved(2);
  ASSERT_EQ(later.size(), 1U);
  history.mark_saved(later);
  EXPECT_EQ(columns(history, kT), "ab");
  EXPECT_THAT(history.unsaved(2), testing::IsEmpty());
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

TEST_F(History, ADatabaseOutsideIsNotTakenForOneWithoutTables) {
  const sql::TableName elsewhere{"elsewhere", "t"};
  run("CREATE DATABASE IF NOT EXISTS elsewhere CHARACTER SET utf8mb4");
  EXPECT_EQ(columns(history, elsewhere), "unknown");
  run("ALTER DATABASE elsewhere CHARACTER SET utf8mb4");
  EXPECT_EQ(columns(history, elsewhere), "unknown");
  EXPECT_EQ(history.database_collation("elsewhere"), 255);
  SchemaHistory restored{history.dialect()};
  ASSERT_TRUE(restored.restore(history.unsaved(0)).ok());
  for (SchemaHistory* each : {&history, &restored}) {
    each->apply("CREATE TABLE IF NOT EXISTS elsewhere.t (a INT)", {.database = "shop", .variables = {}});
    EXPECT_EQ(columns(*each, elsewhere), "unknown");
    EXPECT_EQ(each->database_collation("elsewhere"), 255);
    each->apply("DROP DATABASE elsewhere", {.database = "shop", .variables = {}});
    EXPECT_EQ(columns(*each, elsewhere), "none");
    each->apply("CREATE DATABASE IF NOT EXISTS elsewhere", {.database = "shop", .variables = {}});
    each->apply("CREATE TABLE IF NOT EXISTS elsewhere.t (a INT)", {.database = "shop", .variables = {}});
    EXPECT_EQ(columns(*each, elsewhere), "a") << "made anew";
  }
  run("CREATE DATABASE tenant");
  EXPECT_EQ(columns(history, {"tenant", "t"}), "none");
}

/// Of databases that the task is about those that were there are in the snapshot.
TEST_F(History, ADatabaseThatIsFollowedAndWasNotThereIsMade) {
  const auto follows = [](const std::string& database) { return database.starts_with("tenant"); };
  SchemaHistory following{history.dialect(), {}, follows};
  following.begin({.tables = {}, .databases = {{"tenant0", 8}}}, {});
  following.meet("tenant0");
  following.meet("tenant1");
  for (const char* sql :
       {"CREATE DATABASE IF NOT EXISTS tenant1", "CREATE DATABASE IF NOT EXISTS tenant2",
        "CREATE DATABASE IF NOT EXISTS crm", "CREATE TABLE IF NOT EXISTS tenant0.t (a INT)",
        "CREATE TABLE IF NOT EXISTS tenant1.t (a INT)", "CREATE TABLE IF NOT EXISTS tenant2.t (a INT)",
        "CREATE TABLE IF NOT EXISTS crm.t (a INT)"}) {
    following.apply(sql, {.database = "shop", .variables = {}});
  }
  EXPECT_EQ(columns(following, {"tenant0", "t"}), "a");
  EXPECT_EQ(columns(following, {"tenant1", "t"}), "unknown") << "it was there when the tracker came back";
  EXPECT_EQ(columns(following, {"tenant2", "t"}), "a");
  EXPECT_EQ(columns(following, {"crm", "t"}), "unknown");
}

TEST_F(History, WhatIsSavedOfDatabasesIsReadByOlderVersionsAndTheirsHere) {
  history.begin({.tables = {}, .databases = {{"shop", 8}, {"doubtful", 0}}}, {});
  history.meet("met");
  run("DROP DATABASE gone");
  std::map<std::string, std::string> saved;
  for (SavedSchema& each : history.unsaved(0)) saved[each.key] = each.value;
  EXPECT_EQ(saved[R"(["shop"])"], R"({"versions":[{"collation":8,"since":0}]})");
  EXPECT_EQ(saved[R"(["gone"])"], R"({"versions":[{"collation":0,"since":1}]})");
  EXPECT_EQ(saved[R"(["doubtful"])"], R"({"versions":[{"collation":0,"since":0,"there":true}]})");
  EXPECT_EQ(saved[R"(["met"])"], R"({"versions":[{"collation":0,"known":false,"since":0,"there":true}]})");
  SchemaHistory restored{history.dialect()};
  std::vector<SavedSchema> all;
  for (const auto& [key, value] : saved) all.push_back({key, value});
  ASSERT_TRUE(restored.restore(all).ok());
  EXPECT_TRUE(restored.is_absent("gone"));
  EXPECT_EQ(columns(restored, {"gone", "t"}), "none");
  EXPECT_FALSE(restored.is_absent("doubtful"));
  EXPECT_EQ(columns(restored, {"doubtful", "t"}), "none");
  EXPECT_FALSE(restored.is_absent("met"));
  EXPECT_EQ(columns(restored, {"met", "t"}), "unknown");
  EXPECT_EQ(restored.database_collation("shop"), 8);
}

TEST_F(History, DamageIsAnErrorWithItsPlace) {
  const absl::Status status = history.restore({{R"(["shop","t"])", R"({"versions":[{"since":"x"}]})"}});
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(R"(["shop","t"])"));
}

}  // namespace
}  // namespace rowtide::schema
