#include "operator/inject/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::inject {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Admission : public testing::Test {
 protected:
  json review = json::parse(R"({
    "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
    "request": {"uid": "r-1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "namespace": "shop",
                "object": {"metadata": {"generateName": "web-", "annotations": {"rowtide.dev/inject": "orders"}},
                           "spec": {"containers": [{"name": "web", "image": "web:1"}]}}}})");
  json object = [] {
    json made = tasks::task_json();
    made["spec"]["sink"] = {{"stream", json::object()}};
    made["status"]["lastGoodSpec"] = made["spec"];
    return made;
  }();
  absl::StatusOr<json> found = json(nullptr);
  kube::ObjectKey asked;

  json answer() {
    if (found.ok() && found->is_null()) found = object;
    const auto find = [this](const kube::ObjectKey& key) {
      asked = key;
      return found;
    };
    const absl::StatusOr<json> answered = admit(review.dump(), find, "rowtide:1");
    EXPECT_TRUE(answered.ok()) << answered.status();
    return answered.ok() ? answered->at("response") : json();
  }
  /// Of a pod that is refused.
  std::string reason() {
    const json response = answer();
    EXPECT_EQ(response.at("allowed"), false);
    return response.value("/status/message"_json_pointer, "");
  }
};

TEST_F(Admission, APatchMakesThePodTheOneWithTheTracker) {
  const json response = answer();
  EXPECT_EQ(response.at("uid"), "r-1");
  EXPECT_EQ(response.at("allowed"), true);
  EXPECT_EQ(asked, (kube::ObjectKey{"shop", "orders"}));
  EXPECT_EQ(response.at("patchType"), "JSONPatch");
  std::string patch;
  ASSERT_TRUE(absl::Base64Unescape(response.at("patch").get<std::string>(), &patch));
  const json with = review["request"]["object"].patch(json::parse(patch));
  EXPECT_EQ(with.at("spec").at("initContainers").at(0).at("name"), "rowtide-tracker");
}

TEST_F(Admission, APodThatDoesNotAskIsLeftAsItIs) {
  review["request"]["object"]["metadata"].erase("annotations");
  EXPECT_EQ(answer(), json::parse(R"({"uid": "r-1", "allowed": true})"));
  EXPECT_EQ(asked, kube::ObjectKey()) << "nobody is asked for it";
}

TEST_F(Admission, ATaskThatIsNotThereOrIsNotReadByStreamsIsARefusal) {
  found = absl::NotFoundError("");
  EXPECT_THAT(reason(), HasSubstr("orders: there is no ChangeTrackingTask of this name in namespace shop"));
  found = tasks::task_json();
  EXPECT_THAT(reason(), HasSubstr("no sink.stream"));
  found = object;
  (*found)["metadata"]["deletionTimestamp"] = "2026-02-01T00:00:00Z";
  EXPECT_THAT(reason(), HasSubstr("is being deleted"));
  found = object;
  (*found)["status"]["lastGoodSpec"]["objects"]["include"] = json::array();
  EXPECT_THAT(reason(), HasSubstr("another version"));
}

TEST_F(Admission, BeforeAPrecheckHasPassedIsARefusalThatSaysWhatIsInTheWay) {
  object["status"] = json::object();
  EXPECT_THAT(reason(), HasSubstr("no spec of this ChangeTrackingTask has passed its precheck yet"));
  found = object;
  (*found)["status"]["conditions"] = {{{"type", "Ready"}, {"message", "the password is wrong"}}};
  EXPECT_THAT(reason(), HasSubstr("the password is wrong"));
}

TEST_F(Admission, TheSpecThatPassedItsPrecheckLastCounts) {
  object["spec"]["tracker"] = {{"image", "newer:2"}};
  std::string patch;
  ASSERT_TRUE(absl::Base64Unescape(answer().at("patch").get<std::string>(), &patch));
  EXPECT_THAT(patch, HasSubstr("rowtide:1"));
}

TEST_F(Admission, WhatCannotBeSaidNowIsTheFailurePolicys) {
  const auto find = [](const kube::ObjectKey&) { return absl::UnavailableError("the API server is away"); };
  EXPECT_TRUE(absl::IsUnavailable(admit(review.dump(), find, "rowtide:1").status()));
}

TEST_F(Admission, WhatIsNestedWithoutEndIsAnErrorAndEndsNothing) {
  constexpr int kLevels = 100'000;
  review["request"]["object"]["spec"]["deep"] = "@";
  std::string text = review.dump();
  text.replace(text.find("\"@\""), 3, std::string(kLevels, '[') + std::string(kLevels, ']'));
  const auto find = [this](const kube::ObjectKey&) { return object; };
  EXPECT_TRUE(absl::IsInvalidArgument(admit(text, find, "rowtide:1").status()));
}

TEST_F(Admission, WhatIsNoReviewOfAPodIsAnError) {
  const auto find = [](const kube::ObjectKey&) { return json(); };
  for (const char* text :
       {"", "{", "[]", "{}", R"({"request": {"uid": "r-1", "kind": {"kind": "Service"}, "object": {}}})"})
    EXPECT_TRUE(absl::IsInvalidArgument(admit(text, find, "rowtide:1").status())) << text;
}

}  // namespace
}  // namespace rowtide::op::inject
