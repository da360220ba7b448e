#include "tracker/schema/ddl_since_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide::schema {
namespace {

TEST(DdlSinceStart, KnowsWhereATableWasNamedLast) {
  DdlSinceStart changes(/*lower_case_names=*/false);
  changes.add("CREATE TABLE t (id INT)", "shop", false, {"bin.000009", 100});
  changes.add("ALTER TABLE shop.t ADD a INT", "", false, {"bin.000010", 200});
  changes.add("CREATE TEMPORARY TABLE t (id INT)", "shop", false, {"bin.000010", 300});
  EXPECT_TRUE(changes.is_changed_from({"shop", "t"}, {"bin.000009", 4}));
  EXPECT_TRUE(changes.is_changed_from({"shop", "t"}, {"bin.000010", 200}));
  EXPECT_FALSE(changes.is_changed_from({"shop", "t"}, {"bin.000010", 201}));
  EXPECT_FALSE(changes.is_changed_from({"shop", "T"}, {"bin.000009", 4}));
  EXPECT_FALSE(changes.is_changed_from({"other", "t"}, {"bin.000009", 4}));
  changes.add("RENAME TABLE other.t TO shop.u", "", false, {"bin.000010", 400});
  EXPECT_TRUE(changes.is_changed_from({"other", "t"}, {"bin.000010", 400}));
  EXPECT_TRUE(changes.is_changed_from({"shop", "u"}, {"bin.000010", 400}));
  // Any table of it.
  changes.add("DROP DATABASE shop", "", false, {"bin.000010", 500});
  EXPECT_TRUE(changes.is_changed_from({"shop", "t"}, {"bin.000010", 500}));
}

TEST(DdlSinceStart, ComparesNamesAsTheServerKeepsThem) {
  DdlSinceStart changes(/*lower_case_names=*/true);
  changes.add("ALTER TABLE Shop.Orders ADD a INT", "", false, {"bin.000001", 200});
  changes.add("DROP DATABASE GONE", "", false, {"bin.000001", 300});
  EXPECT_TRUE(changes.is_changed_from({"shop", "orders"}, {"bin.000001", 200}));
  EXPECT_TRUE(changes.is_changed_from({"gone", "t"}, {"bin.000001", 200}));
}

TEST(DdlSinceStart, OnlyATableThatCannotHaveBeenThereIsNew) {
  DdlSinceStart changes(/*lower_case_names=*/false);
  const binlog::BinlogCoordinates at{"bin.000001", 200};
  changes.add("CREATE TABLE made (id INT)", "shop", false, at);
  changes.add("CREATE TABLE IF NOT EXISTS perhaps (id INT)", "shop", false, at);
  changes.add("CREATE OR REPLACE TABLE replaced (id INT)", "shop", false, at);
  changes.add("CREATE VIEW seen AS SELECT 1", "shop", false, at);
  EXPECT_THAT(changes.created(), testing::ElementsAre(sql::TableName{"shop", "made"}));
  EXPECT_THAT(changes.changed(),
              testing::ElementsAre(sql::TableName{"shop", "perhaps"}, sql::TableName{"shop", "replaced"},
                                   sql::TableName{"shop", "seen"}));
}

}  // namespace
}  // namespace rowtide::schema
