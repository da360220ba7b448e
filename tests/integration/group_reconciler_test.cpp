#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/task/consumer_group.h"
#include "common/time/clock.h"
#include "tests/integration/reconciler_fixture.h"

// ConsumerGroups by the Reconciler against a real kube-apiserver: what a tracker says of them is given by the
// test.

namespace rowtide::op::tasks {
namespace {

using testing::HasSubstr;

class GroupReconcilerTest : public ReconcilerTest {
 protected:
  [[nodiscard]] json group_object(const std::string& name = "cache") const {
    return {{"apiVersion", "rowtide.dev/v1alpha1"},
            {"kind", "ConsumerGroup"},
            {"metadata", {{"name", name}, {"namespace", space_}}},
            {"spec", {{"taskRef", {{"name", "orders"}}}}}};
  }
  void apply_group(const json& object) {
    kube::Client user(*transport_, "user");
    user.apply(kube::kConsumerGroup, object).value();
  }
  void delete_group(const std::string& name = "cache") {
    EXPECT_TRUE(client_.remove(kube::kConsumerGroup, {space_, name}, {}).ok());
  }
  [[nodiscard]] json group_status(const std::string& name = "cache") {
    return live(kube::kConsumerGroup, name).value("status", json::object());
  }
  [[nodiscard]] json group_condition(const char* type, const std::string& name = "cache") {
    return api::find_condition(group_status(name).value("conditions", json::array()), type);
  }
  [[nodiscard]] std::string group_said(const char* type, const std::string& name = "cache") {
    const json found = group_condition(type, name);
    return found.is_object() ? found.value("status", "") + " " + found.value("reason", "") : "";
  }
  void wait_for_group(const char* type, const std::string& expected, const std::string& name = "cache") {
    wait_until(
        name + ": " + type + " is " + expected, [&] { return group_said(type, name) == expected; },
        test::kDeadline, [&] { return live(kube::kConsumerGroup, name).dump(); });
  }
  void outlive_a_groups_second(const std::string& name = "cache") {
    const std::string created =
        kube::text_at(live(kube::kConsumerGroup, name), "/metadata/creationTimestamp");
    wait_until("the next second", [&] { return api::format_time(now_ms()) > created; });
  }

  [[nodiscard]] std::string documents() {
    const json config = live(kube::kConfigMap, "orders-groups");
    return config.is_null() ? "none" : config.at("data").at("groups.yaml").get<std::string>();
  }
  /// As the tracker reads them.
  [[nodiscard]] std::vector<std::string> told_groups() {
    const task::ConsumerGroupsResult parsed =
        task::parse_consumer_groups(documents(), task::Mode::Kubernetes);
    EXPECT_TRUE(parsed.ok()) << task::to_string(parsed.errors);
    std::vector<std::string> names;
    for (const task::ConsumerGroup& group : parsed.groups) names.push_back(group.name);
    return names;
  }
  void wait_for_told(const std::vector<std::string>& names) {
    wait_until(
        "the tracker is told of these groups", [&] { return told_groups() == names; }, test::kDeadline,
        [&] { return documents(); });
  }

