#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "common/task/stable_hash.h"
#include "operator/tasks/sidecar_names.h"
#include "tests/integration/reconciler_fixture.h"

// A task with sink.stream by the Reconciler against a real kube-apiserver. The pods with a tracker in them,
// and what that says, are given by the test.

namespace rowtide::op::tasks {
namespace {

class StreamReconcilerTest : public ReconcilerTest {
 protected:
  [[nodiscard]] json stream_object() const {
    json object = task_object();
    object["spec"]["sink"] = {{"stream", json::object()}};
    return object;
  }
  void start_stream() {
    apply(stream_object());
    pass_precheck();
    wait_for("Ready", "True NoSidecars");
  }
  [[nodiscard]] std::string uid() {
    return kube::text_at(live(kube::kChangeTrackingTask, "orders"), "/metadata/uid");
  }
  void make_application_pod(const std::string& name) {
    json pod = json::parse(R"({"apiVersion": "v1", "kind": "Pod",
      "spec": {"containers": [{"name": "app", "image": "app:1"}],
               "initContainers": [{"name": "rowtide-tracker", "image": "rowtide:test", "restartPolicy": "Always",
                                   "ports": [{"name": "rowtide-status", "containerPort": 9180}]}]}})");
    pod["metadata"] = {{"name", name},
                       {"namespace", space_},
                       {"labels", {{kTaskLabel, "orders"}, {"app.kubernetes.io/managed-by", "Helm"}}},
                       {"annotations", {{kInjectedAnnotation, uid()}, {kTaskDocument, document()}}}};
    client_.create(kube::kPod, pod).value();
  }
  /// The kubelet's part.
  void run_sidecar(const std::string& name, bool is_ready) {
    json sidecar = container(kSidecarContainer, {{"running", json::object()}}, is_ready);
    sidecar["started"] = true;
    write_status(kube::kPod, name,
                 {{"phase", "Running"},
                  {"podIP", "192.0.2.8"},
                  {"podIPs", json::array({{{"ip", "192.0.2.8"}}})},
                  {"initContainerStatuses", json::array({sidecar})}});
  }
  void sidecars_say(const std::string& document_hash) {
    task::TrackerStatus answer;
    answer.task_uid = uid();
    answer.document_hash = document_hash;
    answer.readers = {{.name = "cache", .is_connected = true, .file = "binlog.000007", .offset = 4}};
    probe_.answer(answer);
  }
  /// What pods that are made now get.
  [[nodiscard]] std::string document() {
    json object = live(kube::kChangeTrackingTask, "orders");
    object["spec"] = object.at("status").at("lastGoodSpec");
    return api::read_task_object(object).tracker_document;
  }
  [[nodiscard]] std::string document_hash() { return task::stable_hash(document()); }
  [[nodiscard]] json entry() { return kube::value_at(status(), "/sidecars/0"); }
};

TEST_F(StreamReconcilerTest, WhilePodsWouldGetNoTrackerItIsNotReady) {
  start_stream();
  is_untrusted_ = true;
  enqueue_streams(*controller_);
  wait_for("Ready", "False WebhookUntrusted");
  EXPECT_EQ(said("TrackerAvailable"), "False WebhookUntrusted");
  EXPECT_EQ(condition("Ready").value("message", ""),
            "not trusted; pods that are made now get no tracker, those that have one keep it");
  is_untrusted_ = false;
  enqueue_streams(*controller_);
  wait_for("Ready", "True NoSidecars");
}

TEST_F(StreamReconcilerTest, IsPrecheckedAndKeptForPodsWithoutATrackerOfItsOwn) {
  apply(stream_object());
  wait_for("PrecheckPassed", "Unknown PrecheckRunning");
  EXPECT_EQ(said("Ready"), "False Prechecking");
  EXPECT_FALSE(status().contains("lastGoodSpec")) << "nobody gets an unchecked spec";
  pass_precheck();
  wait_for("Ready", "True NoSidecars");
  EXPECT_EQ(said("TrackerAvailable"), "True Injectable");
  EXPECT_EQ(status().at("phase"), "Injectable");
  EXPECT_EQ(status().at("sidecarCount"), 0);
  expect_no_more_writes();
  EXPECT_FALSE(live(kube::kDeployment, "orders-tracker").is_object());
  EXPECT_FALSE(live(kube::kService, "orders-tracker").is_object());
  EXPECT_FALSE(live(kube::kConfigMap, "orders-tracker").is_object()) << "a pod has its document itself";
}

TEST_F(StreamReconcilerTest, TellsOfThePodsThatHaveItsTracker) {
  start_stream();
  sidecars_say(document_hash());
  make_application_pod("shop-1");
  wait_until("it is told",
             [&] { return entry().is_object() && entry().value("reason", "") == "PodStarting"; });
  EXPECT_EQ(said("Ready"), "True NoSidecars") << "a pod that starts is no fault of the task";
  run_sidecar("shop-1", true);
  wait_for("Ready", "True SidecarsReady");
  wait_until("its readers are told", [&] {
    return entry() == json::parse(R"({"pod": "shop-1", "ready": true, "upToDate": true,
      "readers": [{"name": "cache", "connected": true, "position": "binlog.000007:4"}]})");
  });
  EXPECT_EQ(probe_.last_port, 9180);
  EXPECT_EQ(status().at("sidecarCount"), 1);
  expect_no_more_writes();
  run_sidecar("shop-1", false);
  wait_for("Ready", "False Starting");
  EXPECT_EQ(entry().at("ready"), false);
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "shop-1"}, {.uid = {}, .resource_version = {}}).ok());
  wait_for("Ready", "True NoSidecars");
  EXPECT_FALSE(status().contains("sidecars"));
}

