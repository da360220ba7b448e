#include "tests/integration/reconciler_fixture.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "operator/lease/lease_holder.h"
#include "tests/integration/chart_user.h"

namespace rowtide::op::tasks {
namespace {

TEST_F(ReconcilerTest, AReadyPodStreamsThoughItsTrackerCannotBeAsked) {
  start_tracking();
  EXPECT_TRUE(eventually([&] { return probe_.questions > 0; }));
  EXPECT_EQ(said("Ready"), "True Streaming");
  EXPECT_EQ(status().at("phase"), "Tracking");
}

TEST_F(ReconcilerTest, AnIdleTaskIsNotWritten) {
  start_tracking();
  expect_no_more_writes();
}

TEST_F(ReconcilerTest, LagIsJudgedByTheTasksAlertsAndReadyIsNot) {
  json object = task_object();
  object["spec"]["alerts"] = {{"lagSeconds", 5}, {"forSeconds", 1}};
  apply(object);
  tracker_says_lag(0.5);
  pass_precheck();
  roll_out("tracker-1");
  wait_for("LagWithinTarget", "True LagLow");
  tracker_says_lag(90);
  wait_for("LagWithinTarget", "False LagHigh");
  EXPECT_EQ(said("Ready"), "True Streaming");
  wait_until("the event", [&] { return events_that("LagHigh") == 1; });
  expect_no_more_writes();
  tracker_says_lag(0.5);
  wait_for("LagWithinTarget", "True LagLow");
  object["spec"].erase("alerts");
  apply(object);
  wait_for("LagWithinTarget", "");
}

TEST_F(ReconcilerTest, TheYoungerOfTwoTasksWithOneTopicWaitsUntilTheOtherIsGone) {
  start_tracking();
  outlive_a_second();
  json second = task_object("second");
  second["spec"]["sink"]["kafka"]["topic"] = {{"name", space_ + ".orders"}};
  apply(second);
  wait_for("Accepted", "False Conflict", "second");
  EXPECT_NE(condition("Accepted", "second").at("message").get<std::string>().find(space_ + "/orders"),
            std::string::npos);
  EXPECT_EQ(said("Ready", "second"), "False Conflict");
  EXPECT_FALSE(live(kube::kJob, "second-precheck").is_object());
  EXPECT_EQ(said("Ready"), "True Streaming");
  expect_no_more_writes();
  ASSERT_TRUE(client_.remove(kube::kChangeTrackingTask, {space_, "orders"}, {}).ok());
  wait_for("Accepted", "True SpecValid", "second");
  pass_precheck("second");
}

TEST_F(ReconcilerTest, AServerIdThatIsTakenIsRefusedUntilItIsGivenUp) {
  json first = task_object();
  first["spec"]["source"]["serverId"] = 7;
  apply(first);
  wait_for("Accepted", "True SpecValid");
  outlive_a_second();
  json second = task_object("second");
  second["spec"]["source"]["serverId"] = 7;
  apply(second);
  wait_for("Accepted", "False Conflict", "second");
  expect_no_more_writes();
  first["spec"]["source"]["serverId"] = 8;
  apply(first);
  wait_for("Accepted", "True SpecValid", "second");
}

TEST_F(ReconcilerTest, OfAPausedTaskNothingIsChangedUntilItGoesOn) {
  start_tracking();
  json object = task_object();
  object["metadata"]["annotations"] = {{"rowtide.dev/paused", "true"}};
  object["spec"]["objects"]["include"][0]["database"] = "other";
  apply(object);
  wait_for("ReconciliationPaused", "True Paused");
  EXPECT_EQ(said("PrecheckPassed"), "Unknown Paused");
  EXPECT_EQ(said("Ready"), "False Paused");
  EXPECT_EQ(said("Streaming"), "True EventsFlowing");

  object["spec"]["suspend"] = true;
  apply(object);
  wait_until("the edit is seen", [&] {
    return status().value("observedGeneration", 0) ==
           live(kube::kChangeTrackingTask, "orders").at("metadata").at("generation");
  });
  ASSERT_TRUE(client_.remove(kube::kService, {space_, "orders-tracker"}, {}).ok());
  wait_until("its end is seen", [&] {
    return controller_->store(kube::kService)->find({space_, "orders-tracker"}) == nullptr;
  });
  const std::string version = resource_version(kube::kDeployment, "orders-tracker");
  const std::string job = resource_version(kube::kJob, "orders-precheck");
  expect_no_more_writes();
  EXPECT_FALSE(live(kube::kService, "orders-tracker").is_object());
  EXPECT_EQ(resource_version(kube::kDeployment, "orders-tracker"), version) << "not scaled either";
  EXPECT_EQ(resource_version(kube::kJob, "orders-precheck"), job);
  EXPECT_EQ(said("Streaming"), "True EventsFlowing") << "suspending waits for the pause to end";

  apply(task_object());
  wait_for("ReconciliationPaused", "");
  wait_until("the Service is back", [&] { return live(kube::kService, "orders-tracker").is_object(); });
  wait_for("Ready", "True Streaming");
}

TEST_F(ReconcilerTest, ATransitionIsToldOnceThoughTheWatchIsLate) {
  start_tracking();
  expect_no_more_writes();
  watched_.hold(true);
  crash_tracker("tracker-1");
  wait_for("Streaming", "False CrashLooping");
  wait_until("the event", [&] { return events_that("CrashLooping") == 1; });
  const json told = condition("Streaming");
  wait_until("another second", [&] {
    return api::format_time(std::time(nullptr) * 1000) > told.at("lastTransitionTime").get<std::string>();
  });
  for (int look = 0; look < 3; ++look) {
    const controller::Result result = reconciler_->reconcile({space_, "orders"});
    EXPECT_TRUE(result.status.ok());
    EXPECT_TRUE(result.requeue_after.has_value());
  }
  EXPECT_EQ(condition("Streaming"), told);
  EXPECT_EQ(events_that("CrashLooping"), 1U);
  watched_.hold(false);
  expect_no_more_writes();
  EXPECT_EQ(condition("Streaming"), told);
  EXPECT_EQ(events_that("CrashLooping"), 1U);
}

TEST_F(ReconcilerTest, ATaskMadeAnewDoesNotGetTheStatusOfTheOneBefore) {
  start_tracking();
  expect_no_more_writes();
  watched_.hold(true);
  EXPECT_TRUE(client_.remove(kube::kChangeTrackingTask, {space_, "orders"}, {}).ok());
  wait_until("the task is gone", [&] { return !live(kube::kChangeTrackingTask, "orders").is_object(); });
  apply(task_object());
  crash_tracker("tracker-1");
  wait_until("its crash has come to the store", [&] {
    const auto pod = controller_->store(kube::kPod)->find({space_, "tracker-1"});
    return kube::value_at(*pod, "/status/containerStatuses/0/ready") == false;
  });
  EXPECT_TRUE(reconciler_->reconcile({space_, "orders"}).status.ok());
  EXPECT_EQ(status(), json::object());
  EXPECT_EQ(events_that("CrashLooping"), 0U);
  watched_.hold(false);
  wait_for("Accepted", "True SpecValid");
}

TEST_F(ReconcilerTest, AnEditOfAChildIsPutBack) {
  start_tracking();
  const auto edit = [&](const kube::ResourceType& type, const json& change) {
    const std::string path = kube::object_path(type, {space_, "orders-tracker"}).value();
    const auto answer = transport_->request({"PATCH", path + "?fieldManager=kubectl-edit",
                                             "application/strategic-merge-patch+json", change.dump()});
    ASSERT_TRUE(answer.ok() && answer->status == 200) << answer->body;
  };
  const auto is_back = [&](const kube::ResourceType& type, const char* pointer, const json& value) {
    wait_until(std::string(pointer) + " is put back",
               [&] { return kube::value_at(live(type, "orders-tracker"), pointer) == value; });
  };
  const json document = kube::value_at(live(kube::kConfigMap, "orders-tracker"), "/data/task.yaml");
  edit(kube::kDeployment,
       {{"spec",
         {{"template",
           {{"spec",
             {{"containers", json::array({{{"name", "tracker"}, {"image", "x"}},
                                          {{"name", "a-sidecar"}, {"image", "y"}}})}}}}}}}});
  is_back(kube::kDeployment, "/spec/template/spec/containers/0/image", kImage);
  edit(kube::kConfigMap, {{"data", {{"task.yaml", "kind: Nonsense"}}}});
  is_back(kube::kConfigMap, "/data/task.yaml", document);
  edit(kube::kService, {{"spec", {{"selector", {{"app", "mine"}}}}}});
  is_back(kube::kService, "/spec/selector", {{kTaskLabel, "orders"}, {kComponentLabel, "tracker"}});
  edit(kube::kService, {{"metadata", {{"labels", {{kTaskLabel, nullptr}}}}}});
  wait_until("the label is put back", [&] {
    return kube::string_at(live(kube::kService, "orders-tracker"), {"metadata", "labels", kTaskLabel}) ==
           "orders";
  });
  EXPECT_EQ(
      kube::value_at(live(kube::kDeployment, "orders-tracker"), "/spec/template/spec/containers/1/name"),
      "a-sidecar")
      << "what others add is theirs";
}

TEST_F(ReconcilerTest, WhatTheServerKeepsOtherwiseIsAppliedOnce) {
  json object = task_object();
  object["spec"]["tracker"] = json::parse(
      R"({"resources": {"requests": {"cpu": "0.50", "memory": "1024Mi"}, "limits": {"memory": "1024Mi"}},
          "tolerations": [{"key": "k", "operator": "Exists"}], "nodeSelector": {"disk": "ssd"}})");
  apply(object);
  pass_precheck();
  roll_out("tracker-1");
  wait_for("Ready", "True Streaming");
  expect_no_more_writes();
}

TEST_F(ReconcilerTest, ADefaultThatTheCrdGainsWritesNothing) {
  start_tracking();
  expect_no_more_writes();
  const std::string version = resource_version(kube::kDeployment, "orders-tracker");
  const std::string job = resource_version(kube::kJob, "orders-precheck");
  ChangedCrd crd(*transport_, [](json& schema) {
    json& spec = schema["properties"]["spec"]["properties"];
    spec["dataTypes"]["default"] = {"DataUpdates", "SchemaUpdates"};
    spec["source"]["properties"]["tls"]["default"] = json::object();
    spec["sink"]["properties"]["kafka"]["properties"]["debezium"]["default"] = json::object();
    spec["objects"]["properties"]["exclude"]["default"] = json::array();
  });
  wait_until("the defaults have come to the store", [&] {
    const auto task = controller_->store(kube::kChangeTrackingTask)->find({space_, "orders"});
    touch_task();
    return kube::find_at(*task, {"spec", "dataTypes"}) != nullptr &&
           kube::find_at(*task, {"spec", "sink", "kafka", "debezium", "tombstones"}) != nullptr;
  });
  expect_no_more_writes();
  EXPECT_EQ(said("Ready"), "True Streaming");
  EXPECT_EQ(resource_version(kube::kDeployment, "orders-tracker"), version);
  EXPECT_EQ(resource_version(kube::kJob, "orders-precheck"), job);
}

TEST_F(ReconcilerTest, AnOlderCrdDoesNotMakeItWriteForEver) {
  ChangedCrd crd(*transport_,
                 [](json& schema) { schema["properties"]["status"]["properties"].erase("serverId"); });
  start_tracking();
  wait_until("the older CRD is in force, and the store knows", [&] {
    touch_task();
    const kube::ObjectPtr known = controller_->store(kube::kChangeTrackingTask)->find({space_, "orders"});
    return !status().contains("serverId") && known != nullptr &&
           kube::find_at(*known, {"status", "serverId"}) == nullptr;
  });
  expect_no_more_writes();
}

TEST_F(ReconcilerTest, AFieldThatOnlyTheCrdKnowsIsTold) {
  ChangedCrd crd(*transport_, [](json& schema) {
    schema["properties"]["spec"]["properties"]["novelty"] = {{"type", "string"}, {"default", "on"}};
  });
  apply(task_object());
  wait_until("the newer CRD is in force", [&] {
    touch_task();
    return said("Accepted") == "False InvalidSpec";
  });
  const std::string message = condition("Accepted").value("message", "");
  EXPECT_NE(message.find("spec.novelty"), std::string::npos) << message;
  EXPECT_NE(message.find("upgrade the operator"), std::string::npos) << message;
}

TEST_F(ReconcilerTest, ATrackerOfPolicyManualIsUpgradedWhenItIsAsked) {
  json object = task_object();
  object["spec"]["tracker"]["upgradePolicy"] = "Manual";
  start_tracking(object);
  const auto image = [&] {
    return kube::text_at(live(kube::kDeployment, "orders-tracker"), "/spec/template/spec/containers/0/image");
  };
  const std::string version = resource_version(kube::kDeployment, "orders-tracker");
  stop_operator();
  start_operator("rowtide:newer");
  wait_until("the upgrade is told", [&] {
    return condition("TrackerAvailable").value("message", "").find("an upgrade is available") !=
           std::string::npos;
  });
  expect_no_more_writes();
  EXPECT_EQ(said("Ready"), "True Streaming");
  EXPECT_EQ(resource_version(kube::kDeployment, "orders-tracker"), version);

  object["metadata"]["annotations"][api::kUpgradeRequest] = "1";
  apply(object);
  wait_until("the newer image", [&] { return image() == "rowtide:newer"; });
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "tracker-1"}, {}).ok());
  roll_out("tracker-2");
  wait_until("the upgrade waits no longer", [&] {
    return said("Ready") == "True Streaming" &&
           condition("TrackerAvailable").value("message", "").find("upgrade") == std::string::npos;
  });

  stop_operator();
  start_operator("rowtide:newest");
  object["spec"]["objects"]["include"][0]["database"] = "crm";
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "orders-precheck-x"}, {}).ok());
  const json job = live(kube::kJob, "orders-precheck");
  apply(object);
  wait_until("the edit's Job", [&] {
    const json next = live(kube::kJob, "orders-precheck");
    return next.is_object() && next.at("metadata").at("uid") != job.at("metadata").at("uid");
  });
  EXPECT_EQ(image(), "rowtide:newer");
  pass_precheck();
  wait_until("the newest image", [&] { return image() == "rowtide:newest"; });
}