  /// What a tracker says of a group that is as it should be.
  [[nodiscard]] task::GroupStatus word(const std::string& name = "cache") {
    const json object = live(kube::kConsumerGroup, name);
    task::GroupStatus group;
    group.name = name;
    group.uid = kube::text_at(object, "/metadata/uid");
    group.generation = kube::value_at(object, "/metadata/generation");
    group.group_id = space_ + "." + name;
    group.state = "Stable";
    group.members = 2;
    group.unconsumed_records = 41;
    group.delay_seconds = 6.6;
    group.consumption_checkpoint_ms = 1'769'904'000'000;
    group.data_begin_ms = 1'769'900'400'000;
    group.data_end_ms = 1'769'904'060'000;
    group.sampled_at_ms = now_ms();
    group.applied_nonce = 0;
    group.checkpoint = {.is_done = true, .reason = "Applied", .message = {}};
    return group;
  }
  void tracker_says(std::vector<task::GroupStatus> groups) {
    task::TrackerStatus answer = streaming_answer();
    answer.consumer_groups = std::move(groups);
    probe_.answer(answer);
    probe_clock_ahead_ = probe_clock_ahead_.load() + std::chrono::minutes(2);
    controller_->enqueue({space_, "orders"});
  }
  void keep_cache() {
    start_tracking();
    apply_group(group_object());
    wait_for_told({"cache"});
    tracker_says({word()});
    wait_for_group("Ready", "True Kept");
  }
};

TEST_F(GroupReconcilerTest, AGroupsDocumentAndItsNumbers) {
  keep_cache();
  const json config = live(kube::kConfigMap, "orders-groups");
  EXPECT_EQ(kube::text_at(config, "/metadata/ownerReferences/0/name"), "orders");
  const task::ConsumerGroupsResult parsed = task::parse_consumer_groups(documents(), task::Mode::Kubernetes);
  ASSERT_EQ(parsed.groups.size(), 1U);
  EXPECT_EQ(parsed.groups[0].uid, word().uid);
  EXPECT_EQ(parsed.groups[0].generation, 1);
  EXPECT_EQ(parsed.groups[0].task, "orders");
  EXPECT_EQ(documents().find("deletionPolicy"), std::string::npos) << "a default says nothing";

  const json status = group_status();
  EXPECT_EQ(status.at("groupId"), space_ + ".cache");
  EXPECT_EQ(status.at("state"), "Stable");
  EXPECT_EQ(status.at("members"), 2);
  EXPECT_EQ(status.at("unconsumedRecords"), 41);
  EXPECT_EQ(status.at("delaySeconds"), 7);
  EXPECT_EQ(status.at("consumptionCheckpoint"), "2026-02-01T00:00:00Z");
  EXPECT_EQ(status.at("dataRange"),
            (json{{"begin", "2026-01-31T23:00:00Z"}, {"end", "2026-02-01T00:01:00Z"}}));
  EXPECT_EQ(status.at("checkpointNonce"), 0);
  EXPECT_EQ(status.at("observedGeneration"), 1);
  EXPECT_EQ(group_said("Accepted"), "True SpecValid");
  EXPECT_EQ(group_said("CheckpointApplied"), "True Applied");
  EXPECT_EQ(group_condition("Ready").at("observedGeneration"), 1);
  EXPECT_EQ(group_said("AccessGranted"), "") << "nobody asked for any";
  expect_no_more_writes();
}

TEST_F(GroupReconcilerTest, AChangeOfGroupsDoesNotTouchTheDeployment) {
  start_tracking();
  const json before = live(kube::kDeployment, "orders-tracker");
  const json& pod = before.at("spec").at("template").at("spec");
  bool is_mounted = false;
  for (const json& volume : pod.at("volumes")) {
    if (kube::text_at(volume, "/configMap/name") != "orders-groups") continue;
    is_mounted = kube::value_at(volume, "/configMap/optional") == true;
  }
  EXPECT_TRUE(is_mounted) << pod.dump();
  EXPECT_THAT(pod.at("containers")[0].at("args").dump(),
              HasSubstr("\"--groups\",\"/etc/rowtide/groups/groups.yaml\""));
  for (const json& mount : pod.at("containers")[0].at("volumeMounts"))
    EXPECT_FALSE(mount.contains("subPath"));
  EXPECT_TRUE(live(kube::kConfigMap, "orders-groups").is_null()) << "without groups none is needed";

  apply_group(group_object());
  apply_group(group_object("audit"));
  wait_for_told({"audit", "cache"});
  EXPECT_EQ(live(kube::kDeployment, "orders-tracker").at("metadata").at("generation"),
            before.at("metadata").at("generation"));
  delete_group();
  delete_group("audit");
  wait_for_told({});
  EXPECT_EQ(live(kube::kDeployment, "orders-tracker").at("metadata").at("generation"),
            before.at("metadata").at("generation"));
}

TEST_F(GroupReconcilerTest, ReadyWaitsForTheTrackersWordOnThisGeneration) {
  keep_cache();
  json object = group_object();
  object["spec"]["principal"] = "User:cache";
  apply_group(object);
  wait_for_group("Ready", "Unknown Pending");
  EXPECT_EQ(group_said("CheckpointApplied"), "Unknown Pending");
  EXPECT_EQ(group_said("AccessGranted"), "Unknown Pending");

  task::GroupStatus said = word();
  said.checkpoint = {.is_done = false, .reason = "MembersActive", .message = "stop its consumers"};
  said.access = {.is_done = true, .reason = "Granted", .message = {}};
  tracker_says({said});
  wait_for_group("CheckpointApplied", "False MembersActive");
  EXPECT_EQ(group_said("Ready"), "False MembersActive");
  EXPECT_EQ(group_condition("Ready").at("message"), "stop its consumers");
  EXPECT_EQ(group_said("AccessGranted"), "True Granted");
  wait_until("the event", [&] { return events_that("MembersActive") == 1; });

  said.checkpoint = {.is_done = true, .reason = "Applied", .message = {}};
  said.access = {.is_done = false, .reason = "AccessDenied", .message = "Alter on the cluster"};
  tracker_says({said});
  wait_for_group("Ready", "False AccessDenied");
  said.access.is_done = true;
  said.applied_nonce = 3;
  tracker_says({said});
  wait_for_group("Ready", "True Kept");
  EXPECT_EQ(group_status().at("checkpointNonce"), 3);
}

TEST_F(GroupReconcilerTest, WhatATrackerThatDoesNotRunWouldSayIsNotShown) {
  keep_cache();
  json task = task_object();
  task["spec"]["suspend"] = true;
  apply(task);
  wait_for_group("Ready", "False TaskSuspended");
  for (const char* number : {"state", "members", "unconsumedRecords", "delaySeconds"})
    EXPECT_FALSE(group_status().contains(number)) << number;
  EXPECT_EQ(group_status().at("consumptionCheckpoint"), "2026-02-01T00:00:00Z");
  EXPECT_EQ(group_said("CheckpointApplied"), "True Applied") << "that has not changed";
  expect_no_more_writes();

  task["spec"]["suspend"] = false;
  apply(task);
  wait_for_group("Ready", "True Kept");
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "tracker-1"}, {}).ok());
  wait_for_group("Ready", "False TrackerNotRunning");
}

