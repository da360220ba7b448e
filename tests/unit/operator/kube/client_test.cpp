#include "operator/kube/client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "common/status/text.h"
#include "operator/kube/counting_transport.h"
#include "operator/kube/errors.h"
#include "tests/unit/operator/kube/scripted_transport.h"

namespace rowtide::op::kube {
namespace {

using nlohmann::json;

const ObjectKey kKey{"shop", "orders"};

Response status_answer(int code, const std::string& reason) {
  return {code, json{{"kind", "Status"}, {"reason", reason}, {"message", "the server's words"}}.dump(), {}};
}

TEST(ErrorMapping, FollowsHttpStatusAndReason) {
  const std::vector<std::pair<Response, absl::StatusCode>> cases{
      {status_answer(400, "BadRequest"), absl::StatusCode::kInvalidArgument},
      {status_answer(401, "Unauthorized"), absl::StatusCode::kUnauthenticated},
      {status_answer(403, "Forbidden"), absl::StatusCode::kPermissionDenied},
      {status_answer(404, "NotFound"), absl::StatusCode::kNotFound},
      {status_answer(409, "Conflict"), absl::StatusCode::kAborted},
      {status_answer(409, "AlreadyExists"), absl::StatusCode::kAlreadyExists},
      {status_answer(410, "Expired"), absl::StatusCode::kOutOfRange},
      {status_answer(418, ""), absl::StatusCode::kInternal},
      {status_answer(422, "Invalid"), absl::StatusCode::kInvalidArgument},
      {status_answer(429, "TooManyRequests"), absl::StatusCode::kUnavailable},
      {status_answer(503, ""), absl::StatusCode::kUnavailable},
      {status_answer(201, ""), absl::StatusCode::kOk}};
  for (const auto& [response, code] : cases) {
    EXPECT_EQ(status_from_response(response, "get").code(), code) << response.status;
  }
}

TEST(ErrorMapping, OnlyAMissingRightIsToBeGranted) {
  const char* advice = "grant it in the operator's ClusterRole or Role";
  for (
      const char* missing :
      {R"(deployments.apps is forbidden: User "system:serviceaccount:r:o" cannot create resource "deployments" in API group "apps" in the namespace "shop")",
       R"(forbidden: User "system:serviceaccount:r:o" cannot get path "/version")",
       R"(configmaps "c" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>)"}) {
    const absl::Status status = status_from_code(403, "Forbidden", missing, "apply");
    EXPECT_NE(text(status).find(advice), std::string_view::npos) << status;
  }
  for (
      const char* refused :
      {R"(configmaps "c" is forbidden: exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2)",
       R"(admission webhook "validate.kyverno.svc" denied the request: the resource "c" cannot be made here)",
       R"(pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false)",
       R"(configmaps "c" is forbidden: unable to create new content in namespace shop because it is being terminated)"}) {
    const absl::Status status = status_from_code(403, "Forbidden", refused, "apply");
    EXPECT_EQ(text(status).find(advice), std::string_view::npos) << status;
    EXPECT_NE(text(status).find(refused), std::string_view::npos) << status;
  }
}

TEST(ErrorMapping, NamesVerbObjectAndTheServersWords) {
  ScriptedTransport transport;
  CountingTransport counted(transport);
  Client client(counted);
  transport.answer(status_answer(404, "NotFound"));
  EXPECT_EQ(client.get(kDeployment, kKey).status().message(),
            "get Deployment shop/orders: the server's words (HTTP 404 NotFound)");
  transport.answer(absl::UnavailableError("https://10.0.0.1: connection refused"));
  EXPECT_EQ(client.remove(kJob, kKey).message(),
            "delete Job shop/orders: https://10.0.0.1: connection refused");
  EXPECT_EQ(counted.counts(), (RequestCounts{{{"GET", "404"}, 1}, {{"DELETE", "error"}, 1}}));
}

TEST(CountingTransport, CountsWatchesByTheirAnswer) {
  ScriptedTransport transport;
  CountingTransport counted(transport);
  const auto watch = [&](ScriptedTransport::Stream script) {
    transport.on_stream(std::move(script));
    (void)counted.stream("/w", [](std::string_view) { return true; }, std::chrono::milliseconds(10), {});
  };
  watch({.lines = {"{}", "{}"}});
  watch({.lines = {}});
  watch({.silent = true});
  watch({.lines = {"{}"}, .end = absl::UnavailableError("cut off midway")});
  watch({.end = absl::UnavailableError("refused")});
  watch({.end = status_from_code(403, "Forbidden", "no", "watch")});
  EXPECT_EQ(counted.counts(),
            (RequestCounts{{{"GET", "200"}, 4}, {{"GET", "403"}, 1}, {{"GET", "error"}, 1}}));
}

TEST(ErrorMapping, KeepsRetryAfter) {
  EXPECT_EQ(retry_after(status_from_response({429, "", std::chrono::seconds(7)}, "x")),
            std::chrono::seconds(7));
  EXPECT_EQ(retry_after(status_from_response({429, "", {}}, "x")), std::nullopt);
}

TEST(ResourcePaths, AreThoseOfTheApi) {
  EXPECT_EQ(*object_path(kConfigMap, kKey), "/api/v1/namespaces/shop/configmaps/orders");
  EXPECT_EQ(*object_path(kChangeTrackingTask, {"shop", "a.b-1"}),
            "/apis/rowtide.dev/v1alpha1/namespaces/shop/changetrackingtasks/a.b-1");
  EXPECT_EQ(*collection_path(kJob, ""), "/apis/batch/v1/jobs");
  constexpr ResourceType kNode{"", "v1", "nodes", "Node", false};
  EXPECT_EQ(*object_path(kNode, {"", "n1"}), "/api/v1/nodes/n1");
  EXPECT_FALSE(object_path(kNode, kKey).ok());
}

TEST(ResourcePaths, RefuseNamesThatWouldChangeThem) {
  for (const char* name : {"", "..", "a/b", "../secrets", "a%2fb", "a?x=1", "A", "-a", "a-", "a b", "a\n"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(object_path(kPod, {"shop", name}).status())) << name;
    EXPECT_TRUE(absl::IsInvalidArgument(object_path(kPod, {name, "p"}).status())) << name;
  }
  EXPECT_FALSE(object_path(kPod, {std::string(64, 'a'), "p"}).ok());
  EXPECT_FALSE(object_path(kPod, {"shop", std::string(254, 'a')}).ok());
  EXPECT_FALSE(object_path(kPod, {"a.b", "p"}).ok()) << "namespaces have no dots";
}

TEST(ClientList, AnExpiredContinueTokenBeginsAnewInOnePiece) {
  ScriptedTransport transport;
  Client client(transport);
  transport.answer(
      {200,
       R"({"metadata":{"resourceVersion":"5","continue":"t"},"items":[{"metadata":{"name":"a"}}]})",
       {}});
  transport.answer(status_answer(410, "Expired"));
  transport.answer(
      {200,
       R"({"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]})",
       {}});
  const auto list = client.list(kPod);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->items.size(), 2u);
  EXPECT_EQ(list->resource_version, "9");
  EXPECT_EQ(list->items[0]["kind"], "Pod");
  EXPECT_EQ(list->items[0]["apiVersion"], "v1");
  EXPECT_EQ(transport.requests()[1].path_and_query, "/api/v1/pods?limit=500&continue=t");
  EXPECT_EQ(transport.requests()[2].path_and_query, "/api/v1/pods");
}

TEST(ClientBodies, AnswersThatAreNotJsonObjectsAreErrors) {
  ScriptedTransport transport;
  Client client(transport);
  for (const char* body : {"<html>", "", "[]", "\"x\""}) {
    transport.answer({200, body, {}});
    EXPECT_TRUE(absl::IsInternal(client.get(kPod, kKey).status())) << body;
  }
  transport.answer({200, R"({"items":7,"metadata":{"resourceVersion":"1"}})", {}});
  EXPECT_TRUE(absl::IsInternal(client.list(kPod).status()));
}

TEST(ClientBodies, ApplyRefusesAnObjectOfAnotherKindBeforeItAsks) {
  ScriptedTransport transport;
  Client client(transport);
  const json pod{{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"namespace", "shop"}, {"name", "p"}}}};
  EXPECT_TRUE(absl::IsInvalidArgument(client.apply(kJob, pod).status()));
  EXPECT_TRUE(transport.requests().empty());
}

}  // namespace
}  // namespace rowtide::op::kube