TEST_F(StreamReconcilerTest, ASidecarThatHasAnOlderSpecIsToldAfterAnEdit) {
  start_stream();
  sidecars_say(document_hash());
  make_application_pod("shop-1");
  run_sidecar("shop-1", true);
  wait_until("it is up to date", [&] { return entry().is_object() && entry().value("upToDate", false); });
  json object = stream_object();
  object["spec"]["objects"]["include"][0]["database"] = "crm";
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "orders-precheck-x"}, {}).ok());
  const std::string former = kube::text_at(live(kube::kJob, "orders-precheck"), "/metadata/uid");
  apply(object);
  wait_for("Ready", "False Updating");
  EXPECT_EQ(entry().at("upToDate"), true) << "pods still get that spec";
  wait_until("the edit's Job", [&] {
    const std::string next = kube::text_at(live(kube::kJob, "orders-precheck"), "/metadata/uid");
    return !next.empty() && next != former;
  });
  pass_precheck();
  wait_for("Ready", "True SidecarsReady");
  EXPECT_EQ(entry().at("upToDate"), false);
  EXPECT_NE(condition("Ready").at("message").get<std::string>().find("kubectl rollout restart"),
            std::string::npos);
  sidecars_say(document_hash());  // the pod is restarted
  probe_clock_ahead_ = seconds(60);
  wait_until("it is up to date again", [&] {
    EXPECT_TRUE(reconciler_->reconcile({space_, "orders"}).status.ok());
    return entry().value("upToDate", false);
  });
}

TEST_F(StreamReconcilerTest, ATaskThatIsMadeAnewTellsOfThePodsOfTheFormerOne) {
  start_stream();
  sidecars_say(document_hash());
  make_application_pod("shop-1");
  run_sidecar("shop-1", true);
  wait_until("it is up to date", [&] { return entry().is_object() && entry().value("upToDate", false); });
  EXPECT_TRUE(client_.remove(kube::kPod, {space_, "orders-precheck-x"}, {}).ok());
  EXPECT_TRUE(
      client_.remove(kube::kJob, {space_, "orders-precheck"}, {}).ok());  // the garbage collector's part
  EXPECT_TRUE(client_.remove(kube::kConfigMap, {space_, "orders-precheck"}, {}).ok());
  EXPECT_TRUE(client_.remove(kube::kChangeTrackingTask, {space_, "orders"}, {}).ok());
  wait_until("the task is gone", [&] { return live(kube::kChangeTrackingTask, "orders").is_null(); });
  apply(stream_object());
  pass_precheck();
  wait_for("Ready", "True SidecarsReady");
  EXPECT_EQ(entry().at("pod"), "shop-1");
  EXPECT_EQ(entry().at("upToDate"), false);
  EXPECT_NE(condition("Ready").at("message").get<std::string>().find("a former task of this name"),
            std::string::npos);
}

TEST_F(StreamReconcilerTest, TakesNoConsumerGroups) {
  start_stream();
  const json group{{"apiVersion", "rowtide.dev/v1alpha1"},
                   {"kind", "ConsumerGroup"},
                   {"metadata", {{"name", "cache"}, {"namespace", space_}}},
                   {"spec", {{"taskRef", {{"name", "orders"}}}, {"deletionPolicy", "Delete"}}}};
  kube::Client user(*transport_, "user");
  user.apply(kube::kConsumerGroup, group).value();
  const auto accepted = [&] {
    return api::find_condition(kube::value_at(live(kube::kConsumerGroup, "cache"), "/status/conditions"),
                               "Accepted");
  };
  wait_until("it is refused",
             [&] { return accepted().is_object() && accepted().at("reason") == "TaskWithoutKafka"; });
  EXPECT_TRUE(client_.remove(kube::kConsumerGroup, {space_, "cache"}, {}).ok());
  wait_until("it goes at once", [&] { return live(kube::kConsumerGroup, "cache").is_null(); });
  EXPECT_FALSE(live(kube::kConfigMap, "orders-groups").is_object());
}

}  // namespace
}  // namespace rowtide::op::tasks
