#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/integration/chart_user.h"
#include "tests/integration/reconciler_fixture.h"

// An operator of two namespaces, with what the chart grants in those and in no other.

namespace rowtide::op::tasks {
namespace {

class NamespacesTest : public ReconcilerTest {
 protected:
  void SetUp() override {
    ReconcilerTest::SetUp();
    stop_operator();
    shop_ = space_;
    bank_ = space_ + "-bank";
    other_ = space_ + "-other";
    account_ = {space_, "operator"};
    make_namespace(bank_);
    make_namespace(other_);
    user_ = make_account(*transport_, server_->fact("KUBECONFIG"), account_);
    for (const std::string& space : {shop_, bank_}) grant_in(space);
    watched_.use(*user_);
  }
  void TearDown() override {
    ReconcilerTest::TearDown();
    watched_.use(*transport_);
  }
  void start() { start_operator(kImage, {shop_, bank_}); }
  /// Where the fixture's functions look.
  void be_in(const std::string& space) { space_ = space; }

  void make_namespace(const std::string& name) {
    wait_until("the namespace is made", [&] {
      return client_
          .create(kNamespace, {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}})
          .ok();
    });
  }
  void grant_in(const std::string& space) {
    grant(client_, account_, chart_rules(), space);
    kube::Client user(*user_);
    wait_until("the role is in force",
               [&] { return user.list(kube::kChangeTrackingTask, {.name_space = space}).ok(); });
  }
  /// And the namespace controller's part.
  void delete_namespace(const std::string& name) {
    EXPECT_TRUE(client_.remove(kNamespace, {"", name}, {}).ok());
    for (const kube::ResourceType& type :
         {kube::kChangeTrackingTask, kube::kConsumerGroup, kube::kDeployment, kube::kJob, kube::kPod,
          kube::kConfigMap, kube::kService, kube::kEvent, kRoleBinding, kRole}) {
      const std::string path = kube::collection_path(type, name).value();
      const auto gone = transport_->request({"DELETE", path + "?propagationPolicy=Background", "", ""});
      EXPECT_EQ(gone.value().status, 200) << type.plural << " " << gone.value().body;
    }
    const std::string path = kube::object_path(kNamespace, {"", name}).value();
    wait_until("the namespace is gone", [&] {
      const kube::Response found = transport_->request({"GET", path, "", ""}).value();
      if (found.status == 404) return true;
      json object = json::parse(found.body);
      object["spec"]["finalizers"] = json::array();
      transport_->request({"PUT", path + "/finalize", "application/json", object.dump()}).value();
      return false;
    });
  }
  [[nodiscard]] bool is_watch_refused_in(const std::string& space) const {
    const std::vector<std::string> refusals = watched_.forbidden();
    return std::any_of(refusals.begin(), refusals.end(), [&](const std::string& refusal) {
      return refusal.starts_with("watch ") && refusal.find(space) != std::string::npos;
    });
  }

  std::string shop_;
  std::string bank_;
  std::string other_;
  kube::ObjectKey account_;
  std::unique_ptr<kube::CpprestTransport> user_;
};

TEST_F(NamespacesTest, TasksOfThoseAreWorkedOnAndOthersNotTouched) {
  start();
  be_in(other_);
  apply(task_object());
  be_in(bank_);
  start_tracking();
  be_in(shop_);
  start_tracking();
  be_in(other_);
  EXPECT_EQ(status(), json::object());
  EXPECT_TRUE(live(kube::kJob, "orders-precheck").is_null());
  EXPECT_TRUE(controller_->synced());
  EXPECT_TRUE(controller_->healthy());
  EXPECT_EQ(controller_->store(kube::kChangeTrackingTask)->size(), 2U);
  stop_operator();
  EXPECT_EQ(watched_.forbidden(), std::vector<std::string>{});
}

TEST_F(NamespacesTest, ATopicIsOneTasksInAllOfThem) {
  start();
  start_tracking();
  outlive_a_second();
  be_in(bank_);
  json second = task_object("second");
  second["spec"]["sink"]["kafka"]["topic"] = {{"name", shop_ + ".orders"}};
  apply(second);
  wait_for("Accepted", "False Conflict", "second");
  EXPECT_TRUE(client_.remove(kube::kChangeTrackingTask, {shop_, "orders"}, {}).ok());
  wait_for("Accepted", "True SpecValid", "second");
}

TEST_F(NamespacesTest, ANamespaceThatIsDeletedAndMadeAnewIsWorkedOnAgain) {
  timing_.server_timeout_min = timing_.server_timeout_max = seconds(2);
  timing_.backoff_max = std::chrono::milliseconds(1'000);
  start();
  be_in(bank_);
  start_tracking();
  delete_namespace(bank_);
  wait_until("its Role is missed", [&] { return is_watch_refused_in(bank_); });
  EXPECT_TRUE(controller_->healthy());
  be_in(shop_);
  start_tracking();
  make_namespace(bank_);
  grant_in(bank_);
  be_in(bank_);
  start_tracking();
}

TEST_F(NamespacesTest, AnOperatorThatBeginsWithoutOneOfThemWorksInTheOthers) {
  timing_.backoff_max = std::chrono::milliseconds(1'000);
  delete_namespace(bank_);
  start();
  start_tracking();
  EXPECT_FALSE(controller_->synced());
  EXPECT_TRUE(controller_->healthy());
  make_namespace(bank_);
  grant_in(bank_);
  be_in(bank_);
  start_tracking();
  EXPECT_TRUE(controller_->synced());
}

}  // namespace
}  // namespace rowtide::op::tasks
