#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "operator/inject/certificate_keeper.h"
#include "operator/inject/webhook.h"
#include "tests/integration/chart_user.h"
#include "tests/integration/reconciler_fixture.h"

// The webhook that puts trackers into pods, called by a real kube-apiserver.

namespace rowtide::op::tasks {
namespace {

using inject::Webhook;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr const char* kConfiguration = "rowtide";

class Injection : public ReconcilerTest {
 protected:
  void SetUp() override {
    ReconcilerTest::SetUp();
    kube::Client user(*transport_, "user");
    user.apply(kNamespace, {{"apiVersion", "v1"},
                            {"kind", "Namespace"},
                            {"metadata",
                             {{"name", space_},
                              {"labels",
                               {{"rowtide.dev/injection", "enabled"},
                                {"pod-security.kubernetes.io/enforce", "restricted"}}}}}})
        .value();
    webhook_ = Webhook::start(client_, {.listen = "127.0.0.1:0",
                                        .host = "127.0.0.1",
                                        .webhook = kConfiguration,
                                        .tracker_image = kImage})
                   .value();
    configure(webhook_->port());
    apply(stream_task());
    pass_precheck();
    wait_until("its spec is known as good", [&] { return status().contains("lastGoodSpec"); });
    wait_until("the API server trusts it", [&] { return webhook_->ready().ok(); });
    wait_until("the API server has heard of it", [&] {
      make(pod("probe"));
      const bool has = has_tracker("probe");
      EXPECT_TRUE(client_.remove(kube::kPod, {space_, "probe"}).ok());
      return has;
    });
  }
  void TearDown() override {
    webhook_.reset();
    EXPECT_TRUE(client_.remove(kube::kMutatingWebhookConfiguration, {"", kConfiguration}).ok());
    ReconcilerTest::TearDown();
  }
  /// As the chart makes it, but for the address.
  void configure(int port) {
    json object = shipped_configuration();
    object["metadata"] = {{"name", kConfiguration}};
    object["webhooks"][0]["clientConfig"] = {
        {"url", "https://127.0.0.1:" + std::to_string(port) + "/inject"}};
    client_.create(kube::kMutatingWebhookConfiguration, object).value();
  }
  static json shipped_configuration() {
    for (const YAML::Node& document :
         YAML::LoadAllFromFile((test::source_root() / "helm" / "rowtide.yaml").string())) {
      if (document["kind"].as<std::string>() == "MutatingWebhookConfiguration") return to_json(document);
    }
    throw std::runtime_error("helm/rowtide.yaml has no MutatingWebhookConfiguration");
  }
  static json to_json(const YAML::Node& node) {
    json value;
    if (node.IsMap()) {
      for (const auto& each : node) value[each.first.as<std::string>()] = to_json(each.second);
    } else if (node.IsSequence()) {
      for (const auto& each : node) value.push_back(to_json(each));
    } else if (const json number = json::parse(node.Scalar(), nullptr, false);
               node.Tag() == "?" && number.is_number()) {
      value = number;
    } else {
      value = node.Scalar();
    }
    return value;
  }
  [[nodiscard]] json stream_task(const std::string& name = "orders") const {
    json object = task_object(name);
    object["spec"]["sink"] = {{"stream", json::object()}};
    return object;
  }
  /// As `restricted` wants it.
  [[nodiscard]] json pod(const std::string& name, const std::string& task = "orders") const {
    json object = json::parse(R"({
      "apiVersion": "v1", "kind": "Pod", "metadata": {},
      "spec": {"securityContext": {"runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
               "containers": [{"name": "web", "image": "web:1",
                               "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]}})");
    object["metadata"] = {
        {"name", name}, {"namespace", space_}, {"annotations", {{"rowtide.dev/inject", task}}}};
    return object;
  }
  void make(const json& object) {
    const auto made = client_.create(kube::kPod, object);
    EXPECT_TRUE(made.ok()) << made.status();
  }
  [[nodiscard]] bool has_tracker(const std::string& name) {
    return kube::text_at(live(kube::kPod, name), "/spec/initContainers/0/name") == "rowtide-tracker";
  }
  [[nodiscard]] std::string bundle() {
    const json live = client_.get(kube::kMutatingWebhookConfiguration, {"", kConfiguration}).value();
    std::string pem;
    EXPECT_TRUE(absl::Base64Unescape(kube::text_at(live, "/webhooks/0/clientConfig/caBundle"), &pem));
    return pem;
  }
  void take_the_bundle_away() {
    wait_until("it is taken away", [&] {
      json live = client_.get(kube::kMutatingWebhookConfiguration, {"", kConfiguration}).value();
      live["webhooks"][0]["clientConfig"].erase("caBundle");
      return client_
          .patch(kube::kMutatingWebhookConfiguration, {"", kConfiguration}, {{"webhooks", live["webhooks"]}},
                 kube::text_at(live, "/metadata/resourceVersion"))
          .ok();
    });
  }
  std::unique_ptr<Webhook> webhook_;
};

TEST_F(Injection, APodThatAsksGetsTheTrackerAndStaysRestricted) {
  make(pod("web"));
  const json made = live(kube::kPod, "web");
  EXPECT_TRUE(has_tracker("web")) << made.dump();
  EXPECT_EQ(kube::text_at(made, "/spec/initContainers/0/restartPolicy"), "Always");
  EXPECT_EQ(made.at("metadata").at("labels").at("rowtide.dev/task"), "orders");
  json without = pod("other");
  without["metadata"].erase("annotations");
  make(without);
  EXPECT_FALSE(has_tracker("other"));
}

TEST_F(Injection, WhatCannotBeIsRefusedWithTheReason) {
  const auto unknown = client_.create(kube::kPod, pod("web", "nobody"));
  EXPECT_THAT(std::string(unknown.status().message()),
              HasSubstr("there is no ChangeTrackingTask of this name"));
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("nobody"));
  apply(task_object("kafka"));
  const auto other = client_.create(kube::kPod, pod("web", "kafka"));
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("has no sink.stream"));
  const auto strange = client_.create(kube::kPod, pod("web", "../x"));
  EXPECT_THAT(std::string(strange.status().message()), HasSubstr("there is no ChangeTrackingTask"));
  EXPECT_TRUE(live(kube::kPod, "web").is_null());
}

TEST_F(Injection, ATaskThatWasMadeJustNowIsFoundAndMustPassItsPrecheckFirst) {
  for (int i = 0; i < 10; ++i) {
    const std::string name = "new-" + std::to_string(i);
    apply(stream_task(name));
    const auto early = client_.create(kube::kPod, pod(name, name));
    EXPECT_THAT(std::string(early.status().message()), HasSubstr("has passed its precheck yet"));
  }
}

TEST_F(Injection, AnOperatorThatIsAwayStopsNobody) {
  webhook_.reset();
  EXPECT_TRUE(client_.create(kube::kPod, pod("alone", "nobody")).ok()) << "as failurePolicy Ignore has it";
  EXPECT_FALSE(has_tracker("alone"));
}

TEST_F(Injection, OfNamespacesWithoutTheLabelNobodyIsAsked) {
  kube::Client user(*transport_, "user");
  user.apply(kNamespace, {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", space_}}}})
      .value();
  wait_until("the label counts no more", [&] {
    make(pod("free"));
    const bool has = has_tracker("free");
    EXPECT_TRUE(client_.remove(kube::kPod, {space_, "free"}).ok());
    return !has;
  });
  EXPECT_TRUE(client_.create(kube::kPod, pod("free", "nobody")).ok());
}

TEST_F(Injection, OperatorsServeSideBySideWithACertificateEach) {
  const auto other = inject::CertificateKeeper::start(
      client_,
      {.webhook = kConfiguration, .host = "127.0.0.1", .owner = "other", .look_every = milliseconds(100)});
  ASSERT_TRUE(other.ok());
  wait_until("the other's is there too", [&] { return (*other)->trusted().ok(); });
  EXPECT_THAT(bundle(), HasSubstr((*other)->current().certificate_pem));
  make(pod("web"));
  EXPECT_TRUE(has_tracker("web"));
}

TEST_F(Injection, ACertificateIsRenewedAndATakenAwayBundleGivenBack) {
  const auto keeper = inject::CertificateKeeper::start(client_, {.webhook = kConfiguration,
                                                                 .host = "127.0.0.1",
                                                                 .owner = "short",
                                                                 .valid_for = seconds(6),
                                                                 .look_every = milliseconds(100),
                                                                 .spread = milliseconds(500)});
  ASSERT_TRUE(keeper.ok());
  const std::string first = (*keeper)->current().certificate_pem;
  wait_until("the API server trusts it", [&] { return (*keeper)->trusted().ok(); });
  wait_until("another is shown", [&] { return (*keeper)->current().certificate_pem != first; });
  EXPECT_THAT(bundle(), HasSubstr((*keeper)->current().certificate_pem)) << "it was told before it was shown";
  wait_until("the former is gone", [&] { return bundle().find(first) == std::string::npos; });

  take_the_bundle_away();
  wait_until("it is given back",
             [&] { return bundle().find((*keeper)->current().certificate_pem) != std::string::npos; });
}

/// An operator that may write the bundle no more.
class InjectionWithoutRights : public Injection {
 protected:
  void SetUp() override {
    Injection::SetUp();
    const kube::ObjectKey account{space_, "webhook-" + space_};
    user_ = make_account(*transport_, server_->fact("KUBECONFIG"), account);
    grant(client_, account, rules_of({"get", "patch"}), "");
    user_client_.emplace(*user_);
    wait_until("the role is in force", [&] {
      return user_client_->get(kube::kMutatingWebhookConfiguration, {"", kConfiguration}).ok();
    });
  }
  static json rules_of(const std::vector<std::string>& verbs) {
    return json::array({{{"apiGroups", {"admissionregistration.k8s.io"}},
                         {"resources", {"mutatingwebhookconfigurations"}},
                         {"verbs", verbs}}});
  }
  void let_it(const std::vector<std::string>& verbs) {
    const kube::ObjectKey role{"", "webhook-" + space_};
    const json live = client_.get(kClusterRole, role).value();
    client_
        .patch(kClusterRole, role, {{"rules", rules_of(verbs)}},
               kube::text_at(live, "/metadata/resourceVersion"))
        .value();
  }
  /// Trusted; then it may only read.
  void start_keeper(seconds valid_for) {
    keeper_ = inject::CertificateKeeper::start(*user_client_, {.webhook = kConfiguration,
                                                               .host = "127.0.0.1",
                                                               .owner = "reader",
                                                               .valid_for = valid_for,
                                                               .look_every = milliseconds(100),
                                                               .spread = seconds(60),
                                                               .on_turn = [this] { ++turns_; }})
                  .value();
    wait_until("the API server trusts it", [&] { return keeper_->trusted().ok(); });
    let_it({"get"});
  }
  std::unique_ptr<kube::CpprestTransport> user_;
  std::optional<kube::Client> user_client_;
  std::atomic<int> turns_{0};
  std::unique_ptr<inject::CertificateKeeper> keeper_;
};

TEST_F(InjectionWithoutRights, ABundleThatItMayNotGiveBackIsToldAndMended) {
  start_keeper(std::chrono::hours(1));
  take_the_bundle_away();
  wait_until("it is told", [&] {
    if (bundle().find(keeper_->current().certificate_pem) != std::string::npos) take_the_bundle_away();
    return keeper_->trusted().message().find("cannot patch resource") != std::string_view::npos;
  });
  EXPECT_THAT(keeper_->why_untrusted().value_or(""), HasSubstr("cannot patch resource"));
  wait_until("who asked is told", [&] { return turns_ > 0; });
  const int turns = turns_;
  let_it({"get", "patch"});
  wait_until("it is trusted again", [&] { return !keeper_->why_untrusted() && turns_ > turns; });
}

TEST_F(InjectionWithoutRights, ACertificateThatExpiresWithoutASuccessorIsTold) {
  start_keeper(seconds(15));
  wait_until("it is told",
             [&] { return keeper_->trusted().message().find("has expired") != std::string_view::npos; });
}

TEST_F(Injection, WithoutItsConfigurationItIsNotReadyAndSaysWhy) {
  const auto lost = Webhook::start(
      client_, {.listen = "127.0.0.1:0", .host = "127.0.0.1", .webhook = "missing", .tracker_image = kImage});
  ASSERT_TRUE(lost.ok());
  wait_until("the reason", [&] {
    return (*lost)->ready().message().find("MutatingWebhookConfiguration missing") != std::string_view::npos;
  });
}

}  // namespace
}  // namespace rowtide::op::tasks
