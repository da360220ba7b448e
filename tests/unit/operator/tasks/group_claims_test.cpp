#include "operator/tasks/group_claims.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "operator/tasks/claims.h"
#include "operator/tasks/group_reconcile.h"
#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

kube::ObjectPtr group_named(const std::string& name, const std::string& created) {
  return std::make_shared<const json>(
      json{{"apiVersion", "rowtide.dev/v1alpha1"},
           {"kind", "ConsumerGroup"},
           {"metadata",
            {{"name", name}, {"namespace", "shop"}, {"uid", "u-" + name}, {"creationTimestamp", created}}},
           {"spec", {{"taskRef", {{"name", "orders"}}}, {"principal", "User:" + std::string(200, 'p')}}}});
}

TEST(GroupClaims, TheDocumentsOfATasksGroupsFitIntoOneConfigMap) {
  constexpr int kMany = 2000;
  std::vector<kube::ObjectPtr> groups;
  for (int i = 0; i < kMany; ++i) {
    char name[200];
    std::snprintf(name, sizeof name, "%04d-%s", i, std::string(170, 'n').c_str());
    groups.push_back(group_named(name, i == 0 ? "2026-01-02T00:00:00Z" : "2026-01-01T00:00:00Z"));
  }
  const controller::ObjectStore all({}, group_id_of);
  const controller::ObjectStore tasks({}, claims_of);
  const json task = task_json();
  const std::vector<JudgedGroup> judged = judge_groups(groups, &task, all, tasks, kMany);
  const std::size_t bytes = GroupReconciler::documents_of(judged).size();
  EXPECT_GT(bytes, 950'000U);
  EXPECT_LE(bytes, 1'000'000U);
  EXPECT_EQ(judged[0].accepted.reason, "TooManyGroups") << "it is the youngest";
  EXPECT_NE(judged[0].accepted.message.find("ConfigMap"), std::string::npos) << judged[0].accepted.message;
  EXPECT_EQ(judged[1].accepted.reason, "SpecValid");
}

}  // namespace
}  // namespace rowtide::op::tasks
