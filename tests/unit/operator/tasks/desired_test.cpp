#include "operator/tasks/desired.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

json pod_spec(const json& workload) {
  return workload.at("spec").at("template").at("spec");
}

TEST(Desired, SameInputSameBytes) {
  EXPECT_EQ(tracker_deployment(test_task(), "i").dump(), tracker_deployment(test_task(), "i").dump());
}

TEST(Desired, EverythingIsOwnedByTheTask) {
  const api::TaskObject task = test_task();
  for (const json& object : {tracker_config_map(task), tracker_deployment(task, "i"), tracker_service(task),
                             precheck_config_map(task), precheck_job(task, "i", 1)}) {
    const json& owner = object.at("metadata").at("ownerReferences").at(0);
    EXPECT_EQ(owner.at("uid"), "u-1") << object;
    EXPECT_EQ(owner.at("controller"), true);
    EXPECT_EQ(object.at("metadata").at("namespace"), "shop");
    EXPECT_EQ(object.at("metadata").at("labels").at(kTaskLabel), "orders");
  }
}

TEST(Desired, PodsAreRestricted) {
  const api::TaskObject task = test_task();
  for (const json& workload : {tracker_deployment(task, "i"), precheck_job(task, "i", 1)}) {
    const json pod = pod_spec(workload);
    const json& container = pod.at("containers").at(0);
    EXPECT_EQ(pod.at("automountServiceAccountToken"), false);
    EXPECT_EQ(pod.at("securityContext").at("runAsNonRoot"), true);
    EXPECT_EQ(pod.at("securityContext").at("seccompProfile").at("type"), "RuntimeDefault");
    EXPECT_EQ(container.at("securityContext").at("readOnlyRootFilesystem"), true);
    EXPECT_EQ(container.at("securityContext").at("allowPrivilegeEscalation"), false);
    EXPECT_EQ(container.at("securityContext").at("capabilities").at("drop").at(0), "ALL");
  }
}

TEST(Desired, SecretsAreMountedOptionallyByName) {
  json object = task_json();
  object["spec"]["sink"]["kafka"]["security"] = {{"protocol", "SASL_SSL"},
                                                 {"mechanism", "PLAIN"},
                                                 {"credentialsSecretRef", {{"name", "kafka-user"}}},
                                                 {"caSecretRef", {{"name", "kafka-ca"}}},
                                                 {"clientCertificateSecretRef", {{"name", "kafka-tls"}}}};
  object["spec"]["source"]["tls"] = {{"clientCertificateSecretRef", {{"name", "source-tls"}}}};
  const json pod = pod_spec(tracker_deployment(api::read_task_object(object), "i"));
  std::vector<std::string> mounted;
  for (const json& volume : pod.at("volumes")) {
    if (!volume.contains("secret")) continue;
    EXPECT_EQ(volume.at("secret").at("optional"), true);
    mounted.push_back(volume.at("secret").at("secretName"));
  }
  EXPECT_EQ(mounted,
            (std::vector<std::string>{"kafka-ca", "kafka-tls", "kafka-user", "orders-source", "source-tls"}));
}

TEST(Desired, TheDeploymentLeavesReplicasToTheScale) {
  const json deployment = tracker_deployment(test_task(), "i");
  EXPECT_FALSE(deployment.at("spec").contains("replicas"));
  EXPECT_EQ(deployment.at("spec").at("strategy").at("type"), "Recreate");
  EXPECT_EQ(tracker_scale(test_task(), 0).at("spec").at("replicas"), 0);
}

TEST(Desired, AChangedTaskRollsThePodAndADescriptionDoesNot) {
  const json before = tracker_deployment(test_task(), "i");
  json described = task_json();
  described["spec"]["description"] = "new words";
  EXPECT_EQ(before, tracker_deployment(api::read_task_object(described), "i"));
  json changed = task_json();
  changed["spec"]["objects"]["include"][0]["database"] = "crm";
  const json after = tracker_deployment(api::read_task_object(changed), "i");
  EXPECT_NE(before.at("spec").at("template").at("metadata").at("annotations"),
            after.at("spec").at("template").at("metadata").at("annotations"));
}

