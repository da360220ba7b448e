#include "tracker/sink/topic_name.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(topic_for(with_name("{table}{table}"), "shop", "{database}"), "_database__database_");
}

TEST(TopicName, IsAlwaysLegal) {
  const task::Task task = with_name("{database}.{table}");
  EXPECT_EQ(topic_for(task, "my shop", "größe/1"), "my_shop.gr____e_1");
  EXPECT_EQ(topic_for(with_name("{table}"), "d", ".."), "__");
  EXPECT_EQ(topic_for(with_name("{table}"), "d", "."), "_");
  EXPECT_EQ(topic_for(with_name("{table}"), "d", std::string(300, 'x')), std::string(249, 'x'));
}

}  // namespace
}  // namespace rowtide::sink
