#include "operator/api/change_tracking_task.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "common/task/stable_hash.h"
#include "operator/api/consumer_group.h"

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
  ASSERT_TRUE(task.parsed->ok()) << task::to_string(task.parsed->errors);
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
  changed["spec"]["alerts"] = {{"lagSeconds", 5}};
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

TEST(TaskObject, AFieldThatEqualsItsDefaultIsAsAbsent) {
  const TaskObject before = read_task_object(object());
  json defaulted = object();
  json& spec = defaulted["spec"];
  spec["dataTypes"] = {"DataUpdates", "SchemaUpdates"};
  spec["rowImages"] = "Full";
  spec["startPosition"] = {{"mode", "Latest"}};
  spec["source"]["port"] = 3306;
  spec["source"]["serverId"] = 0;
  spec["source"]["tls"] = {{"mode", "Preferred"}, {"caSecretRef", nullptr}};
  spec["objects"]["exclude"] = json::array();
  spec["precheck"]["runNonce"] = 0;
  spec["sink"]["kafka"]["topic"] = {{"name", ""}, {"create", true}, {"replicationFactor", -1}};
  spec["sink"]["kafka"]["debezium"] = {{"tombstones", true}, {"truncates", false}, {"decimals", "string"}};
  spec["sink"]["kafka"]["security"] = {{"protocol", "PLAINTEXT"}};
  const TaskObject after = read_task_object(defaulted);
  ASSERT_TRUE(after.parsed->ok()) << task::to_string(after.parsed->errors);
  EXPECT_EQ(after.tracker_document, before.tracker_document);
  EXPECT_EQ(after.precheck_document, before.precheck_document);
  EXPECT_EQ(before.tracker_document.find("port"), std::string::npos) << "an older tracker may not know it";
}

TEST(TaskObject, WhatIsNotADefaultStays) {
  json changed = object();
  json& spec = changed["spec"];
  spec["dataTypes"] = {"DataUpdates"};
  spec["source"]["port"] = 3307;
  spec["source"]["tls"] = {{"mode", "VerifyCA"}, {"caSecretRef", {{"name", "ca"}, {"key", "ca.crt"}}}};
  spec["sink"]["kafka"]["topic"] = {{"create", false}};
  spec["sink"]["kafka"]["security"] = {
      {"protocol", "SASL_SSL"}, {"mechanism", "PLAIN"}, {"credentialsSecretRef", {{"name", "k"}}}};
  const TaskObject task = read_task_object(changed);
  ASSERT_TRUE(task.parsed->ok()) << task::to_string(task.parsed->errors);
  const task::ParseResult again = task::parse_task(task.tracker_document, task::Mode::Kubernetes);
  ASSERT_TRUE(again.ok()) << task::to_string(again.errors) << task.tracker_document;
  const task::Spec& kept = again.task.spec;
  EXPECT_FALSE(kept.data_types.schema_updates);
  EXPECT_EQ(kept.source.type, task::SourceType::MySql) << "required, though it is the first";
  EXPECT_EQ(kept.source.port, 3307);
  EXPECT_EQ(kept.source.tls.ca_secret_ref->key, "ca.crt");
  EXPECT_FALSE(kept.sink.kafka->topic.create);
  EXPECT_EQ(kept.sink.kafka->security.mechanism, "PLAIN");
}

TEST(TaskReader, ParsesASpecOnce) {
  TaskReader reader;
  const TaskObject first = reader.read(object());
  json later = object();
  later["status"]["phase"] = "Failed";
  later["metadata"]["resourceVersion"] = "78";
  const TaskObject second = reader.read(later);
  EXPECT_EQ(second.parsed, first.parsed) << "the very same";
  EXPECT_EQ(second.tracker_hash, first.tracker_hash);
  EXPECT_EQ(second.status.at("phase"), "Failed");
  EXPECT_EQ(second.resource_version, "78");
  EXPECT_FALSE(second.is_deleting);
}

TEST(TaskReader, ReadsAnotherSpecAnew) {
  TaskReader reader;
  const TaskObject first = reader.read(object());
  json edited = object();
  edited["spec"]["objects"]["include"][0]["database"] = "crm";
  EXPECT_NE(reader.read(edited).tracker_hash, first.tracker_hash) << "also without another generation";
  EXPECT_EQ(reader.read(object()).tracker_hash, first.tracker_hash);
  json namesake = object();
  namesake["metadata"]["uid"] = "u-2";
  EXPECT_NE(reader.read(namesake).tracker_hash, first.tracker_hash);
  const auto parsed = reader.read(namesake).parsed;
  reader.forget({"shop", "orders"});
  EXPECT_NE(reader.read(namesake).parsed, parsed);
}

TEST(TaskObject, AnInvalidSpecIsReadWithItsErrors) {
  json bad = object();
  bad["spec"]["objects"]["include"][0] = {{"databasePattern", "a["}};
  const TaskObject task = read_task_object(bad);
  EXPECT_FALSE(task.parsed->ok());
  EXPECT_EQ(task.key.name, "orders");
}

