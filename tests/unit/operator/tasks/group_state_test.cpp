#include "operator/tasks/group_state.h"

#include <gtest/gtest.h>

#include <string>

#include "operator/api/conditions.h"
#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::tasks {
namespace {

using api::Condition;
using api::ConditionStatus;
using nlohmann::json;

json group_json(const json& status) {
  json object = json::parse(R"({
    "apiVersion": "rowtide.dev/v1alpha1", "kind": "ConsumerGroup",
    "metadata": {"name": "cache", "namespace": "shop", "uid": "g-1", "generation": 2, "resourceVersion": "9"},
    "spec": {"taskRef": {"name": "orders"}}})");
  object["status"] = status;
  return object;
}

/// One group that its tracker keeps; each test changes one thing.
struct Scene {
  json before = json::object();
  TaskSight sight{.task = test_task(), .has_tracker = true};
  task::GroupStatus word;
  bool is_stale = false;

  Scene() {
    word.uid = "g-1";
    word.generation = 2;
    word.group_id = "shop.cache";
    word.state = "Stable";
    word.members = 1;
    word.unconsumed_records = 5;
    word.delay_seconds = 1.4;
    word.sampled_at_ms = kNowMs;
    word.checkpoint = {.is_done = true, .reason = "Applied", .message = {}};
    sight.tracker.emplace();
  }
  [[nodiscard]] json status(std::int64_t now_ms = kNowMs) const {
    const api::GroupObject group = api::read_group_object(group_json(before));
    const Condition accepted{"Accepted", ConditionStatus::True, "SpecValid", ""};
    GroupView view{.group = group, .accepted = accepted, .sight = sight};
    if (sight.tracker) view.said = word;
    view.is_stale = is_stale;
    return compute_group_status(view, std::nullopt, now_ms);
  }
};

std::string said(const json& status, const char* type) {
  const json& found = api::find_condition(status.at("conditions"), type);
  return found.value("status", "") + " " + found.value("reason", "");
}

TEST(GroupState, NumbersAreRenewedAfterThirtySecondsAndOnlyIfTheyDiffer) {
  Scene scene;
  scene.before = scene.status();
  EXPECT_EQ(scene.before.at("unconsumedRecords"), 5);
  EXPECT_EQ(scene.before.at("delaySeconds"), 1);
  EXPECT_EQ(said(scene.before, "Ready"), "True Kept");

  scene.word.unconsumed_records = 6;
  scene.word.sampled_at_ms = kNowMs + 20'000;
  EXPECT_EQ(scene.status(kNowMs + 20'000), scene.before);
  scene.word.sampled_at_ms = kNowMs + 40'000;
  EXPECT_EQ(scene.status(kNowMs + 40'000).at("unconsumedRecords"), 6);
  scene.word.unconsumed_records = 5;
  EXPECT_EQ(scene.status(kNowMs + 40'000), scene.before) << "another look that saw the same is no news";
}

TEST(GroupState, WhatIsNotKnownIsNoNumber) {
  Scene scene;
  scene.word.unconsumed_records.reset();
  scene.word.delay_seconds.reset();
  const json status = scene.status();
  for (const char* absent : {"unconsumedRecords", "delaySeconds", "consumptionCheckpoint", "dataRange"})
    EXPECT_FALSE(status.contains(absent)) << absent;
  EXPECT_EQ(status.at("members"), 1);
  scene.word.state.clear();
  EXPECT_FALSE(scene.status().contains("members"));
  scene.word.sampled_at_ms = 0;
  EXPECT_FALSE(scene.status().contains("sampledTime"));
}

TEST(GroupState, AnUpperBoundSaysSo) {
  Scene scene;
  EXPECT_FALSE(scene.status().contains("isBeingCounted"));
  scene.word.is_being_counted = true;
  EXPECT_EQ(scene.status().at("isBeingCounted"), true);
}

TEST(GroupState, AnOldSampleIsNeitherReadyNorShown) {
  Scene scene;
  scene.before = scene.status();
  scene.is_stale = true;
  const json status = scene.status(kNowMs + 70'000);
  EXPECT_EQ(said(status, "Ready"), "Unknown StaleSample");
  EXPECT_EQ(said(status, "CheckpointApplied"), "True Applied");
  EXPECT_FALSE(status.contains("unconsumedRecords"));
  EXPECT_EQ(status.at("sampledTime"), scene.before.at("sampledTime"));
}

TEST(GroupState, ASilentTrackerIsNotBelievedAndOneThatIsNotAskedYetIs) {
  Scene scene;
  scene.before = scene.status();
  scene.sight.tracker.reset();
  EXPECT_EQ(scene.status(), scene.before);
  scene.sight.is_silent = true;
  EXPECT_EQ(said(scene.status(), "Ready"), "Unknown TrackerSilent");
  EXPECT_FALSE(scene.status().contains("members"));
}

TEST(GroupState, TheWordOnAnotherGenerationMakesNothingReady) {
  Scene scene;
  scene.before = scene.status();
  scene.word.generation = 1;
  const json status = scene.status();
  EXPECT_EQ(said(status, "Ready"), "Unknown Pending");
  EXPECT_EQ(status.at("unconsumedRecords"), 5) << "the group is the same";
}

TEST(GroupState, TheNonceThatWasAppliedStandsUntilATrackerThatLookedSaysAnother) {
  Scene scene;
  EXPECT_FALSE(scene.status().contains("checkpointNonce"));
  scene.word.applied_nonce = 4;
  scene.before = scene.status();
  EXPECT_EQ(scene.before.at("checkpointNonce"), 4);
  scene.word.applied_nonce.reset();  // it has begun again
  EXPECT_EQ(scene.status().at("checkpointNonce"), 4);
  scene.word.applied_nonce = 5;
  EXPECT_EQ(scene.status().at("checkpointNonce"), 5);
}

TEST(GroupState, TheTaskSaysWhyThereIsNoWord) {
  Scene scene;
  scene.sight.has_tracker = false;
  EXPECT_EQ(said(scene.status(), "Ready"), "False TrackerNotRunning");
  scene.sight.task->is_suspended = true;
  EXPECT_EQ(said(scene.status(), "Ready"), "False TaskSuspended");
  scene.sight.task->is_deleting = true;
  EXPECT_EQ(said(scene.status(), "Ready"), "False TaskDeleted");
}

TEST(GroupState, TheWordIsFoundByUid) {
  Scene scene;
  scene.sight.tracker->consumer_groups = {scene.word};
  EXPECT_EQ(word_on(scene.sight.tracker, "g-1")->members, 1);
  EXPECT_FALSE(word_on(scene.sight.tracker, "g-2"));
  EXPECT_FALSE(word_on(std::nullopt, "g-1"));
}

}  // namespace
}  // namespace rowtide::op::tasks
