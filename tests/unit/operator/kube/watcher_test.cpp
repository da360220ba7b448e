#include "operator/kube/watcher.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "operator/kube/errors.h"
#include "operator/kube/json_access.h"
#include "tests/unit/operator/kube/scripted_transport.h"

// Against a scripted transport: these are faults that a real API server can hardly be made to show, or only
// after minutes. What it does show is tested against a real one in tests/integration/kube_client_test.cpp.

namespace rowtide::op::kube {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using Objects = std::map<std::string, std::string>;  // name -> resourceVersion
using Stream = ScriptedTransport::Stream;

json object(const std::string& name, const std::string& version) {
  return {{"metadata",
           {{"namespace", "shop"},
            {"name", name},
            {"resourceVersion", version},
            {"managedFields", {{{"manager", "kubectl"}}}}}}};
}

Response list(const std::string& version, const std::vector<json>& items, const std::string& go_on = {}) {
  return {200,
          json{{"metadata", {{"resourceVersion", version}, {"continue", go_on}}}, {"items", items}}.dump(),
          {}};
}

std::string event(const std::string& type, const json& what) {
  return json{{"type", type}, {"object", what}}.dump();
}

std::string bookmark(const std::string& version) {
  return event("BOOKMARK", {{"kind", "ConfigMap"}, {"metadata", {{"resourceVersion", version}}}});
}

std::string error_event(int code, const std::string& reason) {
  return event("ERROR", {{"kind", "Status"}, {"code", code}, {"reason", reason}, {"message", "said so"}});
}

/// Holds what a real store would hold.
class MapSink final : public WatchSink {
 public:
  void replace(const std::string&, std::vector<ObjectPtr> objects) override {
    const std::lock_guard lock(mutex_);
    objects_.clear();
    for (const ObjectPtr& o : objects) put(*o);
    ++replaces_;
  }
  void upsert(ObjectPtr o) override {
    const std::lock_guard lock(mutex_);
    put(*o);
  }
  void remove(ObjectPtr o) override {
    const std::lock_guard lock(mutex_);
    objects_.erase(std::string(string_at(*o, {"metadata", "name"})));
  }
  Objects objects() const {
    const std::lock_guard lock(mutex_);
    return objects_;
  }
  int replaces() const {
    const std::lock_guard lock(mutex_);
    return replaces_;
  }

 private:
  void put(const json& o) {
    EXPECT_EQ(find_at(o, {"metadata", "managedFields"}), nullptr) << "half of what would be kept";
    objects_[std::string(string_at(o, {"metadata", "name"}))] = string_at(o, {"metadata", "resourceVersion"});
  }
  mutable std::mutex mutex_;
  Objects objects_;
  int replaces_ = 0;
};

class WatcherTest : public testing::Test {
 protected:
  WatcherTest() {
    options_.type = kConfigMap;
    options_.timing.idle_timeout = std::chrono::seconds(15);
    options_.timing.backoff_min = milliseconds(10);
    options_.timing.backoff_max = milliseconds(40);
    options_.timing.very_short = milliseconds(0);
  }
  Watcher& start() {
    watcher_ = std::make_unique<Watcher>(transport_, options_, sink_);
    watcher_->start();
    return *watcher_;
  }
  std::uint64_t restarts(RestartReason reason) const {
    return watcher_->stats().restarts[static_cast<std::size_t>(reason)];
  }
  bool becomes(const Objects& objects) {
    return eventually([&] { return sink_.objects() == objects; });
  }
  /// The resourceVersion that the n-th watch (from 0) began at.
  std::string watched_from(std::size_t n) {
    if (!eventually([&] { return transport_.streams().size() > n; })) return "no such watch";
    const std::string path = transport_.streams()[n];
    const std::string name = "resourceVersion=";
    const auto begin = path.find(name) + name.size();
    return path.substr(begin, path.find('&', begin) - begin);
  }

