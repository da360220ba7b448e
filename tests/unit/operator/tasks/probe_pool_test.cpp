#include "operator/tasks/probe_pool.h"

#include <gtest/gtest.h>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <future>
#include <memory>
#include <set>
#include <sstream>

#include "tests/support/wait_until.h"

namespace rowtide::op::tasks {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::eventually;

const kube::ObjectKey kTask{"shop", "orders"};

/// A tracker that hangs, and one that answers or not as it is told.
class FakeProbe final : public TrackerProbe {
 public:
  absl::StatusOr<task::TrackerStatus> ask(const std::string& address, std::uint16_t port) override {
    ++questions;
    if (address == "hung") {
      unblocked_.wait();
      return absl::DeadlineExceededError("hung");
    }
    if (!answers || port != 8080) return absl::UnavailableError("refused");
    task::TrackerStatus status;
    status.state = address;
    return status;
  }
  void unblock() { unblock_.set_value(); }

  std::atomic<int> questions{0};
  std::atomic<bool> answers{true};

 private:
  std::promise<void> unblock_;
  std::shared_future<void> unblocked_ = unblock_.get_future().share();
};

class ProbePoolTest : public testing::Test {
 protected:
  ~ProbePoolTest() override { probe_.unblock(); }

  /// Asks, and waits until the answer or its absence is known.
  ProbeResult ask_again(const std::string& address = "Streaming") {
    const int before = probe_.questions;
    now_ += 120'000;
    (void)pool_.newest(kTask, {"pod-1", address, 8080}, seconds(10));
    EXPECT_TRUE(eventually([&] { return probe_.questions > before; }));
    ProbeResult result;
    // The question is taken in soon after it was answered: until then no other is asked.
    EXPECT_TRUE(eventually([&] {
      now_ += 120'000;
      result = pool_.newest(kTask, {"pod-1", address, 8080}, seconds(10));
      return probe_.questions > before + 1;
    }));
    return result;
  }

  FakeProbe probe_;
  std::atomic<std::int64_t> now_{1'000'000};
  std::atomic<int> news_{0};
  ProbePool pool_{probe_,
                  [this](const kube::ObjectKey&) { ++news_; },
                  {.threads = 2, .now = [this] { return ProbePool::Clock::time_point(milliseconds(now_)); }}};
};

TEST_F(ProbePoolTest, AHungTrackerKeepsNobodyWaiting) {
  EXPECT_FALSE(
      pool_.newest({"shop", "hung"}, {"pod-0", "hung", 8080}, seconds(2)).answer);  // returns at once
  (void)pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(2));
  EXPECT_TRUE(eventually([&] {
    return pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(2)).answer.has_value();
  }));
}

TEST_F(ProbePoolTest, ManyThatHangKeepNoneThatAnswersWaiting) {
  probe_.answers = false;  // each has its first miss
  for (int i = 0; i < 300; ++i)
    (void)pool_.newest({"shop", "hung"}, {"pod-" + std::to_string(i), "hangs later", 8080}, seconds(2));
  EXPECT_TRUE(eventually([&] { return probe_.questions == 300; }));
  probe_.answers = true;
  EXPECT_TRUE(eventually([&] {  // one of them hangs, and the others wait for it
    now_ += 120'000;
    for (int i = 0; i < 300; ++i)
      (void)pool_.newest({"shop", "hung"}, {"pod-" + std::to_string(i), "hung", 8080}, seconds(2));
    return probe_.questions == 301;
  }));
  (void)pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(2));
  EXPECT_TRUE(eventually([&] {
    return pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(2)).answer.has_value();
  }));
  now_ += 7'000;
  EXPECT_GE(pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(60)).age, seconds(7))
      << "an answer says how old it is";
}

TEST_F(ProbePoolTest, AFreshAnswerIsNotAskedForAgain) {
  (void)pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(10));
  EXPECT_TRUE(eventually([&] { return news_ == 1; }));
  EXPECT_EQ(pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(10)).answer->state, "Streaming");
  EXPECT_EQ(probe_.questions, 1);
}

TEST_F(ProbePoolTest, TheSameAnswerIsNoNews) {
  (void)ask_again();
  (void)ask_again();
  EXPECT_EQ(news_, 1);
  (void)ask_again("Reconnecting");
  EXPECT_TRUE(eventually([&] { return news_ == 2; }));
}

