#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/integration/reconciler_fixture.h"

// The policy in docs/security.md, by which a platform holds what tasks may say, in a real kube-apiserver.

namespace rowtide::op::tasks {
namespace {

using testing::HasSubstr;

class PlatformPolicy : public ReconcilerTest {
 protected:
  void SetUp() override {
    ReconcilerTest::SetUp();
    apply_policy();
    json probe = conforming();
    probe["metadata"]["name"] = "probe";
    probe["spec"]["tracker"]["image"] = "evil";
    wait_until("the policy is in force", [&] { return !refusal_of_task(probe).empty(); });
  }
  void TearDown() override {
    EXPECT_TRUE(client_.remove(kPolicyBinding, {"", "rowtide-tasks"}).ok());
    EXPECT_TRUE(client_.remove(kPolicy, {"", "rowtide-tasks"}).ok());
    wait_until("it is in force no more", [&] { return refusal_of_task(task_object("probe")).empty(); });
    ReconcilerTest::TearDown();
  }
  void apply_policy() {
    const std::string block = of_document();
    const std::size_t middle = block.find("---\n");
    for (const auto& [type, yaml] :
         {std::pair{kPolicy, block.substr(0, middle)}, std::pair{kPolicyBinding, block.substr(middle + 4)}}) {
      const std::string path = kube::object_path(type, {"", "rowtide-tasks"}).value() + "?fieldManager=admin";
      const auto answer = transport_->request({"PATCH", path, "application/apply-patch+yaml", yaml}).value();
      ASSERT_LT(answer.status, 300) << answer.body;
    }
  }
  static std::string of_document() {
    std::ifstream file(test::source_root() / "docs" / "security.md");
    std::ostringstream text;
    text << file.rdbuf();
    const std::string document = text.str();
    const std::size_t name = document.find("metadata: {name: rowtide-tasks}");
    const std::size_t begin = document.rfind("```yaml\n", name) + 8;
    return document.substr(begin, document.find("```", begin) - begin);
  }
  [[nodiscard]] json conforming(const std::string& name = "orders") const {
    json object = task_object(name);
    object["spec"]["source"]["credentialsSecretRef"]["name"] = "rowtide-source";
    object["spec"]["source"]["tls"] = {{"mode", "VerifyIdentity"},
                                       {"caSecretRef", {{"name", "rowtide-ca"}, {"key", "ca.crt"}}}};
    object["spec"]["sink"]["kafka"]["bootstrapServers"] = {"b1.kafka.example.com:9093"};
    object["spec"]["sink"]["kafka"]["security"] = {{"protocol", "SSL"}};
    return object;
  }
  std::string refusal_of_task(const json& object) {
    kube::Client user(*transport_, "user");
    return std::string(user.apply(kube::kChangeTrackingTask, object).status().message());
  }
};

TEST_F(PlatformPolicy, RefusesEachThatDoesNotConform) {
  EXPECT_EQ(refusal_of_task(conforming()), "");
  json stream = conforming("stream");
  stream["spec"]["sink"] = {{"stream", json::object()}};
  EXPECT_EQ(refusal_of_task(stream), "");
  json polardb = conforming("polardb");
  polardb["spec"]["source"].erase("host");
  polardb["spec"]["source"]["type"] = "PolarDBMySQL";
  polardb["spec"]["network"] = {{"type", "Public"}};
  polardb["spec"]["source"]["polardb"] = {
      {"regionId", "cn-hangzhou"}, {"dbClusterId", "pc-1"}, {"openApiSecretRef", {{"name", "rowtide-ram"}}}};
  EXPECT_EQ(refusal_of_task(polardb), "");

  const std::vector<std::tuple<const char*, json, const char*>> bad{
      {"/spec/tracker/image", "docker.io/evil:1", "spec.tracker.image must"},
      {"/spec/tracker/serviceAccountName", "admin", "spec.tracker.serviceAccountName is not"},
      {"/spec/tracker/env", json::array({{{"name", "A"}, {"value", "b"}}}), "spec.tracker.env is not"},
      {"/spec/tracker/imagePullSecrets", json::array({{{"name", "theirs"}}}),
       "spec.tracker.imagePullSecrets must"},
      {"/spec/source/tls", {{"mode", "Required"}}, "spec.source.tls.mode must"},
      {"/spec/source/credentialsSecretRef/name", "theirs", "must have a name that begins"},
      {"/spec/source/tls/caSecretRef/name", "theirs", "must have a name that begins"},
      {"/spec/source/tls/clientCertificateSecretRef", {{"name", "theirs"}}, "must have a name that begins"},
      {"/spec/sink/kafka/bootstrapServers", {"b1.kafka.example.com:9093", "evil:9093"}, "must be brokers"},
      {"/spec/sink/kafka/security", nullptr, "security.protocol must"},
      {"/spec/sink/kafka/security/caSecretRef",
       {{"name", "theirs"}, {"key", "ca.crt"}},
       "must have a name that begins"},
      {"/spec/sink/kafka/security/clientCertificateSecretRef",
       {{"name", "theirs"}},
       "must have a name that begins"},
      {"/spec/sink/kafka/security",
       {{"protocol", "SASL_SSL"}, {"mechanism", "PLAIN"}, {"credentialsSecretRef", {{"name", "theirs"}}}},
       "must have a name that begins"}};
  for (const auto& [pointer, value, message] : bad) {
    json object = conforming("bad");
    object[json::json_pointer(pointer)] = value;
    if (value.is_null()) object["spec"]["sink"]["kafka"].erase("security");
    EXPECT_THAT(refusal_of_task(object), HasSubstr(message)) << pointer << object;
  }
  polardb["metadata"]["name"] = "bad";
  polardb["spec"]["source"]["polardb"]["openApiSecretRef"]["name"] = "theirs";
  EXPECT_THAT(refusal_of_task(polardb), HasSubstr("must have a name that begins"));
}

class OlderThanThePolicy : public PlatformPolicy {
 protected:
  void SetUp() override {
    ReconcilerTest::SetUp();
    json object = task_object();
    object["spec"]["deletionPolicy"] = "Delete";
    apply(object);
    wait_until("the finalizer", [&] {
      return !kube::value_at(live(kube::kChangeTrackingTask, "orders"), "/metadata/finalizers").is_null();
    });
    apply_policy();
    wait_until("the policy is in force", [&] { return !refusal_of_task(task_object("probe")).empty(); });
  }
};

TEST_F(OlderThanThePolicy, OneThatDoesNotConformCanBeDeleted) {
  EXPECT_TRUE(client_.remove(kube::kChangeTrackingTask, {space_, "orders"}).ok());
  wait_until("the task is gone", [&] { return live(kube::kChangeTrackingTask, "orders").is_null(); });
}

}  // namespace
}  // namespace rowtide::op::tasks
