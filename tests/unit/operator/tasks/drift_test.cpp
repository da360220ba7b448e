#include "operator/tasks/drift.h"

#include <gtest/gtest.h>

#include "operator/tasks/desired.h"
#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;
using Differences = std::vector<std::string>;

const kube::ObjectKey kOrders{"shop", "orders"};

json& tracker_container(json& deployment) {
  return deployment["spec"]["template"]["spec"]["containers"][0];
}

TEST(Drift, WhatTheServerAndOthersAddIsTheirs) {
  const json desired = tracker_deployment(test_task(), "i");
  json live = desired;
  live["metadata"]["resourceVersion"] = "7";
  live["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "1";
  live["spec"]["replicas"] = 1;
  live["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "now";
  json& pod = live["spec"]["template"]["spec"];
  pod["dnsPolicy"] = "ClusterFirst";
  tracker_container(live)["imagePullPolicy"] = "IfNotPresent";
  json& mounts = tracker_container(live)["volumeMounts"];
  mounts.insert(mounts.begin(), json{{"name", "certs"}, {"mountPath", "/certs"}});
  pod["containers"].insert(pod["containers"].begin(), json{{"name", "istio-proxy"}, {"image", "envoy"}});
  EXPECT_EQ(differences(live, desired), Differences{});
}

TEST(Drift, AnEditOfOurFieldIsFoundByItsPath) {
  const json desired = tracker_deployment(test_task(), "i");
  json live = desired;
  tracker_container(live)["image"] = "x";
  EXPECT_EQ(differences(live, desired), Differences{"/spec/template/spec/containers/tracker/image = \"x\""});
  live = desired;
  tracker_container(live)["args"].push_back("--more");
  EXPECT_EQ(differences(live, desired).size(), 1U) << "a list of texts is one value";
  live = desired;
  live["spec"]["template"]["spec"].erase("enableServiceLinks");
  EXPECT_EQ(differences(live, desired), Differences{"/spec/template/spec/enableServiceLinks = null"});
  live = desired;
  live["metadata"]["labels"].erase(kTaskLabel);
  EXPECT_EQ(differences(live, desired).size(), 1U);
}

TEST(Drift, AnItemThatIsGoneIsFound) {
  const json desired = tracker_deployment(test_task(), "i");
  json live = desired;
  tracker_container(live)["ports"].clear();
  EXPECT_EQ(differences(live, desired).size(), 1U);
  live = desired;
  live["spec"]["template"]["spec"]["volumes"].erase(0);
  EXPECT_EQ(differences(live, desired).size(), 1U);
}

TEST(Drift, ASelectorIsOneValue) {
  const json desired = tracker_service(test_task());
  json live = desired;
  live["spec"]["clusterIPs"] = {"None"};
  EXPECT_EQ(differences(live, desired), Differences{});
  live["spec"]["selector"]["version"] = "2";
  EXPECT_EQ(differences(live, desired).size(), 1U) << "it selects other pods";
}

TEST(Drift, WhatIsEmptyMayBeAbsent) {
  EXPECT_EQ(differences(json::object(), {{"tolerations", json::array()}, {"resources", json::object()}}),
            Differences{});
}

TEST(Drift, WhatTheServerKeepsOtherwiseIsNoDrift) {
  const json desired = tracker_deployment(test_task(), "i");
  json live = desired;
  tracker_container(live)["image"] = "mirror/i";
  KeptOtherwise kept;
  EXPECT_FALSE(kept.explains(kOrders, live, desired));
  kept.note(kOrders, desired, live);
  EXPECT_TRUE(kept.explains(kOrders, live, desired));
  EXPECT_TRUE(kept.explains(kOrders, desired, desired));

  json edited = live;
  tracker_container(edited)["image"] = "somebody's";
  EXPECT_FALSE(kept.explains(kOrders, edited, desired));
  const json next = tracker_deployment(test_task(), "i2");
  EXPECT_FALSE(kept.explains(kOrders, live, next)) << "noted of another version";

  kept.note(kOrders, next, next);
  EXPECT_FALSE(kept.explains(kOrders, live, desired)) << "a new version replaces what was noted";
  kept.note(kOrders, desired, live);
  kept.forget(kOrders);
  EXPECT_FALSE(kept.explains(kOrders, live, desired));
}

}  // namespace
}  // namespace rowtide::op::tasks
