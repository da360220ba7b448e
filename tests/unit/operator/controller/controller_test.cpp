#include "operator/controller/controller.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "common/http/server.h"
#include "operator/kube/cpprest_transport.h"
#include "operator/kube/errors.h"
#include "operator/kube/request_deadline.h"

// A hand-written API server, not a real one: a list that is held back and a reconcile that fails at a given
// moment are faults of timing which a real one shows only by chance. tests/integration/kube_client_test.cpp
// has the real one.

namespace rowtide::op::controller {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

json list_of(const std::vector<json>& items) {
  return {{"kind", "List"}, {"metadata", {{"resourceVersion", "1"}}}, {"items", items}};
}

json task(const std::string& name, const std::string& name_space = "shop") {
  return {{"metadata",
           {{"namespace", name_space}, {"name", name}, {"uid", "uid-" + name}, {"resourceVersion", "1"}}}};
}

/// One list per kind ("jobs", or "shop/jobs" for one namespace); a watch hands out the lines it is given and
/// stays open until it is stopped.
class ScriptedServer final : public kube::Transport {
 public:
  void set_list(const std::string& plural, const json& list) {
    const std::lock_guard lock(mutex_);
    lists_[plural] = list.dump();
  }
  void refuse(const std::string& name_space, bool is_refused) {
    const std::lock_guard lock(mutex_);
    refused_ = is_refused ? "/" + name_space + "/" : "";
  }
  void send_event(const std::string& plural, const std::string& type, const json& object) {
    const std::lock_guard lock(mutex_);
    events_[plural].push_back(json{{"type", type}, {"object", object}}.dump());
  }

  absl::StatusOr<kube::Response> request(const kube::Request& request) override {
    const std::lock_guard lock(mutex_);
    if (!refused_.empty() && absl::StrContains(request.path_and_query, refused_))
      return kube::Response{403, R"({"kind":"Status","message":"forbidden"})", {}};
    for (const auto& [plural, list] : lists_) {
      if (absl::StrContains(request.path_and_query, "/" + plural)) return kube::Response{200, list, {}};
    }
    return kube::Response{503, "not yet", {}};
  }

  absl::Status stream(const std::string& path, const kube::LineHandler& on_line, milliseconds,
                      std::stop_token stop) override {
    while (!stop.stop_requested()) {
      std::vector<std::string> lines;
      {
        const std::lock_guard lock(mutex_);
        for (auto& [plural, events] : events_) {
          if (absl::StrContains(path, "/" + plural)) lines.swap(events);
        }
      }
      for (const std::string& line : lines) {
        if (!on_line(line)) return absl::OkStatus();
      }
      std::this_thread::sleep_for(milliseconds(1));
    }
    return absl::CancelledError("stopped");
  }

 private:
  std::mutex mutex_;
  std::string refused_;
  std::map<std::string, std::string> lists_;
  std::map<std::string, std::vector<std::string>> events_;
};

ControllerOptions options() {
  ControllerOptions result;
  result.name = "test";
  result.primary.type = kube::kChangeTrackingTask;
  result.primary.timing.backoff_min = milliseconds(5);
  result.primary.timing.backoff_max = milliseconds(10);
  WatchedKind jobs{{kube::kJob, {}, {}, result.primary.timing}, by_owner(kube::kChangeTrackingTask)};
  WatchedKind pods{{kube::kPod, {}, {}, result.primary.timing}, by_label("rowtide.dev/task")};
  result.watched = {jobs, pods};
  result.queue.backoff_min = milliseconds(2);
  return result;
}

/// Counts the reconciles of each key.
class Recorder {
 public:
  Reconcile reconcile(std::function<Result(const Key&, int)> then = [](const Key&, int) {
    return Result{};
  }) {
    return [this, then](const Key& key) {
      int run = 0;
      {
        const std::lock_guard lock(mutex_);
        run = ++runs_[key];
      }
      return then(key, run);
    };
  }
  int runs(const std::string& name, const std::string& name_space = "shop") {
    const std::lock_guard lock(mutex_);
    return runs_[Key{name_space, name}];
  }

