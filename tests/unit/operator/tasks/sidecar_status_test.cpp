#include "operator/tasks/sidecar_status.h"

#include <gtest/gtest.h>

#include "operator/tasks/sidecar_names.h"
#include "operator/tasks/sidecars.h"
#include "operator/tasks/status.h"
#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

const json kRuns = {{"running", json::object()}};

json sidecar_pod(const std::string& name, const json& state = kRuns, bool is_ready = true) {
  static const std::string kDocument = [] {
    json task = task_json();
    task["spec"]["sink"] = {{"stream", json::object()}};
    return api::read_task_object(task).tracker_document;
  }();
  json object = json::parse(R"({
    "metadata": {"annotations": {"rowtide.dev/injected": "u-1"}, "labels": {"rowtide.dev/task": "orders"}},
    "spec": {"initContainers": [{"name": "migrate"}, {"name": "rowtide-tracker", "restartPolicy": "Always",
                                 "ports": [{"name": "rowtide-status", "containerPort": 9180}]}]},
    "status": {"phase": "Running", "containerStatuses": [{"name": "app", "ready": true, "state": {"running": {}}}]}})");
  object["metadata"]["name"] = name;
  object["metadata"]["annotations"][kTaskDocument] = kDocument;
  object["status"]["initContainerStatuses"] = json::array(
      {{{"name", kSidecarContainer}, {"state", state}, {"ready", is_ready}, {"restartCount", 0}}});
  return object;
}

class StatusOfAStream : public testing::Test {
 protected:
  StatusOfAStream() { precheck_.verdict = PrecheckVerdict::Passed; }

  static json stream_json(json before) {
    json object = task_json(std::move(before));
    object["spec"]["sink"] = {{"stream", json::object()}};
    return object;
  }
  json look(const std::vector<Sidecar>& sidecars) {
    const api::TaskObject task = api::read_task_object(stream_json(before_));
    Observed observed{.task = task, .precheck = precheck_};
    observed.last_good_hash = last_good_hash_;
    observed.sidecar_pod_hash = "p-1";
    observed.injects = injects_;
    observed.injection_fault = injection_fault_;
    observed.given_bytes = given_bytes_;
    observed.sidecars = sidecars;
    observed.now_ms = now_ms_;
    return before_ = compute_status(observed);
  }
  static task::TrackerStatus says(const std::string& hash, double lag) {
    task::TrackerStatus status;
    status.task_uid = "u-1";
    status.document_hash = hash;
    status.readers = {{.name = "cache",
                       .is_connected = true,
                       .state = "Streaming",
                       .file = "binlog.000007",
                       .offset = 4,
                       .lag_seconds = lag}};
    return status;
  }
  static std::string said(const json& status, const char* type) {
    const json& found = api::find_condition(status.at("conditions"), type);
    return found.at("status").get<std::string>() + " " + found.at("reason").get<std::string>();
  }
  static std::string words(const json& status, const char* type) {
    return api::find_condition(status.at("conditions"), type).at("message");
  }

  PrecheckDecision precheck_;
  std::size_t given_bytes_ = 1'000;
  json before_ = json::object();
  const std::string newest_ = api::read_task_object(stream_json(json::object())).tracker_hash;
  std::string last_good_hash_;
  bool injects_ = true;
  std::optional<std::string> injection_fault_;
  std::int64_t now_ms_ = kNowMs;
};

TEST_F(StatusOfAStream, ADocumentThatIsNoAnnotationIsTold) {
  given_bytes_ = kMostAnnotationBytes;
  EXPECT_EQ(said(look({}), "TrackerAvailable"), "True Injectable");
  ++given_bytes_;
  const json status = look({});
  EXPECT_EQ(said(status, "TrackerAvailable"), "False DocumentTooLarge");
  EXPECT_EQ(said(status, "Ready"), "False DocumentTooLarge");
}