/// {"k": {"k": ...}} of so many levels.
json nested(int levels) {
  json value = json::object();
  for (int i = 1; i < levels; ++i) {
    json around = json::object();
    around["ten_letter"] = std::move(value);
    value = std::move(around);
  }
  return value;
}

std::size_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) << 10;
}

/// As deep as an API server takes it, in a field that keeps whatever is in there. A path of its own for each
/// level would be half a gigabyte.
TEST(TaskObject, ASpecThatIsNestedForNoPurposeIsRefused) {
  constexpr int kDepth = 9'900;
  constexpr std::size_t kMostMemory = std::size_t{64} << 20;
  json deep = object();
  deep["spec"]["suspend"] = true;
  deep["spec"]["tracker"]["affinity"] = nested(kDepth);
  const std::size_t before = peak_memory();
  TaskReader reader;
  for (int look = 0; look < 3; ++look) {
    const TaskObject task = reader.read(deep);
    ASSERT_EQ(task.parsed->errors.size(), 1U);
    EXPECT_EQ(task::to_string(task.parsed->errors),
              "spec.tracker.affinity: nested deeper than 64 levels, which no object needs: correct or remove "
              "it\n");
    EXPECT_TRUE(task.is_suspended) << "whatever the rest of the spec is worth";
  }
  EXPECT_LT(peak_memory() - before, kMostMemory);
  deep["spec"]["tracker"]["affinity"] = json();
  EXPECT_TRUE(reader.read(deep).parsed->ok());
}

TEST(TaskObject, TheDeepestSpecThatIsReadHas64Levels) {
  json deep = object();
  deep["spec"]["tracker"]["resources"] = nested(62);  // spec and tracker are two
  EXPECT_FALSE(nested_too_deep(deep["spec"]));
  deep["spec"]["tracker"]["resources"] = nested(63);
  EXPECT_TRUE(nested_too_deep(deep["spec"]));
}

TEST(GroupObject, ASpecThatIsNestedForNoPurposeIsRefused) {
  json group = object();
  group["kind"] = "ConsumerGroup";
  group["spec"] = {{"taskRef", {{"name", nested(9'900)}}}};
  const GroupObject read = read_group_object(group);
  ASSERT_EQ(read.errors.size(), 1U);
  EXPECT_EQ(read.errors.front().path, "spec.taskRef.name");
}

TEST(TaskObject, ASpecWhoseCopyInTheStatusWouldNotFitIsRefused) {
  json large = object();
  json tables = json::array();
  for (int i = 0; i < 13'000; ++i)
    tables.push_back("a_table_whose_name_is_as_long_as_they_may_be_" + std::to_string(i));
  large["spec"]["objects"]["include"] = {{{"database", "shop"}, {"tables", tables}}};
  const TaskObject task = read_task_object(large);
  ASSERT_EQ(task.parsed->errors.size(), 1U);
  EXPECT_EQ(task.parsed->errors.front().path, "spec");
  EXPECT_THAT(task.parsed->errors.front().message,
              testing::HasSubstr("at most 600000 bytes; select by tablePattern"));
}

TEST(TaskObject, AStreamIsNeitherSuspendedNorCleanedUpAfter) {
  json refused = object();  // as an older CRD lets it pass
  refused["spec"]["sink"] = {{"stream", json::object()}};
  refused["spec"]["suspend"] = true;
  refused["spec"]["deletionPolicy"] = "Delete";
  refused["spec"]["network"]["whitelist"]["mode"] = "Manage";
  const TaskObject task = read_task_object(refused);
  EXPECT_TRUE(task.is_stream);
  EXPECT_FALSE(task.parsed->ok());
  EXPECT_FALSE(task.is_suspended);
  EXPECT_FALSE(task.needs_cleanup());
  EXPECT_FALSE(read_task_object(object()).is_stream);
}

TEST(TaskObject, AStreamOfDefaultsIsStillOneForItsTracker) {
  json stream = object();
  for (const json& sink :
       {json::object(), json{{"format", "debezium-json"}, {"bufferMiB", 4}, {"maxReaders", 4}}}) {
    stream["spec"]["sink"] = {{"stream", sink}};
    const TaskObject task = read_task_object(stream);
    for (const std::string& document : {task.tracker_document, task.precheck_document}) {
      EXPECT_TRUE(task::parse_task(document, task::Mode::Kubernetes).ok()) << document;
      EXPECT_EQ(json::parse(document).at("spec").at("sink"), json::parse(R"({"stream": {}})"));
    }
  }
}

TEST(StableHash, KnownValue) {
  // FNV-1a's published test vector: hashes stand in annotations, and must not change with a compiler.
  EXPECT_EQ(task::stable_hash("foobar"), "85944171f73967e8");
}

}  // namespace
}  // namespace rowtide::op::api
