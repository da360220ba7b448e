#include "tracker/checkpoint/owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status/text.h"
#include "tracker/checkpoint/checkpoint_json.h"

namespace rowtide::checkpoint {
namespace {

using testing::HasSubstr;

task::Task orders(const std::string& uid) {
  task::Task task;
  task.name = "orders";
  task.task_namespace = "shop";
  task.uid = uid;
  task.spec.source.host = "db";
  task.spec.source.port = 3307;
  task.spec.sink.kafka.emplace();
  return task;
}

Checkpoint somewhere() {
  Checkpoint checkpoint;
  checkpoint.position.file = "binlog.000003";
  checkpoint.position.offset = 4711;
  return checkpoint;
}

TEST(CheckpointOwner, IsTheTasksAndComesBack) {
  const Owner owner = owner_of(orders("u-1"));
  EXPECT_EQ(owner.identity, "u-1");
  EXPECT_EQ(owner.name, "shop/orders");
  EXPECT_EQ(owner.source, "db:3307");
  EXPECT_EQ(owner.topic, "shop.orders");
  const std::string json = to_json(somewhere(), owner);
  const Owner read = owner_from_json(json);
  EXPECT_EQ(read.identity, "u-1");
  EXPECT_EQ(read.name, "shop/orders");
  EXPECT_EQ(read.source, "db:3307");
  EXPECT_EQ(read.topic, "shop.orders");
  EXPECT_EQ(read.moved_to, "");
  EXPECT_THAT(json, HasSubstr(mark_of_name(owner.name)));
  EXPECT_EQ(owner_from_json("no JSON").name, "");
  EXPECT_EQ(owner_from_json(R"({"name":7})").name, "");
}

TEST(CheckpointOwner, ATaskOfTheSameSourceAndTopicGoesOn) {
  task::Task again = orders("u-2");
  EXPECT_EQ(why_not_continued(owner_of(orders("u-1")), owner_of(again)), "");
  again.spec.sink.kafka->topic.name = "lines";
  EXPECT_THAT(why_not_continued(owner_of(orders("u-1")), owner_of(again)),
              HasSubstr("to the topic shop.orders, and this one writes to lines"));
  again.spec.source.host = "db2";
  EXPECT_THAT(why_not_continued(owner_of(orders("u-1")), owner_of(again)),
              HasSubstr("the source db:3307, and this one reads db2:3307"));
}

TEST(CheckpointOwner, AMovedCheckpointIsTheNewOnesOnly) {
  const Owner former = owner_of(orders("u-1"));
  const std::string json = to_json(somewhere(), former);
  const auto moved = checkpoint_from_json(with_identity(json, "u-2"), "u-2");
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_EQ(moved->position, somewhere().position);
  const std::string left = moved_json(former, "u-2");
  EXPECT_EQ(owner_from_json(left).moved_to, "u-2");
  EXPECT_THAT(left, HasSubstr(mark_of_name(former.name)));
  const auto refused = checkpoint_from_json(left, "u-1");
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(std::string(text(refused.status())), HasSubstr("u-2, has taken over"));
}

}  // namespace
}  // namespace rowtide::checkpoint
