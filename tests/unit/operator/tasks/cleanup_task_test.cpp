#include "operator/tasks/cleanup_task.h"

#include <gtest/gtest.h>

#include "operator/api/conditions.h"
#include "operator/tasks/cleanup_cycle.h"
#include "operator/tasks/desired.h"
#include "tests/unit/operator/tasks/test_task.h"

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

/// shop/orders, of a PolarDB cluster.
json cluster_task(const char* deletion_policy, const char* mode, const char* cluster = "pc-1") {
  json object = task_json();
  json& spec = object["spec"];
  spec["source"]["type"] = "PolarDBMySQL";
  spec["source"]["polardb"] = {
      {"regionId", "r"}, {"dbClusterId", cluster}, {"openApiSecretRef", {{"name", "aliyun"}}}};
  spec["network"] = {{"whitelist", {{"mode", mode}}}};
  spec["deletionPolicy"] = deletion_policy;
  return object;
}

std::optional<api::TaskObject> cleaned_up(const json& newest, const std::optional<json>& ran) {
  std::optional<api::TaskObject> last_good;
  if (ran) last_good = api::read_task_object(*ran);
  return task_to_clean_up(newest, api::read_task_object(newest), last_good);
}

json job_of(const std::optional<api::TaskObject>& task) {
  return cleanup_job(task.value(), "rowtide:dev");
}
bool keeps_topics(const json& job) {
  return job.dump().find("--keep-topics") != std::string::npos;
}
json document_of(const json& job) {
  return json::parse(
      job.at("spec").at("template").at("metadata").at("annotations").at(kTaskDocument).get<std::string>());
}

TEST(CleanupTask, TheNewestSpecSaysWhetherTopicsGo) {
  EXPECT_FALSE(
      keeps_topics(job_of(cleaned_up(cluster_task("Delete", "Manage"), cluster_task("Retain", "Manage")))));
  EXPECT_TRUE(
      keeps_topics(job_of(cleaned_up(cluster_task("Retain", "Manage"), cluster_task("Delete", "Manage")))));
  json invalid = cluster_task("Retain", "Manage");
  invalid["spec"]["source"]["polardb"] = 7;
  EXPECT_TRUE(keeps_topics(job_of(cleaned_up(invalid, cluster_task("Delete", "Manage")))));
}

TEST(CleanupTask, TheNewestSpecSaysWhichWhitelistIsEmptied) {
  json newest = cluster_task("Retain", "Manage", "pc-2");
  newest["spec"]["objects"]["include"][0]["database"] = "crm";
  json ran = cluster_task("Retain", "Report");
  ran["spec"]["source"].erase("polardb");
  json document = document_of(job_of(cleaned_up(newest, ran)));
  EXPECT_EQ(document.at(json::json_pointer("/spec/network/whitelist/mode")), "Manage");
  EXPECT_EQ(document.at(json::json_pointer("/spec/source/polardb/dbClusterId")), "pc-2");
  EXPECT_EQ(document.at(json::json_pointer("/spec/objects/include/0/database")), "shop")
      << "what ran wrote that";
  document =
      document_of(job_of(cleaned_up(cluster_task("Delete", "Report"), cluster_task("Delete", "Manage"))));
  EXPECT_EQ(document.dump().find("Manage"), std::string::npos);
}

TEST(CleanupTask, APrecheckAloneHasBeenLetInAndWroteNothing) {
  const json newest = cluster_task("Delete", "Manage");
  const std::optional<api::TaskObject> task = cleaned_up(newest, std::nullopt);
  EXPECT_TRUE(keeps_topics(job_of(task)));
  EXPECT_EQ(decide_cleanup(api::read_task_object(newest), {.has_traces = task.has_value()}, kNowMs).action,
            CleanupAction::CreateJob);
  EXPECT_FALSE(cleaned_up(cluster_task("Delete", "Report"), std::nullopt));
  json invalid = newest;
  invalid["spec"]["objects"] = 7;
  EXPECT_FALSE(cleaned_up(invalid, std::nullopt)) << "it was not checked either";
}

