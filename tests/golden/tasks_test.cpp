// A ChangeTrackingTask as the API server has it -> every object that the operator makes of it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/tasks/desired.h"
#include "tests/golden/golden_files.h"

namespace rowtide::test {
namespace {

using nlohmann::json;

class GoldenTask : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTask, GivesTheObjectsExpected) {
  constexpr const char* kImage = "rowtide:test";
  const op::api::TaskObject task =
      op::api::read_task_object(json::parse(read_file(kGolden / "tasks" / GetParam())));
  ASSERT_TRUE(task.parsed->ok()) << task::to_string(task.parsed->errors);
  const json objects = {{"trackerConfigMap", op::tasks::tracker_config_map(task)},
                        {"trackerDeployment", op::tasks::tracker_deployment(task, kImage)},
                        {"trackerScale", op::tasks::tracker_scale(task, 1)},
                        {"trackerService", op::tasks::tracker_service(task)},
                        {"precheckConfigMap", op::tasks::precheck_config_map(task)},
                        {"precheckJob", op::tasks::precheck_job(task, kImage, 1)}};
  EXPECT_EQ(difference(kGolden / "expected" / "tasks" / GetParam(), objects.dump(2) + "\n"), "")
      << kHowToUpdate;
}

INSTANTIATE_TEST_SUITE_P(Tasks, GoldenTask, testing::ValuesIn(files_of("tasks")),
                         [](const auto& one) { return one.param.substr(0, one.param.find('.')); });

}  // namespace
}  // namespace rowtide::test
