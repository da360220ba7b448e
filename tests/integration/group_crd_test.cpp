#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "common/task/consumer_group.h"
#include "operator/kube/client.h"
#include "operator/kube/config.h"
#include "operator/kube/cpprest_transport.h"
#include "operator/kube/json_access.h"
#include "tests/integration/crd_walk.h"
#include "tests/support/script_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

// The definition of ConsumerGroup on a real kube-apiserver of its own, and held against
// parse_consumer_groups.

namespace rowtide::op {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;

constexpr kube::ResourceType kCrd{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                  "CustomResourceDefinition", false};
constexpr const char* kSpace = "default";

json minimal_group() {
  return json::parse(
      R"({"apiVersion": "rowtide.dev/v1alpha1", "kind": "ConsumerGroup", "metadata": {"name": "g"},
                         "spec": {"taskRef": {"name": "orders"}}})");
}

json with_spec(const json& patch) {
  json document = minimal_group();
  document["spec"].merge_patch(patch);
  return document;
}

/// Has every field of the spec.
json full_group() {
  return with_spec(json::parse(R"({
    "groupId": "cache", "principal": "User:cache", "checkpointNonce": 3, "deletionPolicy": "Delete",
    "checkpoint": {"mode": "Timestamp", "time": "2026-11-22T08:00:00Z"}})"));
}

bool is_read(const json& document) {
  const task::ConsumerGroupsResult parsed =
      task::parse_consumer_groups(document.dump(), task::Mode::Kubernetes);
  return parsed.ok() && parsed.groups.size() == 1;
}

class GroupCrdTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<test::ScriptServer>("kube_apiserver", test::ServerOptions{});
    transport_ =
        kube::CpprestTransport::create(kube::load_config(server_->fact("KUBECONFIG")).value()).value();
    const Answer applied = send(
        "PATCH",
        *kube::object_path(kCrd, {"", "consumergroups.rowtide.dev"}) + "?fieldManager=kubectl&force=true",
        "application/apply-patch+yaml", read_source("crds/consumergroups.yaml"));
    if (!applied.accepted()) throw std::runtime_error("the CRD was refused: " + applied.body.dump());
    schema_ = applied.body.at(Pointer("/spec/versions/0/schema/openAPIV3Schema"));
    test::wait_until("the CRD is served", [] { return dry_run(minimal_group()).accepted(); });
  }
  static void TearDownTestSuite() {
    transport_.reset();
    server_.reset();
  }
  static Answer send(const std::string& method, const std::string& path, const std::string& type,
                     const std::string& body) {
    const kube::Response response = transport_->request({method, path, type, body}).value();
    return {response.status, json::parse(response.body, nullptr, false)};
  }
  static std::string groups_path() { return *kube::collection_path(kube::kConsumerGroup, kSpace); }
  static Answer dry_run(const json& document) {
    return send("POST", groups_path() + "?dryRun=All&fieldValidation=Strict", "application/json",
                document.dump());
  }
  static void expect_accepted(const json& document) {
    const Answer answer = dry_run(document);
    EXPECT_TRUE(answer.accepted()) << document.dump() << ": " << answer.body.dump();
    EXPECT_TRUE(is_read(answer.body)) << document.dump() << ": the API server takes it, the parser does not";
  }
  static void expect_refused(const json& document, const std::string& words) {
    const Answer answer = dry_run(document);
    EXPECT_EQ(answer.status, 422) << document.dump() << ": " << answer.body.dump();
    EXPECT_TRUE(answer.says(words)) << document.dump() << ": " << answer.body.dump();
    EXPECT_FALSE(is_read(document)) << document.dump() << ": the API server refuses it, the parser does not";
  }

  static inline std::unique_ptr<test::ScriptServer> server_;
  static inline std::unique_ptr<kube::CpprestTransport> transport_;
  static inline json schema_;
};

TEST_F(GroupCrdTest, EveryFieldIsDescribedAndStandsInADocumentThatIsAccepted) {
  walk(schema_, Pointer(), [&](const Pointer& at, const json& schema) {
    if (at == Pointer("/metadata")) return;
    EXPECT_FALSE(kube::string_at(schema, {"description"}).empty()) << at.to_string() << " has no description";
  });
  walk(schema_["properties"]["spec"], Pointer("/spec"), [&](const Pointer& at, const json&) {
    EXPECT_TRUE(full_group().contains(at))
        << at.to_string() << " stands in none of the test's documents; add it";
  });
  expect_accepted(minimal_group());
  expect_accepted(full_group());
}

TEST_F(GroupCrdTest, DefaultsAreTheParsers) {
  const task::ConsumerGroup plain =
      task::parse_consumer_groups(minimal_group().dump(), task::Mode::Kubernetes).groups.at(0);
  json document = minimal_group();
  document["spec"]["checkpoint"] = json::object();
  const json stored = dry_run(document).body;
  const task::ConsumerGroup filled =
      task::parse_consumer_groups(stored.dump(), task::Mode::Kubernetes).groups.at(0);
  EXPECT_EQ(stored.at("spec").at("checkpoint").at("mode"), "Latest");
  EXPECT_EQ(filled.start, plain.start);
  EXPECT_EQ(filled.principal, plain.principal);
  EXPECT_EQ(filled.checkpoint_nonce, plain.checkpoint_nonce);
  EXPECT_EQ(filled.deletion, plain.deletion);
  EXPECT_EQ(filled.group_id, kSpace + std::string(".g"));
}

