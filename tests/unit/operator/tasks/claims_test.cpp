#include "operator/tasks/claims.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

json named(const std::string& name, const std::string& created, const std::string& uid) {
  json task = task_json();
  task["metadata"]["name"] = name;
  task["metadata"]["creationTimestamp"] = created;
  task["metadata"]["uid"] = uid;
  return task;
}
const json kOld = named("orders", "2026-01-01T00:00:00Z", "u-2");
const json kYoung = named("stock", "2026-01-02T00:00:00Z", "u-1");

json with(json task, const char* pointer, json value) {
  task[json::json_pointer(pointer)] = std::move(value);
  return task;
}

/// What each is told of the other.
std::pair<std::string, std::string> conflicts(const json& one, const json& other) {
  controller::ObjectStore store({}, claims_of);
  store.upsert(std::make_shared<const json>(one));
  store.upsert(std::make_shared<const json>(other));
  return {conflict_of(one, store).value_or(""), conflict_of(other, store).value_or("")};
}
bool is_refused(const json& one, const json& other) {
  const auto [of_one, of_other] = conflicts(one, other);
  EXPECT_EQ(of_one, "") << "the older one is never refused";
  return !of_other.empty();
}

constexpr const char* kTopic = "/spec/sink/kafka/topic/name";
constexpr const char* kServers = "/spec/sink/kafka/bootstrapServers";

TEST(Claims, TheYoungerOfTwoWithOneTopicIsRefused) {
  EXPECT_FALSE(is_refused(kOld, kYoung));
  const auto [of_old, of_young] = conflicts(kOld, with(kYoung, kTopic, "shop.orders"));
  EXPECT_EQ(of_old, "");
  EXPECT_EQ(
      of_young,
      "the task shop/orders, which is older, writes to the topic shop.orders as well; make this task anew "
      "with another spec.sink.kafka.topic.name, or delete the other");
}

TEST(Claims, ATaskOfAnotherNamespaceIsNotNamed) {
  const char* id = "/spec/source/serverId";
  json theirs = with(with(kOld, kTopic, "one"), id, 7);
  theirs["metadata"]["namespace"] = "secret";
  for (const json& mine : {with(kYoung, kTopic, "one"), with(kYoung, id, 7)}) {
    const std::string told = conflicts(theirs, mine).second;
    EXPECT_TRUE(told.starts_with("another task in another namespace, which is older, ")) << told;
    EXPECT_EQ(told.find("secret"), std::string::npos) << told;
    EXPECT_EQ(told.find("orders"), std::string::npos) << told;
  }
}

TEST(Claims, OfOneSecondTheUidDecides) {
  const json same = with(with(kYoung, kTopic, "shop.orders"), "/metadata/creationTimestamp",
                         kOld.at("metadata").at("creationTimestamp"));
  EXPECT_TRUE(is_refused(same, kOld)) << "u-1 is before u-2";
}

/// As one whose spec has passed.
json running(json task) {
  task["status"]["lastGoodSpec"] = task["spec"];
  return task;
}

TEST(Claims, WhoRunsComesBeforeAnOlderOneThatIsEdited) {
  const json young = running(with(kYoung, kTopic, "one"));
  const json old = with(running(with(with(kOld, kTopic, "one"), kServers, {"other:9092"})), kServers,
                        young.at("spec").at("sink").at("kafka").at("bootstrapServers"));
  const auto [of_old, of_young] = conflicts(old, young);
  EXPECT_EQ(of_young, "") << "it ran before the other one wanted its topic";
  EXPECT_TRUE(of_old.starts_with("the task shop/stock, which ran before, writes to the topic one as well"))
      << of_old;
}

TEST(Claims, WhatRunsIsHeldWhileTheNewSpecHasNotPassed) {
  const char* id = "/spec/source/serverId";
  const json old = with(running(with(kOld, id, 7)), id, 8);
  const auto [of_old, of_young] = conflicts(old, with(kYoung, id, 7));
  EXPECT_EQ(of_old, "");
  EXPECT_TRUE(of_young.starts_with("the task shop/orders, which is older, reads")) << of_young;
}

TEST(Claims, OfTwoThatRunTheOlderStays) {
  const char* id = "/spec/source/serverId";
  EXPECT_TRUE(is_refused(running(with(kOld, id, 7)), running(with(kYoung, id, 7))));
}

TEST(Claims, TopicsAreOneAtTheSameServersOnly) {
  const json two = with(kOld, kServers, {"a:9092", "B:9092"});
  const json other = with(kYoung, kTopic, "shop.orders");
  EXPECT_TRUE(is_refused(two, with(other, kServers, {"b:9092", "a:9092"})));
  EXPECT_TRUE(is_refused(two, with(other, kServers, {"b:9092", "c:9092"})))
      << "each lists some of one Kafka's";
  EXPECT_FALSE(is_refused(two, with(other, kServers, {"c:9092"})));
  EXPECT_FALSE(is_refused(with(kOld, kTopic, "{table}"), with(kYoung, kTopic, "{table}")))
      << "which topics these are depends on the tables";
}

TEST(Claims, AServerIdIsOneReadersAtASource) {
  const char* id = "/spec/source/serverId";
  const json old = with(kOld, id, 7);
  const auto [of_old, of_young] = conflicts(old, with(with(kYoung, id, 7), "/spec/source/port", 3306));
  EXPECT_EQ(of_old, "");
  EXPECT_EQ(
      of_young,
      "the task shop/orders, which is older, reads db:3306 with spec.source.serverId 7 as well, and a source "
      "serves one reader of an id; give this task another, or leave it out");
  EXPECT_FALSE(is_refused(old, with(kYoung, id, 8)));
  EXPECT_FALSE(is_refused(old, with(with(kYoung, id, 7), "/spec/source/host", "db2")));
  EXPECT_FALSE(is_refused(old, with(with(kYoung, id, 7), "/spec/source/port", 3307)));
  EXPECT_FALSE(is_refused(with(kOld, id, 0), with(kYoung, id, 0))) << "derived ids differ";
}

}  // namespace
}  // namespace rowtide::op::tasks
