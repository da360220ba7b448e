#include "operator/tasks/events.h"

#include <gtest/gtest.h>

#include "operator/api/conditions.h"
#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::tasks {
namespace {

using api::Condition;
using api::ConditionStatus;
using nlohmann::json;

json status_with(std::vector<Condition> conditions) {
  return {{"conditions", api::merge_conditions(nullptr, conditions, 1, "2026-01-01T00:00:00Z")}};
}

std::vector<json> events(const json& before, const json& after) {
  return events_between(kube::kChangeTrackingTask, test_task(), before, after, kNowMs * 1000);
}

TEST(Events, OneForAChangeAndNoneForTheSame) {
  const json failed =
      status_with({{"PrecheckPassed", ConditionStatus::False, "ChecksFailed", "BinlogEnabled"}});
  const std::vector<json> first = events(json::object(), failed);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].at("type"), "Warning");
  EXPECT_EQ(first[0].at("reason"), "ChecksFailed");
  EXPECT_EQ(first[0].at("note"), "BinlogEnabled");
  EXPECT_EQ(first[0].at("regarding").at("uid"), "u-1");
  EXPECT_EQ(first[0].at("eventTime"), "2026-02-01T00:00:00.000000Z");
  EXPECT_TRUE(events(failed, failed).empty());
}

TEST(Events, PassingStatesAndTheReadyConditionAreNoNews) {
  EXPECT_TRUE(
      events(json::object(), status_with({{"Streaming", ConditionStatus::False, "PodStarting", ""},
                                          {"PrecheckPassed", ConditionStatus::Unknown, "PrecheckRunning", ""},
                                          {"Ready", ConditionStatus::False, "X", ""}}))
          .empty());
}

TEST(Events, StreamingAgainIsNormal) {
  const auto after = events(status_with({{"Streaming", ConditionStatus::False, "SourceUnavailable", "gone"}}),
                            status_with({{"Streaming", ConditionStatus::True, "EventsFlowing", ""}}));
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].at("type"), "Normal");
}

TEST(Events, WhereATrackerBeganIsToldOnce) {
  const json remark = {{"startRemark", "Goes on where the former task has been"}};
  const std::vector<json> first = events(json::object(), remark);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].at("reason"), "StartPosition");
  EXPECT_EQ(first[0].at("note"), "Goes on where the former task has been");
  EXPECT_TRUE(events(remark, remark).empty());
  EXPECT_TRUE(events(remark, json::object()).empty());
}

TEST(Events, ALongNoteIsCut) {
  const auto long_one =
      events(json::object(),
             status_with({{"Accepted", ConditionStatus::False, "InvalidSpec", std::string(5000, 'x')}}));
  EXPECT_LE(long_one.at(0).at("note").get<std::string>().size(), 1024U);
  std::string names = "x";
  for (int i = 0; i < 1000; ++i) names += "\u00e4";
  const auto of_names = events(
      json::object(), status_with({{"Accepted", ConditionStatus::False, "InvalidSpec", std::move(names)}}));
  EXPECT_NO_THROW((void)of_names.at(0).dump()) << "cut between characters";
}

}  // namespace
}  // namespace rowtide::op::tasks