TEST_F(GroupCrdTest, EachFieldHasItsLimits) {
  const std::vector<std::pair<const char*, const char*>> refused{
      {R"({"taskRef": {"name": ""}})", "spec.taskRef.name"},
      {R"({"taskRef": {"name": null}})", "spec.taskRef.name"},
      {R"({"taskRef": null})", "spec.taskRef"},
      {R"({"groupId": "a b"})", "spec.groupId"},
      {R"({"groupId": "a/b"})", "spec.groupId"},
      {R"({"principal": "cache"})", "spec.principal"},
      {R"({"principal": "User:"})", "spec.principal"},
      {R"({"principal": "User:a\nb"})", "spec.principal"},
      {R"({"checkpoint": {"mode": "First"}})", "spec.checkpoint.mode"},
      {R"({"checkpoint": {"mode": "Timestamp", "time": "yesterday"}})", "spec.checkpoint.time"},
      {R"({"checkpointNonce": -1})", "spec.checkpointNonce"},
      {R"({"deletionPolicy": "Keep"})", "spec.deletionPolicy"},
  };
  for (const auto& [patch, field] : refused) expect_refused(with_spec(json::parse(patch)), field);
  expect_refused(with_spec({{"groupId", std::string(250, 'a')}}), "spec.groupId");
  expect_accepted(with_spec({{"groupId", std::string(249, 'a')}}));
  expect_accepted(with_spec({{"groupId", ""}, {"principal", ""}}));
  expect_accepted(with_spec({{"principal", "User:CN=cache,OU=\xC3\xA4"}}));
}

TEST_F(GroupCrdTest, EveryRuleRefusesAndLetsPass) {
  std::set<std::string> tested{"taskRef cannot be changed; make a new ConsumerGroup",  // the next test
                               "groupId cannot be changed; make a new ConsumerGroup"};
  const auto rule = [&](const std::string& message, const std::vector<json>& refused,
                        const std::vector<json>& accepted) {
    tested.insert(message);
    for (const json& document : refused) expect_refused(document, message);
    for (const json& document : accepted) expect_accepted(document);
  };
  rule("checkpoint.time is required with mode Timestamp",
       {with_spec(json::parse(R"({"checkpoint": {"mode": "Timestamp"}})"))}, {full_group()});
  rule("checkpoint.time is only for mode Timestamp",
       {with_spec(json::parse(R"({"checkpoint": {"time": "2026-11-22T08:00:00Z"}})")),
        with_spec(json::parse(R"({"checkpoint": {"mode": "Earliest", "time": "2026-11-22T08:00:00Z"}})"))},
       {with_spec(json::parse(R"({"checkpoint": {"mode": "Earliest"}})"))});
  std::string umlauts;
  for (int i = 0; i < 126; ++i) umlauts += "\xC3\xA4";
  rule("principal must have at most 256 bytes", {with_spec({{"principal", "User:" + umlauts}})},
       {with_spec({{"principal", "User:" + umlauts.substr(2)}})});
  // The id is made of the names where it is not given; the longest namespace has 63 characters.
  json longest = minimal_group();
  longest["metadata"]["name"] = std::string(185, 'a');
  json longer = minimal_group();
  longer["metadata"]["name"] = std::string(186, 'a');
  tested.insert("metadata.name must have at most 185 characters");
  expect_accepted(longest);
  EXPECT_EQ(dry_run(longer).status, 422);
  longest["metadata"]["namespace"] = longer["metadata"]["namespace"] = std::string(63, 'n');
  EXPECT_TRUE(is_read(longest));
  EXPECT_FALSE(is_read(longer));
  walk(schema_, Pointer(), [&](const Pointer& at, const json& schema) {
    for (const json& one : schema.value("x-kubernetes-validations", json::array()))
      EXPECT_TRUE(tested.contains(one["message"].get<std::string>())) << at.to_string() << ": " << one.dump();
  });
}

TEST_F(GroupCrdTest, TaskAndGroupIdAreFixed) {
  int number = 0;
  const auto change = [&](const json& from, const json& to) {
    json document = with_spec(from);
    document["metadata"]["name"] = "g" + std::to_string(++number);
    EXPECT_TRUE(send("POST", groups_path(), "application/json", document.dump()).accepted());
    return send("PATCH", groups_path() + "/g" + std::to_string(number) + "?fieldValidation=Strict",
                "application/merge-patch+json", json{{"spec", to}}.dump());
  };
  EXPECT_TRUE(change(json::object(), {{"taskRef", {{"name", "other"}}}}).says("taskRef cannot be changed"));
  EXPECT_TRUE(change(json::object(), {{"groupId", "other"}}).says("groupId cannot be changed"));
  EXPECT_TRUE(change({{"groupId", "a"}}, {{"groupId", "b"}}).says("groupId cannot be changed"));
  EXPECT_TRUE(change({{"groupId", "a"}}, {{"groupId", nullptr}}).says("groupId cannot be changed"));
  EXPECT_TRUE(change({{"groupId", "a"}}, {{"checkpointNonce", 1}}).accepted());
  EXPECT_TRUE(change(json::object(), {{"groupId", ""}}).accepted());
}

}  // namespace
}  // namespace rowtide::op