TEST(Desired, PodSettingsArePassedThrough) {
  json object = task_json();
  object["spec"]["tracker"] = json::parse(R"({
    "image": "own:1", "resources": {"limits": {"memory": "1Gi"}}, "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "k", "operator": "Exists", "tolerationSeconds": 30}],
    "imagePullSecrets": [{"name": "pull"}], "serviceAccountName": "sa"})");
  const api::TaskObject task = api::read_task_object(object);
  ASSERT_TRUE(task.parsed->ok()) << task::to_string(task.parsed->errors);
  const json pod = pod_spec(tracker_deployment(task, "default:1"));
  EXPECT_EQ(pod.at("containers").at(0).at("image"), "own:1");
  EXPECT_EQ(pod.at("containers").at(0).at("resources"),
            json::parse(R"({"requests": {"cpu": "50m"}, "limits": {"memory": "1Gi"}})"));
  EXPECT_EQ(pod.at("nodeSelector"), json::parse(R"({"disk": "ssd"})"));
  EXPECT_EQ(pod.at("tolerations").at(0).at("tolerationSeconds"), 30);
  EXPECT_EQ(pod.at("imagePullSecrets").at(0).at("name"), "pull");
  EXPECT_EQ(pod.at("serviceAccountName"), "sa");
}

TEST(Desired, TheUserIsChosenOnlyForAnImageOfTheTasksOwn) {
  const auto user = [](const api::TaskObject& task) {
    return pod_spec(tracker_deployment(task, "i")).at("securityContext").value("runAsUser", 0);
  };
  EXPECT_EQ(user(test_task()), 0);
  json object = task_json();
  object["spec"]["tracker"]["image"] = "own:1";
  EXPECT_EQ(user(api::read_task_object(object)), 65532);
}

TEST(Desired, ResourcesAreMergedOverTheDefaultsByResource) {
  const auto merged = [](const char* own) {
    json object = task_json();
    object["spec"]["tracker"]["resources"] = json::parse(own);
    return pod_spec(tracker_deployment(api::read_task_object(object), "i"))
        .at("containers")
        .at(0)
        .at("resources");
  };
  EXPECT_EQ(merged("{}"),
            json::parse(R"({"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}})"));
  EXPECT_EQ(merged(R"({"requests": {"memory": "1Gi"}})"),
            json::parse(R"({"requests": {"cpu": "50m", "memory": "1Gi"}})"))
      << "a default limit below the request would be refused";
  EXPECT_EQ(merged(R"({"limits": {"cpu": "10m", "nvidia.com/gpu": 1}})"),
            json::parse(R"({"requests": {"memory": "64Mi"},
                            "limits": {"cpu": "10m", "memory": "256Mi", "nvidia.com/gpu": 1}})"));
}

TEST(Desired, PodsHaveTheTasksLabelsAnnotationsAndVariablesBesideOurs) {
  json object = task_json();
  object["spec"]["tracker"] = json::parse(R"({
    "podLabels": {"team": "cdc"}, "podAnnotations": {"sidecar.istio.io/inject": "false", "prometheus.io/port": "9"},
    "env": [{"name": "TZ", "value": "UTC"}], "priorityClassName": "high",
    "affinity": {"podAntiAffinity": {}}, "topologySpreadConstraints": [{"maxSkew": 1}]})");
  const api::TaskObject task = api::read_task_object(object);
  ASSERT_TRUE(task.parsed->ok()) << task::to_string(task.parsed->errors);
  for (const json& workload : {tracker_deployment(task, "i"), precheck_job(task, "i", 1)}) {
    const json& metadata = workload.at("spec").at("template").at("metadata");
    EXPECT_EQ(metadata.at("labels").at("team"), "cdc");
    EXPECT_EQ(metadata.at("labels").at(kTaskLabel), "orders");
    EXPECT_EQ(metadata.at("annotations").at("sidecar.istio.io/inject"), "false");
    EXPECT_EQ(metadata.at("annotations").at("prometheus.io/port"), "9");
    const json pod = pod_spec(workload);
    EXPECT_EQ(pod.at("containers").at(0).at("env").at(0).at("name"), "TZ");
    EXPECT_EQ(pod.at("priorityClassName"), "high");
    EXPECT_TRUE(pod.at("affinity").contains("podAntiAffinity"));
    EXPECT_EQ(pod.at("topologySpreadConstraints").at(0).at("maxSkew"), 1);
  }
  EXPECT_EQ(tracker_service(task).at("spec").at("selector").size(), 2U) << "the task's labels select nothing";
}

