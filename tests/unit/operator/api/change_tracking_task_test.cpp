#include "operator/api/change_tracking_task.h"

#include <gtest/gtest.h>

#include "common/task/stable_hash.h"

namespace rowtide::op::api {
namespace {

using nlohmann::json;

json object() {
  return json::parse(R"({
    "apiVersion": "rowtide.dev/v1alpha1", "kind": "ChangeTrackingTask",
    "metadata": {"name": "orders", "namespace": "shop", "uid": "u-1", "generation": 3, "resourceVersion": "77",
                 "managedFields": [{"manager": "kubectl"}], "annotations": {"a": "b"}},
    "spec": {"description": "d", "suspend": false,
             "source": {"type": "MySQL", "host": "db", "port": 3306, "credentialsSecretRef": {"name": "s"}},
             "objects": {"include": [{"database": "shop"}]},
             "precheck": {"skip": ["BinlogRetention"], "runNonce": 2},
             "sink": {"kafka": {"bootstrapServers": ["k:9092"]}},
             "tracker": {"image": "x"}},
    "status": {"phase": "Tracking"}})");
}

TEST(TaskObject, ReadsMetadataSpecAndStatus) {
  const TaskObject task = read_task_object(object());
  ASSERT_TRUE(task.parsed.ok()) << task::to_string(task.parsed.errors);
  EXPECT_EQ(task.key, (kube::ObjectKey{"shop", "orders"}));
  EXPECT_EQ(task.uid, "u-1");
  EXPECT_EQ(task.generation, 3);
  EXPECT_EQ(task.status.at("phase"), "Tracking");
  EXPECT_FALSE(task.is_deleting);
}

TEST(TaskObject, TheTrackersDocumentIsATaskOfItsOwnAndKeepsTheIdentity) {
  const TaskObject task = read_task_object(object());
  const task::ParseResult again = task::parse_task(task.tracker_document, task::Mode::Kubernetes);
  ASSERT_TRUE(again.ok()) << task::to_string(again.errors);
  EXPECT_EQ(again.task.identity(), "u-1");
  EXPECT_EQ(again.task.qualified_name(), "shop.orders");
  EXPECT_EQ(again.task.document_hash, task.tracker_hash) << "by this hash the operator knows what runs";
  EXPECT_EQ(task::parse_task(task.precheck_document, task::Mode::Kubernetes).task.document_hash,
            task.precheck_hash);
  EXPECT_EQ(task.tracker_document.find("managedFields"), std::string::npos);
}

TEST(TaskObject, WhatOnlyTheOperatorLooksAtRestartsNothing) {
  const TaskObject before = read_task_object(object());
  json changed = object();
  changed["spec"]["description"] = "other";
  changed["spec"]["suspend"] = true;
  changed["spec"]["precheck"]["runNonce"] = 3;
  changed["spec"]["tracker"]["image"] = "y";
  changed["metadata"]["annotations"]["a"] = "c";
  const TaskObject after = read_task_object(changed);
  EXPECT_EQ(before.tracker_hash, after.tracker_hash);
  EXPECT_EQ(before.precheck_hash, after.precheck_hash);
}

TEST(TaskObject, WhatTheTrackerLooksAtChangesTheHash) {
  const TaskObject before = read_task_object(object());
  json changed = object();
  changed["spec"]["objects"]["include"][0]["database"] = "crm";
  EXPECT_NE(before.tracker_hash, read_task_object(changed).tracker_hash);
  json skipping = object();
  skipping["spec"]["precheck"]["skip"] = json::array();
  EXPECT_EQ(before.tracker_hash, read_task_object(skipping).tracker_hash);
  EXPECT_NE(before.precheck_hash, read_task_object(skipping).precheck_hash);
}

TEST(TaskObject, AnInvalidSpecIsReadWithItsErrors) {
  json bad = object();
  bad["spec"]["objects"]["include"][0] = {{"databasePattern", "a["}};
  const TaskObject task = read_task_object(bad);
  EXPECT_FALSE(task.parsed.ok());
  EXPECT_EQ(task.key.name, "orders");
}

TEST(StableHash, KnownValue) {
  // FNV-1a's published test vector: hashes stand in annotations, and must not change with a compiler.
  EXPECT_EQ(task::stable_hash("foobar"), "85944171f73967e8");
}

}  // namespace
}  // namespace rowtide::op::api
