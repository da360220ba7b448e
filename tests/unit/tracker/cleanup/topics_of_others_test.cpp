#include "tracker/cleanup/topics_of_others.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rowtide::cleanup {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

checkpoint::Owner owner(const std::string& name, const std::string& topic) {
  return {.identity = "uid-of-" + name, .name = name, .source = "db:3306", .topic = topic};
}

TEST(TopicsOfOthers, AreThoseThatAnotherTaskNames) {
  EXPECT_THAT(topics_of_others({"shop.orders", "shop.users"}, {owner("a/b", "shop.orders")}),
              ElementsAre(Pair("shop.orders", "a/b")));
  EXPECT_THAT(topics_of_others({"shop.orders"}, {owner("a/b", "shop.order"), owner("a/c", "orders")}),
              IsEmpty());
  EXPECT_THAT(topics_of_others({"shop.orders"}, {}), IsEmpty());
}

TEST(TopicsOfOthers, AreThoseThatAnotherTemplateCouldGive) {
  const std::vector<std::string> topics{"cdc.shop.orders", "cdc.shop", "shop.orders"};
  EXPECT_THAT(topics_of_others(topics, {owner("a/b", "cdc.{database}.{table}")}),
              ElementsAre(Pair("cdc.shop.orders", "a/b")));
  EXPECT_THAT(topics_of_others(topics, {owner("a/b", "{database}.orders")}),
              ElementsAre(Pair("cdc.shop.orders", "a/b"), Pair("shop.orders", "a/b")));
}

TEST(TopicsOfOthers, AreThoseOfTheirSchemaChangesAndTransactions) {
  EXPECT_THAT(
      topics_of_others({"shop.orders", "shop.orders.transaction", "shop.other"},
                       {owner("shop/orders", "t-{table}")}),
      ElementsAre(Pair("shop.orders", "shop/orders"), Pair("shop.orders.transaction", "shop/orders")));
}

TEST(TopicsOfOthers, AreNamedByTheIdentityWhereTheNameIsNotKnown) {
  EXPECT_THAT(topics_of_others({"t"}, {owner("", "t")}), ElementsAre(Pair("t", "uid-of-")));
}

}  // namespace
}  // namespace rowtide::cleanup