TEST_F(ReconcilerTest, APrecheckWhosePodIsRefusedSaysWhy) {
  apply(task_object());
  wait_until("the precheck's Job", [&] { return live(kube::kJob, "orders-precheck").is_object(); });
  const json job = live(kube::kJob, "orders-precheck");
  // As the Job controller of a namespace with a quota tells it.
  client_
      .create(kube::kEvent,
              {{"apiVersion", "events.k8s.io/v1"},
               {"kind", "Event"},
               {"metadata", {{"name", "refused"}, {"namespace", space_}}},
               {"eventTime", "2026-02-01T00:00:00.000000Z"},
               {"type", "Warning"},
               {"reason", "FailedCreate"},
               {"action", "Create"},
               {"note", "Error creating: pods \"orders-precheck-xyz\" is forbidden: exceeded quota: q"},
               {"reportingController", "job-controller"},
               {"reportingInstance", "job-controller"},
               {"regarding",
                {{"apiVersion", "batch/v1"},
                 {"kind", "Job"},
                 {"name", "orders-precheck"},
                 {"namespace", space_},
                 {"uid", job.at("metadata").at("uid")}}}})
      .value();
  wait_for("PrecheckPassed", "Unknown PrecheckNotStarting");
  EXPECT_EQ(condition("PrecheckPassed").at("message"), "PodRefused: exceeded quota: q");
}

