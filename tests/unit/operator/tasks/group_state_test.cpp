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
  std::string refused;  ///< the reason why it is not accepted; empty: it is
  bool is_deleted = false;
  std::int64_t generation = 2;
  std::string principal;

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
  template <class Compute>
  [[nodiscard]] auto look(const Compute& compute) const {
    json object = group_json(before);
    object["metadata"]["generation"] = generation;
    if (!principal.empty()) object["spec"]["principal"] = principal;
    if (is_deleted) {
      object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
      object["spec"]["deletionPolicy"] = "Delete";
    }
    const api::GroupObject group = api::read_group_object(object);
    Condition accepted{"Accepted", ConditionStatus::True, "SpecValid", ""};
    if (!refused.empty()) accepted = {"Accepted", ConditionStatus::False, refused, "no"};
    GroupView view{.group = group, .accepted = accepted, .sight = sight};
    if (sight.tracker) view.said = word;
    view.is_stale = is_stale;
    return compute(view);
  }
  [[nodiscard]] json status(std::int64_t now_ms = kNowMs) const {
    return look([&](const GroupView& view) { return compute_group_status(view, std::nullopt, now_ms); });
  }
  [[nodiscard]] CleanupDecision cleanup() const {
    return look([&](const GroupView& view) { return decide_group_cleanup(view, kNowMs); });
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

std::string message(const json& status, const char* type) {
  return api::find_condition(status.at("conditions"), type).value("message", "");
}

TEST(GroupState, AnIdleGroupIsQuietAndItsDelayIsNewsByATenth) {
  Scene scene;
  scene.word.delay_seconds = 10'000;
  scene.before = scene.status();
  for (int minutes = 1; minutes < 16; ++minutes) {
    scene.word.delay_seconds = 10'000 + 60 * minutes;
    scene.word.sampled_at_ms = kNowMs + 60'000 * minutes;
    EXPECT_EQ(scene.status(), scene.before) << minutes;
  }
  scene.word.delay_seconds = 11'001;
  EXPECT_EQ(scene.status().at("delaySeconds"), 11'001);
  scene.word.delay_seconds = 0;
  EXPECT_EQ(scene.status().at("delaySeconds"), 0);
  scene.word.delay_seconds = 10'060;
  scene.word.unconsumed_records = 6;
  EXPECT_EQ(scene.status().at("delaySeconds"), 10'060) << "with other news it is exact";
}

TEST(GroupState, WhatARefusedGroupWasGrantedIsSaidToStay) {
  Scene scene;
  scene.principal = "User:cache";
  scene.word.access = {.is_done = true, .reason = "Granted", .message = {}};
  scene.before = scene.status();
  scene.refused = "TooManyGroups";
  const json refused = scene.status();
  EXPECT_EQ(said(refused, "AccessGranted"), "True NotTakenBack");
  EXPECT_NE(message(refused, "AccessGranted")
                .find("--remove --allow-principal \"User:cache\" --operation Read --group shop.cache"),
            std::string::npos)
      << message(refused, "AccessGranted");
  EXPECT_EQ(said(refused, "Ready"), "False TooManyGroups");
  scene.before = refused;
  EXPECT_EQ(scene.status(), refused);

  scene.refused.clear();
  EXPECT_EQ(said(scene.status(), "AccessGranted"), "True Granted");
  scene.sight.tracker.reset();
  EXPECT_EQ(said(scene.status(), "AccessGranted"), "Unknown Pending");
}

TEST(GroupState, ARefusedGroupHasNothingThatItWasNotGranted) {
  Scene scene;
  scene.principal = "User:cache";
  scene.word.access = {.is_done = true, .reason = "NoAuthorizer", .message = {}};
  scene.before = scene.status();
  scene.refused = "TooManyGroups";
  EXPECT_EQ(said(scene.status(), "AccessGranted"), "Unknown NotAccepted");
}

TEST(GroupState, WhoWasGrantedBeforeAnEditThatIsRefusedIsNotGuessed) {
  Scene scene;
  scene.principal = "User:cache";
  scene.word.access = {.is_done = true, .reason = "Granted", .message = {}};
  scene.before = scene.status();
  scene.refused = "Invalid";
  scene.generation = 3;
  scene.principal = "";
  const json refused = scene.status();
  EXPECT_EQ(said(refused, "AccessGranted"), "True NotTakenBack");
  EXPECT_NE(message(refused, "AccessGranted").find("--allow-principal \"PRINCIPAL\""), std::string::npos);
}

TEST(GroupState, ARefusedGroupThatGoesSaysWhatItLeaves) {
  Scene scene;
  scene.is_deleted = true;
  scene.refused = "TooManyGroups";
  EXPECT_FALSE(scene.cleanup().is_warning) << "it was never kept";
  scene.before["checkpointNonce"] = 0;
  EXPECT_EQ(scene.cleanup().action, CleanupAction::Release);
  EXPECT_TRUE(scene.cleanup().is_warning);
  EXPECT_NE(scene.cleanup().message.find("left: the consumer group shop.cache"), std::string::npos);
  scene.refused = "DuplicateGroup";
  EXPECT_FALSE(scene.cleanup().is_warning) << "the group in Kafka is the other's";
}

TEST(GroupState, ADeletedGroupGoesAtOnceWhereNoTrackerCanDeleteIt) {
  Scene scene;
  scene.is_deleted = true;
  EXPECT_EQ(scene.cleanup().action, CleanupAction::None);
  scene.sight.task->is_deleting = true;
  EXPECT_EQ(scene.cleanup().action, CleanupAction::Release);
  EXPECT_EQ(scene.cleanup().reason, "TaskDeleted");
  EXPECT_TRUE(scene.cleanup().is_warning);
  scene.sight.task.reset();
  scene.refused = "TaskNotFound";
  EXPECT_EQ(scene.cleanup().reason, "TaskNotFound");
  EXPECT_NE(scene.cleanup().message.find("left: the consumer group shop.cache"), std::string::npos);
  scene.word.deletion.is_done = true;
  EXPECT_EQ(scene.cleanup().reason, "CleanedUp");
}

TEST(GroupState, APausedTasksTrackerIsToldNothing) {
  Scene scene;
  scene.sight.task->is_paused = true;
  EXPECT_EQ(said(scene.status(), "Ready"), "True Kept");
  scene.word.generation = 1;
  EXPECT_NE(message(scene.status(), "CheckpointApplied").find("rowtide.dev/paused"), std::string::npos);
  EXPECT_NE(message(scene.status(), "Ready").find("rowtide.dev/paused"), std::string::npos);
  scene.is_deleted = true;
  EXPECT_EQ(scene.cleanup().reason, "TaskPaused");
  scene.word.generation = 2;
  EXPECT_EQ(scene.cleanup().reason, "CleanupRunning") << "it was told before";
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