TEST(Desired, AFieldThatIsNotWantedAnyMoreChangesTheHash) {
  json object = task_json();
  object["spec"]["tracker"] = {{"nodeSelector", {{"disk", "ssd"}}}};
  const json before = tracker_deployment(api::read_task_object(object), "i");
  const json after = tracker_deployment(test_task(), "i");
  EXPECT_NE(before.at("metadata").at("annotations"), after.at("metadata").at("annotations"));
}

api::TaskObject manual_task(const char* database = "shop", const char* request = nullptr) {
  json object = task_json();
  object["spec"]["tracker"]["upgradePolicy"] = "Manual";
  object["spec"]["objects"]["include"][0]["database"] = database;
  if (request != nullptr) object["metadata"]["annotations"][api::kUpgradeRequest] = request;
  return api::read_task_object(object);
}

TEST(Upgrade, AutomaticTakesTheNewImage) {
  const json live = tracker_deployment(test_task(), "old");
  const TrackerPlan plan = plan_tracker(test_task(), "new", &live);
  EXPECT_FALSE(plan.upgrade_waits);
  EXPECT_EQ(plan.deployment, tracker_deployment(test_task(), "new"));
}

TEST(Upgrade, ManualKeepsWhatRunsUntilItIsAsked) {
  const json live = tracker_deployment(manual_task(), "old");
  const TrackerPlan kept = plan_tracker(manual_task(), "new", &live);
  EXPECT_TRUE(kept.upgrade_waits);
  EXPECT_EQ(kept.deployment, live) << "so that drift is put back";

  const TrackerPlan edited = plan_tracker(manual_task("crm"), "new", &live);
  EXPECT_FALSE(edited.upgrade_waits);
  EXPECT_EQ(edited.deployment, tracker_deployment(manual_task("crm"), "new"));

  const TrackerPlan asked = plan_tracker(manual_task("shop", "1"), "new", &live);
  EXPECT_FALSE(asked.upgrade_waits);
  EXPECT_EQ(pod_spec(asked.deployment).at("containers").at(0).at("image"), "new");
  // The same request asks only once; taking it away asks for nothing.
  EXPECT_TRUE(plan_tracker(manual_task("shop", "1"), "newer", &asked.deployment).upgrade_waits);
  EXPECT_TRUE(plan_tracker(manual_task(), "newer", &asked.deployment).upgrade_waits);
  EXPECT_FALSE(plan_tracker(manual_task("shop", "2"), "newer", &asked.deployment).upgrade_waits);
}

TEST(Upgrade, ManualLeavesAnotherOperatorsTemplateAlone) {
  json live = tracker_deployment(manual_task(), "old");
  live["metadata"]["annotations"][kDesiredHash] = "of another version's template";
  const TrackerPlan plan = plan_tracker(manual_task(), "old", &live);
  EXPECT_TRUE(plan.upgrade_waits);
  EXPECT_TRUE(plan.deployment.is_null());
}

TEST(Cleanup, OfAManagedWhitelistLeavesTopicsAlone) {
  json object = task_json();
  json& spec = object["spec"];
  spec["source"]["type"] = "PolarDBMySQL";
  spec["source"]["polardb"] = {
      {"regionId", "r"}, {"dbClusterId", "c"}, {"openApiSecretRef", {{"name", "aliyun"}}}};
  spec["network"] = {{"whitelist", {{"mode", "Manage"}}}};
  api::TaskObject task = api::read_task_object(object);
  EXPECT_TRUE(task.parsed->ok()) << task::to_string(task.parsed->errors);
  EXPECT_TRUE(task.needs_cleanup());
  const json job = cleanup_job(task, "rowtide:dev");
  EXPECT_EQ(job.at(json::json_pointer("/spec/template/spec/containers/0/args")).back(), "--keep-topics");
  EXPECT_NE(job.dump().find("/etc/rowtide/secrets/aliyun"), std::string::npos) << "the key is mounted";
  EXPECT_NE(tracker_deployment(task, "rowtide:dev").dump().find("/etc/rowtide/secrets/aliyun"),
            std::string::npos);
  EXPECT_NE(task.tracker_document.find("Manage"), std::string::npos) << "the tracker is to know";

  spec["deletionPolicy"] = "Delete";
  task = api::read_task_object(object);
  EXPECT_EQ(cleanup_job(task, "rowtide:dev").dump().find("--keep-topics"), std::string::npos);
  EXPECT_FALSE(test_task().needs_cleanup());
}

}  // namespace
}  // namespace rowtide::op::tasks