 private:
  std::mutex mutex_;
  std::map<Key, int> runs_;
};

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

class ControllerTest : public testing::Test {
 protected:
  void serve_all() {
    server_.set_list("changetrackingtasks", list_of({task("orders")}));
    server_.set_list("jobs", list_of({}));
    server_.set_list("pods", list_of({}));
  }
  ScriptedServer server_;
  Recorder recorder_;
};

TEST_F(ControllerTest, WorksOnlyWhenEveryKindIsListed) {
  server_.set_list("changetrackingtasks", list_of({task("orders")}));
  server_.set_list("jobs", list_of({}));
  Controller controller(server_, options());
  controller.start(recorder_.reconcile());
  const auto pods_fail = [&] { return controller.stats().watchers[2].restarts[5] >= 3; };
  ASSERT_TRUE(eventually(pods_fail));
  EXPECT_FALSE(controller.synced());
  EXPECT_TRUE(controller.healthy()) << "an API server that fails does not make the operator unhealthy";
  EXPECT_EQ(recorder_.runs("orders"), 0);
  EXPECT_EQ(controller.store(kube::kChangeTrackingTask)->size(), 1u);

  server_.set_list("pods", list_of({}));
  EXPECT_TRUE(eventually([&] { return recorder_.runs("orders") == 1; }));
  EXPECT_TRUE(controller.synced());
}

class NamespacesTest : public ControllerTest {
 protected:
  NamespacesTest() {
    options_.name_spaces = {"bank", "shop"};
    for (const char* name_space : {"bank", "shop"}) {
      const std::string prefix = std::string(name_space) + "/";
      server_.set_list(prefix + "changetrackingtasks", list_of({task("orders", name_space)}));
      server_.set_list(prefix + "jobs", list_of({}));
    }
    server_.set_list("shop/pods", list_of({}));
  }
  /// Attempts to list the pods of the bank, which is the fifth of six watches.
  static std::uint64_t attempts(const Controller& controller) {
    const auto& restarts = controller.stats().watchers[4].restarts;
    return restarts[static_cast<std::size_t>(kube::RestartReason::Error)];
  }
  ControllerOptions options_ = options();
};

TEST_F(NamespacesTest, EachIsListedBeforeAnyIsWorkedOn) {
  Controller controller(server_, options_);
  controller.start(recorder_.reconcile());
  ASSERT_TRUE(eventually([&] { return attempts(controller) >= 6; }));
  EXPECT_FALSE(controller.synced());
  EXPECT_EQ(controller.store(kube::kChangeTrackingTask)->size(), 2U);
  EXPECT_EQ(recorder_.runs("orders"), 0);
  server_.set_list("bank/pods", list_of({}));
  EXPECT_TRUE(
      eventually([&] { return recorder_.runs("orders") == 1 && recorder_.runs("orders", "bank") == 1; }));
  EXPECT_TRUE(controller.synced());
  ASSERT_EQ(controller.stats().watchers.size(), 6U);
  EXPECT_EQ(controller.stats().watchers[4].name_space, "bank");
}

TEST_F(NamespacesTest, OneThatIsRefusedKeepsTheOthersWaitingForAMomentOnly) {
  server_.refuse("bank", true);
  Controller controller(server_, options_);
  controller.start(recorder_.reconcile());
  EXPECT_TRUE(eventually([&] { return recorder_.runs("orders") == 1; }));
  EXPECT_FALSE(controller.synced());
  EXPECT_TRUE(controller.healthy());
  // Its own keys wait until all of it is listed.
  server_.refuse("bank", false);
  const ObjectStore& tasks = *controller.store(kube::kChangeTrackingTask);
  ASSERT_TRUE(eventually([&] { return tasks.size() == 2; }));
  const std::uint64_t before = attempts(controller);
  ASSERT_TRUE(eventually([&] { return attempts(controller) >= before + 3; }));
  EXPECT_EQ(recorder_.runs("orders", "bank"), 0);
  EXPECT_EQ(controller.stats().active_workers, 0);
  server_.set_list("bank/pods", list_of({}));
  EXPECT_TRUE(eventually([&] { return recorder_.runs("orders", "bank") == 1; }));
}

TEST_F(ControllerTest, ChangesOfOwnedObjectsReconcileTheOwner) {
  serve_all();
  Controller controller(server_, options());
  controller.start(recorder_.reconcile());
  ASSERT_TRUE(eventually([&] { return recorder_.runs("orders") == 1; }));

  json job{{"metadata", {{"namespace", "shop"}, {"name", "orders-precheck"}, {"resourceVersion", "2"}}}};
  job["metadata"]["ownerReferences"] = {{{"apiVersion", "rowtide.dev/v1alpha1"},
                                         {"kind", "ChangeTrackingTask"},
                                         {"name", "orders"},
                                         {"uid", "uid-orders"},
                                         {"controller", true}}};
  server_.send_event("jobs", "ADDED", job);
  ASSERT_TRUE(eventually([&] { return recorder_.runs("orders") == 2; }));
  EXPECT_EQ(controller.store(kube::kJob)->of_group({"shop", "orders"}).size(), 1u);
  server_.send_event("jobs", "DELETED", job);
  ASSERT_TRUE(eventually([&] { return recorder_.runs("orders") == 3; }));

  json pod{{"metadata", {{"namespace", "shop"}, {"name", "p"}, {"resourceVersion", "3"}}}};
  pod["metadata"]["labels"]["rowtide.dev/task"] = "orders";
  server_.send_event("pods", "ADDED", pod);
  EXPECT_TRUE(eventually([&] { return recorder_.runs("orders") == 4; }));
}

TEST_F(ControllerTest, WhatIsMappedToAKeyOfNothingIsReconciledAtTheStart) {
  serve_all();
  json pod{{"metadata", {{"namespace", "shop"}, {"name", "p"}, {"resourceVersion", "3"}}}};
  pod["metadata"]["labels"]["rowtide.dev/task"] = "absent";
  server_.set_list("pods", list_of({pod}));
  Controller controller(server_, options());
  controller.watch();  // as one that stands by
  ASSERT_TRUE(eventually([&] { return controller.synced(); }));
  controller.start(recorder_.reconcile());
  EXPECT_TRUE(eventually([&] { return recorder_.runs("absent") == 1; }));
}

TEST_F(ControllerTest, ADeletedPrimaryIsReconciledAndIsGoneFromTheStore) {
  serve_all();
  Controller controller(server_, options());
  std::atomic<bool> saw_it_gone = false;
  controller.start(recorder_.reconcile([&](const Key& key, int) {
    if (!controller.store(kube::kChangeTrackingTask)->find(key)) saw_it_gone = true;
    return Result{};
  }));
  ASSERT_TRUE(eventually([&] { return recorder_.runs("orders") == 1; }));
  server_.send_event("changetrackingtasks", "DELETED", task("orders"));
  EXPECT_TRUE(eventually([&] { return saw_it_gone.load(); }));
}

/// An API server that takes a request and does not answer before it ends.
class SlowServer {
 public:
  SlowServer()
      : server_(http::Server::start("127.0.0.1:0", {{"/slow",
                                                     [this] {
                                                       answers_.wait();
                                                       return http::Response{.body = "{}"};
                                                     }}})
                    .value()) {}
  ~SlowServer() { answer_.set_value(); }
  SlowServer(const SlowServer&) = delete;
  SlowServer& operator=(const SlowServer&) = delete;