TEST_F(GroupReconcilerTest, ATaskThatIsNotThereIsNamedAndNoticedWhenItComes) {
  apply_group(group_object());
  wait_for_group("Accepted", "False TaskNotFound");
  EXPECT_EQ(group_said("Ready"), "False TaskNotFound");
  EXPECT_THAT(group_condition("Accepted").at("message"), HasSubstr("orders"));

  // Also by an operator that begins while nothing of it changes.
  stop_operator();
  client_.patch_status(kube::kConsumerGroup, {space_, "cache"}, {{"conditions", nullptr}}).value();
  start_operator(kImage);
  wait_for_group("Accepted", "False TaskNotFound");

  apply(task_object());
  wait_for_group("Accepted", "True SpecValid");
  wait_for_told({"cache"});
  wait_for_group("Ready", "False TrackerNotRunning");
  EXPECT_TRUE(client_.remove(kube::kChangeTrackingTask, {space_, "orders"}, {}).ok());
  wait_for_group("Accepted", "False TaskNotFound");
}

TEST_F(GroupReconcilerTest, OfTwoGroupsWithOneIdTheOlderKeepsItInOneKafka) {
  start_tracking();
  json first = group_object("first");
  first["spec"]["groupId"] = space_ + ".same";
  apply_group(first);
  outlive_a_groups_second("first");
  json second = group_object("second");
  second["spec"]["groupId"] = space_ + ".same";
  apply_group(second);
  wait_for_group("Accepted", "False DuplicateGroup", "second");
  EXPECT_THAT(group_condition("Accepted", "second").at("message"), HasSubstr(space_ + "/first"));
  EXPECT_EQ(group_said("Accepted", "first"), "True SpecValid");
  wait_for_told({"first"});

  // Another Kafka has groups of its own.
  json elsewhere = task_object("elsewhere");
  elsewhere["spec"]["sink"]["kafka"]["bootstrapServers"] = {"other:9092"};
  apply(elsewhere);
  json third = group_object("third");
  third["spec"]["groupId"] = space_ + ".same";
  third["spec"]["taskRef"]["name"] = "elsewhere";
  apply_group(third);
  wait_for_group("Accepted", "True SpecValid", "third");

  delete_group("first");
  wait_for_group("Accepted", "True SpecValid", "second");
  wait_for_told({"second"});
}