TEST_F(ProbePoolTest, OneMissKeepsTheAnswerAndSeveralAreSilence) {
  (void)pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(10));
  EXPECT_TRUE(eventually([&] { return news_ == 1; }));
  probe_.answers = false;
  now_ += 20'000;
  (void)pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(10));
  EXPECT_TRUE(eventually([&] { return probe_.questions == 2; }));
  EXPECT_TRUE(pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(10)).answer);
  EXPECT_TRUE(eventually([&] {
    now_ += 120'000;
    return pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(10)).is_silent;
  }));
  EXPECT_FALSE(pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(10)).answer);
  EXPECT_TRUE(eventually([&] { return news_ == 2; })) << "silence is news, once";
}

TEST_F(ProbePoolTest, AFailureIsLoggedOnceUntilItIsAnother) {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  probe_.answers = false;
  (void)ask_again();
  (void)ask_again();
  probe_.answers = true;
  (void)ask_again();
  probe_.answers = false;
  (void)ask_again();
  pool_.forget(kTask);  // no other question is taken in
  spdlog::set_default_logger(before);
  std::size_t count = 0;
  const std::string text = log.str();
  for (std::size_t at = text.find("refused"); at != std::string::npos; at = text.find("refused", at + 1))
    ++count;
  EXPECT_EQ(count, 2U) << text;
  EXPECT_NE(text.find("shop/orders"), std::string::npos) << text;
}

TEST_F(ProbePoolTest, ThePodsOfATaskAreKnownEachByItself) {
  const ProbedPod one{"pod-1", "Streaming", 8080};
  const ProbedPod other{"pod-2", "Starting", 8080};
  (void)pool_.newest(kTask, one, seconds(10));
  (void)pool_.newest(kTask, other, seconds(10));
  EXPECT_TRUE(eventually([&] { return news_ == 2; }));
  EXPECT_EQ(pool_.newest(kTask, one, seconds(10)).answer->state, "Streaming");
  EXPECT_EQ(pool_.newest(kTask, other, seconds(10)).answer->state, "Starting");
  EXPECT_EQ(probe_.questions, 2);
  pool_.keep_only(kTask, {"pod-2"});
  EXPECT_FALSE(pool_.newest(kTask, one, seconds(10)).answer) << "it was forgotten";
  EXPECT_TRUE(pool_.newest(kTask, other, seconds(10)).answer);
  EXPECT_TRUE(eventually([&] { return news_ == 3; }));
}

TEST_F(ProbePoolTest, AnotherPodIsAskedAnew) {
  (void)pool_.newest(kTask, {"pod-1", "Streaming", 8080}, seconds(10));
  EXPECT_TRUE(eventually([&] { return news_ == 1; }));
  EXPECT_FALSE(pool_.newest(kTask, {"pod-2", "Starting", 8080}, seconds(10)).answer);
  EXPECT_TRUE(eventually([&] { return news_ == 2; }));
  EXPECT_EQ(pool_.newest(kTask, {"pod-2", "Starting", 8080}, seconds(10)).answer->state, "Starting");
}

TEST_F(ProbePoolTest, OfManyPodsEachIsAskedMoreSeldom) {
  constexpr int kPods = 4'000;  // 20 s at 200 questions a second
  const auto ask_all = [&] {
    for (int i = 0; i < kPods; ++i)
      (void)pool_.newest({"shop", "task-" + std::to_string(i % 40)},
                         {"pod-" + std::to_string(i), "Streaming", 8080}, seconds(10));
  };
  ask_all();
  EXPECT_TRUE(eventually([&] { return probe_.questions == kPods && news_ == kPods; }));
  now_ += 19'999;
  ask_all();
  const ProbedPod last{"pod-last", "Streaming", 8080};
  (void)pool_.newest(kTask, last, seconds(10));
  EXPECT_TRUE(eventually([&] { return pool_.newest(kTask, last, seconds(10)).answer.has_value(); }));
  EXPECT_EQ(probe_.questions, kPods + 1) << "none was asked before it";
  pool_.forget(kTask);
  now_ += 1;
  ask_all();
  EXPECT_TRUE(eventually([&] { return probe_.questions == 2 * kPods + 1; }));
  for (int task = 1; task < 40; ++task) pool_.forget({"shop", "task-" + std::to_string(task)});
  pool_.keep_only({"shop", "task-0"}, {"pod-0"});
  EXPECT_TRUE(eventually([&] {
    now_ += 10'000;
    const int before = probe_.questions;
    (void)pool_.newest({"shop", "task-0"}, {"pod-0", "Streaming", 8080}, seconds(10));
    return eventually([&] { return probe_.questions > before; }, seconds(1));
  })) << "those that are gone do not count";
}

}  // namespace
}  // namespace rowtide::op::tasks
