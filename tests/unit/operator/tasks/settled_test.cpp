#include "operator/tasks/settled.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::tasks {
namespace {

const kube::ObjectKey kKey{"shop", "orders"};

ChildrenState state() {
  static const std::shared_ptr<const task::ParseResult> kParsed = test_task().parsed;
  return {.parsed = kParsed,
          .upgrade_request = "1",
          .config_version = "10",
          .deployment_version = "11",
          .service_version = "12"};
}

TEST(Settled, WhatWasFoundRightStaysSo) {
  Settled settled;
  EXPECT_FALSE(settled.find(kKey, state()));
  settled.note(kKey, state(), false);
  EXPECT_EQ(settled.find(kKey, state()), false);
  settled.note(kKey, state(), true);
  EXPECT_EQ(settled.find(kKey, state()), true) << "an upgrade waits";
  EXPECT_FALSE(settled.find({"shop", "stock"}, state()));
  settled.forget(kKey);
  EXPECT_FALSE(settled.find(kKey, state()));
}

TEST(Settled, WhateverChangesHasTheChildrenLookedAt) {
  Settled settled;
  settled.note(kKey, state(), false);
  std::vector<ChildrenState> changed(5, state());
  changed[0].parsed = test_task().parsed;  // read anew, because spec or uid are others
  changed[1].upgrade_request = "2";
  changed[2].config_version = "13";
  changed[3].deployment_version = "";  // gone
  changed[4].service_version = "13";
  for (const ChildrenState& each : changed) EXPECT_FALSE(settled.find(kKey, each));
}

}  // namespace
}  // namespace rowtide::op::tasks
