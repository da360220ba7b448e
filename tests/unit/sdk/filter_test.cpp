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

}  // namespace
}  // namespace rowtide::test
