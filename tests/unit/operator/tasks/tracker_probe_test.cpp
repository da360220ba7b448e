#include "operator/tasks/tracker_probe.h"

#include <gtest/gtest.h>

#include <string>

#include "common/http/server.h"

namespace rowtide::op::tasks {
namespace {

TEST(TrackerProbe, TheLargestStatusIsRead) {
  task::TrackerStatus large;
  large.task = "shop/orders";
  large.gtid_set.assign(256UL * 1024, 'a');
  for (int i = 20'000; i > 0; --i)
    large.topics.push_back(std::string(200, 't') + std::to_string(100'000 + i));
  for (int i = 0; i < 1'000; ++i) {
    task::GroupStatus group;
    group.name = group.group_id = std::string(250, 'g');
    group.uid = std::to_string(i);
    group.checkpoint.message.assign(500, 'm');
    large.consumer_groups.push_back(group);
  }
  const auto server = http::Server::start(
      "127.0.0.1:0", {{"/status", [&] { return http::Response{.body = to_json(large)}; }}});
  ASSERT_TRUE(server.ok()) << server.status();
  HttpTrackerProbe probe;
  const auto answer = probe.ask("127.0.0.1", (*server)->port());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->consumer_groups.size(), 1'000U);
  EXPECT_EQ(answer->topics.size(), task::kMostTopicsTold);
  EXPECT_TRUE(answer->topics.front().ends_with("100001")) << "the first by name";
  EXPECT_NE(to_json(large).find("\"topicCount\":20000"), std::string::npos);
}

}  // namespace
}  // namespace rowtide::op::tasks
