#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "operator/api/object_metadata.h"
#include "tests/integration/reconciler_fixture.h"

// What a real kube-apiserver refuses the operator is told in the task's conditions, and nothing else waits
// for it.

namespace rowtide::op::tasks {
namespace {

using testing::HasSubstr;

constexpr kube::ResourceType kValidatingWebhook{"admissionregistration.k8s.io", "v1",
                                                "validatingwebhookconfigurations",
                                                "ValidatingWebhookConfiguration", false};

constexpr const char* kMessage = "only the platform may";

class Refusals : public ReconcilerTest {
 protected:
  void TearDown() override {
    allow();
    ReconcilerTest::TearDown();
  }
  json named(const kube::ResourceType& type, json object) {
    object["apiVersion"] = kube::api_version(type);
    object["kind"] = type.kind;
    object["metadata"] = {{"name", space_}};
    return object;
  }
  void make(const kube::ResourceType& type, const json& object) {
    client_.create(type, named(type, object)).value();
    made_.emplace_back(type, space_);
  }
  static json rule(const char* group, const char* version, const char* operation, const char* resource) {
    return {{"apiGroups", {group}},
            {"apiVersions", {version}},
            {"operations", {operation}},
            {"resources", {resource}}};
  }
  static json updates_of(const char* resource) { return rule("rowtide.dev", "v1alpha1", "UPDATE", resource); }
  /// What the rule names must satisfy it in this namespace.
  void demand(const json& of, const std::string& expression, const char* message = kMessage) {
    make(kPolicy, {{"spec",
                    {{"failurePolicy", "Fail"},
                     {"matchConstraints",
                      {{"resourceRules", json::array({of})},
                       {"namespaceSelector", {{"matchLabels", {{"kubernetes.io/metadata.name", space_}}}}}}},
                     {"validations", json::array({{{"expression", expression}, {"message", message}}})}}}});
    make(kPolicyBinding, {{"spec", {{"policyName", space_}, {"validationActions", json::array({"Deny"})}}}});
  }
  void wait_until_deployments_are_refused(const char* why) {
    json probe = json::parse(R"({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {
      "selector": {"matchLabels": {"a": "b"}},
      "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}})");
    probe["metadata"] = {{"generateName", "probe-"}, {"namespace", space_}};
    wait_until("they are refused", [&] {
      const absl::Status made = client_.create(kube::kDeployment, probe).status();
      return made.message().find(why) != std::string_view::npos;
    });
  }
  void forbid_the_finalizer(const kube::ResourceType& type, const json& probe) {
    demand(updates_of(type.plural.data()), "!has(object.metadata.finalizers)");
    client_.create(type, probe).value();
    wait_until("the policy is in force", [&] {
      // Not the conflict with somebody who writes its status.
      const auto patched = client_.patch(type, {space_, "probe"}, {{"metadata", {{"finalizers", {"a/b"}}}}},
                                         resource_version(type, "probe"));
      return patched.status().message().find(kMessage) != std::string_view::npos;
    });
    EXPECT_TRUE(client_.remove(type, {space_, "probe"}).ok());
  }
  void allow() {
    for (const auto& [type, name] : made_) EXPECT_TRUE(client_.remove(type, {"", name}).ok());
    made_.clear();
  }
  [[nodiscard]] json deleting_task(const std::string& name = "orders") const {
    json object = task_object(name);
    object["spec"]["deletionPolicy"] = "Delete";
    return object;
  }
  [[nodiscard]] bool has_finalizer() {
    return !kube::value_at(live(kube::kChangeTrackingTask, "orders"), "/metadata/finalizers").is_null();
  }
  std::vector<std::pair<kube::ResourceType, std::string>> made_;
};

TEST_F(Refusals, AChildThatAPolicyRefusesIsTold) {
  constexpr const char* kWish = "the platform wants a cost centre";
  demand(rule("apps", "v1", "CREATE", "deployments"), "false", kWish);
  wait_until_deployments_are_refused(kWish);

  apply(task_object());
  pass_precheck();
  wait_for("TrackerAvailable", "False ChildRefused");
  EXPECT_THAT(condition("TrackerAvailable").value("message", ""), HasSubstr(kWish));
  EXPECT_EQ(said("PrecheckPassed"), "True ChecksPassed");
  EXPECT_EQ(said("Ready"), "False ChildRefused");

  allow();
  roll_out("tracker-1");
  wait_for("Ready", "True Streaming");
}

TEST_F(Refusals, AValueThatTheServerCannotReadIsTold) {
  json object = task_object();
  object["spec"]["tracker"]["resources"] = {{"limits", {{"memory", "lots"}}}};
  apply(object);
  wait_for("PrecheckPassed", "Unknown ChildRefused");
  EXPECT_EQ(said("Ready"), "False ChildRefused");
  EXPECT_NE(condition("Ready").value("message", "").find("quantities must match"), std::string::npos)
      << condition("Ready");
}

TEST_F(Refusals, ASpecThatIsNestedForNoPurposeIsToldAndHarmsNoOther) {
  constexpr int kDepth = 1'000;
  json deep = task_object("deep");
  json* at = &deep["spec"]["tracker"]["affinity"];
  for (int level = 0; level < kDepth; ++level) at = &(*at)["k"];
  *at = "v";
  apply(deep);
  wait_for("Accepted", "False InvalidSpec", "deep");
  EXPECT_THAT(condition("Accepted", "deep").value("message", ""),
              HasSubstr("spec.tracker.affinity: nested deeper than 64 levels"));
  start_tracking();
}

TEST_F(Refusals, AMisspeltFieldOfThePodIsToldBeforeThePrecheck) {
  json object = task_object();
  object["spec"]["tracker"]["tolerations"] = json::array({{{"keyy", "dedicated"}, {"operator", "Exists"}}});
  apply(object);
  wait_for("PrecheckPassed", "Unknown ChildRefused");
  EXPECT_THAT(condition("PrecheckPassed").value("message", ""), HasSubstr("keyy"));
  EXPECT_THAT(condition("Ready").value("message", ""), HasSubstr("keyy"));
  object["spec"]["tracker"]["tolerations"] = json::array({{{"key", "dedicated"}, {"operator", "Exists"}}});
  start_tracking(object);
}

TEST_F(Refusals, AWebhookThatDoesNotAnswerIsTold) {
  make(kValidatingWebhook,
       {{"webhooks",
         json::array({{{"name", "dead.example.com"},
                       {"admissionReviewVersions", {"v1"}},
                       {"sideEffects", "None"},
                       {"failurePolicy", "Fail"},
                       {"timeoutSeconds", 1},
                       {"clientConfig", {{"url", "https://127.0.0.1:1/"}}},
                       {"namespaceSelector", {{"matchLabels", {{"kubernetes.io/metadata.name", space_}}}}},
                       {"rules", json::array({rule("apps", "v1", "CREATE", "deployments")})}}})}});
  wait_until_deployments_are_refused("failed calling webhook");
  apply(task_object());
  pass_precheck();
  wait_for("TrackerAvailable", "False ChildRefused");
  EXPECT_THAT(condition("Ready").value("message", ""), HasSubstr("failed calling webhook"));
  EXPECT_EQ(said("PrecheckPassed"), "True ChecksPassed");
  EXPECT_FALSE(status().contains("lastGoodSpec")) << "it never ran";
  allow();
  roll_out("tracker-1");
  wait_for("Ready", "True Streaming");
}

/// As of a webhook whose connections are reset: each has a port of its own. Each telling is a write.
TEST_F(Refusals, WordsThatDifferAtEachTryAreToldOnceAMinute) {
  const auto tries = std::make_shared<std::atomic<int>>(0);
  watched_.answer_instead([tries](const kube::Request& request) -> std::optional<kube::Response> {
    if (verb_of(request) != "patch deployments") return std::nullopt;
    const std::string message =
        "read tcp 127.0.0.1:" + std::to_string(30'000 + ++*tries) + ": connection reset";
    return kube::Response{500, json{{"kind", "Status"}, {"message", message}}.dump(), {}};
  });
  apply(task_object());
  pass_precheck();
  wait_for("TrackerAvailable", "False ChildRefused");
  const std::string told = condition("TrackerAvailable").at("message");
  EXPECT_THAT(told, HasSubstr("connection reset"));
  const std::uint64_t writes = reconciler_->status_writes();
  const int before = *tries;
  wait_until("it is tried again and again", [&] { return *tries >= before + 8; });
  EXPECT_LE(reconciler_->status_writes() - writes, 2U);
  EXPECT_EQ(condition("TrackerAvailable").at("message"), told);
  steady_ahead_ms_ += 60'000;
  wait_until("the newest words", [&] { return condition("TrackerAvailable").at("message") != told; });
  watched_.answer_instead({});
  roll_out("tracker-1");
  wait_for("Ready", "True Streaming");
}

TEST_F(Refusals, ARefusedEditDoesNotMakeATrackerBeLookedAtLess) {
  stop_operator();
  most_pause_ = std::chrono::minutes(5);
  start_operator(kImage);
  json object = task_object();
  object["spec"]["alerts"] = {{"lagSeconds", 5}, {"forSeconds", 1}};
  apply(object);
  tracker_says_lag(0.5);
  pass_precheck();
  roll_out("tracker-1");
  wait_for("LagWithinTarget", "True LagLow");
  watched_.answer_instead([](const kube::Request& request) -> std::optional<kube::Response> {
    if (verb_of(request) != "patch deployments") return std::nullopt;
    return kube::Response{403, json{{"kind", "Status"}, {"message", kMessage}}.dump(), {}};
  });
  object["spec"]["tracker"]["image"] = "rowtide:next";
  apply(object);
  wait_for("Ready", "False ChildRefused");
  tracker_says_lag(90);
  wait_until(
      "the lag is told", [&] { return said("LagWithinTarget") == "False LagHigh"; }, seconds(60),
      [&] { return status().dump(); });
}

TEST_F(Refusals, AFinalizerThatIsRefusedIsToldAndTheTaskGoesOn) {
  json probe = task_object("probe");
  probe["apiVersion"] = "rowtide.dev/v1alpha1";
  forbid_the_finalizer(kube::kChangeTrackingTask, probe);
  apply(deleting_task());
  pass_precheck();
  roll_out("tracker-1");
  wait_for("Ready", "False FinalizerRefused");
  EXPECT_EQ(said("Streaming"), "True EventsFlowing");
  EXPECT_THAT(condition("Ready").value("message", ""), HasSubstr(kMessage));
  allow();
  wait_for("Ready", "True Streaming");
  EXPECT_TRUE(has_finalizer());
}

TEST_F(Refusals, AFinalizerThatCannotBeTakenAwayIsTold) {
  apply(deleting_task());
  wait_until("the finalizer", [&] { return has_finalizer(); });
  demand(updates_of("changetrackingtasks"),
         "has(object.metadata.finalizers) || !has(oldObject.metadata.finalizers)");
  wait_until("the policy is in force", [&] {
    const auto refused = client_.patch(kube::kChangeTrackingTask, {space_, "orders"},
                                       {{"metadata", {{"finalizers", nullptr}}}},
                                       resource_version(kube::kChangeTrackingTask, "orders"));
    return refused.status().message().find(kMessage) != std::string_view::npos;
  });
  wait_until("the finalizer is back", [&] { return has_finalizer(); });
  EXPECT_TRUE(client_.remove(kube::kChangeTrackingTask, {space_, "orders"}).ok());
  wait_for("Terminating", "True FinalizerRefused");
  EXPECT_THAT(condition("Terminating").value("message", ""), HasSubstr(kMessage));
  allow();
  wait_until("the task is gone", [&] { return live(kube::kChangeTrackingTask, "orders").is_null(); });
}

/// It tells Ready only where all else is well: here what is known of the group is told all the same.
TEST_F(Refusals, AGroupWhoseFinalizerIsRefusedHasItsStatus) {
  const auto group = [&](const char* name) {
    return json{{"apiVersion", "rowtide.dev/v1alpha1"},
                {"kind", "ConsumerGroup"},
                {"metadata", {{"name", name}, {"namespace", space_}}},
                {"spec", {{"taskRef", {{"name", "nobody"}}}, {"deletionPolicy", "Delete"}}}};
  };
  json probe = group("probe");
  probe["spec"]["deletionPolicy"] = "Retain";
  forbid_the_finalizer(kube::kConsumerGroup, probe);
  client_.create(kube::kConsumerGroup, group("cache")).value();
  wait_until("its status", [&] { return live(kube::kConsumerGroup, "cache").contains("status"); });
  const json cache = live(kube::kConsumerGroup, "cache");
  EXPECT_EQ(api::find_condition(cache.at("status").at("conditions"), "Accepted").value("reason", ""),
            "TaskNotFound");
  EXPECT_TRUE(kube::value_at(cache, "/metadata/finalizers").is_null());
}

}  // namespace
}  // namespace rowtide::op::tasks