TEST_F(ReconcilerTest, SuspendWorksWhileTheSpecIsInvalid) {
  start_tracking();
  json object = task_object();
  object["spec"]["objects"]["include"][0] = {{"databasePattern", "a["}};
  object["spec"]["suspend"] = true;
  apply(object);
  EXPECT_TRUE(
      eventually([&] { return live(kube::kDeployment, "orders-tracker").at("spec").at("replicas") == 0; }));
  wait_for("Ready", "False Suspended");
  EXPECT_EQ(said("Accepted"), "False InvalidSpec");
}

TEST_F(ReconcilerTest, ADeletedPrecheckPodChangesNothing) {
  start_tracking();
  const json before = status();
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "orders-precheck-x"}, {}).ok());
  EXPECT_TRUE(eventually([&] {
    return controller_->store(kube::kPod)->find({space_, "orders-precheck-x"}) == nullptr;
  }));
  for (int look = 0; look < 5; ++look) EXPECT_TRUE(reconciler_->reconcile({space_, "orders"}).status.ok());
  EXPECT_EQ(status(), before);
  EXPECT_TRUE(live(kube::kJob, "orders-precheck").is_object());
}

TEST_F(ReconcilerTest, ReadyReturnsWhenTheEditRuns) {
  start_tracking();
  const json job = live(kube::kJob, "orders-precheck");
  json object = task_object();
  object["spec"]["objects"]["include"][0]["database"] = "crm";
  apply(object);
  wait_for("Ready", "False Updating");
  EXPECT_EQ(said("Streaming"), "True EventsFlowing");
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "orders-precheck-x"}, {}).ok());
  wait_until("the edit's Job", [&] {
    const json next = live(kube::kJob, "orders-precheck");
    return next.is_object() && next.at("metadata").at("uid") != job.at("metadata").at("uid");
  });
  const json before = live(kube::kDeployment, "orders-tracker");
  pass_precheck();
  wait_until("the Deployment has the edit", [&] {
    return live(kube::kDeployment, "orders-tracker").at("metadata").at("generation") !=
           before.at("metadata").at("generation");
  });
  EXPECT_EQ(said("Ready"), "False Updating") << "the pod is still that of before";
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "tracker-1"}, {}).ok());
  roll_out("tracker-2");
  wait_for("Ready", "True Streaming");
  EXPECT_EQ(condition("Ready").at("observedGeneration"), 2);
}

