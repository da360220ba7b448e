#include "operator/inject/pod_injection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/kube/json_access.h"
#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::inject {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

class PodInjection : public testing::Test {
 protected:
  json pod = json::parse(R"({
    "metadata": {"generateName": "web-", "annotations": {"rowtide.dev/inject": "orders", "of": "theirs"}},
    "spec": {"containers": [{"name": "web", "image": "web:1"}],
             "initContainers": [{"name": "prepare", "image": "web:1"}],
             "volumes": [{"name": "data", "emptyDir": {}}]}})");
  json object = [] {
    json made = tasks::task_json();
    made["spec"]["sink"] = {{"stream", json::object()}};
    return made;
  }();

  [[nodiscard]] absl::StatusOr<json> inject() const {
    return with_tracker(pod, api::read_task_object(object), "rowtide:1");
  }
  [[nodiscard]] json tracker() const { return inject().value().at("spec").at("initContainers").at(0); }
  [[nodiscard]] std::string refusal() const { return std::string(inject().status().message()); }
  void annotate(const char* name, const char* value) { pod["metadata"]["annotations"][name] = value; }
};

TEST_F(PodInjection, TheTrackerIsTheFirstInitContainerAndGoesOnRunning) {
  const json with = inject().value();
  const json first = with.at("spec").at("initContainers").at(0);
  EXPECT_EQ(first.at("name"), "rowtide-tracker");
  EXPECT_EQ(first.at("restartPolicy"), "Always");
  EXPECT_EQ(first.at("image"), "rowtide:1");
  EXPECT_EQ(with.at("spec").at("initContainers").at(1).at("name"), "prepare");
  EXPECT_EQ(with.at("metadata").at("labels").at("rowtide.dev/task"), "orders");
  EXPECT_EQ(with.at("metadata").at("annotations").at("rowtide.dev/injected"), "u-1");
  EXPECT_FALSE(wants_tracker(with)) << "asked again it has one";
}

TEST_F(PodInjection, TheChangesAreOnLoopbackAndTheStatusIsNot) {
  EXPECT_THAT(tracker().at("args"), Contains("127.0.0.1:9797"));
  EXPECT_THAT(tracker().at("args"), Contains(":9798"));
  EXPECT_EQ(tracker().at("ports").at(0),
            json::parse(R"({"name": "rowtide-status", "containerPort": 9798, "protocol": "TCP"})"));
  annotate(kInjectPort, "7000");
  EXPECT_THAT(tracker().at("args"), Contains("127.0.0.1:7000"));
  EXPECT_EQ(tracker().at("ports").at(0).at("containerPort"), 7001);
}

TEST_F(PodInjection, NothingElseOfThePodIsTouched) {
  json with = inject().value();
  with["spec"]["initContainers"].erase(0);
  json& volumes = with["spec"]["volumes"];
  EXPECT_EQ(volumes.at(1).at("name"), "rowtide-task");
  EXPECT_EQ(kube::text_at(volumes.at(1), "/downwardAPI/items/0/fieldRef/fieldPath"),
            "metadata.annotations['rowtide.dev/task-document']");
  EXPECT_EQ(volumes.at(2).at("secret").at("secretName"), "orders-source");
  for (const std::size_t ours : {2U, 1U}) volumes.erase(ours);
  with["metadata"].erase("labels");
  for (const char* ours : {"rowtide.dev/injected", "rowtide.dev/task-document", "rowtide.dev/pod-hash"})
    with["metadata"]["annotations"].erase(ours);
  EXPECT_EQ(with, pod);
}

TEST_F(PodInjection, APodWithoutVolumesInitContainersAndLabelsGetsThem) {
  pod["spec"].erase("volumes");
  pod["spec"].erase("initContainers");
  EXPECT_EQ(inject().value().at("spec").at("volumes").size(), 2U);
}

TEST_F(PodInjection, TheDocumentIsThatOfTheSecretsThatAreMounted) {
  const json with = inject().value();
  const std::string document = with.at("metadata").at("annotations").at("rowtide.dev/task-document");
  EXPECT_EQ(document, api::read_task_object(object).tracker_document);
}