TEST(CleanupTask, ADeadlineByAnotherClockGivesAMinuteOfOurOwn) {
  using std::chrono::milliseconds;
  using std::chrono::minutes;
  json deleted = cluster_task("Delete", "Report");
  deleted["status"]["conditions"] =
      json::array({{{"type", "Terminating"},
                    {"status", "True"},
                    {"message", "topics and checkpoint are being deleted"},
                    {"lastTransitionTime", api::format_time(kNowMs - 11 * 60'000)}}});
  json job = job_of(cleaned_up(deleted, deleted));
  job["metadata"]["annotations"][kTaskUid] = "u-1";  // it has not finished
  const auto reason = [&](milliseconds seen_for) {
    const CleanupView view{.has_traces = true, .job = &job, .seen_for = seen_for};
    return decide_cleanup(api::read_task_object(deleted), view, kNowMs).reason;
  };
  EXPECT_EQ(reason(milliseconds(0)), "CleanupRunning");
  EXPECT_EQ(reason(milliseconds(59'999)), "CleanupRunning");
  EXPECT_EQ(reason(minutes(1)), "CleanupTimedOut");
  deleted["status"]["conditions"][0]["lastTransitionTime"] = api::format_time(kNowMs + 60 * 60'000);
  EXPECT_EQ(reason(milliseconds(599'999)), "CleanupRunning");
  EXPECT_EQ(reason(minutes(10)), "CleanupTimedOut") << "whatever was told";
}

TEST(CleanupTask, TheMessageSaysWhatGoesAndWhatIsKept) {
  struct Case {
    const char* policy;
    const char* mode;
    std::string going;
    std::string gone;
  };
  const std::vector<Case> cases{
      {"Delete", "Report", "topics and checkpoint are being deleted", "topics and checkpoint are deleted"},
      {"Delete", "Manage",
       "topics and checkpoint are being deleted, and the whitelist group is being emptied",
       "topics and checkpoint are deleted, and the whitelist group is empty"},
      {"Retain", "Manage", "the whitelist group is being emptied; topics and checkpoint are kept",
       "the whitelist group is empty; topics and checkpoint are kept"},
  };
  for (const Case& each : cases) {
    const json task = cluster_task(each.policy, each.mode);
    const auto message = [&](const json* job) {
      return decide_cleanup(api::read_task_object(task), {.has_traces = true, .job = job}, kNowMs).message;
    };
    EXPECT_EQ(message(nullptr), each.going);
    json job = job_of(cleaned_up(task, task));
    job["metadata"]["annotations"][kTaskUid] = "u-1";
    EXPECT_EQ(message(&job), each.going);
    job["status"]["conditions"] = {{{"type", "Complete"}, {"status", "True"}}};
    EXPECT_EQ(message(&job), each.gone);
  }
}

TEST(CleanupTask, HoweverManyTablesRanTheDocumentFitsAnAnnotation) {
  json ran = cluster_task("Delete", "Report");
  json& objects = ran["spec"]["objects"];
  objects["include"] = rules_of_tables(9'000);
  objects["exclude"] = json::array({{{"database", "shop"}, {"tablePattern", "_.*"}}});
  const auto document = [&] {
    const json job = job_of(cleaned_up(ran, ran));
    return job.at("spec")
        .at("template")
        .at("metadata")
        .at("annotations")
        .at(kTaskDocument)
        .get<std::string>();
  };
  EXPECT_LT(document().size(), 2'000U);
  const task::ParseResult read = task::parse_task(document(), task::Mode::Kubernetes);
  EXPECT_TRUE(read.ok()) << task::to_string(read.errors);
  ran["spec"]["sink"]["kafka"]["topic"] = {{"name", "{database}.{table}"}};
  EXPECT_NE(document().find("a_table_of_some_length_8999"), std::string::npos) << "their topics are to go";
  EXPECT_NE(document().find("exclude"), std::string::npos);
  EXPECT_EQ(document().find("\n "), std::string::npos) << "nothing is spent on looks";
}

TEST(CleanupTask, WhatRanAndCannotBeReadIsNotTakenForNeverRan) {
  json ran = cluster_task("Delete", "Manage").at("spec");
  ran["source"]["novelty"] = 1;  // another operator knew it
  for (const char* mode : {"Report", "Manage"}) {
    json newest = cluster_task("Delete", mode);
    newest["status"] = {{"lastGoodSpec", ran}, {"topics", {"shop.orders"}}};
    const CleanupView view{.has_traces = cleaned_up(newest, std::nullopt).has_value(),
                           .unreadable = why_unreadable(newest)};
    const CleanupDecision decision = decide_cleanup(api::read_task_object(newest), view, kNowMs);
    EXPECT_EQ(decision.action, CleanupAction::Release);
    EXPECT_EQ(decision.reason, "CleanupFailed");
    EXPECT_TRUE(decision.is_warning);
    EXPECT_NE(decision.message.find("spec.source.novelty"), std::string::npos) << decision.message;
    EXPECT_NE(decision.message.find("shop.orders"), std::string::npos) << decision.message;
  }
  json whitelist_only = cluster_task("Retain", "Manage");
  whitelist_only["status"] = {{"lastGoodSpec", ran}};
  EXPECT_EQ(decide_cleanup(api::read_task_object(whitelist_only),
                           {.has_traces = cleaned_up(whitelist_only, std::nullopt).has_value(),
                            .unreadable = why_unreadable(whitelist_only)},
                           kNowMs)
                .action,
            CleanupAction::CreateJob)
      << "the newest spec says which whitelist";
  EXPECT_EQ(why_unreadable(task_json()), "");
  EXPECT_EQ(why_unreadable(task_json({{"lastGoodSpec", task_json().at("spec")}})), "");
}

}  // namespace
}  // namespace rowtide::op::tasks
