#include "operator/tasks/merge_patch.h"

#include <gtest/gtest.h>

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

TEST(MergePatch, AppliedItMakesOneOfTheOther) {
  const json from = json::parse(R"({"a": 1, "b": {"c": 1, "d": [1, 2]}, "gone": {"x": 1}})");
  const json to = json::parse(R"({"a": 2, "b": {"d": [1], "e": true}, "new": "n"})");
  json patched = from;
  patched.merge_patch(merge_patch_between(from, to));
  EXPECT_EQ(patched, to);
}

TEST(MergePatch, NothingForTheSame) {
  const json same = json::parse(R"({"a": {"b": [1, {"c": 2}]}})");
  EXPECT_TRUE(merge_patch_between(same, same).empty());
}

}  // namespace
}  // namespace rowtide::op::tasks