  [[nodiscard]] std::unique_ptr<kube::CpprestTransport> connect() const {
    kube::ClusterConfig config;
    config.server = "http://127.0.0.1:" + std::to_string(server_->port());
    return kube::CpprestTransport::create(config).value();
  }

 private:
  std::promise<void> answer_;
  std::shared_future<void> answers_ = answer_.get_future().share();
  std::unique_ptr<http::Server> server_;
};

TEST_F(ControllerTest, AReconcileBeyondItsDeadlineIsEndedAndTriedAgain) {
  const SlowServer slow;
  const std::unique_ptr<kube::CpprestTransport> transport = slow.connect();
  std::ostringstream log;
  const auto logger_before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  serve_all();
  ControllerOptions bounded = options();
  bounded.reconcile_deadline = milliseconds(100);
  Controller controller(server_, bounded);
  controller.start(recorder_.reconcile([&](const Key&, int) -> Result {
    const absl::Status first = transport->request({"GET", "/slow", {}, {}}).status();
    EXPECT_TRUE(absl::IsDeadlineExceeded(first)) << first;
    const absl::Status second = transport->request({"GET", "/slow", {}, {}}).status();
    EXPECT_TRUE(absl::IsDeadlineExceeded(second)) << second;
    return {first, milliseconds(0)};
  }));
  ASSERT_TRUE(eventually([&] { return recorder_.runs("orders") >= 3; }));
  controller.stop();
  spdlog::set_default_logger(logger_before);
  EXPECT_GE(controller.stats().failed, 3U);
  EXPECT_EQ(controller.stats().requeued_after, 0U);
  EXPECT_TRUE(absl::StrContains(log.str(), "reconcile of shop/orders failed (in a row: 2)")) << log.str();
  EXPECT_TRUE(absl::StrContains(log.str(), "it was ended after 100 ms")) << log.str();
  // Requests of others than a reconcile have no such deadline.
  EXPECT_FALSE(kube::RequestDeadline::current());
}

TEST_F(ControllerTest, FailuresAndExceptionsAreRetried) {
  serve_all();
  Controller controller(server_, options());
  controller.start(recorder_.reconcile([](const Key&, int run) -> Result {
    if (run == 1) return {absl::UnavailableError("away"), {}};
    if (run == 2) throw std::runtime_error("unforeseen");
    return {};
  }));
  ASSERT_TRUE(eventually([&] { return controller.stats().succeeded == 1; }));
  const ControllerStats stats = controller.stats();
  EXPECT_EQ(stats.failed, 2u);
  EXPECT_EQ(stats.queue.retries, 2u);
  EXPECT_EQ(stats.reconcile_time.count, 3u);
  EXPECT_EQ(stats.active_workers, 0);
}

TEST_F(ControllerTest, AServerThatAsksToWaitIsGivenThatTime) {
  serve_all();
  Controller controller(server_, options());
  std::chrono::steady_clock::time_point asked;
  std::atomic<milliseconds> waited{milliseconds(0)};
  controller.start(recorder_.reconcile([&](const Key&, int run) -> Result {
    const auto now = std::chrono::steady_clock::now();
    if (run > 1) {
      waited = std::chrono::duration_cast<milliseconds>(now - asked);
      return {};
    }
    asked = now;
    return {kube::status_from_response({429, "busy", std::chrono::seconds(1)}, "apply"), {}};
  }));
  ASSERT_TRUE(eventually([&] { return controller.stats().succeeded == 1; }));
  EXPECT_GE(waited.load(), milliseconds(1'000));
}

TEST_F(ControllerTest, WhatIsRefusedIsTriedAgainSlowly) {
  for (const int code : {403, 422}) {
    SCOPED_TRACE(code);
    ScriptedServer server;
    server.set_list("changetrackingtasks", list_of({task("orders")}));
    server.set_list("jobs", list_of({}));
    server.set_list("pods", list_of({}));
    ControllerOptions slow = options();
    slow.refused_pause = milliseconds(300);
    Controller controller(server, slow);
    Recorder recorder;
    std::chrono::steady_clock::time_point refused;
    std::atomic<milliseconds> waited{milliseconds(0)};
    controller.start(recorder.reconcile([&](const Key&, int run) -> Result {
      const auto now = std::chrono::steady_clock::now();
      if (run > 1) {
        waited = std::chrono::duration_cast<milliseconds>(now - refused);
        return {};
      }
      refused = now;
      return {kube::status_from_code(code, "", "no", "apply"), {}};
    }));
    ASSERT_TRUE(eventually([&] { return controller.stats().succeeded == 1; }));
    EXPECT_GE(waited.load(), milliseconds(300));
  }
}

TEST_F(ControllerTest, WhatFailsAfterALongTimeLetsOthersHaveTheirTurn) {
  serve_all();
  Controller controller(server_, options());
  std::chrono::steady_clock::time_point failed;
  std::atomic<milliseconds> waited{milliseconds(0)};
  controller.start(recorder_.reconcile([&](const Key&, int run) -> Result {
    if (run > 1) {
      waited = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - failed);
      return {};
    }
    std::this_thread::sleep_for(milliseconds(30));  // the time that it takes is what is tested
    failed = std::chrono::steady_clock::now();
    return {absl::DeadlineExceededError("a webhook that hangs"), {}};
  }));
  ASSERT_TRUE(eventually([&] { return controller.stats().succeeded >= 1; }));
  EXPECT_GE(waited.load(), milliseconds(300));
}

TEST_F(ControllerTest, WhatFailsIsLookedAtWhenItWouldBeAnyway) {
  serve_all();
  ControllerOptions slow = options();
  slow.refused_pause = std::chrono::minutes(5);
  Controller controller(server_, slow);
  controller.start(recorder_.reconcile([](const Key&, int) -> Result {
    return {kube::status_from_code(403, "", "no", "apply"), milliseconds(20)};
  }));
  EXPECT_TRUE(eventually([&] { return recorder_.runs("orders") >= 3; }));
}

/// orders with that status, as a watch tells it.
json told_with(const char* version, const json& message) {
  json told = task("orders");
  told["apiVersion"] = kube::api_version(kube::kChangeTrackingTask);
  told["kind"] = kube::kChangeTrackingTask.kind;
  told["metadata"]["resourceVersion"] = version;
  told["status"]["message"] = message;
  return told;
}

/// Such a status is most often the failure's own, and other each time.
TEST_F(ControllerTest, AChangeOfItsStatusDoesNotEndThePauseAfterAFailure) {
  serve_all();
  ControllerOptions slow = options();
  slow.queue.backoff_min = std::chrono::minutes(1);
  Controller controller(server_, slow);
  controller.start(recorder_.reconcile([&](const Key& key, int run) -> Result {
    if (key.name != "orders") return {};
    // Later it would take the edit below back, which is news too.
    if (run == 1) server_.send_event("changetrackingtasks", "MODIFIED", told_with("2", run));
    return {absl::InternalError("no"), {}};
  }));
  ASSERT_TRUE(eventually([&] { return recorder_.runs("orders") == 1; }));
  server_.send_event("changetrackingtasks", "MODIFIED", told_with("7", "another"));
  server_.send_event("changetrackingtasks", "ADDED", task("users"));
  ASSERT_TRUE(eventually([&] { return recorder_.runs("users") == 1; }));
  EXPECT_EQ(recorder_.runs("orders"), 1);

  json told = told_with("8", "another");
  told["spec"]["suspend"] = true;
  server_.send_event("changetrackingtasks", "MODIFIED", told);
  EXPECT_TRUE(eventually([&] { return recorder_.runs("orders") == 2; }));
}

TEST_F(ControllerTest, AChangeOfItsStatusIsNewsToOneThatDidWell) {
  serve_all();
  Controller controller(server_, options());
  controller.start(recorder_.reconcile());
  ASSERT_TRUE(eventually([&] { return recorder_.runs("orders") == 1; }));
  server_.send_event("changetrackingtasks", "MODIFIED", told_with("2", "of somebody else"));
  EXPECT_TRUE(eventually([&] { return recorder_.runs("orders") == 2; }));
}

TEST_F(ControllerTest, RequeueAfterRunsAgain) {
  serve_all();
  Controller controller(server_, options());
  controller.start(recorder_.reconcile([](const Key&, int run) -> Result {
    if (run < 3) return {absl::OkStatus(), milliseconds(5)};
    return {};
  }));
  ASSERT_TRUE(eventually([&] { return controller.stats().succeeded == 1; }));
  EXPECT_EQ(recorder_.runs("orders"), 3);
  EXPECT_EQ(controller.stats().requeued_after, 2u);
}

TEST_F(ControllerTest, AHangingReconcileIsNotHealthy) {
  serve_all();
  ControllerOptions impatient = options();
  impatient.stuck_after = milliseconds(50);
  Controller controller(server_, impatient);
  std::promise<void> go_on;
  std::atomic<bool> began = false;
  controller.start(recorder_.reconcile([&](const Key&, int) {
    began = true;
    go_on.get_future().wait();
    return Result{};
  }));
  ASSERT_TRUE(eventually([&] { return began.load(); }));
  EXPECT_TRUE(eventually([&] { return !controller.healthy(); }));
  go_on.set_value();
  EXPECT_TRUE(eventually([&] { return controller.healthy(); }));
}

TEST_F(ControllerTest, WatchesFillTheStoresBeforeTheStart) {
  serve_all();
  Controller controller(server_, options());
  controller.watch();
  EXPECT_TRUE(eventually([&] { return controller.synced(); }));
  EXPECT_TRUE(controller.healthy());
  EXPECT_EQ(recorder_.runs("orders"), 0);
  controller.start(recorder_.reconcile());
  EXPECT_TRUE(eventually([&] { return recorder_.runs("orders") == 1; }));
}

TEST_F(ControllerTest, StopWaitsForTheReconcileThatRuns) {
  serve_all();
  Controller controller(server_, options());
  std::atomic<bool> began = false;
  std::atomic<bool> ended = false;
  controller.start(recorder_.reconcile([&](const Key&, int) {
    began = true;
    std::this_thread::sleep_for(milliseconds(50));
    ended = true;
    return Result{};
  }));
  ASSERT_TRUE(eventually([&] { return began.load(); }));
  controller.stop();
  EXPECT_TRUE(ended);
  EXPECT_FALSE(controller.healthy());
  controller.stop();
}

TEST(MapToPrimary, ByOwnerTakesOnlyControllersOfTheGroupAndKind) {
  const auto map = by_owner(kube::kChangeTrackingTask);
  const auto owned = [](const std::string& version, const std::string& kind, bool controls) {
    return json{
        {"metadata",
         {{"namespace", "shop"},
          {"name", "x"},
          {"ownerReferences",
           {{{"apiVersion", version}, {"kind", kind}, {"name", "orders"}, {"controller", controls}}}}}}};
  };
  EXPECT_EQ(map(owned("rowtide.dev/v1alpha1", "ChangeTrackingTask", true)), (Key{"shop", "orders"}));
  EXPECT_EQ(map(owned("rowtide.dev/v2", "ChangeTrackingTask", true)), (Key{"shop", "orders"}));
  EXPECT_EQ(map(owned("rowtide.dev/v1alpha1", "ChangeTrackingTask", false)), std::nullopt);
  EXPECT_EQ(map(owned("other.dev/v1alpha1", "ChangeTrackingTask", true)), std::nullopt);
  EXPECT_EQ(map(owned("rowtide.dev/v1alpha1", "ConsumerGroup", true)), std::nullopt);
  EXPECT_EQ(map(json::object()), std::nullopt);
}

}  // namespace
}  // namespace rowtide::op::controller
