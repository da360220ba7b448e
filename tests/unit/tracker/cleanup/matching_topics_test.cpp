#include "tracker/cleanup/matching_topics.h"

#include <gtest/gtest.h>

#include "tracker/sink/topic_name.h"

namespace rowtide::cleanup {
namespace {

using Topics = std::vector<std::string>;

task::Task task_of(const std::string& name_template, task::ObjectRule rule) {
  task::Task task;
  task.name = "orders";
  task.spec.objects.include = {std::move(rule)};
  task.spec.sink.kafka.emplace();
  task.spec.sink.kafka->topic.name = name_template;
  return task;
}

task::ObjectRule whole(const std::string& database) {
  task::ObjectRule rule;
  rule.database = database;
  return rule;
}

task::ObjectRule pattern(const std::string& databases, const std::string& tables) {
  task::ObjectRule rule;
  rule.database_pattern = databases;
  rule.table_pattern = tables;
  return rule;
}

TEST(MatchingTopics, AreThoseOfSelectedTablesAndNoOther) {
  const task::Task task = task_of("cdc.{database}.{table}.v1", pattern("shop|crm", "o.*"));
  EXPECT_EQ(matching_topics(task, {"cdc.shop.orders.v1", "cdc.crm.o.v1", "cdc.shop.items.v1",
                                   "cdc.other.orders.v1", "cdc.shop.orders", "shop.orders.v1", "cdc..o.v1"})
                .value(),
            (Topics{"cdc.shop.orders.v1", "cdc.crm.o.v1"}));
}

TEST(MatchingTopics, ANameThatSeveralTablesGiveIsNotTakenForOneOfThem) {
  const task::Task task = task_of("{database}.{table}", pattern("a|a\\.b", ".*"));
  // Of `a`.`b.c` and `a.b`.`c`: both have a fingerprint, and this topic is neither's.
  EXPECT_EQ(matching_topics(task, {"a.b.c", "a.c"}).value(), (Topics{"a.c"}));
}

TEST(MatchingTopics, WithoutTheDatabaseInTheNameOnlyThoseThatTheTaskNames) {
  EXPECT_EQ(matching_topics(task_of("cdc.{table}", whole("shop")), {"cdc.t", "t", "cdc."}).value(),
            (Topics{"cdc.t"}));
  EXPECT_EQ(matching_topics(task_of("cdc.{table}", pattern(".*", ".*")), {"cdc.t"}).value(), Topics{});
}

TEST(MatchingTopics, WithoutTheTableInTheNameTheDatabaseTells) {
  EXPECT_EQ(matching_topics(task_of("cdc.{database}", whole("shop")), {"cdc.shop", "cdc.shops"}).value(),
            (Topics{"cdc.shop"}));
}

TEST(MatchingTopics, ANameThatStandsTwiceMustBeTheSameTwice) {
  const task::Task task = task_of("{table}.of.{table}", whole("shop"));
  EXPECT_EQ(matching_topics(task, {"a.of.a", "a.of.b"}).value(), (Topics{"a.of.a"}));
}

}  // namespace
}  // namespace rowtide::cleanup