TEST_F(PodInjection, ADocumentThatIsNoAnnotationIsRefusedWithWhatToDo) {
  object["spec"]["objects"]["include"] = tasks::rules_of_tables(7'000);
  EXPECT_TRUE(inject().ok()) << refusal();
  object["spec"]["objects"]["include"] = tasks::rules_of_tables(9'900);
  EXPECT_THAT(refusal(), HasSubstr("tablePattern"));
}

TEST_F(PodInjection, WhatTheContainerIsMadeByIsKnownLater) {
  const auto hash = [this](const char* image) {
    return with_tracker(pod, api::read_task_object(object), image)
        .value()
        .at("metadata")
        .at("annotations")
        .at("rowtide.dev/pod-hash")
        .get<std::string>();
  };
  const std::string first = hash("rowtide:1");
  EXPECT_EQ(hash("rowtide:1"), first);
  EXPECT_NE(hash("rowtide:2"), first);
  annotate(kInjectPort, "7000");
  EXPECT_EQ(hash("rowtide:1"), first) << "the pod's own";
  object["spec"]["tracker"] = {{"resources", {{"limits", {{"memory", "1Gi"}}}}}};
  EXPECT_NE(hash("rowtide:1"), first);
}

TEST_F(PodInjection, ThePodsTokenIsKeptFromAnImageThatTheTaskChooses) {
  EXPECT_THAT(tracker().at("volumeMounts"), Contains(json::parse(R"({
                "name": "rowtide-task", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true})")));
}

TEST_F(PodInjection, FitsRestrictedWhateverThePodSays) {
  pod["spec"]["securityContext"] = {
      {"runAsUser", 0}, {"runAsNonRoot", false}, {"seccompProfile", {{"type", "Unconfined"}}}};
  const json security = tracker().at("securityContext");
  EXPECT_EQ(security, json::parse(R"({
    "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true, "runAsUser": 65532,
    "runAsGroup": 65532, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}})"));
  pod["spec"]["securityContext"] = {{"runAsUser", 1000}};
  EXPECT_FALSE(tracker().at("securityContext").contains("runAsUser"))
      << "the pod's, who may read its volumes";
}

TEST_F(PodInjection, ThePlacesAreKeptInAVolumeOfThePod) {
  EXPECT_THAT(tracker().at("args"), testing::Not(Contains("--state")));
  annotate(kInjectStateVolume, "data");
  EXPECT_THAT(tracker().at("args"), Contains("--state"));
  EXPECT_THAT(
      tracker().at("volumeMounts"),
      Contains(json::parse(R"({"name": "data", "mountPath": "/var/lib/rowtide", "subPath": "rowtide"})")));
  annotate(kInjectStateVolume, "missing");
  EXPECT_THAT(refusal(), HasSubstr("rowtide.dev/inject-state-volume: missing is not allowed"));
}

TEST_F(PodInjection, PodsOfAStatefulSetHaveAPlaceEachInAVolumeThatTheyShare) {
  annotate(kInjectStateVolume, "data");
  pod["metadata"]["name"] = "web-0";
  pod["metadata"]["ownerReferences"] = {{{"kind", "StatefulSet"}, {"name", "web"}, {"controller", true}}};
  EXPECT_EQ(tracker().at("volumeMounts").back().at("subPath"), "rowtide/web-0");
}

TEST_F(PodInjection, PortsThatAreNoneAreRefused) {
  for (const char* port : {"0", "65535", "http", "80x", "-1"}) {
    annotate(kInjectPort, port);
    EXPECT_THAT(refusal(), HasSubstr(std::string("rowtide.dev/inject-port: ") + port)) << port;
  }
}

TEST_F(PodInjection, OnTheNodesNetworkIsRefused) {
  pod["spec"]["hostNetwork"] = true;
  EXPECT_THAT(refusal(), HasSubstr("spec.hostNetwork"));
}

TEST_F(PodInjection, TheTasksSettingsAreTheSidecars) {
  object["spec"]["tracker"] = {{"image", "mine:2"},
                               {"resources", {{"limits", {{"memory", "1Gi"}}}}},
                               {"env", {{{"name", "TZ"}, {"value", "UTC"}}}}};
  EXPECT_EQ(tracker().at("image"), "mine:2");
  EXPECT_EQ(tracker().at("resources").at("limits").at("memory"), "1Gi");
  EXPECT_EQ(tracker().at("env").at(0).at("name"), "TZ");
  EXPECT_EQ(tracker().at("securityContext").at("runAsUser"), 65532) << "of another image nothing is known";
}

TEST_F(PodInjection, EachPodIsAReplicaOfItsOwnWhateverItsHostName) {
  EXPECT_EQ(tracker().at("env").back(),
            json::parse(
                R"({"name": "ROWTIDE_POD_UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}})"));
}

TEST_F(PodInjection, APodWithoutTheAnnotationWantsNone) {
  EXPECT_TRUE(wants_tracker(pod));
  pod["metadata"]["annotations"].erase(kInject);
  EXPECT_FALSE(wants_tracker(pod));
  pod["metadata"].erase("annotations");
  EXPECT_FALSE(wants_tracker(pod));
}

}  // namespace
}  // namespace rowtide::op::inject