TEST_F(StatusOfAStream, IsReadyWhenPodsCanHaveTheTracker) {
  precheck_.verdict = PrecheckVerdict::Running;
  const json fresh = look({});
  EXPECT_EQ(said(fresh, "TrackerAvailable"), "False NotStarted");
  EXPECT_EQ(said(fresh, "Ready"), "False Prechecking");
  EXPECT_EQ(fresh.at("phase"), "Prechecking");
  EXPECT_FALSE(fresh.contains("lastGoodSpec")) << "pods would get it";
  precheck_.verdict = PrecheckVerdict::Passed;
  const json able = look({});
  EXPECT_EQ(said(able, "TrackerAvailable"), "True Injectable");
  EXPECT_EQ(said(able, "Streaming"), "Unknown NoSidecars");
  EXPECT_EQ(said(able, "Ready"), "True NoSidecars");
  EXPECT_EQ(able.at("phase"), "Injectable");
  EXPECT_EQ(able.at("lastGoodSpec"), stream_json(json::object()).at("spec"));
  EXPECT_EQ(able.at("sidecarCount"), 0);
  for (const char* not_of_it : {"serverId", "restarts", "trackerRef", "topics", "sidecars"})
    EXPECT_FALSE(able.contains(not_of_it)) << not_of_it;
}

