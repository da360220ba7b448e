#include "operator/tasks/trim.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rowtide::op::tasks {
namespace {

using nlohmann::json;

TEST(Trim, OfAPodStaysWhatIsLookedAt) {
  json pod = json::parse(R"({
    "metadata": {"name": "web"},
    "spec": {"nodeName": "n", "hostNetwork": true, "readinessGates": [{"conditionType": "x"}], "volumes": [{"name": "v"}],
             "containers": [{"name": "web", "image": "web:1"}],
             "initContainers": [{"name": "t", "image": "t:1", "restartPolicy": "Always", "ports": [{"containerPort": 1}]}]},
    "status": {"phase": "Running"}})");
  trim_pod(pod);
  EXPECT_EQ(pod, json::parse(R"({
    "metadata": {"name": "web"},
    "spec": {"nodeName": "n", "hostNetwork": true, "readinessGates": [{"conditionType": "x"}],
             "initContainers": [{"name": "t", "restartPolicy": "Always", "ports": [{"containerPort": 1}]}]},
    "status": {"phase": "Running"}})"));
}

TEST(Trim, OfAJobStaysWhatItIsForAndHowItFares) {
  json job = json::parse(R"({"metadata": {"name": "j"}, "spec": {"template": {}}, "status": {"active": 1}})");
  trim_job(job);
  EXPECT_EQ(job, json::parse(R"({"metadata": {"name": "j"}, "status": {"active": 1}})"));
}

TEST(Trim, WhatHasAnotherShapeIsNoReasonToEnd) {
  for (const char* text : {"null", "[]", "{}", R"({"spec": []})", R"({"spec": {"initContainers": 1}})",
                           R"({"spec": {"initContainers": [null, 1]}})"}) {
    json object = json::parse(text);
    trim_pod(object);
    trim_job(object);
  }
}

}  // namespace
}  // namespace rowtide::op::tasks
