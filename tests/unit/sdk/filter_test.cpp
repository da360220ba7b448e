#include "sdk/src/filter.h"

#include <gtest/gtest.h>

namespace rowtide::test {
namespace {

TEST(SdkFilter, AllThreeMustFit) {
  Change change;
  change.database = "shop";
  change.table = "orders";
  EXPECT_TRUE(passes({}, change));
  EXPECT_TRUE(
      passes({.databases = {"shop"}, .tables = {"shop.orders"}, .operations = {Operation::Insert}}, change));
  EXPECT_FALSE(passes({.databases = {"other"}, .tables = {}, .operations = {}}, change));
  EXPECT_FALSE(passes({.databases = {}, .tables = {"shop.other"}, .operations = {}}, change));
  EXPECT_FALSE(passes({.databases = {}, .tables = {}, .operations = {Operation::Delete}}, change));
}

TEST(SdkFilter, ASchemaChangeOfNoTablePassesTables) {
  Change change;
  change.database = "shop";
  change.operation = Operation::SchemaChange;
  EXPECT_TRUE(passes({.databases = {}, .tables = {"shop.orders"}, .operations = {}}, change));
  change.database = {};
  EXPECT_TRUE(passes({.databases = {"other"}, .tables = {}, .operations = {}}, change))
      << "perhaps of that one, too";
}

/// debezium-json and dts-avro tell the database of the first name only.
TEST(SdkFilter, ASchemaChangeThatMayBeOfSeveralDatabasesPassesThem) {
  Change change;
  change.database = "staging";
  change.operation = Operation::SchemaChange;
  change.ddl = "RENAME TABLE staging.orders TO shop.orders";
  EXPECT_TRUE(passes({.databases = {"shop"}, .tables = {}, .operations = {}}, change));
  change.ddl = "DROP DATABASE staging";
  EXPECT_FALSE(passes({.databases = {"shop"}, .tables = {}, .operations = {}}, change));
  change.ddl = "ALTER TABLE staging.orders ADD c INT";
  change.table = "orders";
  EXPECT_FALSE(passes({.databases = {"shop"}, .tables = {}, .operations = {}}, change));
}

}  // namespace
}  // namespace rowtide::test