TEST_F(StatusOfAStream, APodThatComesOrGoesIsCountedAndDecidesNothing) {
  const json good = sidecar_pod("a");
  json pending = sidecar_pod("b");
  pending["status"] = {
      {"phase", "Pending"},
      {"conditions",
       json::array(
           {{{"type", "PodScheduled"}, {"status", "False"}, {"message", "0/3 nodes are available"}}})}};
  const json creating = sidecar_pod("b", {{"waiting", {{"reason", "ContainerCreating"}}}}, false);
  const json started =
      sidecar_pod("b", {{"running", {{"startedAt", api::format_time(kNowMs - 29'000)}}}}, false);
  const json ended = sidecar_pod("b", {{"terminated", {{"reason", "Completed"}, {"exitCode", 0}}}}, false);
  for (const json* passing : std::vector<const json*>{&pending, &creating, &started, &ended}) {
    SCOPED_TRACE(passing->dump());
    const json status = look({{.pod = passing}, {.pod = &good}});
    EXPECT_EQ(said(status, "TrackerAvailable"), "True Injectable");
    EXPECT_EQ(said(status, "Streaming"), "True SidecarsReady");
    EXPECT_EQ(said(status, "Ready"), "True SidecarsReady");
    EXPECT_TRUE(words(status, "Ready").starts_with("1 of 2 are ready; b: ")) << words(status, "Ready");
    EXPECT_EQ(status.at("phase"), "Injectable");
    EXPECT_EQ(status.at("sidecars").at(0).at("ready"), false);
    const json alone = look({{.pod = passing}});
    EXPECT_EQ(said(alone, "TrackerAvailable"), "True Injectable");
    EXPECT_EQ(said(alone, "Streaming"), "Unknown NoSidecars") << "nothing streams";
    EXPECT_EQ(said(alone, "Ready"), "True NoSidecars");
    EXPECT_EQ(alone.at("phase"), "Injectable");
  }
  EXPECT_EQ(words(look({{.pod = &pending}, {.pod = &good}}), "Ready"),
            "1 of 2 are ready; b: Unschedulable: 0/3 nodes are available");
  now_ms_ += 1'000;
  const json status = look({{.pod = &good}, {.pod = &started}});
  EXPECT_EQ(said(status, "Ready"), "False TrackerSilent") << "it runs for long and is not ready";
  const json killed = sidecar_pod("b", {{"terminated", {{"reason", "OOMKilled"}, {"exitCode", 137}}}}, false);
  EXPECT_EQ(said(look({{.pod = &good}, {.pod = &killed}}), "Ready"), "False OutOfMemory");
}

TEST_F(StatusOfAStream, AFaultOfASidecarIsTheTasksAndNamesThePod) {
  const json good = sidecar_pod("a");
  const json slow = sidecar_pod("b", kRuns, false);
  const json broken =
      sidecar_pod("c", {{"waiting", {{"reason", "ErrImagePull"}, {"message", "no such image"}}}}, false);
  EXPECT_EQ(said(look({{.pod = &good}}), "Ready"), "True SidecarsReady");
  const json waits = look({{.pod = &good}, {.pod = &slow}});
  EXPECT_EQ(said(waits, "TrackerAvailable"), "True Injectable");
  EXPECT_EQ(said(waits, "Streaming"), "False TrackerSilent");
  EXPECT_EQ(said(waits, "Ready"), "False TrackerSilent");
  EXPECT_TRUE(words(waits, "Ready").starts_with("1 of 2 are ready; b: TrackerSilent: "))
      << words(waits, "Ready");
  EXPECT_EQ(waits.at("phase"), "Starting");
  const json answered = look({{.pod = &good}, {.pod = &slow, .tracker = says(newest_, 0)}});
  EXPECT_EQ(said(answered, "Ready"), "False Starting");
  const json fails = look({{.pod = &good}, {.pod = &slow}, {.pod = &broken}});
  EXPECT_EQ(said(fails, "TrackerAvailable"), "False ImagePullFailed");
  EXPECT_TRUE(words(fails, "TrackerAvailable").starts_with("1 of 3 are ready; c: ImagePullFailed: "));
  EXPECT_NE(words(fails, "TrackerAvailable").find("or the pod's own imagePullSecrets"), std::string::npos)
      << words(fails, "TrackerAvailable");
  EXPECT_EQ(fails.at("phase"), "Failed");
  EXPECT_EQ(fails.at("sidecars").at(2).at("reason"), "ImagePullFailed");
  EXPECT_EQ(fails.at("sidecars").at(0), (json{{"pod", "a"}, {"ready", true}, {"upToDate", true}}));
}

TEST_F(StatusOfAStream, OfANewSpecIsHeldBackUntilPodsGetIt) {
  const json good = sidecar_pod("a");
  last_good_hash_ = "h-1";
  precheck_.verdict = PrecheckVerdict::Running;
  EXPECT_EQ(said(look({{.pod = &good}}), "Ready"), "False Updating");
  precheck_.verdict = PrecheckVerdict::Failed;
  precheck_.job_failure = "no node";
  const json failed = look({{.pod = &good}});
  EXPECT_EQ(said(failed, "Ready"), "False ChecksFailed");
  EXPECT_EQ(said(failed, "Streaming"), "True SidecarsReady");
  last_good_hash_ = newest_;  // the edit is taken back
  EXPECT_EQ(said(look({{.pod = &good}}), "Ready"), "True SidecarsReady");
}

TEST_F(StatusOfAStream, TellsWhoseTrackerHasAnOlderSpec) {
  const json first = sidecar_pod("a");
  const json second = sidecar_pod("b");
  const json third = sidecar_pod("c");
  const json status = look({{.pod = &first, .tracker = says(newest_, 0)},
                            {.pod = &second, .tracker = says("h-1", 0)},
                            {.pod = &third, .tracker = says("h-1", 0)}});
  EXPECT_EQ(said(status, "Ready"), "True SidecarsReady");
  EXPECT_NE(words(status, "Ready").find("in the pod b still has an older spec or image, and in 1 more pod"),
            std::string::npos)
      << words(status, "Ready");
  EXPECT_NE(words(status, "Ready").find("kubectl rollout restart"), std::string::npos);
  EXPECT_EQ(status.at("sidecars").at(0).at("upToDate"), true);
  EXPECT_EQ(status.at("sidecars").at(1).at("upToDate"), false);
  json unasked = sidecar_pod("d");
  unasked["metadata"]["annotations"][kTaskDocument] = "{}";
  EXPECT_EQ(look({{.pod = &first}, {.pod = &unasked}}).at("sidecars").at(1).at("upToDate"), false)
      << "by the document that its pod has";
  EXPECT_EQ(look({{.pod = &unasked, .tracker = says(newest_, 0)}}).at("sidecars").at(0).at("upToDate"), true)
      << "it read its document before the annotation was another";
}

TEST_F(StatusOfAStream, TellsWhoseTrackerIsOfAFormerTaskOfTheSameName) {
  json former = sidecar_pod("a");
  former["metadata"]["annotations"]["rowtide.dev/injected"] = "u-0";
  task::TrackerStatus answer = says(newest_, 0);
  answer.task_uid = "u-0";
  const json status = look({{.pod = &former, .tracker = answer}});
  EXPECT_EQ(said(status, "Ready"), "True SidecarsReady");
  EXPECT_NE(
      words(status, "Ready").find("in the pod a still has the spec of a former task of this name: restart"),
      std::string::npos)
      << words(status, "Ready");
  EXPECT_EQ(status.at("sidecars").at(0).at("upToDate"), false) << "whatever its spec";
}

TEST_F(StatusOfAStream, ReadersAreSampledTwiceAMinuteAndPodsToldAtOnce) {
  const json first = sidecar_pod("a");
  const json second = sidecar_pod("b");
  const auto lag = [](const json& status) {
    return status.at("sidecars").at(0).at("readers").at(0).at("lagSeconds");
  };
  (void)look({{.pod = &first}});
  now_ms_ += 1'000;
  const json begin = look({{.pod = &first, .tracker = says(newest_, 0.24)}});
  EXPECT_EQ(
      begin.at("sidecars").at(0).at("readers").at(0),
      (json{{"name", "cache"}, {"connected", true}, {"position", "binlog.000007:4"}, {"lagSeconds", 0.2}}));
  now_ms_ += 29'000;
  EXPECT_EQ(look({{.pod = &first, .tracker = says(newest_, 5)}}), begin);
  now_ms_ += 1'000;
  const json later = look({{.pod = &first, .tracker = says(newest_, 5)}});
  EXPECT_EQ(lag(later), 5);
  now_ms_ += 60'000;
  EXPECT_EQ(look({{.pod = &first, .tracker = says(newest_, 5)}}), later) << "nothing else is said";
  const json more = look({{.pod = &first, .tracker = says(newest_, 6)}, {.pod = &second}});
  EXPECT_EQ(more.at("sidecarCount"), 2);
  EXPECT_EQ(lag(more), 6);
  now_ms_ += 1'000;
  const json unready = sidecar_pod("a", kRuns, false);
  EXPECT_EQ(look({{.pod = &unready, .tracker = says(newest_, 6)}, {.pod = &second}})
                .at("sidecars")
                .at(0)
                .at("ready"),
            false);
  now_ms_ += 1'000;
  EXPECT_EQ(look({{.pod = &second}}).at("sidecars").size(), 1U);
  EXPECT_FALSE(look({}).contains("sidecars"));
}

TEST_F(StatusOfAStream, OneThatWasEndedBeforeIsAFaultWhileItIsNotReady) {
  json pod = sidecar_pod("a", {{"running", {{"startedAt", api::format_time(kNowMs)}}}}, false);
  EXPECT_EQ(said(look({{.pod = &pod}}), "Ready"), "True NoSidecars") << "it has just begun";
  json& state = pod["status"]["initContainerStatuses"][0];
  state["restartCount"] = 1;
  state["lastState"] = {{"terminated", {{"reason", "OOMKilled"}, {"exitCode", 137}}}};
  EXPECT_EQ(said(look({{.pod = &pod}}), "Ready"), "False TrackerSilent");
  state["lastState"]["terminated"]["reason"] = "Completed";
  EXPECT_EQ(said(look({{.pod = &pod}}), "Ready"), "True NoSidecars");
}

TEST_F(StatusOfAStream, APodOfAnOlderImageOrOtherSettingsIsNotUpToDate) {
  json pod = sidecar_pod("a");
  pod["metadata"]["annotations"]["rowtide.dev/pod-hash"] = "p-1";
  EXPECT_EQ(look({{.pod = &pod}}).at("sidecars").at(0).at("upToDate"), true);
  pod["metadata"]["annotations"]["rowtide.dev/pod-hash"] = "p-0";
  json status = look({{.pod = &pod}});
  EXPECT_EQ(status.at("sidecars").at(0).at("upToDate"), false);
  EXPECT_THAT(words(status, "Ready"), testing::HasSubstr("an older spec or image: restart the pod"));
  pod["status"]["initContainerStatuses"][0]["ready"] = false;
  pod["status"]["initContainerStatuses"][0]["state"] = {{"waiting", {{"reason", "CrashLoopBackOff"}}}};
  status = look({{.pod = &pod}});
  EXPECT_EQ(said(status, "Ready"), "False CrashLooping");
  EXPECT_THAT(words(status, "Ready"), testing::HasSubstr("restart the pod"));
}

TEST_F(StatusOfAStream, WithoutTheWebhookNobodyGetsATracker) {
  injects_ = false;
  const json status = look({});
  EXPECT_EQ(said(status, "TrackerAvailable"), "False InjectionOff");
  EXPECT_EQ(said(status, "Ready"), "False InjectionOff");
}

TEST_F(StatusOfAStream, WithoutATrustedWebhookNoFurtherPodGetsATracker) {
  const json runs = sidecar_pod("a");
  injection_fault_ = "the certificate has expired";
  const json status = look({{.pod = &runs}});
  EXPECT_EQ(said(status, "TrackerAvailable"), "False WebhookUntrusted");
  EXPECT_EQ(said(status, "Ready"), "False WebhookUntrusted");
  EXPECT_EQ(status.at("sidecars").size(), 1U);
}

TEST_F(StatusOfAStream, WhoCannotBeAskedShowsNoLag) {
  const json runs = sidecar_pod("a");
  const json begin = look({{.pod = &runs, .tracker = says(newest_, 1)}});
  EXPECT_EQ(look({{.pod = &runs}}), begin) << "not asked yet";
  now_ms_ += 30'000;
  const json silent = look({{.pod = &runs, .is_silent = true}});
  EXPECT_EQ(silent.at("sidecars").at(0).at("readers").at(0),
            (json{{"name", "cache"}, {"position", "binlog.000007:4"}}));
}

TEST_F(StatusOfAStream, ReadersOfManySidecarsAreSampledMoreSeldom) {
  std::vector<json> pods;
  for (int i = 0; i < 30; ++i) pods.push_back(sidecar_pod("pod-" + std::to_string(10 + i)));
  const auto look_at_all = [&](double lag) {
    std::vector<Sidecar> sidecars;
    for (const json& pod : pods) sidecars.push_back({.pod = &pod, .tracker = says(newest_, lag)});
    return look(sidecars);
  };
  const json begin = look_at_all(1);
  now_ms_ += 49'000;
  EXPECT_EQ(look_at_all(2), begin) << "30 s and one for each beyond the tenth";
  now_ms_ += 1'000;
  EXPECT_NE(look_at_all(3), begin);
}

TEST_F(StatusOfAStream, WhatAPodSaysIsCutBetweenCharacters) {
  const json pod = sidecar_pod("a");
  task::TrackerStatus answer = says(newest_, 0);
  answer.readers[0].name = std::string(255, 'n') + "\u00e4\u00e4";
  answer.readers[0].reason = std::string(60'000, 'R');
  answer.readers[0].gtid_set = std::string(60'000, '7');
  const json reader = look({{.pod = &pod, .tracker = answer}}).at("sidecars").at(0).at("readers").at(0);
  EXPECT_EQ(reader.at("name"), std::string(255, 'n') + "...");
  EXPECT_EQ(reader.at("reason"), std::string(256, 'R') + "...");
  EXPECT_EQ(reader.at("position"), std::string(256, '7') + "...");
}

TEST_F(StatusOfAStream, IsBoundedHoweverManyPodsAndReadersThereAre) {
  std::vector<json> pods;
  for (int i = 0; i < 200; ++i) pods.push_back(sidecar_pod("pod-" + std::to_string(1000 + i)));
  task::TrackerStatus answer = says(newest_, 0);
  answer.readers.resize(20, answer.readers[0]);
  for (task::ReaderStatus& reader : answer.readers) reader.gtid_set = std::string(6'000, '7');
  std::vector<Sidecar> sidecars;
  for (const json& pod : pods) sidecars.push_back({.pod = &pod, .tracker = answer});
  const json status = look(sidecars);
  EXPECT_EQ(status.at("sidecarCount"), 200);
  EXPECT_EQ(status.at("sidecars").size(), 50U);
  EXPECT_LE(status.at("sidecars").dump().size(), 32'768U);
  EXPECT_EQ(status.at("sidecars").at(0).at("readers").size(), 8U);
  EXPECT_TRUE(status.at("sidecars").at(49).at("readers").empty()) << "there is no room for them";
  for (task::ReaderStatus& reader : answer.readers) reader.gtid_set = "1";
  for (Sidecar& sidecar : sidecars) sidecar.tracker->readers = answer.readers;
  now_ms_ += 1'000;
  EXPECT_EQ(look(sidecars).at("sidecars"), status.at("sidecars")) << "smaller ones are no news either";
  for (json& pod : pods)
    pod["status"]["initContainerStatuses"][0]["state"] = {
        {"terminated", {{"message", std::string(4096, 'w')}, {"exitCode", 1}}}};
  const json failed = look(sidecars);
  EXPECT_LE(failed.at("sidecars").dump().size(), 32'768U);
  EXPECT_GT(failed.at("sidecars").size(), 20U);
  EXPECT_EQ(failed.at("sidecarCount"), 200);
}

TEST(SidecarPod, IsOneThatATrackerOfATaskOfThisNameWasPutInto) {
  json object = task_json();
  object["spec"]["sink"] = {{"stream", json::object()}};
  const api::TaskObject stream = api::read_task_object(object);
  EXPECT_TRUE(is_sidecar_pod(sidecar_pod("a"), stream));
  EXPECT_EQ(sidecar_port(sidecar_pod("a")), 9180);
  EXPECT_FALSE(is_sidecar_pod(sidecar_pod("a"), test_task())) << "a task with Kafka has none";
  json former = sidecar_pod("a");
  former["metadata"]["annotations"]["rowtide.dev/injected"] = "u-0";
  EXPECT_TRUE(is_sidecar_pod(former, stream)) << "it is still there when the task is made anew";
  json ended = sidecar_pod("a");
  ended["status"]["phase"] = "Succeeded";
  EXPECT_FALSE(is_sidecar_pod(ended, stream));
  json other = sidecar_pod("a");
  other["spec"]["initContainers"].erase(1);
  EXPECT_FALSE(is_sidecar_pod(other, stream));
  json of_node = sidecar_pod("a");
  of_node["spec"]["hostNetwork"] = true;
  EXPECT_FALSE(sidecar_port(of_node).has_value()) << "anything of the node may answer there";
  json odd = sidecar_pod("a");
  odd["spec"]["initContainers"][1]["ports"][0]["containerPort"] = 70'000;
  EXPECT_FALSE(sidecar_port(odd).has_value());
}

TEST(SidecarPod, WhoseReadinessGatesWaitHasAReadySidecar) {
  json object = task_json();
  object["spec"]["sink"] = {{"stream", json::object()}};
  const api::TaskObject task = api::read_task_object(object);
  json pod = sidecar_pod("a");
  pod["status"]["conditions"] = json::parse(R"([{"type": "ContainersReady", "status": "True"},
      {"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady"}])");
  const PrecheckDecision precheck;
  Observed observed{.task = task, .precheck = precheck};
  observed.last_good_hash = "h";
  observed.sidecars = {{.pod = &pod}};
  EXPECT_EQ(sidecars_streaming(observed, sidecars_available(observed)).reason, "SidecarsReady");
  pod["status"]["conditions"][1].erase("reason");
  EXPECT_EQ(sidecars_streaming(observed, sidecars_available(observed)).reason, "TrackerSilent")
      << "its node is lost";
}

}  // namespace
}  // namespace rowtide::op::tasks