TEST_F(GroupReconcilerTest, ADuplicateOfAnotherNamespaceIsNotNamed) {
  const std::string other_space = space_ + "-other";
  client_
      .create(kNamespace,
              {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", other_space}}}})
      .value();
  stop_operator();
  start_operator(kImage, {space_, other_space});
  apply(task_object());
  json first = group_object("first");
  first["spec"]["groupId"] = space_ + ".same";
  apply_group(first);
  wait_for_group("Accepted", "True SpecValid", "first");
  outlive_a_groups_second("first");
  const std::string first_space = space_;
  space_ = other_space;
  apply(task_object());
  json second = group_object("second");
  second["spec"]["groupId"] = first_space + ".same";
  apply_group(second);
  wait_for_group("Accepted", "False DuplicateGroup", "second");
  const std::string message = group_condition("Accepted", "second").at("message");
  EXPECT_EQ(message.find("first"), std::string::npos) << message;
  EXPECT_THAT(message, HasSubstr("another namespace"));
}

TEST_F(GroupReconcilerTest, NoMoreGroupsOfATaskThanAllowed) {
  stop_operator();
  most_groups_ = 2;
  start_operator(kImage);
  apply(task_object());
  for (const char* name : {"c", "b"}) apply_group(group_object(name));
  outlive_a_groups_second("b");
  apply_group(group_object("a"));
  wait_for_group("Accepted", "False TooManyGroups", "a");
  wait_for_told({"b", "c"});
  delete_group("b");
  wait_for_group("Accepted", "True SpecValid", "a");
  wait_for_told({"a", "c"});
}

TEST_F(GroupReconcilerTest, WhatOnlyTheOperatorRefusesIsInvalidAndTheOthersAreKept) {
  apply(task_object());
  json object = group_object("late");
  object["spec"]["checkpoint"] = {{"mode", "Timestamp"}, {"time", "2200-01-01T00:00:00Z"}};
  apply_group(object);
  apply_group(group_object());
  wait_for_group("Accepted", "False Invalid", "late");
  EXPECT_THAT(group_condition("Accepted", "late").at("message"), HasSubstr("checkpoint.time"));
  wait_for_told({"cache"});
}

TEST_F(GroupReconcilerTest, AConfigMapOfSomebodyElseIsNotTaken) {
  client_
      .create(kube::kConfigMap, {{"apiVersion", "v1"},
                                 {"kind", "ConfigMap"},
                                 {"metadata", {{"name", "orders-groups"}, {"namespace", space_}}},
                                 {"data", {{"groups.yaml", "theirs"}}}})
      .value();
  start_tracking();
  apply_group(group_object());
  wait_for_group("Ready", "False NameTaken");
  EXPECT_EQ(documents(), "theirs");
}

TEST_F(GroupReconcilerTest, ATrackerThatIsNotAskedYetChangesNothing) {
  keep_cache();
  stop_operator();
  probe_.is_hung = true;
  start_operator(kImage);
  wait_until("every kind is listed", [&] { return controller_->synced(); });
  expect_no_more_writes();
  EXPECT_EQ(group_said("Ready"), "True Kept");
  EXPECT_EQ(group_status().at("members"), 2);
}

TEST_F(GroupReconcilerTest, AGroupThatNobodyReadsIsNotWrittenForEver) {
  keep_cache();
  task::GroupStatus said = word();
  said.delay_seconds = 10'000;
  said.sampled_at_ms += 40'000;
  tracker_says({said});
  wait_until("the delay is written", [&] { return group_status().at("delaySeconds") == 10'000; });
  said.delay_seconds = 10'300;
  said.sampled_at_ms += 300'000;
  tracker_says({said});
  expect_no_more_writes();
  EXPECT_EQ(group_status().at("delaySeconds"), 10'000);
}

class GroupCleanupTest : public GroupReconcilerTest {
 protected:
  [[nodiscard]] json deleting_group() const {
    json object = group_object();
    object["spec"]["deletionPolicy"] = "Delete";
    return object;
  }
  [[nodiscard]] bool has_finalizer() {
    return kube::value_at(live(kube::kConsumerGroup, "cache"), "/metadata/finalizers") ==
           json::array({"rowtide.dev/cleanup"});
  }
  void keep_deleting_group() {
    start_tracking();
    apply_group(deleting_group());
    wait_until("the finalizer", [&] { return has_finalizer(); });
    wait_for_told({"cache"});
    tracker_says({word()});
    wait_for_group("Ready", "True Kept");
  }
  void wait_until_gone() {
    wait_until(
        "the group is gone", [&] { return live(kube::kConsumerGroup, "cache").is_null(); }, test::kDeadline,
        [&] { return live(kube::kConsumerGroup, "cache").dump(); });
  }
  void outdate_deletion() {
    json status = group_status();
    for (json& one : status.at("conditions")) {
      if (one.at("type") == "Terminating") one["lastTransitionTime"] = api::format_time(now_ms() - 601'000);
    }
    steady_ahead_ms_ += 60'000;  // what another told holds after a minute of our own
    write_status(kube::kConsumerGroup, "cache", status);
  }
};

TEST_F(GroupCleanupTest, TheGroupGoesWhenTheTrackerHasDeletedIt) {
  keep_deleting_group();
  delete_group();
  wait_for_group("Terminating", "True CleanupRunning");
  EXPECT_EQ(group_said("Ready"), "False BeingDeleted");
  wait_until("the tracker is told",
             [&] { return documents().find("deletionTimestamp") != std::string::npos; });
  task::GroupStatus said = word();
  said.deletion = {.is_done = false, .reason = "MembersActive", .message = "stop its consumers"};
  tracker_says({said});
  wait_for_group("Terminating", "True MembersActive");
  said.deletion.is_done = true;
  tracker_says({said});
  wait_until_gone();
  wait_until("the event", [&] { return events_that("CleanedUp") == 1; });
  wait_for_told({});
}

TEST_F(GroupCleanupTest, ASuspendedTaskHoldsItForTenMinutesOnly) {
  keep_deleting_group();
  json task = task_object();
  task["spec"]["suspend"] = true;
  apply(task);
  wait_for_group("Ready", "False TaskSuspended");
  delete_group();
  wait_for_group("Terminating", "True TaskSuspended");
  outdate_deletion();
  wait_until_gone();
  wait_until("the event", [&] { return events_that("CleanupTimedOut") == 1; });
}

TEST_F(GroupCleanupTest, WithoutATaskItGoesAtOnce) {
  keep_deleting_group();
  EXPECT_TRUE(client_.remove(kube::kChangeTrackingTask, {space_, "orders"}, {}).ok());
  wait_for_group("Accepted", "False TaskNotFound");
  delete_group();
  wait_until_gone();
  wait_until("the event", [&] { return events_that("TaskNotFound") >= 1; });
}

TEST_F(GroupCleanupTest, ItDoesNotHoldItsNamespace) {
  keep_deleting_group();
  EXPECT_TRUE(client_.remove(kNamespace, {"", space_}, {}).ok());
  // As the namespace's controller does it, in no certain order.
  delete_group();
  wait_for_group("Terminating", "True CleanupRunning");
  EXPECT_TRUE(client_.remove(kube::kChangeTrackingTask, {space_, "orders"}, {}).ok());
  wait_until_gone();
}

TEST_F(GroupCleanupTest, OfAPausedTaskItIsSaidThatNobodyIsTold) {
  keep_deleting_group();
  json task = task_object();
  task["metadata"]["annotations"] = {{"rowtide.dev/paused", "true"}};
  apply(task);
  wait_for("ReconciliationPaused", "True Paused");  // tasks and groups are watched apart
  delete_group();
  wait_for_group("Terminating", "True TaskPaused");
  EXPECT_EQ(documents().find("deletionTimestamp"), std::string::npos);
  apply(task_object());
  wait_for_group("Terminating", "True CleanupRunning");
}

TEST_F(GroupCleanupTest, TheAnnotationLetsItGo) {
  keep_deleting_group();
  delete_group();
  wait_for_group("Terminating", "True CleanupRunning");
  json object = deleting_group();
  object["metadata"]["annotations"] = {{"rowtide.dev/skip-cleanup", "true"}};
  apply_group(object);
  wait_until_gone();
}

TEST_F(GroupCleanupTest, OneThatIsNotAcceptedDeletesNothingOfTheOther) {
  start_tracking();
  json first = group_object("first");
  first["spec"]["groupId"] = space_ + ".cache";
  apply_group(first);
  outlive_a_groups_second("first");
  apply_group(deleting_group());
  wait_for_group("Accepted", "False DuplicateGroup");
  wait_until("the finalizer", [&] { return has_finalizer(); });
  delete_group();
  wait_until_gone();
  wait_for_told({"first"});
}

TEST_F(GroupCleanupTest, RetainHasNoFinalizer) {
  keep_deleting_group();
  apply_group(group_object());
  wait_until("there is none", [&] { return !has_finalizer(); });
  delete_group();
  wait_until_gone();
}

}  // namespace
}  // namespace rowtide::op::tasks
