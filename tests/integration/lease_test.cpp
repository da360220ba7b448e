// Leader election against a real kube-apiserver: rounds of two holders with a clock of the test's, and two
// real operators, one of which is killed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/http/get.h"
#include "operator/kube/config.h"
#include "operator/kube/cpprest_transport.h"
#include "operator/lease/leader_election.h"
#include "operator/lease/lease_holder.h"
#include "tests/support/free_port.h"
#include "tests/support/process.h"
#include "tests/support/script_server.h"
#include "tests/support/wait_until.h"

namespace rowtide::op::lease {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using test::wait_until;

/// Runs something between the reading of a Lease and what follows, or lets nothing through any more.
class Between final : public kube::Transport {
 public:
  explicit Between(kube::Transport& transport) : transport_(transport) {}
  absl::StatusOr<kube::Response> request(const kube::Request& request) override {
    if (is_cut) {  // as a server that takes the connection and says nothing
      std::this_thread::sleep_for(kTimeout);
      return absl::DeadlineExceededError("no answer");
    }
    auto answer = transport_.request(request);
    if (request.method == "GET" && then) std::exchange(then, nullptr)();
    return answer;
  }
  absl::Status stream(const std::string& path, const kube::LineHandler& on_line, milliseconds idle,
                      std::stop_token stop) override {
    return transport_.stream(path, on_line, idle, std::move(stop));
  }
  std::function<void()> then;
  std::atomic<bool> is_cut{false};
  static constexpr seconds kTimeout{3};

 private:
  kube::Transport& transport_;
};

class Leases : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new test::ScriptServer("kube_apiserver", {});
    transport_ = kube::CpprestTransport::create(kube::load_config(kubeconfig()).value()).value().release();
  }
  static void TearDownTestSuite() {
    delete std::exchange(transport_, nullptr);
    delete std::exchange(server_, nullptr);
  }
  static const std::string& kubeconfig() { return server_->fact("KUBECONFIG"); }

  std::unique_ptr<LeaseHolder> holder(const std::string& identity) {
    return std::make_unique<LeaseHolder>(
        client_, LeaseOptions{.lease = {"default", name_}, .identity = identity, .duration = seconds(15)},
        [this] { return now_; });
  }

  inline static test::ScriptServer* server_ = nullptr;
  inline static kube::CpprestTransport* transport_ = nullptr;
  Between between_{*transport_};
  kube::Client client_{between_};
  inline static int made_ = 0;
  const std::string name_ = "lease-" + std::to_string(++made_);
  steady_clock::time_point now_ = steady_clock::now();
};

TEST_F(Leases, OneHoldsItUntilItIsNotRenewedForItsDuration) {
  const auto one = holder("one");
  const auto two = holder("two");
  EXPECT_EQ(one->hold().value(), true) << "nobody has it";
  EXPECT_EQ(two->hold().value(), false);
  EXPECT_EQ(two->holder(), "one");
  for (int round = 0; round < 3; ++round) {
    now_ += seconds(10);
    EXPECT_EQ(one->hold().value(), true) << "renewed";
    EXPECT_EQ(two->hold().value(), false) << "what it saw renewed has not run out";
  }
  now_ += seconds(16);
  EXPECT_EQ(two->hold().value(), true);
  EXPECT_EQ(one->hold().value(), false) << "it is another's now";
  EXPECT_EQ(one->holder(), "two");
  const auto lease = client_.get(kLease, {"default", name_}).value();
  EXPECT_EQ(lease.at("spec").at("leaseTransitions"), 1);
  EXPECT_EQ(lease.at("spec").at("leaseDurationSeconds"), 15);
}

TEST_F(Leases, GivenBackItIsTakenAtOnce) {
  const auto one = holder("one");
  const auto two = holder("two");
  ASSERT_EQ(one->hold().value(), true);
  ASSERT_EQ(two->hold().value(), false);
  ASSERT_TRUE(one->release().ok());
  EXPECT_EQ(two->hold().value(), true);
  EXPECT_TRUE(one->release().ok()) << "of what is another's nothing is given back";
  EXPECT_EQ(two->hold().value(), true);
}

