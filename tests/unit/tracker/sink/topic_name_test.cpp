#include "tracker/sink/topic_name.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

namespace rowtide::sink {
namespace {

task::Task with_name(std::string name) {
  task::Task task;
  task.name = "orders";
  task.task_namespace = "prod";
  task.spec.sink.kafka.emplace();
  task.spec.sink.kafka->topic.name = std::move(name);
  return task;
}

TEST(TopicName, IsTheTaskWithoutAName) {
  EXPECT_EQ(topic_for(with_name(""), "shop", "orders"), "prod.orders");
  EXPECT_EQ(schema_topic_for(with_name("")), "prod.orders");
  EXPECT_FALSE(has_topic_per_table(with_name("")));
}

TEST(TopicName, IsTheTaskOnStdout) {
  task::Task task = with_name("");
  task.spec.sink.kafka.reset();
  EXPECT_EQ(topic_for(task, "shop", "orders"), "prod.orders");
  EXPECT_EQ(schema_topic_for(task), "prod.orders");
}

TEST(TopicName, IsTakenAsGiven) {
  EXPECT_EQ(topic_for(with_name("Changes_1.all-rows"), "shop", "orders"), "Changes_1.all-rows");
  EXPECT_EQ(schema_topic_for(with_name("changes")), "changes");
}

TEST(TopicName, FillsDatabaseAndTableIn) {
  const task::Task task = with_name("cdc.{database}.{table}");
  EXPECT_TRUE(has_topic_per_table(task));
  EXPECT_EQ(topic_for(task, "shop", "orders"), "cdc.shop.orders");
  EXPECT_EQ(schema_topic_for(task), "prod.orders");
  EXPECT_EQ(topic_for(with_name("{table}"), "shop", "orders"), "orders");
  EXPECT_EQ(topic_for(with_name("{table}"), "{table}", "orders"), "orders");
}

TEST(TopicName, IsAlwaysLegal) {
  const task::Task task = with_name("{database}.{table}");
  EXPECT_EQ(topic_for(task, "my shop", "größe/1"), "my_shop.gr____e_1-72e63394");
  EXPECT_EQ(topic_for(with_name("{table}"), "d", ".."), "__-854b8b93");
  EXPECT_EQ(topic_for(with_name("{table}"), "d", "."), "_-23978503");
  EXPECT_EQ(topic_for(with_name("{table}"), "d", std::string(300, 'x')), std::string(240, 'x') + "-3fe945b9");
  EXPECT_EQ(topic_for(with_name("{table}"), "d", std::string(249, 'x')), std::string(249, 'x'));
}

TEST(TopicName, NoTableSharesThatOfTheSchemaChanges) {
  const task::Task task = with_name("prod.{table}");
  EXPECT_EQ(schema_topic_for(task), "prod.orders");
  EXPECT_TRUE(topic_for(task, "shop", "orders").starts_with("prod.orders-"));
  EXPECT_TRUE(topic_for(task, "shop", "orders.transaction").starts_with("prod.orders.transaction-"));
  EXPECT_EQ(topic_for(task, "shop", "carts"), "prod.carts");
}

TEST(TopicName, TwoTablesNeverShareOneWhoseNameHoldsTheirs) {
  const std::pair<std::string, std::string> tables[] = {
      {"d", "a b"},   {"d", "a_b"},   {"d", "a/b"}, {"d", "a?b"}, {"a.b", "c"},
      {"a", "b.c"},   {"a_b", "c"},   {"a", "b_c"}, {"ab", "c"},  {"a", "bc"},
      {"a", "b-.-c"}, {"a-.-b", "c"}, {"", "d.x"},  {"d", ".x"},  {"d.", "x"},
  };
  for (const char* name : {"{database}.{table}", "{database}_{table}", "{database}{table}",
                           "{database}-.-{table}", "{table}.of.{database}", "cdc_{database}_{table}_v1"}) {
    std::map<std::string, std::string> owners;
    for (const auto& [database, table] : tables) {
      const auto [owner, is_new] =
          owners.emplace(topic_for(with_name(name), database, table), database + " and " + table);
      EXPECT_TRUE(is_new) << name << ": " << owner->first << " is that of " << owner->second << ", and of "
                          << database << " and " << table;
    }
  }
}

TEST(TopicName, TablesOfSeveralDatabasesMeetWhereTheNameIsOnlyTheTables) {
  EXPECT_EQ(topic_for(with_name("{table}"), "shop1", "my orders"),
            topic_for(with_name("{table}"), "shop2", "my orders"));
  EXPECT_EQ(topic_for(with_name("all.{database}"), "my shop", "a"),
            topic_for(with_name("all.{database}"), "my shop", "b"));
}

}  // namespace
}  // namespace rowtide::sink