TEST_F(ReconcilerTest, AnObjectOfSomebodyElseIsNotTaken) {
  const json theirs = {{"apiVersion", "v1"},
                       {"kind", "ConfigMap"},
                       {"metadata", {{"name", "orders-tracker"}, {"namespace", space_}}},
                       {"data", {{"theirs", "1"}}}};
  const json before = client_.create(kube::kConfigMap, theirs).value();
  apply(task_object());
  pass_precheck();
  wait_for("TrackerAvailable", "False NameTaken");
  EXPECT_EQ(live(kube::kConfigMap, "orders-tracker"), before);
  EXPECT_TRUE(client_.remove(kube::kConfigMap, {space_, "orders-tracker"}, {}).ok());
  roll_out("tracker-1");
  wait_for("Ready", "True Streaming");
}

TEST_F(ReconcilerTest, AJobOfSomebodyElseDoesNotHangTheTask) {
  client_.create(kube::kJob, job_of_somebody_else("orders-precheck")).value();
  apply(task_object());
  wait_for("PrecheckPassed", "Unknown NameTaken");
}

TEST_F(ReconcilerTest, HungTrackersDelayNoOtherTask) {
  probe_.is_hung = true;
  for (int number = 1; number <= 9; ++number) {
    const std::string name = "task-" + std::to_string(number);
    apply(task_object(name));
    pass_precheck(name);
    roll_out("tracker-" + std::to_string(number), name);
  }
  EXPECT_TRUE(eventually([&] { return probe_.questions >= 8; }));
  apply(task_object());
  wait_for("PrecheckPassed", "Unknown PrecheckRunning");
}

TEST_F(ReconcilerTest, APodThatOnlyWearsOurLabelsIsNotAsked) {
  start_tracking();
  const json impostor = {{"metadata",
                          {{"labels",
                            {{"app.kubernetes.io/managed-by", kManagedBy},
                             {kTaskLabel, "orders"},
                             {kComponentLabel, "tracker"}}}}},
                         {"spec", {{"containers", json::array({{{"name", "tracker"}, {"image", "i"}}})}}}};
  make_pod("z-impostor", impostor, {{"kind", "Thing"}, {"apiVersion", "v1"}, {"name", "x"}, {"uid", "x"}});
  EXPECT_TRUE(eventually([&] {
    return controller_->store(kube::kPod)->find({space_, "z-impostor"}) != nullptr;
  }));
  for (int look = 0; look < 3; ++look) EXPECT_TRUE(reconciler_->reconcile({space_, "orders"}).status.ok());
  EXPECT_EQ(said("Ready"), "True Streaming");
}

TEST_F(ReconcilerTest, APodThatWasEvictedIsTheTrackerOnlyWhileThereIsNoOther) {
  start_tracking();
  evict("tracker-1");
  wait_for("Ready", "False TrackerFailed");
  const int questions = probe_.questions;
  EXPECT_TRUE(reconciler_->reconcile({space_, "orders"}).status.ok());
  EXPECT_EQ(probe_.questions, questions) << "its address may be another pod's by now";
  roll_out("a-new-tracker");
  wait_for("Ready", "True Streaming");
  // Whatever the names and ages of what is left.
  outlive_a_second();
  roll_out("z-tracker");
  evict("z-tracker");
  for (int look = 0; look < 3; ++look) EXPECT_TRUE(reconciler_->reconcile({space_, "orders"}).status.ok());
  EXPECT_EQ(said("Ready"), "True Streaming");

  json object = task_object();
  object["spec"]["suspend"] = true;
  apply(object);
  wait_for("Ready", "False Suspended");
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "a-new-tracker"}, {}).ok());
  wait_until("its end is seen", [&] {
    return controller_->store(kube::kPod)->find({space_, "a-new-tracker"}) == nullptr;
  });
  // Its own write of the status may come to the store after the pod's end: then it looks once more.
  wait_until("there is nothing to look at", [&] {
    return !reconciler_->reconcile({space_, "orders"}).requeue_after;
  });
}

/// The Deployment controller of Recreate makes no pod while one of before counts as running.
TEST_F(ReconcilerTest, APodOnALostNodeThatHoldsTheNextIsToldWithTheRepair) {
  start_tracking();
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "tracker-1"}, {}).ok());
  roll_out("on-a-node", "orders", "n1");
  wait_for("Ready", "True Streaming");
  watched_.age_deletions(seconds(100));  // of its minute to stop and the one after that
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "on-a-node"}, {}).ok());  // no kubelet ends it
  json object = task_object();
  object["spec"]["tracker"]["image"] = "rowtide:next";
  apply(object);
  wait_for("TrackerAvailable", "False PodStarting");
  wait_for("TrackerAvailable", "False OldPodStuck");
  EXPECT_EQ(said("Ready"), "False OldPodStuck");
  EXPECT_NE(condition("Ready").value("message", "").find("pod on-a-node on node n1"), std::string::npos)
      << condition("Ready");
  const std::string path = kube::object_path(kube::kPod, {space_, "on-a-node"}).value();
  const json at_once = {{"gracePeriodSeconds", 0}};
  EXPECT_EQ(transport_->request({"DELETE", path, "application/json", at_once.dump()}).value().status, 200);
  roll_out("next", "orders");
  wait_for("Ready", "True Streaming");
}

