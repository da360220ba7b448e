#include "common/task/consumer_group.h"

#include <gtest/gtest.h>

#include <string>

#include "common/task/tracker_status.h"

namespace rowtide::task {
namespace {

std::string group_document(const std::string& spec, const std::string& name = "cache") {
  return "apiVersion: rowtide.dev/v1alpha1\nkind: ConsumerGroup\nmetadata: {name: " + name +
         ", namespace: shop, uid: u1, generation: 3}\nspec: " + spec + "\n";
}

std::string errors_of(const std::string& documents) {
  return to_string(parse_consumer_groups(documents, Mode::Kubernetes).errors);
}

TEST(ConsumerGroup, IsReadWithItsDefaults) {
  const auto read = parse_consumer_groups(group_document("{taskRef: {name: orders}}"), Mode::Kubernetes);
  ASSERT_TRUE(read.ok()) << to_string(read.errors);
  ASSERT_EQ(read.groups.size(), 1U);
  const ConsumerGroup& group = read.groups[0];
  EXPECT_EQ(group.task, "orders");
  EXPECT_EQ(group.group_id, "shop.cache");
  EXPECT_EQ(group.uid, "u1");
  EXPECT_EQ(group.generation, 3);
  EXPECT_EQ(group.start, GroupStart::Latest);
  EXPECT_EQ(group.deletion, DeletionPolicy::Retain);
  EXPECT_FALSE(group.is_being_deleted);
}

TEST(ConsumerGroup, IsReadWithEverythingSet) {
  const auto read = parse_consumer_groups(
      group_document(
          "{taskRef: {name: orders}, groupId: my-group, principal: \"User:cache\", checkpoint: {mode: "
          "Timestamp, time: \"2026-11-22T08:00:00Z\"}, checkpointNonce: 7, deletionPolicy: Delete}"),
      Mode::Kubernetes);
  ASSERT_TRUE(read.ok()) << to_string(read.errors);
  const ConsumerGroup& group = read.groups.at(0);
  EXPECT_EQ(group.group_id, "my-group");
  EXPECT_EQ(group.principal, "User:cache");
  EXPECT_EQ(group.start, GroupStart::Timestamp);
  EXPECT_EQ(group.start_us, 1'795'334'400'000'000);
  EXPECT_EQ(group.checkpoint_nonce, 7);
  EXPECT_EQ(group.deletion, DeletionPolicy::Delete);
}

TEST(ConsumerGroup, StandsBesideOtherDocuments) {
  const auto read = parse_consumer_groups("kind: Secret\n---\n" + group_document("{taskRef: {name: a}}") +
                                              "---\n" + group_document("{taskRef: {name: a}}", "b") + "---\n",
                                          Mode::Standalone);
  ASSERT_TRUE(read.ok()) << to_string(read.errors);
  EXPECT_EQ(read.groups.size(), 2U);
}

TEST(ConsumerGroup, WhatIsWrongIsNamedWithTheGroup) {
  EXPECT_NE(errors_of(group_document("{taskRef: {name: \"\"}}")).find("cache: spec.taskRef.name"),
            std::string::npos);
  EXPECT_NE(errors_of(group_document("{taskRef: {name: a}, groupId: \"a b\"}")).find("spec.groupId"),
            std::string::npos);
  EXPECT_NE(errors_of(group_document("{taskRef: {name: a}, principal: cache}")).find("User:cache"),
            std::string::npos);
  EXPECT_NE(errors_of(group_document("{taskRef: {name: a}, checkpoint: {mode: Timestamp}}"))
                .find("spec.checkpoint.time"),
            std::string::npos);
  EXPECT_NE(errors_of(group_document(
                          "{taskRef: {name: a}, checkpoint: {mode: Latest, time: \"2026-11-22T08:00:00Z\"}}"))
                .find("only with mode Timestamp"),
            std::string::npos);
  EXPECT_NE(errors_of(group_document("{taskRef: {name: a}, deletionPolicy: Drop}")).find("Retain, Delete"),
            std::string::npos);
  EXPECT_NE(errors_of(group_document("{taskRef: {name: a}, topic: x}")).find("unknown field"),
            std::string::npos);
  EXPECT_NE(errors_of("kind: [").find("not YAML"), std::string::npos);
}

TEST(ConsumerGroup, WhatIsWrongWithOneIsNotTheOthers) {
  const auto read = parse_consumer_groups(group_document("{taskRef: {name: a}, topic: x}") + "---\n" +
                                              group_document("{taskRef: {name: a}}", "b") + "---\n" +
                                              group_document("{taskRef: {name: a}}", "b"),
                                          Mode::Kubernetes);
  ASSERT_EQ(read.errors_of.size(), 3U);
  EXPECT_EQ(read.errors_of[0].size(), 1U);
  EXPECT_EQ(read.errors_of[1].size(), 0U);
  EXPECT_EQ(read.errors_of[2].size(), 2U) << "its name and its groupId are another's";
  EXPECT_EQ(read.errors.size(), 3U);
}

TEST(ConsumerGroup, OfOneGroupIdThereIsOne) {
  const std::string two = group_document("{taskRef: {name: a}, groupId: g}") + "---\n" +
                          group_document("{taskRef: {name: a}, groupId: g}", "b");
  EXPECT_NE(errors_of(two).find("b: spec.groupId: g"), std::string::npos) << errors_of(two);
}

TEST(ConsumerGroup, ItsStatusSurvivesTheTrackersJson) {
  TrackerStatus status{.task = "shop/orders", .state = "Streaming"};
  status.consumer_groups.push_back({.name = "cache",
                                    .uid = "u1",
                                    .generation = 3,
                                    .group_id = "shop.cache",
                                    .state = "Stable",
                                    .members = 2,
                                    .unconsumed_records = 17,
                                    .is_being_counted = true,
                                    .delay_seconds = 1.5,
                                    .consumption_checkpoint_ms = 4,
                                    .data_begin_ms = 5,
                                    .data_end_ms = 6,
                                    .sampled_at_ms = 7,
                                    .applied_nonce = 8,
                                    .checkpoint = {false, "MembersActive", "stop them"},
                                    .access = {true, "Granted", ""},
                                    .deletion = {}});
  const auto back = tracker_status_from_json(to_json(status));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(to_json(*back), to_json(status));
  status.consumer_groups[0].unconsumed_records.reset();
  status.consumer_groups[0].applied_nonce.reset();
  const GroupStatus unknown = tracker_status_from_json(to_json(status))->consumer_groups.at(0);
  EXPECT_FALSE(unknown.unconsumed_records);
  EXPECT_FALSE(unknown.applied_nonce);
  EXPECT_FALSE(
      tracker_status_from_json(R"({"task": "t", "state": "Streaming", "consumerGroups": [{"name": 1}]})")
          .ok());
}

}  // namespace
}  // namespace rowtide::task