TEST_F(Leases, OfTwoThatSeeItRunOutOneGetsIt) {
  ASSERT_EQ(holder("gone")->hold().value(), true);
  const auto one = holder("one");
  const auto two = holder("two");
  ASSERT_EQ(one->hold().value(), false);
  ASSERT_EQ(two->hold().value(), false);
  now_ += seconds(16);
  between_.then = [&] { EXPECT_EQ(two->hold().value(), true); };
  const auto held = one->hold();
  EXPECT_TRUE(absl::IsAborted(held.status())) << held.status();
  EXPECT_EQ(one->hold().value(), false);
  EXPECT_EQ(one->holder(), "two");
}

TEST_F(Leases, WhoCannotRenewItLosesItBeforeItRunsOut) {
  std::atomic<bool> is_lost{false};
  LeaderElection election(client_, {.lease = {"default", name_}, .identity = "one", .duration = seconds(15)},
                          {.renew_deadline = milliseconds(600), .retry_period = milliseconds(100)},
                          [&] { is_lost = true; });
  election.start();
  wait_until("it leads", [&] { return election.is_leader(); });
  const auto cut_at = steady_clock::now();
  between_.is_cut = true;
  wait_until(
      "it has given up", [&] { return is_lost.load(); }, seconds(60));
  EXPECT_FALSE(election.is_leader());
  EXPECT_LT(steady_clock::now() - cut_at, Between::kTimeout) << "it waited for the request that hangs";
}

/// An operator of its own process.
class OperatorProcess {
 public:
  explicit OperatorProcess(const std::string& kubeconfig, const std::vector<std::string>& more = {})
      : port_(test::free_port()), process_({command(kubeconfig, more), {}, {}}) {}
  test::Process& process() { return process_; }
  [[nodiscard]] bool leads() const { return has("\nrowtide_operator_leader 1\n"); }
  [[nodiscard]] bool stands_by() const { return has("\nrowtide_operator_leader 0\n"); }

 private:
  [[nodiscard]] std::vector<std::string> command(const std::string& kubeconfig,
                                                 const std::vector<std::string>& more) const {
    std::vector<std::string> words{ROWTIDE_OPERATOR_PROGRAM,
                                   "--kubeconfig",
                                   kubeconfig,
                                   "--tracker-image",
                                   "none",
                                   "--listen",
                                   "127.0.0.1:" + std::to_string(port_),
                                   "--leader-elect",
                                   "--leader-elect-namespace",
                                   "default"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  [[nodiscard]] bool has(const std::string& line) const {
    const auto metrics = http::get("127.0.0.1", static_cast<std::uint16_t>(port_), "/metrics");
    return metrics.ok() && metrics->find(line) != std::string::npos;
  }
  int port_;
  test::Process process_;
};

TEST_F(Leases, AKilledOperatorIsFollowedWithin20SecondsAndAStoppedOneAtOnce) {
  OperatorProcess one(kubeconfig());
  wait_until("the first leads", [&] { return one.leads(); });
  OperatorProcess two(kubeconfig());
  wait_until("the second stands by", [&] { return two.stands_by(); });
  one.process().stop(SIGKILL, seconds(5));
  wait_until(
      "the second leads", [&] { return two.leads(); }, seconds(20));

  OperatorProcess three(kubeconfig());
  wait_until("the third stands by", [&] { return three.stands_by(); });
  EXPECT_TRUE(two.process().stop(SIGTERM, seconds(20)).ok());
  wait_until(
      "the third leads, long before the Lease would have run out", [&] { return three.leads(); },
      seconds(10));
}

/// API servers call it until they have heard that its pod goes.
TEST_F(Leases, AStandbyWithAWebhookAnswersForAWhileAfterItIsAskedToEnd) {
  OperatorProcess leader(kubeconfig());
  wait_until("the first leads", [&] { return leader.leads(); });
  OperatorProcess standby(kubeconfig(), {"--inject-listen", "127.0.0.1:0", "--inject-host", "127.0.0.1",
                                         "--inject-webhook", "none"});
  wait_until("the second stands by", [&] { return standby.stands_by(); });
  standby.process().signal(SIGTERM);
  EXPECT_FALSE(standby.process().wait(seconds(2)).has_value());
  EXPECT_TRUE(standby.stands_by());
  EXPECT_TRUE(standby.process().stop(SIGTERM, seconds(20)).ok());
}

}  // namespace
}  // namespace rowtide::op::lease