/// Tasks of deletionPolicy Delete.
class CleanupCycleTest : public ReconcilerTest {
 protected:
  [[nodiscard]] json deleting_task(const std::string& name = "orders") const {
    json object = task_object(name);
    object["spec"]["deletionPolicy"] = "Delete";
    return object;
  }
  [[nodiscard]] bool has_finalizer(const std::string& name = "orders") {
    const json task = live(kube::kChangeTrackingTask, name);
    return kube::value_at(task, "/metadata/finalizers") == json::array({api::kCleanupFinalizer});
  }
  /// Tracks, and is deleted.
  void delete_tracking() {
    start_tracking(deleting_task());
    wait_until("the finalizer", [&] { return has_finalizer(); });
    wait_until("the last good spec", [&] { return status().contains("lastGoodSpec"); });
    delete_task();
    wait_for("Terminating", "True TrackerStopping");
  }
  void delete_task(const std::string& name = "orders") {
    EXPECT_TRUE(client_.remove(kube::kChangeTrackingTask, {space_, name}, {}).ok());
  }
  /// The Deployment controller's and the kubelet's part.
  void stop_tracker() {
    wait_until("the Deployment is scaled down", [&] {
      return kube::value_at(live(kube::kDeployment, "orders-tracker"), "/spec/replicas") == 0;
    });
    const json deployment = live(kube::kDeployment, "orders-tracker");
    write_status(kube::kDeployment, "orders-tracker",
                 {{"observedGeneration", deployment.at("metadata").at("generation")},
                  {"replicas", nullptr},
                  {"updatedReplicas", nullptr}});
    EXPECT_TRUE(client_.remove(kube::kPod, {space_, "tracker-1"}, {}).ok());
  }
  json wait_for_job() {
    wait_until(
        "the cleanup's Job", [&] { return live(kube::kJob, "orders-cleanup").is_object(); }, seconds(30),
        [&] { return status().dump(); });
    return live(kube::kJob, "orders-cleanup");
  }
  /// The cleanup's Job's pod says so and ends.
  void end_pod_of_job(const std::string& words) {
    const json job = wait_for_job();
    make_pod("cleanup-x", job.at("spec").at("template"),
             {{"kind", "Job"},
              {"apiVersion", "batch/v1"},
              {"name", "orders-cleanup"},
              {"uid", job.at("metadata").at("uid")}});
    const json end = {{"exitCode", 0}, {"message", words}};
    write_status(kube::kPod, "cleanup-x",
                 {{"containerStatuses", json::array({container("cleanup", {{"terminated", end}}, false)})}});
    wait_until("the pod is seen", [&] { return kube::text_at(condition_of_cleanup(), "/message") == words; });
  }
  /// And so does the Job.
  void end_job(const char* condition, const std::string& words) {
    end_pod_of_job(words);
    if (std::string(condition) == "Complete") return finish_job("orders-cleanup");
    const std::string now = api::format_time(std::time(nullptr) * 1000);
    const auto is_true = [&](const char* type) {
      return json{{"type", type},         {"status", "True"},          {"reason", "BackoffLimitExceeded"},
                  {"message", "gave up"}, {"lastTransitionTime", now}, {"lastProbeTime", now}};
    };
    write_status(kube::kJob, "orders-cleanup",
                 {{"startTime", now},
                  {"failed", 4},
                  {"conditions", json::array({is_true("FailureTarget"), is_true("Failed")})}});
  }
  [[nodiscard]] json condition_of_cleanup() { return condition("Terminating"); }
  void wait_until_gone(const std::string& name = "orders") {
    wait_until(
        "the task is gone", [&] { return live(kube::kChangeTrackingTask, name).is_null(); }, seconds(30),
        [&] { return live(kube::kChangeTrackingTask, name).dump(); });
  }
  /// The one event of that reason.
  json event_that(const std::string& reason) {
    json found;
    wait_until("the event " + reason, [&] {
      const kube::ObjectList events =
          client_
              .list(kube::kEvent,
                    {.name_space = space_, .label_selector = {}, .field_selector = "reason=" + reason})
              .value();
      if (!events.items.empty()) found = events.items.front();
      return events.items.size() == 1;
    });
    return found;
  }
};

TEST_F(CleanupCycleTest, TheTrackerStopsThenAJobCleansUpThenTheTaskGoes) {
  delete_tracking();
  EXPECT_EQ(status().at("phase"), "Terminating");
  EXPECT_EQ(said("Ready"), "False TaskDeleted");
  wait_until("it is told again", [&] {
    return kube::value_at(live(kube::kDeployment, "orders-tracker"), "/spec/replicas") == 0;
  });
  EXPECT_TRUE(reconciler_->reconcile({space_, "orders"}).status.ok());
  EXPECT_TRUE(live(kube::kJob, "orders-cleanup").is_null()) << "while the tracker's pod is there";
  stop_tracker();
  const json job = wait_for_job();
  EXPECT_TRUE(kube::value_at(job, "/metadata/ownerReferences").is_null());
  const json& pod = job.at("spec").at("template");
  EXPECT_EQ(pod.at("spec").at("containers").at(0).at("args").at(0), "cleanup");
  const json document =
      json::parse(pod.at("metadata").at("annotations").at(kTaskDocument).get<std::string>());
  EXPECT_EQ(document.at("metadata").at("uid"),
            live(kube::kChangeTrackingTask, "orders").at("metadata").at("uid"));
  EXPECT_EQ(document.at("spec").at("source").at("host"), "db");
  wait_for("Terminating", "True CleanupRunning");
  end_job("Complete", "the topics are deleted");
  wait_until_gone();
  const json event = event_that("CleanedUp");
  EXPECT_EQ(event.at("type"), "Normal");
  EXPECT_EQ(event.at("note"), "the topics are deleted");
}

TEST_F(CleanupCycleTest, APodThatWasEvictedDoesNotHoldTheTask) {
  start_tracking(deleting_task());
  roll_out("tracker-2");
  evict("tracker-2");
  delete_task();
  stop_tracker();
  wait_for_job();
  finish_job("orders-cleanup");
  wait_until_gone();
}