  ScriptedTransport transport_;
  MapSink sink_;
  WatchOptions options_;
  std::unique_ptr<Watcher> watcher_;  // ends first
};

TEST_F(WatcherTest, ListsThenWatchesFromTheListsVersion) {
  options_.name_space = "shop";
  options_.label_selector = "app.kubernetes.io/managed-by=rowtide-operator,a in (b)";
  transport_.answer(list("10", {object("a", "3")}));
  transport_.on_stream({.lines = {event("ADDED", object("b", "11")), event("MODIFIED", object("a", "12")),
                                  event("DELETED", object("b", "13"))},
                        .silent = true});
  start();
  EXPECT_TRUE(becomes({{"a", "12"}}));
  EXPECT_TRUE(watcher_->synced());
  const std::string path = transport_.streams()[0];
  EXPECT_TRUE(absl::StartsWith(
      path, "/api/v1/namespaces/shop/configmaps?watch=1&allowWatchBookmarks=true&timeoutSeconds=2"))
      << path;
  EXPECT_TRUE(absl::StrContains(
      path, "&labelSelector=app.kubernetes.io%2Fmanaged-by%3Drowtide-operator%2Ca%20in%20%28b%29"))
      << path;
  EXPECT_EQ(watched_from(0), "10");
  EXPECT_TRUE(eventually([&] { return watcher_->stats().events == 3; }));
}

TEST_F(WatcherTest, AnEndedWatchGoesOnFromTheLastVersionWithoutAList) {
  transport_.answer(list("10", {object("a", "3")}));
  transport_.on_stream({.lines = {event("ADDED", object("b", "11"))}});
  start();
  EXPECT_EQ(watched_from(1), "11");
  EXPECT_EQ(transport_.requests().size(), 1u);
  EXPECT_EQ(restarts(RestartReason::Timeout), 1u);
  EXPECT_EQ(watcher_->stats().last_error, "");
}

TEST_F(WatcherTest, BookmarksAloneMoveTheVersion) {
  transport_.answer(list("10", {object("a", "3")}));
  transport_.on_stream({.lines = {bookmark("50"), bookmark("60")}});
  start();
  EXPECT_EQ(watched_from(1), "60");
  EXPECT_EQ(sink_.objects(), (Objects{{"a", "3"}}));
  EXPECT_EQ(watcher_->stats().events, 0u);
}

TEST_F(WatcherTest, GoneInTheStreamListsAgainAndDeletesWhatIsMissing) {
  transport_.answer(list("10", {object("a", "3"), object("b", "4")}));
  transport_.on_stream({.lines = {error_event(410, "Expired")}});
  transport_.answer(list("90", {object("b", "4"), object("c", "80")}));
  start();
  EXPECT_TRUE(becomes({{"b", "4"}, {"c", "80"}}));
  EXPECT_EQ(watched_from(1), "90");
  EXPECT_EQ(restarts(RestartReason::Gone), 1u);
  EXPECT_EQ(sink_.replaces(), 2);
}

TEST_F(WatcherTest, GoneAsHttpStatusListsAgain) {
  transport_.answer(list("10", {object("a", "3")}));
  transport_.on_stream({.end = status_from_response({410, "too old", {}}, "stream")});
  transport_.answer(list("90", {}));
  start();
  EXPECT_TRUE(becomes({}));
  EXPECT_EQ(watched_from(1), "90");
  EXPECT_EQ(restarts(RestartReason::Gone), 1u);
}

TEST_F(WatcherTest, AFailedRelistDeletesNothing) {
  transport_.answer(list("10", {object("a", "3"), object("b", "4")}));
  transport_.on_stream({.lines = {error_event(410, "Expired")}});
  transport_.answer(list("90", {object("b", "4")}, "next-page"));  // half of the truth, then nothing
  transport_.answer(absl::UnavailableError("connection reset"));
  start();
  ASSERT_TRUE(eventually([&] { return restarts(RestartReason::Error) >= 2; }));
  EXPECT_EQ(sink_.objects(), (Objects{{"a", "3"}, {"b", "4"}}));
  transport_.answer(list("95", {object("b", "4")}));
  EXPECT_TRUE(becomes({{"b", "4"}}));
}

TEST_F(WatcherTest, ASilentConnectionIsGivenUpAfterTheIdleTimeoutAndGoesOn) {
  options_.timing.idle_timeout = milliseconds(60);
  transport_.answer(list("10", {}));
  transport_.on_stream({.lines = {event("ADDED", object("a", "11"))}, .silent = true});
  start();
  EXPECT_EQ(watched_from(1), "11");
  EXPECT_GE(restarts(RestartReason::Idle), 1u);
  EXPECT_EQ(transport_.requests().size(), 1u) << "the state is still good: no new list";
}

TEST_F(WatcherTest, ThrottledWaitsAsLongAsTheServerAsks) {
  options_.timing.backoff_max = std::chrono::seconds(5);
  transport_.answer(list("10", {}));
  transport_.on_stream({.end = status_from_response({429, "too many", std::chrono::seconds(1)}, "stream")});
  const auto began = std::chrono::steady_clock::now();
  start();
  EXPECT_EQ(watched_from(1), "10");
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
  EXPECT_EQ(restarts(RestartReason::Throttled), 1u);
  EXPECT_EQ(transport_.requests().size(), 1u);
}

TEST_F(WatcherTest, AServerErrorWhenTheWatchOpensListsAgain) {
  transport_.answer(list("900", {object("a", "3")}));
  // What a server restored from a backup says of a version it does not have yet.
  transport_.on_stream({.end = status_from_response({504, "Too large resource version", {}}, "stream")});
  transport_.answer(list("20", {object("a", "3")}));
  start();
  EXPECT_EQ(watched_from(1), "20");
}

TEST_F(WatcherTest, ABrokenConnectionGoesOnWithoutAList) {
  transport_.answer(list("10", {}));
  transport_.on_stream(
      {.lines = {event("ADDED", object("a", "11"))}, .end = absl::UnavailableError("reset")});
  start();
  EXPECT_EQ(watched_from(1), "11");
  EXPECT_EQ(restarts(RestartReason::Error), 1u);
  EXPECT_EQ(transport_.requests().size(), 1u);
}

TEST_F(WatcherTest, ALineThatIsNoEventListsAgain) {
  transport_.answer(list("10", {}));
  transport_.on_stream({.lines = {R"({"type":"ADDED","obj)"}});
  transport_.answer(list("20", {object("a", "12")}));
  start();
  EXPECT_TRUE(becomes({{"a", "12"}}));
  EXPECT_EQ(watched_from(1), "20");
}

TEST_F(WatcherTest, AWatchThatEndsAtOnceBacksOff) {
  options_.timing.very_short = std::chrono::seconds(1);
  transport_.answer(list("10", {}));
  for (int i = 0; i < 3; ++i) transport_.on_stream({});
  const auto began = std::chrono::steady_clock::now();
  start();
  EXPECT_EQ(watched_from(3), "10");
  EXPECT_EQ(restarts(RestartReason::VeryShort), 3u);
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(10 + 20 + 40));
}

TEST_F(WatcherTest, ListFailuresBackOffAndAreTold) {
  transport_.answer(
      Response{403, R"({"kind":"Status","reason":"Forbidden","message":"configmaps is forbidden"})", {}});
  start();
  ASSERT_TRUE(eventually([&] { return restarts(RestartReason::Error) >= 1; }));
  EXPECT_FALSE(watcher_->synced());
  EXPECT_TRUE(watcher_->stats().alive);
  transport_.answer(list("10", {}));
  EXPECT_TRUE(eventually([&] { return watcher_->synced(); }));
}

/// As a store would that waits for a lock for ever.
class StuckSink final : public WatchSink {
 public:
  void replace(const std::string&, std::vector<ObjectPtr>) override { end_.get_future().wait(); }
  void upsert(ObjectPtr) override {}
  void remove(ObjectPtr) override {}
  void end() { end_.set_value(); }

 private:
  std::promise<void> end_;
};

TEST_F(WatcherTest, OneThatIsStuckIsNotAlive) {
  options_.timing.idle_timeout = options_.timing.request_time = milliseconds(50);
  transport_.answer(list("10", {}));
  StuckSink stuck;
  Watcher watcher(transport_, options_, stuck);
  watcher.start();
  EXPECT_TRUE(eventually([&] { return !watcher.stats().alive; }));
  stuck.end();
  EXPECT_TRUE(eventually([&] { return watcher.stats().alive; }));
}

TEST_F(WatcherTest, StopEndsAnOpenWatch) {
  transport_.answer(list("10", {}));
  start();
  ASSERT_TRUE(eventually([&] { return transport_.streams().size() == 1; }));
  const auto began = std::chrono::steady_clock::now();
  watcher_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5)) << "the idle timeout is 15 s";
  EXPECT_FALSE(watcher_->stats().alive);
}

}  // namespace
}  // namespace rowtide::op::kube
