#include "operator/api/conditions.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rowtide::op::api {
namespace {

using nlohmann::json;

constexpr const char* kThen = "2026-01-01T00:00:00Z";
constexpr const char* kNow = "2026-01-02T00:00:00Z";

TEST(Conditions, TransitionTimeMovesOnlyWithTheStatus) {
  const json before =
      merge_conditions(nullptr, {{"Ready", ConditionStatus::False, "Starting", "a"}}, 1, kThen);
  const json same =
      merge_conditions(before, {{"Ready", ConditionStatus::False, "CrashLooping", "b"}}, 2, kNow);
  EXPECT_EQ(same[0].at("lastTransitionTime"), kThen);
  EXPECT_EQ(same[0].at("reason"), "CrashLooping");
  EXPECT_EQ(same[0].at("observedGeneration"), 2);
  const json flipped = merge_conditions(same, {{"Ready", ConditionStatus::True, "Streaming", ""}}, 2, kNow);
  EXPECT_EQ(flipped[0].at("lastTransitionTime"), kNow);
}

TEST(Conditions, ATypeThatIsNotWantedAnyMoreGoes) {
  const json before = merge_conditions(nullptr, {{"Old", ConditionStatus::True, "R", ""}}, 1, kThen);
  EXPECT_EQ(merge_conditions(before, {}, 1, kNow).size(), 0U);
}

TEST(Conditions, FindIsNullForNone) {
  EXPECT_TRUE(find_condition(json::array(), "Ready").is_null());
  EXPECT_TRUE(find_condition(nullptr, "Ready").is_null());
}

TEST(Times, RoundTrip) {
  EXPECT_EQ(format_time(1'769'904'000'000), "2026-02-01T00:00:00Z");
  EXPECT_EQ(parse_time("2026-02-01T00:00:00Z"), 1'769'904'000'000);
  EXPECT_EQ(parse_time("yesterday"), 0);
}

}  // namespace
}  // namespace rowtide::op::api