TEST_F(CleanupCycleTest, AJobOfSomebodyElseIsToldAndWaitedFor) {
  client_.create(kube::kJob, job_of_somebody_else("orders-cleanup")).value();
  delete_tracking();
  stop_tracker();
  wait_for("Terminating", "True NameTaken");
  const std::string message = condition_of_cleanup().value("message", "");
  EXPECT_NE(message.find("orders-cleanup"), std::string::npos) << message;
  EXPECT_TRUE(client_.remove(kube::kJob, {space_, "orders-cleanup"}, {}).ok());
  wait_for("Terminating", "True CleanupRunning");
  wait_for_job();
  finish_job("orders-cleanup");
  wait_until_gone();
}

TEST_F(CleanupCycleTest, ItsEndIsToldOnceThoughTheWatchIsLate) {
  delete_tracking();
  stop_tracker();
  end_pod_of_job("the topics are deleted");
  wait_until("the operator knows of its own write", [&] {
    const kube::ObjectPtr known = controller_->store(kube::kChangeTrackingTask)->find({space_, "orders"});
    return kube::text_at(*known, "/metadata/resourceVersion") ==
           resource_version(kube::kChangeTrackingTask, "orders");
  });
  watched_.hold(true);
  finish_job("orders-cleanup");
  wait_until_gone();
  static_cast<void>(event_that("CleanedUp"));  // it is told a moment after the task has gone
  EXPECT_TRUE(reconciler_->reconcile({space_, "orders"}).status.ok());
  EXPECT_EQ(events_that("CleanedUp"), 1U);
  watched_.hold(false);
}

TEST_F(CleanupCycleTest, AJobThatFailsLetsTheTaskGoAndSaysWhatIsLeft) {
  delete_tracking();
  stop_tracker();
  end_job("Failed", "Kafka does not answer");
  wait_until_gone();
  const json event = event_that("CleanupFailed");
  EXPECT_EQ(event.at("type"), "Warning");
  const std::string note = event.at("note");
  EXPECT_NE(note.find("Kafka does not answer"), std::string::npos) << note;
  EXPECT_NE(note.find("__rowtide_checkpoints"), std::string::npos) << note;
}

TEST_F(CleanupCycleTest, ATrackerThatDoesNotStopHoldsTheTaskForTenMinutesOnly) {
  delete_tracking();
  json conditions = status().at("conditions");
  for (json& one : conditions) {
    if (one.at("type") == "Terminating")
      one["lastTransitionTime"] = api::format_time((std::time(nullptr) - 601) * 1000);
  }
  steady_ahead_ms_ += 60'000;  // what another told holds after a minute of our own
  write_status(kube::kChangeTrackingTask, "orders", {{"conditions", conditions}});
  wait_until_gone();
  const json event = event_that("CleanupTimedOut");
  EXPECT_EQ(event.at("type"), "Warning");
  EXPECT_NE(event.at("note").get<std::string>().find("tracker-1"), std::string::npos) << event;
}

TEST_F(CleanupCycleTest, TheAnnotationLetsADeletedTaskGoAtOnce) {
  delete_tracking();
  EXPECT_TRUE(client_
                  .patch(kube::kChangeTrackingTask, {space_, "orders"},
                         {{"metadata", {{"annotations", {{api::kSkipCleanup, "true"}}}}}},
                         resource_version(kube::kChangeTrackingTask, "orders"))
                  .ok());
  wait_until_gone();
  EXPECT_EQ(event_that("CleanupSkipped").at("type"), "Normal");
}

TEST_F(CleanupCycleTest, RetainLetsADeletedTaskGoAtOnce) {
  delete_tracking();
  EXPECT_TRUE(client_
                  .patch(kube::kChangeTrackingTask, {space_, "orders"},
                         {{"spec", {{"deletionPolicy", "Retain"}}}},
                         resource_version(kube::kChangeTrackingTask, "orders"))
                  .ok());
  wait_until_gone();
  EXPECT_EQ(event_that("CleanupSkipped").at("type"), "Normal");
}

TEST_F(CleanupCycleTest, OnlyDeleteHasTheFinalizerAndThoseOfOthersStay) {
  json object = deleting_task();
  object["metadata"]["finalizers"] = json::array({"example.com/theirs"});
  apply(object);
  const auto finalizers = [&] {
    return kube::value_at(live(kube::kChangeTrackingTask, "orders"), "/metadata/finalizers");
  };
  wait_until("the finalizer", [&] { return finalizers().size() == 2; });
  object["spec"]["deletionPolicy"] = "Retain";
  apply(object);
  wait_until("no finalizer", [&] { return finalizers() == json::array({"example.com/theirs"}); });
  object["metadata"].erase("finalizers");
  apply(object);
}

TEST_F(CleanupCycleTest, ATaskWhoseTrackerNeverRanDeletesNothing) {
  start_tracking();
  outlive_a_second();
  json second = deleting_task("second");
  second["spec"]["sink"]["kafka"]["topic"] = {{"name", space_ + ".orders"}};
  apply(second);
  wait_for("Accepted", "False Conflict", "second");
  EXPECT_TRUE(has_finalizer("second"));
  delete_task("second");
  wait_until_gone("second");
  EXPECT_EQ(event_that("CleanupSkipped").at("type"), "Normal");
  EXPECT_TRUE(live(kube::kJob, "second-cleanup").is_null());
}

TEST_F(CleanupCycleTest, AnInvalidEditIsCleanedUpAfterByTheSpecThatRan) {
  json object = deleting_task();
  start_tracking(object);
  wait_until("the last good spec", [&] { return status().contains("lastGoodSpec"); });
  object["spec"]["objects"]["include"][0]["tables"] = {"a"};
  object["spec"]["objects"]["include"][0]["tablePattern"] = "(";
  object["spec"]["objects"]["include"][0].erase("tables");
  apply(object);
  wait_for("Accepted", "False InvalidSpec");
  delete_task();
  stop_tracker();
  const json job = wait_for_job();
  const json& annotations = job.at("spec").at("template").at("metadata").at("annotations");
  const json document = json::parse(annotations.at(kTaskDocument).get<std::string>());
  EXPECT_FALSE(document.at("spec").at("objects").at("include").at(0).contains("tablePattern"));
  finish_job("orders-cleanup");
  wait_until_gone();
}

