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

std::map<std::string, std::string> of_others(const std::vector<std::string>& topics,
                                             const std::vector<checkpoint::Owner>& others,
                                             const std::string& our_topic = "{table}-of-{database}") {
  return topics_of_others(topics, owner("our/task", our_topic), others);
}

TEST(TopicsOfOthers, AreThoseThatAnotherTaskNames) {
  EXPECT_THAT(of_others({"shop.orders", "shop.users"}, {owner("a/b", "shop.orders")}),
              ElementsAre(Pair("shop.orders", "a/b")));
  EXPECT_THAT(of_others({"shop.orders"}, {owner("a/b", "shop.order"), owner("a/c", "orders")}), IsEmpty());
  EXPECT_THAT(of_others({"shop.orders"}, {}), IsEmpty());
}

TEST(TopicsOfOthers, AreThoseThatAnotherTemplateCouldGive) {
  const std::vector<std::string> topics{"cdc.shop.orders", "cdc.shop", "shop.orders"};
  EXPECT_THAT(of_others(topics, {owner("a/b", "cdc.{database}.{table}")}),
              ElementsAre(Pair("cdc.shop.orders", "a/b")));
  EXPECT_THAT(of_others(topics, {owner("a/b", "{database}.orders")}),
              ElementsAre(Pair("cdc.shop.orders", "a/b"), Pair("shop.orders", "a/b")));
}

TEST(TopicsOfOthers, AreThoseOfTheirSchemaChangesAndTransactions) {
  EXPECT_THAT(
      of_others({"shop.orders", "shop.orders.transaction", "shop.other"},
                {owner("shop/orders", "t-{table}")}),
      ElementsAre(Pair("shop.orders", "shop/orders"), Pair("shop.orders.transaction", "shop/orders")));
}

TEST(TopicsOfOthers, AreAllTablesOfOneTemplateThatBothHave) {
  EXPECT_THAT(of_others({"shop.order_items.cdc-1a2b3c4d", "our.task"},
                        {owner("a/b", "{database}.{table}.cdc")}, "{database}.{table}.cdc"),
              ElementsAre(Pair("shop.order_items.cdc-1a2b3c4d", "a/b")));
}

TEST(TopicsOfOthers, AreThoseWithAFingerprintOrWithoutTheirEnd) {
  const std::vector<checkpoint::Owner> others{owner("a/b", "x.{table}.cdc")};
  const std::string cut_off = "x." + std::string(247, 't');
  EXPECT_THAT(of_others({"x.t.cdc-1a2b3c4d", "x.t.cdc-other", cut_off}, others),
              ElementsAre(Pair("x.t.cdc-1a2b3c4d", "a/b"), Pair(cut_off, "a/b")));
}

TEST(TopicsOfOthers, AreNotThoseThatAreCalledAfterOurTask) {
  EXPECT_THAT(
      of_others({"our.task", "our.task.transaction"}, {owner("a/b", "{database}.{table}")}, "our.task"),
      IsEmpty());
  EXPECT_THAT(of_others({"our.task"}, {owner("a/b", "our.task")}), ElementsAre(Pair("our.task", "a/b")));
}

TEST(TopicsOfOthers, AreNamedByTheIdentityWhereTheNameIsNotKnown) {
  EXPECT_THAT(of_others({"t"}, {owner("", "t")}), ElementsAre(Pair("t", "uid-of-")));
}

}  // namespace
}  // namespace rowtide::cleanup