TEST_F(CleanupCycleTest, ASpecThatRanAndCannotBeReadAnyMoreIsToldAsLeft) {
  start_tracking(deleting_task());
  wait_until("the last good spec", [&] { return status().contains("lastGoodSpec"); });
  stop_operator();
  write_status(kube::kChangeTrackingTask, "orders",
               {{"lastGoodSpec", {{"objects", {{"include", json::array({{{"tablePattern", "("}}})}}}}}});
  delete_task();
  start_operator(kImage);
  wait_until_gone();
  const json event = event_that("CleanupFailed");
  EXPECT_EQ(event.at("type"), "Warning");
  EXPECT_NE(event.at("note").get<std::string>().find("lastGoodSpec"), std::string::npos) << event;
}

TEST_F(CleanupCycleTest, TheJobOfAFormerTaskOfThatNameIsReplaced) {
  delete_tracking();
  stop_tracker();
  finish_job(kube::text_at(wait_for_job(), "/metadata/name"));
  wait_until_gone();
  for (const auto& [type, name] : {std::pair{kube::kDeployment, "orders-tracker"},
                                   {kube::kJob, "orders-precheck"},
                                   {kube::kPod, "orders-precheck-x"},
                                   {kube::kConfigMap, "orders-tracker"},
                                   {kube::kConfigMap, "orders-precheck"},
                                   {kube::kService, "orders-tracker"}}) {
    EXPECT_TRUE(client_.remove(type, {space_, name}, {}).ok());  // the garbage collector's part
  }
  const std::string former = kube::text_at(live(kube::kJob, "orders-cleanup"), "/metadata/uid");
  delete_tracking();
  stop_tracker();
  wait_until("another Job", [&] {
    const std::string uid = kube::text_at(live(kube::kJob, "orders-cleanup"), "/metadata/uid");
    return !uid.empty() && uid != former;
  });
  EXPECT_FALSE(live(kube::kChangeTrackingTask, "orders").is_null());
  finish_job("orders-cleanup");
  wait_until_gone();
}

/// The namespace takes no event any more either: what is left stands in the log.
TEST_F(CleanupCycleTest, ANamespaceThatIsDeletedTakesTheTaskAlong) {
  const auto log = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(1'000);
  const auto before = spdlog::default_logger();
  stop_operator();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", log));
  start_operator(kImage);
  delete_tracking();
  EXPECT_TRUE(client_.remove(kNamespace, {"", space_}, {}).ok());
  stop_tracker();
  wait_until_gone();
  stop_operator();
  spdlog::set_default_logger(before);
  const std::vector<std::string> lines = log->last_formatted();
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("NamespaceTerminating: the namespace is deleted") != std::string::npos &&
           line.find("perhaps left: the task's topics") != std::string::npos;
  })) << absl::StrJoin(lines, "");
}

TEST_F(ReconcilerTest, WhileANewerSpecIsRefusedTheLastGoodOnesChildrenArePutBack) {
  start_tracking();
  wait_until("the last good spec", [&] { return status().contains("lastGoodSpec"); });
  json object = task_object();
  object["spec"]["objects"]["include"][0]["tablePattern"] = "(";
  object["spec"]["tracker"]["image"] = "never:run";
  apply(object);
  wait_for("Accepted", "False InvalidSpec");
  // Also by an operator that has not seen the spec itself.
  stop_operator();
  start_operator(kImage);
  const json config = kube::value_at(live(kube::kConfigMap, "orders-tracker"), "/data");
  EXPECT_TRUE(client_.remove(kube::kConfigMap, {space_, "orders-tracker"}, {}).ok());
  EXPECT_TRUE(client_.remove(kube::kService, {space_, "orders-tracker"}, {}).ok());
  EXPECT_TRUE(client_
                  .patch(kube::kDeployment, {space_, "orders-tracker"},
                         {{"spec", {{"template", {{"spec", {{"terminationGracePeriodSeconds", 5}}}}}}}},
                         resource_version(kube::kDeployment, "orders-tracker"))
                  .ok());
  wait_until("they are put back", [&] {
    return kube::value_at(live(kube::kConfigMap, "orders-tracker"), "/data") == config &&
           live(kube::kService, "orders-tracker").is_object() &&
           kube::value_at(live(kube::kDeployment, "orders-tracker"),
                          "/spec/template/spec/terminationGracePeriodSeconds") == 60;
  });
  EXPECT_TRUE(client_.remove(kube::kDeployment, {space_, "orders-tracker"}, {}).ok());
  wait_until("the Deployment is made again",
             [&] { return live(kube::kDeployment, "orders-tracker").is_object(); });
  const json again = live(kube::kDeployment, "orders-tracker");
  EXPECT_EQ(kube::text_at(again, "/spec/template/spec/containers/0/image"), kImage);

  // And while a precheck fails, or is not done.
  object["spec"]["objects"]["include"][0] = {{"database", "crm"}};
  apply(object);
  wait_for("PrecheckPassed", "Unknown PrecheckRunning");
  EXPECT_TRUE(client_.remove(kube::kConfigMap, {space_, "orders-tracker"}, {}).ok());
  wait_until("it is put back",
             [&] { return kube::value_at(live(kube::kConfigMap, "orders-tracker"), "/data") == config; });
}

class ChartUserTest : public CleanupCycleTest {
 protected:
  void make_user(const json& rules, bool is_cluster_wide) {
    const std::string name = "operator-" + space_;
    user_ = make_account(*transport_, server_->fact("KUBECONFIG"), {space_, name});
    grant(client_, {space_, name}, rules, is_cluster_wide ? "" : space_);
  }
  void TearDown() override {
    CleanupCycleTest::TearDown();
    watched_.use(*transport_);
  }

  std::unique_ptr<kube::CpprestTransport> user_;
};

/// The operator as the user that the chart makes of it: cluster-wide, and in one namespace.
class LeastPrivilegeTest : public ChartUserTest, public testing::WithParamInterface<bool> {
 protected:
  /// What the operator would do of other suites' tasks would count as used.
  static void SetUpTestSuite() {
    end_server();
    ChartUserTest::SetUpTestSuite();
  }
  static void TearDownTestSuite() { end_server(); }

  void become_chart_user(bool is_cluster_wide) {
    stop_operator();
    make_user(chart_rules(), is_cluster_wide);
    kube::Client as_user(*user_);
    wait_until("the role is in force", [&] {
      return as_user.list(kube::kChangeTrackingTask, {.name_space = is_cluster_wide ? "" : space_}).ok();
    });
    watched_.use(*user_);
    start_operator(kImage, is_cluster_wide ? std::set<std::string>() : std::set<std::string>{space_});
  }
  void live_a_groups_life() {
    json group = {{"apiVersion", "rowtide.dev/v1alpha1"},
                  {"kind", "ConsumerGroup"},
                  {"metadata", {{"name", "cache"}, {"namespace", space_}}},
                  {"spec", {{"taskRef", {{"name", "orders"}}}, {"deletionPolicy", "Delete"}}}};
    kube::Client user(*transport_, "user");
    user.apply(kube::kConsumerGroup, group).value();
    wait_until("it has conditions", [&] {
      return kube::value_at(live(kube::kConsumerGroup, "cache"), "/status/conditions").is_array();
    });
    EXPECT_TRUE(client_.remove(kube::kConsumerGroup, {space_, "cache"}, {}).ok());
    group["metadata"]["annotations"] = {{"rowtide.dev/skip-cleanup", "true"}};
    user.apply(kube::kConsumerGroup, group).value();
    wait_until("it is gone", [&] { return live(kube::kConsumerGroup, "cache").is_null(); });
  }
};

TEST_F(ChartUserTest, LeadingNeedsNoMoreThanTheChartGrantsAndThatNoLess) {
  stop_operator();
  const json rules = chart_rules("Role", "rowtide-operator-leader");
  make_user(rules, false);
  watched_.use(*user_);
  const lease::LeaseOptions options{.lease = {space_, "rowtide-operator"}, .identity = "one"};
  lease::LeaseHolder first(operator_client_, options);
  wait_until("the role is in force", [&] { return first.hold().ok(); });
  const std::vector<std::string> forbidden_before = watched_.forbidden();
  EXPECT_TRUE(first.hold().value_or(false)) << "renewed";
  EXPECT_TRUE(first.release().ok());
  lease::LeaseHolder second(operator_client_, {.lease = options.lease, .identity = "two"});
  EXPECT_TRUE(second.hold().value_or(false)) << "taken over";
  EXPECT_EQ(watched_.forbidden(), forbidden_before);

  std::set<std::string> granted;
  for (const json& rule : rules) {
    for (const json& verb : rule.at("verbs")) granted.insert(verb.get<std::string>() + " leases");
  }
  std::set<std::string> used = watched_.used();
  std::erase_if(used, [](const std::string& verb) { return !verb.ends_with(" leases"); });
  EXPECT_EQ(used, granted);
}

TEST_P(LeastPrivilegeTest, ATasksLifeNeedsNoMoreThanTheChartGrants) {
  become_chart_user(GetParam());
  json object = deleting_task();
  apply(object);
  wait_until("the precheck's Job", [&] { return live(kube::kJob, "orders-precheck").is_object(); });
  // Events are read where a Job has no pod.
  EXPECT_TRUE(eventually([&] { return watched_.used().contains("list events"); }));
  start_tracking(object);
  live_a_groups_life();
  crash_tracker("tracker-1");
  wait_for("Ready", "False CrashLooping");
  wait_until("its event", [&] { return events_that("CrashLooping") > 0; });
  object["spec"]["suspend"] = true;
  object["spec"]["objects"]["include"][0]["database"] =
      "crm";  // another precheck: its Job takes the first's place
  apply(object);
  wait_for("Ready", "False Suspended");
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "orders-precheck-x"}, {}).ok());
  wait_until("the edit's Job", [&] {
    return kube::value_at(live(kube::kJob, "orders-precheck"), "/status/conditions").is_null();
  });
  pass_precheck();
  object["spec"]["suspend"] = false;
  apply(object);
  wait_until("it runs again", [&] {
    return kube::value_at(live(kube::kDeployment, "orders-tracker"), "/spec/replicas") == 1;
  });
  delete_task();
  stop_tracker();
  end_job("Complete", "the topics are deleted");
  wait_until_gone();
  event_that("CleanedUp");
  wait_until("the store has forgotten it", [&] {
    return controller_->store(kube::kChangeTrackingTask)->find({space_, "orders"}) == nullptr;
  });
  stop_operator();
  EXPECT_EQ(watched_.forbidden(), std::vector<std::string>{});

  // Nothing is granted that such a life does not use.
  const std::set<std::string> used = watched_.used();
  for (const json& rule : chart_rules()) {
    for (const json& resource : rule.at("resources")) {
      for (const json& verb : rule.at("verbs")) {
        const std::string granted = verb.get<std::string>() + " " + resource.get<std::string>();
        // Asked for by admission (OwnerReferencesPermissionEnforcement), of who names an owner.
        if (granted == "update changetrackingtasks/finalizers") continue;
        // Whose is the Job that is there? Asked only where the watch is late.
        if (granted == "get jobs") continue;
        // Server-side apply is a patch that may create.
        if (verb == "create" && used.contains("patch " + resource.get<std::string>())) continue;
        EXPECT_TRUE(used.contains(granted)) << granted;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Scopes, LeastPrivilegeTest, testing::Bool(),
                         [](const auto& one) { return one.param ? "ClusterWide" : "OneNamespace"; });

}  // namespace
}  // namespace rowtide::op::tasks
