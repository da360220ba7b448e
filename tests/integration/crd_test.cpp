#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/task/parse.h"
#include "operator/kube/client.h"
#include "operator/kube/config.h"
#include "operator/kube/cpprest_transport.h"
#include "operator/kube/json_access.h"
#include "tests/integration/crd_walk.h"
#include "tests/support/script_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

// The CustomResourceDefinition on a real kube-apiserver of its own, and held against parse_task. The tests
// walk the schema that the server has: a field that is new there, but not in the documents below, fails them.

namespace rowtide::op {
namespace {

using kube::ObjectKey;
using kube::ResourceType;
using nlohmann::json;
using Pointer = json::json_pointer;
using test::eventually;

constexpr ResourceType kNamespace{"", "v1", "namespaces", "Namespace", false};
constexpr ResourceType kCrd{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                            "CustomResourceDefinition", false};
constexpr const char* kCrdName = "changetrackingtasks.rowtide.dev";
constexpr std::size_t kMaxBytes = 256 * 1024;  // kubectl's client-side apply keeps a copy in an annotation

/// What a task has at least.
json minimal() {
  return json::parse(R"({
    "apiVersion": "rowtide.dev/v1alpha1", "kind": "ChangeTrackingTask", "metadata": {"name": "t"},
    "spec": {"source": {"type": "MySQL", "host": "db", "credentialsSecretRef": {"name": "s"}},
             "objects": {"include": [{"database": "shop"}]},
             "sink": {"kafka": {"bootstrapServers": ["kafka:9092"]}}}})");
}

json patched(json document, const json& patch) {
  document.merge_patch(patch);
  return document;
}

/// Documents that hold between them every field of the spec; valid.
std::vector<json> full_documents() {
  json first = patched(minimal(), json::parse(R"({"spec": {
    "description": "d", "suspend": true, "dataTypes": ["DataUpdates", "SchemaUpdates"],
    "source": {"type": "PolarDBMySQL", "host": null, "port": 3307, "serverId": 7,
               "polardb": {"regionId": "cn-hangzhou", "dbClusterId": "pc-1", "openApiSecretRef": {"name": "aliyun"},
                           "endpoint": "https://polardb-vpc.cn-hangzhou.aliyuncs.com"},
               "tls": {"mode": "VerifyCA", "caSecretRef": {"name": "ca", "key": "ca.pem"},
                       "clientCertificateSecretRef": {"name": "source-tls"}}},
    "objects": {"include": [{"database": "shop", "tables": ["orders"]}],
                "exclude": [{"database": "shop", "tables": ["audit"]}],
                "columns": [{"table": "shop.orders", "exclude": ["ex"], "mask": ["ma"], "hash": ["ha"]}]},
    "startPosition": {"mode": "GTIDSet", "gtidSet": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5"},
    "resetNonce": 2, "precheck": {"skip": ["BinlogRetention"], "runNonce": 1},
    "sink": {"kafka": {
      "topic": {"name": "orders", "partitions": 2, "replicationFactor": 1, "retentionHours": 1, "create": false},
      "partitionBy": "Task", "format": "debezium-json",
      "debezium": {"decimals": "double", "time": "connect", "binary": "hex", "unsignedBigint": "long",
                   "tombstones": false, "transactionMetadata": true, "schemas": true}, "oversizedRecord": "Stop", "delivery": "AtLeastOnce", "compression": "none",
      "security": {"protocol": "SASL_SSL", "mechanism": "PLAIN", "credentialsSecretRef": {"name": "k"},
                   "caSecretRef": {"name": "ca", "key": "ca.pem"},
                   "clientCertificateSecretRef": {"name": "kafka-tls"}}}},
    "tracker": {"image": "i", "resources": {"limits": {"cpu": "1"}}, "nodeSelector": {"disk": "ssd"},
                "tolerations": [{"key": "a", "operator": "Exists"}], "imagePullSecrets": [{"name": "p"}],
                "serviceAccountName": "sa", "affinity": {"podAffinity": {}}, "priorityClassName": "high",
                "topologySpreadConstraints": [{"maxSkew": 1}], "podLabels": {"team": "a"},
                "podAnnotations": {"note": "b"}, "env": [{"name": "TZ", "value": "UTC"}],
                "upgradePolicy": "Manual"},
    "network": {"type": "VPC", "vpc": {"vpcId": "vpc-1", "vSwitchId": "vsw-1"}, "whitelist": {"mode": "Ignore", "egressCIDRs": ["10.0.3.0/24", "2001:db8::/64"]}},
    "alerts": {"lagSeconds": 5, "forSeconds": 10}, "deletionPolicy": "Delete"}})"));
  json second = patched(minimal(), json::parse(R"({"spec": {
    "objects": {"include": [{"databasePattern": "s.*", "tablePattern": "o.*"}],
                "exclude": [{"databasePattern": "t.*", "tablePattern": "p.*"}]},
    "startPosition": {"mode": "BinlogFile", "file": "binlog.000001", "offset": 157},
    "sink": {"kafka": {"format": "debezium-json", "debezium": {"truncates": true}}}}})"));
  json third = patched(minimal(), json::parse(R"({"spec": {
    "rowImages": "AsLogged", "onUnprocessable": "SkipAndCount", "onlineSchemaChanges": "Translate",
    "onlineSchemaChangeTables": {"ghost": "_(.*)_ghost", "other": "_(.*)_old"},
    "startPosition": {"mode": "Timestamp", "timestamp": "2026-01-31T12:00:00Z"},
    "tracker": {"env": [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}]}}})"));
  json stream = patched(minimal(), json::parse(R"({"spec": {"sink": {"kafka": null, "stream": {
    "format": "debezium-json", "bufferMiB": 8, "maxReaders": 2,
    "debezium": {"decimals": "double", "time": "connect", "binary": "hex", "unsignedBigint": "long",
                 "tombstones": false, "truncates": true, "transactionMetadata": true, "schemas": true}}}}})"));
  return {std::move(first), std::move(second), std::move(third), std::move(stream)};
}

/// /spec/objects/include/0/tables -> spec.objects.include[0].tables
std::string field_path(const Pointer& pointer) {
  std::string path;
  std::istringstream parts(pointer.to_string().substr(1));
  for (std::string part; std::getline(parts, part, '/');) {
    const bool index = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    if (index) {
      absl::StrAppend(&path, "[", part, "]");
    } else {
      absl::StrAppend(&path, path.empty() ? "" : ".", part);
    }
  }
  return path;
}

/// Every setting of a spec as text: equal texts, equal settings.
std::string settings(const task::Spec& s) {
  json out{
      {"description", s.description},
      {"suspend", s.suspend},
      {"type", s.source.type},
      {"host", s.source.host},
      {"port", s.source.port},
      {"tls", s.source.tls.mode},
      {"server id", s.source.server_id},
      {"policies", {s.on_unprocessable, s.row_images}},
      {"data types", {s.data_types.data_updates, s.data_types.schema_updates}},
      {"start",
       {s.start_position.mode, s.start_position.gtid_set, s.start_position.file, s.start_position.offset}},
      {"reset", s.reset_nonce},
      {"precheck", {s.precheck.skip, s.precheck.run_nonce}}};
  const auto reference = [](const auto& ref) { return ref ? json{ref->name} : json(); };
  const auto key_reference = [](const auto& ref) { return ref ? json{ref->name, ref->key} : json(); };
  out["references"] = {reference(s.source.credentials_secret_ref), key_reference(s.source.tls.ca_secret_ref),
                       reference(s.source.tls.client_certificate_secret_ref)};
  for (const auto* rules : {&s.objects.include, &s.objects.exclude}) {
    json& list = out["rules"].emplace_back(json::array());
    for (const task::ObjectRule& rule : *rules) {
      list.push_back({rule.database.value_or("-"), rule.database_pattern.value_or("-"), rule.tables,
                      rule.table_pattern.value_or("-")});
    }
  }
  if (const auto& kafka = s.sink.kafka) {
    const auto& topic = kafka->topic;
    out["kafka"] = {kafka->bootstrap_servers,
                    kafka->partition_by,
                    kafka->format,
                    kafka->delivery,
                    kafka->oversized_record,
                    kafka->compression,
                    topic.name,
                    topic.partitions,
                    topic.replication_factor,
                    topic.retention_hours,
                    topic.create,
                    kafka->security.protocol,
                    kafka->security.mechanism,
                    reference(kafka->security.credentials_secret_ref),
                    key_reference(kafka->security.ca_secret_ref),
                    reference(kafka->security.client_certificate_secret_ref)};
  }
  if (const auto& stream = s.sink.stream)
    out["stream"] = {stream->format, stream->buffer_mib, stream->max_readers};
  out["pod"] = {s.tracker.image,
                s.tracker.resources_json,
                s.tracker.node_selector_json,
                s.tracker.tolerations_json,
                s.tracker.image_pull_secrets_json,
                s.tracker.service_account_name,
                s.tracker.affinity_json,
                s.tracker.topology_spread_constraints_json,
                s.tracker.priority_class_name,
                s.tracker.pod_labels,
                s.tracker.pod_annotations,
                s.tracker.env_json,
                s.tracker.upgrade_policy};
  out["deletionPolicy"] = s.deletion_policy;
  if (s.source.polardb) {
    out["polardb"] = {s.source.polardb->region_id, s.source.polardb->cluster_id,
                      s.source.polardb->open_api_secret_ref.name, s.source.polardb->endpoint};
  }
  out["network"] = {s.network.type, s.network.vpc_id, s.network.v_switch_id, s.network.whitelist.mode,
                    s.network.whitelist.egress_cidrs};
  if (s.alerts) out["alerts"] = {s.alerts->lag_seconds, s.alerts->for_seconds};
  return out.dump(1);
}

class CrdTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<test::ScriptServer>("kube_apiserver", test::ServerOptions{});
    transport_ =
        kube::CpprestTransport::create(kube::load_config(server_->fact("KUBECONFIG")).value()).value();
    client_ = std::make_unique<kube::Client>(*transport_);
    // As `kubectl apply --server-side` does it, and under its name, so that the two do not quarrel over
    // fields.
    const Answer applied =
        send("PATCH", *kube::object_path(kCrd, {"", kCrdName}) + "?fieldManager=kubectl&force=true",
             "application/apply-patch+yaml", read_source("crds/changetrackingtasks.yaml"));
    if (!applied.accepted()) throw std::runtime_error("the CRD was refused: " + applied.body.dump());
    crd_ = applied.body;
    schema_ = crd_.at(Pointer("/spec/versions/0/schema/openAPIV3Schema"));
    space_ = "rowtide-crd";
    client_
        ->create(kNamespace, {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", space_}}}})
        .value();
    test::wait_until("the CRD is served", [] { return dry_run(minimal()).accepted(); });
  }
  static void TearDownTestSuite() {
    client_.reset();
    transport_.reset();
    server_.reset();
  }

  static Answer send(const std::string& method, const std::string& path, const std::string& type,
                     const std::string& body) {
    const kube::Response response = transport_->request({method, path, type, body}).value();
    return {response.status, json::parse(response.body, nullptr, false)};
  }
  static std::string tasks_path() { return *kube::collection_path(kube::kChangeTrackingTask, space_); }
  static Answer dry_run(const json& document) {
    return send("POST", tasks_path() + "?dryRun=All&fieldValidation=Strict", "application/json",
                document.dump());
  }

  /// What the server takes, the programs take too; nothing is stored that they refuse.
  static Answer expect_accepted(const json& document, const std::string& why) {
    Answer answer = dry_run(document);
    EXPECT_TRUE(answer.accepted()) << why << ": " << kube::string_at(answer.body, {"message"});
    if (!answer.accepted()) return answer;
    const auto parsed = task::parse_task(answer.body.dump(), task::Mode::Kubernetes);
    EXPECT_TRUE(parsed.ok()) << why << ": the API server takes it, but parse_task says "
                             << task::to_string(parsed.errors);
    return answer;
  }
  static void expect_refused(const json& document, const std::string& field, const std::string& why) {
    const Answer answer = dry_run(document);
    EXPECT_EQ(answer.status, 422) << field << " " << why << ": " << answer.body.dump();
    EXPECT_TRUE(answer.names(field)) << field << " " << why << " is not named: " << answer.body.dump();
  }

  /// Visits every field of the spec, with a valid document that has it.
  static void for_each_field(
      const std::function<void(const json& document, const Pointer& at, const json& schema)>& visit) {
    const std::vector<json> documents = full_documents();
    walk(schema_["properties"]["spec"], Pointer("/spec"), [&](const Pointer& at, const json& schema) {
      for (const json& document : documents) {
        if (document.contains(at)) return visit(document, at, schema);
      }
      ADD_FAILURE() << field_path(at) << " stands in none of the test's documents; add it";
    });
  }
  static json with(json document, const Pointer& at, json value) {
    document[at] = std::move(value);
    return document;
  }

  static inline std::unique_ptr<test::ScriptServer> server_;
  static inline std::unique_ptr<kube::CpprestTransport> transport_;
  static inline std::unique_ptr<kube::Client> client_;
  static inline json crd_, schema_;
  static inline std::string space_;
};

TEST_F(CrdTest, IsSmallEnoughForKubectlApply) {
  EXPECT_LT(read_source("crds/changetrackingtasks.yaml").size(), kMaxBytes);
  EXPECT_LT(json(crd_["spec"]).dump().size(), kMaxBytes);
}

TEST_F(CrdTest, EveryFieldIsDescribed) {
  int fields = 0;
  walk(schema_, Pointer(), [&](const Pointer& at, const json& schema) {
    ++fields;
    if (at == Pointer("/metadata")) return;
    EXPECT_FALSE(kube::string_at(schema, {"description"}).empty()) << at.to_string() << " has no description";
  });
  EXPECT_GT(fields, 100);
}

TEST_F(CrdTest, FullDocumentsAndTheExampleAreAccepted) {
  expect_accepted(minimal(), "minimal");
  for (const json& document : full_documents()) expect_accepted(document, document.dump());
  std::string example = read_source("examples/orders.yaml");
  const std::string from = "namespace: shop";
  ASSERT_NE(example.find("  " + from), std::string::npos);
  example.replace(example.find("  " + from) + 2, from.size(), "namespace: " + space_);
  const Answer answer =
      send("POST", tasks_path() + "?dryRun=All&fieldValidation=Strict", "application/yaml", example);
  EXPECT_TRUE(answer.accepted()) << answer.body.dump();
}

TEST_F(CrdTest, AFieldOfTheWrongTypeIsRefused) {
  const std::map<std::string, json> wrong{{"string", 7},
                                          {"integer", "7"},
                                          {"boolean", "true"},
                                          {"object", json::array()},
                                          {"array", json::object()}};
  for_each_field([&](const json& document, const Pointer& at, const json& schema) {
    const std::string type = schema.at("type");
    expect_refused(with(document, at, wrong.at(type)), field_path(at), "is not " + type);
  });
  expect_refused(with(minimal(), Pointer("/spec/source/port"), 3306.5), "spec.source.port", "is no integer");
  expect_refused(with(full_documents()[0], Pointer("/spec/tracker/nodeSelector/disk"), 7),
                 "spec.tracker.nodeSelector.disk", "is not string");
}

TEST_F(CrdTest, AFieldThatIsMissingIsRefused) {
  expect_refused(json{{"apiVersion", "rowtide.dev/v1alpha1"},
                      {"kind", "ChangeTrackingTask"},
                      {"metadata", {{"name", "t"}}}},
                 "spec", "is missing");
  for_each_field([&](const json& document, const Pointer& at, const json& schema) {
    for (const json& name : schema.value("required", json::array())) {
      json lacking = document;
      lacking[at].erase(name.get<std::string>());
      expect_refused(lacking, field_path(at / name.get<std::string>()), "is missing");
    }
  });
}

TEST_F(CrdTest, AnUnknownFieldIsRefusedWithItsPath) {
  for_each_field([&](const json& document, const Pointer& at, const json& schema) {
    if (schema.at("type") != "object" || schema.contains("x-kubernetes-preserve-unknown-fields") ||
        schema.contains("additionalProperties")) {
      return;
    }
    const Answer answer = dry_run(with(document, at / "surprise", 1));
    EXPECT_EQ(answer.status, 400) << answer.body.dump();
    EXPECT_TRUE(answer.says("unknown field \"" + field_path(at / "surprise") + "\"")) << answer.body.dump();
  });
}

TEST_F(CrdTest, NumbersTextsAndListsHaveTheirBounds) {
  int bounds = 0;
  for_each_field([&](const json& document, const Pointer& at, const json& schema) {
    const std::string field = field_path(at);
    const auto holds = [&](const json& in, const json& out, const char* which) {
      ++bounds;
      expect_accepted(with(document, at, in), absl::StrCat(field, " at ", which));
      expect_refused(with(document, at, out), field, absl::StrCat("beyond ", which));
    };
    const auto number = [&](const char* key) { return schema.at(key).get<std::int64_t>(); };
    // A table's name as an expression has a group in it.
    const bool is_expression = absl::StartsWith(field, "spec.onlineSchemaChangeTables.");
    const auto text = [is_expression](std::int64_t size) {
      std::string all(static_cast<std::size_t>(size), 'a');
      if (is_expression) all.front() = '(', all.back() = ')';
      return all;
    };
    const auto list = [&](std::int64_t size) {
      return json::array_t(static_cast<std::size_t>(size), document.at(at).at(0));
    };
    if (schema.contains("minimum")) holds(number("minimum"), number("minimum") - 1, "minimum");
    if (schema.contains("maximum")) holds(number("maximum"), number("maximum") + 1, "maximum");
    const bool is_network = absl::StartsWith(field, "spec.network.whitelist.egressCIDRs[");
    if (schema.contains("minLength") && !is_network)
      holds(text(number("minLength")), text(number("minLength") - 1), "minLength");
    if (schema.contains("format") && schema["format"] == "date-time") {
      expect_refused(with(document, at, "yesterday"), field, "is no time");
    } else if (is_network) {
      expect_refused(with(document, at, std::string(64, '1')), "spec.network.whitelist.egressCIDRs",
                     "is no network");
    } else if (schema.contains("maxLength")) {
      holds(text(number("maxLength")), text(number("maxLength") + 1), "maxLength");
    }
    if (schema.contains("minItems"))
      holds(list(number("minItems")), list(number("minItems") - 1), "minItems");
    if (field == "spec.dataTypes") {  // a set of two values
      holds({"SchemaUpdates", "DataUpdates"}, {"SchemaUpdates", "DataUpdates", "DataUpdates"}, "maxItems");
      expect_refused(with(document, at, {"DataUpdates", "DataUpdates"}), "spec.dataTypes[1]",
                     "is twice there");
    } else if (schema.contains("maxItems")) {
      holds(list(number("maxItems")), list(number("maxItems") + 1), "maxItems");
    }
  });
  EXPECT_GT(bounds, 40);
  const Pointer topic("/spec/sink/kafka/topic/name");
  expect_accepted(with(minimal(), topic, "cdc.{database}_{table}-1"), "a topic's name with placeholders");
  for (const char* name : {"a b", "{schema}", "a/b", "{database"}) {
    expect_refused(with(minimal(), topic, name), "spec.sink.kafka.topic.name", name);
  }
  const Pointer host("/spec/source/host");
  expect_accepted(with(minimal(), host, "2001:db8::1"), "an address of IPv6");
  for (const char* address : {"db:3306", "mysql://db", "[::1]", "db/shop", "d b"}) {
    expect_refused(with(minimal(), host, address), "spec.source.host", address);
  }
  expect_accepted(with(minimal(), Pointer("/spec/sink/kafka/bootstrapServers/0"), "PLAINTEXT://k:9092"),
                  "a protocol");
  expect_refused(with(minimal(), Pointer("/spec/sink/kafka/bootstrapServers/0"), "kafka://k:9092"),
                 "spec.sink.kafka.bootstrapServers[0]", "a scheme");
}

/// The document with this value, and with what it asks of its neighbours.
json choosing(const Pointer& at, const json& value) {
  json document = minimal();
  document[at] = value;
  if (document.contains(Pointer("/spec/sink/stream"))) document["spec"]["sink"].erase("kafka");
  if (absl::StartsWith(at.to_string(), "/spec/sink/kafka/security/mechanism")) {
    document["spec"]["sink"]["kafka"]["security"].update(
        {{"protocol", "SASL_SSL"}, {"credentialsSecretRef", {{"name", "k"}}}});
  } else if (at == Pointer("/spec/network/type") || value == "Manage") {
    json& source = document["spec"]["source"];
    source["type"] = "PolarDBMySQL";
    source["polardb"] = {{"regionId", "r"}, {"dbClusterId", "c"}, {"openApiSecretRef", {{"name", "a"}}}};
    if (value != "Manage") source.erase("host");
    if (value == "VPC") document["spec"]["network"]["vpc"] = {{"vpcId", "v"}};
  } else if (value == "VerifyCA" || value == "VerifyIdentity") {
    document["spec"]["source"]["tls"]["caSecretRef"] = {{"name", "ca"}};
  } else if (value == "Timestamp") {
    document["spec"]["startPosition"]["timestamp"] = "2026-01-31T12:00:00Z";
  } else if (value == "GTIDSet") {
    document["spec"]["startPosition"]["gtidSet"] = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5";
  } else if (value == "BinlogFile") {
    document["spec"]["startPosition"]["file"] = "binlog.000001";
  } else if (value == "dts-avro") {
    document["spec"]["sink"]["kafka"]["delivery"] = "AtLeastOnce";
  } else if (value == "SASL_PLAINTEXT" || value == "SASL_SSL") {
    document["spec"]["sink"]["kafka"]["security"].update(
        {{"mechanism", "PLAIN"}, {"credentialsSecretRef", {{"name", "k"}}}});
  }
  return document;
}

TEST_F(CrdTest, ChoicesAreThoseOfTheProgramsAndNoOthers) {
  int choices = 0;
  for_each_field([&](const json& document, const Pointer& at, const json& schema) {
    if (!schema.contains("enum")) return;
    ++choices;
    const std::string field = field_path(at);
    std::string all;
    for (const json& value : schema["enum"]) {
      absl::StrAppend(&all, all.empty() ? "" : ", ", value.get<std::string>());
      // A list's item is chosen by its list.
      const bool item = at.back() == "0";
      expect_accepted(item ? choosing(at.parent_pointer(), json::array({value})) : choosing(at, value),
                      field);
    }
    const json wrong = with(document, at, "Wrong");
    expect_refused(wrong, field, "is none of the choices");
    const auto parsed = task::parse_task(wrong.dump(), task::Mode::Kubernetes);
    std::string said;
    for (const task::FieldError& error : parsed.errors) {
      if (error.path == field) said = error.message;
    }
    EXPECT_EQ(said, "one of " + all) << field << ": parse_task has other choices than the CRD";
  });
  EXPECT_EQ(choices, 27);
}

TEST_F(CrdTest, DefaultsAreThoseOfTheProgram) {
  const json empty_parents = patched(minimal(), json::parse(R"({"spec": {
    "source": {"tls": {"mode": "VerifyCA", "caSecretRef": {"name": "ca"}}}, "startPosition": {}, "precheck": {},
    "tracker": {}, "alerts": {}, "network": {"whitelist": {}},
    "sink": {"kafka": {"topic": {}, "debezium": {}, "security": {"protocol": "SSL", "caSecretRef": {"name": "ca"}}}}}})"));
  const json empty_modes = patched(
      minimal(),
      json::parse(R"({"spec": {"source": {"type": "PolarDBMySQL", "tls": {}, "polardb": {"regionId": "r",
        "dbClusterId": "c", "openApiSecretRef": {"name": "a"}}}, "sink": {"kafka": {"security": {}}}}})"));
  const json empty_stream =
      patched(minimal(), json::parse(R"({"spec": {"sink": {"kafka": null, "stream": {"debezium": {}}}}})"));
  std::set<std::string> seen;
  for (const json& document : {minimal(), empty_parents, empty_modes, empty_stream}) {
    const json stored = expect_accepted(document, "defaults").body;
    const auto before = task::parse_task(document.dump(), task::Mode::Kubernetes);
    const auto after = task::parse_task(stored.dump(), task::Mode::Kubernetes);
    EXPECT_EQ(settings(before.task.spec), settings(after.task.spec));
    walk(schema_["properties"]["spec"], Pointer("/spec"), [&](const Pointer& at, const json& schema) {
      if (!schema.contains("default") || document.contains(at) || !stored.contains(at)) return;
      if (schema["type"] != "object") {
        EXPECT_EQ(stored.at(at), schema["default"]) << at.to_string();
      }
      seen.insert(at.to_string());
    });
  }
  walk(schema_["properties"]["spec"], Pointer("/spec"), [&](const Pointer& at, const json& schema) {
    if (!schema.contains("default")) return;
    EXPECT_TRUE(seen.contains(at.to_string())) << at.to_string();
  });
}

struct RuleCase {
  const char* message;                // of the rule
  std::vector<const char*> refused;   // merge patches of the minimal document
  std::vector<const char*> accepted;  // neighbours that the rule must let pass
};

const std::vector<RuleCase>& rule_cases() {
  static const std::vector<RuleCase> cases{
      {"metadata.name must have at most 48 characters",
       {R"({"metadata": {"name": "a234567890123456789012345678901234567890123456789"}})"},
       {R"({"metadata": {"name": "a23456789012345678901234567890123456789012345678"}})"}},
      {"metadata.name must begin with a lower-case letter and hold lower-case letters, digits and '-' only",
       {R"({"metadata": {"name": "a.b"}})", R"({"metadata": {"name": "2fa-events"}})"},
       {R"({"metadata": {"name": "a-1"}})", R"({"metadata": {"name": "a"}})"}},
      {"tls.caSecretRef is required with mode VerifyCA and VerifyIdentity",
       {R"({"spec": {"source": {"tls": {"mode": "VerifyCA"}}}})",
        R"({"spec": {"source": {"tls": {"mode": "VerifyIdentity"}}}})"},
       {R"({"spec": {"source": {"tls": {"mode": "Required"}}}})",
        R"({"spec": {"source": {"tls": {"mode": "VerifyIdentity", "caSecretRef": {"name": "c"}}}}})"}},
      {"tls.caSecretRef is only for mode VerifyCA or VerifyIdentity",
       {R"({"spec": {"source": {"tls": {"mode": "Required", "caSecretRef": {"name": "c"}}}}})",
        R"({"spec": {"source": {"tls": {"caSecretRef": {"name": "c"}}}}})"},
       {R"({"spec": {"source": {"tls": {"mode": "VerifyCA", "caSecretRef": {"name": "c"}}}}})"}},
      {"tls.clientCertificateSecretRef is not for mode Disabled",
       {R"({"spec": {"source": {"tls": {"mode": "Disabled", "clientCertificateSecretRef": {"name": "c"}}}}})"},
       {R"({"spec": {"source": {"tls": {"mode": "Required", "clientCertificateSecretRef": {"name": "c"}}}}})",
        R"({"spec": {"source": {"tls": {"clientCertificateSecretRef": {"name": "c"}}}}})"}},
      {"give exactly one of database, databasePattern",
       {R"({"spec": {"objects": {"include": [{"database": "a", "databasePattern": "a"}]}}})",
        R"({"spec": {"objects": {"include": [{"tables": ["t"]}]}}})",
        R"({"spec": {"objects": {"include": [{}]}}})",
        R"({"spec": {"objects": {"exclude": [{"database": "a", "databasePattern": "a"}]}}})"},
       {R"({"spec": {"objects": {"include": [{"databasePattern": "a"}], "exclude": [{"database": "a"}]}}})"}},
      {"give tables or tablePattern, not both",
       {R"({"spec": {"objects": {"include": [{"database": "a", "tables": ["t"], "tablePattern": "t"}]}}})",
        R"({"spec": {"objects": {"exclude": [{"database": "a", "tables": ["t"], "tablePattern": "t"}]}}})"},
       {R"({"spec": {"objects": {"include": [{"database": "a", "tablePattern": "t"}]}}})"}},
      {"startPosition.timestamp is required with mode Timestamp",
       {R"({"spec": {"startPosition": {"mode": "Timestamp"}}})"},
       {R"({"spec": {"startPosition": {"mode": "Timestamp", "timestamp": "2026-01-31T12:00:00Z"}}})"}},
      {"startPosition.timestamp is only for mode Timestamp",
       {R"({"spec": {"startPosition": {"timestamp": "2026-01-31T12:00:00Z"}}})"},
       {R"({"spec": {"startPosition": {"mode": "Earliest"}}})"}},
      {"startPosition.gtidSet is required with mode GTIDSet",
       {R"({"spec": {"startPosition": {"mode": "GTIDSet"}}})"},
       {R"({"spec": {"startPosition": {"mode": "GTIDSet", "gtidSet": "0-1-2"}}})"}},
      {"startPosition.gtidSet is only for mode GTIDSet",
       {R"({"spec": {"startPosition": {"gtidSet": "0-1-2"}}})",
        R"({"spec": {"startPosition": {"mode": "BinlogFile", "file": "b", "gtidSet": "0-1-2"}}})"},
       {R"({"spec": {"startPosition": {"mode": "Earliest"}}})"}},
      {"startPosition.file is required with mode BinlogFile",
       {R"({"spec": {"startPosition": {"mode": "BinlogFile", "offset": 4}}})"},
       {R"({"spec": {"startPosition": {"mode": "BinlogFile", "file": "b"}}})"}},
      {"startPosition.file and offset are only for mode BinlogFile",
       {R"({"spec": {"startPosition": {"file": "b"}}})", R"({"spec": {"startPosition": {"offset": 4}}})",
        R"({"spec": {"startPosition": {"mode": "GTIDSet", "gtidSet": "0-1-2", "file": "b"}}})"},
       {R"({"spec": {"startPosition": {"mode": "BinlogFile", "file": "b", "offset": 4}}})"}},
      {"oversizedRecord must be Stop with debezium.transactionMetadata, whose counts are of whole records",
       {R"({"spec": {"sink": {"kafka": {"oversizedRecord": "KeysOnly", "debezium": {"transactionMetadata": true}}}}})"},
       {R"({"spec": {"sink": {"kafka": {"oversizedRecord": "KeysOnly", "debezium": {}}}}})",
        R"({"spec": {"sink": {"kafka": {"debezium": {"transactionMetadata": true}}}}})"}},
      {"oversizedRecord must not be KeysOnly with debezium.schemas, by which a record holds all columns",
       {R"({"spec": {"sink": {"kafka": {"oversizedRecord": "KeysOnly", "debezium": {"schemas": true}}}}})"},
       {R"({"spec": {"sink": {"kafka": {"oversizedRecord": "SkipAndCount", "debezium": {"schemas": true}}}}})"}},
      {"rowImages must be Full with sink.kafka.debezium.schemas, by which a record holds all columns",
       {R"({"spec": {"rowImages": "AsLogged", "sink": {"kafka": {"debezium": {"schemas": true}}}}})"},
       {R"({"spec": {"rowImages": "AsLogged", "sink": {"kafka": {"debezium": {}}}}})",
        R"({"spec": {"rowImages": "Full", "sink": {"kafka": {"debezium": {"schemas": true}}}}})"}},
      {"sink.stream.debezium.truncates needs SchemaUpdates in dataTypes, since a TRUNCATE is one",
       {R"({"spec": {"dataTypes": ["DataUpdates"], "sink": {"kafka": null, "stream": {"debezium": {"truncates": true}}}}})"},
       {R"({"spec": {"dataTypes": ["DataUpdates"], "sink": {"kafka": null, "stream": {"debezium": {}}}}})"}},
      {"rowImages must be Full with sink.stream.debezium.schemas, by which a change holds all columns",
       {R"({"spec": {"rowImages": "AsLogged", "sink": {"kafka": null, "stream": {"debezium": {"schemas": true}}}}})"},
       {R"({"spec": {"rowImages": "AsLogged", "sink": {"kafka": null, "stream": {"debezium": {}}}}})",
        R"({"spec": {"rowImages": "AsLogged", "sink": {"kafka": null, "stream": {}}}})"}},
      {"give exactly one of sink.kafka, sink.stream",
       {R"({"spec": {"sink": {"stream": {}}}})", R"({"spec": {"sink": {"kafka": null}}})"},
       {R"({"spec": {"sink": {"kafka": null, "stream": {}}}})"}},
      {"suspend has no meaning with sink.stream, whose trackers run in the pods of applications; run those "
       "without it instead",
       {R"({"spec": {"suspend": true, "sink": {"kafka": null, "stream": {}}}})"},
       {R"({"spec": {"suspend": false, "sink": {"kafka": null, "stream": {}}}})"}},
      {"source.serverId must be 0 with sink.stream, whose trackers have ids of their own",
       {R"({"spec": {"source": {"serverId": 7}, "sink": {"kafka": null, "stream": {}}}})"},
       {R"({"spec": {"source": {"serverId": 0}, "sink": {"kafka": null, "stream": {}}}})"}},
      {"network.whitelist.mode must be Report or Ignore with sink.stream, whose trackers are many",
       {R"({"spec": {"source": {"type": "PolarDBMySQL", "polardb": {"regionId": "r", "dbClusterId": "c",
            "openApiSecretRef": {"name": "a"}}}, "network": {"whitelist": {"mode": "Manage"}},
            "sink": {"kafka": null, "stream": {}}}})"},
       {R"({"spec": {"network": {"whitelist": {"mode": "Ignore"}}, "sink": {"kafka": null, "stream": {}}}})"}},
      {"tracker.upgradePolicy must be Automatic with sink.stream, whose trackers are upgraded when their pods "
       "are made anew",
       {R"({"spec": {"tracker": {"upgradePolicy": "Manual"}, "sink": {"kafka": null, "stream": {}}}})"},
       {R"({"spec": {"tracker": {"image": "i"}, "sink": {"kafka": null, "stream": {}}}})"}},
      {"alerts has no meaning with sink.stream, each of whose readers is late by itself",
       {R"({"spec": {"alerts": {}, "sink": {"kafka": null, "stream": {}}}})"},
       {R"({"spec": {"sink": {"kafka": null, "stream": {}}}})"}},
      {"deletionPolicy must be Retain with sink.stream, which leaves nothing outside of the pods",
       {R"({"spec": {"deletionPolicy": "Delete", "sink": {"kafka": null, "stream": {}}}})"},
       {R"({"spec": {"deletionPolicy": "Retain", "sink": {"kafka": null, "stream": {}}}})"}},
      {"topic.name must not be '.' or '..'",
       {R"({"spec": {"sink": {"kafka": {"topic": {"name": "."}}}}})",
        R"({"spec": {"sink": {"kafka": {"topic": {"name": ".."}}}}})"},
       {R"({"spec": {"sink": {"kafka": {"topic": {"name": "..."}}}}})"}},
      {"replicationFactor must be -1 or from 1 to 100",
       {R"({"spec": {"sink": {"kafka": {"topic": {"replicationFactor": 0}}}}})"},
       {R"({"spec": {"sink": {"kafka": {"topic": {"replicationFactor": 1}}}}})"}},
      {"mechanism and credentialsSecretRef are required with a SASL protocol",
       {R"({"spec": {"sink": {"kafka": {"security": {"protocol": "SASL_SSL", "mechanism": "PLAIN"}}}}})",
        R"({"spec": {"sink": {"kafka": {"security": {"protocol": "SASL_PLAINTEXT",
            "credentialsSecretRef": {"name": "k"}}}}}})"},
       {R"({"spec": {"sink": {"kafka": {"security": {"protocol": "SASL_PLAINTEXT", "mechanism": "PLAIN",
           "credentialsSecretRef": {"name": "k"}}}}}})"}},
      {"mechanism and credentialsSecretRef are only for SASL_PLAINTEXT and SASL_SSL",
       {R"({"spec": {"sink": {"kafka": {"security": {"mechanism": "PLAIN"}}}}})",
        R"({"spec": {"sink": {"kafka": {"security": {"protocol": "SSL", "credentialsSecretRef": {"name": "k"}}}}}})"},
       {R"({"spec": {"sink": {"kafka": {"security": {"protocol": "SSL"}}}}})"}},
      {"topic.partitions must be 1 with format dts-avro, whose consumers read one partition",
       {R"({"spec": {"sink": {"kafka": {"format": "dts-avro", "delivery": "AtLeastOnce", "topic": {"partitions": 2}}}}})"},
       {R"({"spec": {"sink": {"kafka": {"format": "dts-avro", "delivery": "AtLeastOnce"}}}})",
        R"({"spec": {"sink": {"kafka": {"format": "canal-json", "topic": {"partitions": 2}}}}})"}},
      {"topic.name must be without {database} and {table} with format dts-avro",
       {R"({"spec": {"sink": {"kafka": {"format": "dts-avro", "delivery": "AtLeastOnce", "topic": {"name": "{table}"}}}}})"},
       {R"({"spec": {"sink": {"kafka": {"format": "dts-avro", "delivery": "AtLeastOnce", "topic": {"name": "table"}}}}})"}},
      {"delivery must be AtLeastOnce with format dts-avro, whose consumers find their place by timestamps",
       {R"({"spec": {"sink": {"kafka": {"format": "dts-avro"}}}})",
        R"({"spec": {"sink": {"kafka": {"format": "dts-avro", "delivery": "ExactlyOnce"}}}})"},
       {R"({"spec": {"sink": {"kafka": {"format": "canal-json", "delivery": "ExactlyOnce"}}}})"}},
      {"debezium is only for format debezium-json",
       {R"({"spec": {"sink": {"kafka": {"format": "canal-json", "debezium": {"decimals": "double"}}}}})",
        R"({"spec": {"sink": {"kafka": null, "stream": {"format": "canal-json", "debezium": {}}}}})"},
       {R"({"spec": {"sink": {"kafka": {"debezium": {"decimals": "double"}}}}})"}},
      {"give columns in at least one of exclude, mask, hash",
       {R"({"spec": {"objects": {"columns": [{"table": "shop.orders"}]}}})",
        R"({"spec": {"objects": {"columns": [{"table": "shop.orders", "exclude": []}]}}})"},
       {R"({"spec": {"objects": {"columns": [{"table": "shop.orders", "hash": ["a"]}]}}})",
        R"({"spec": {"objects": {"columns": [{"table": "shop.orders", "exclude": [], "mask": ["a"]}]}}})"}},
      {"sink.kafka.debezium.truncates needs SchemaUpdates in dataTypes, since a TRUNCATE is one",
       {R"({"spec": {"dataTypes": ["DataUpdates"], "sink": {"kafka": {"debezium": {"truncates": true}}}}})"},
       {R"({"spec": {"dataTypes": ["DataUpdates"], "sink": {"kafka": {"debezium": {}}}}})",
        R"({"spec": {"dataTypes": ["SchemaUpdates"], "sink": {"kafka": {"debezium": {"truncates": true}}}}})"}},
      {"onlineSchemaChangeTables has no meaning with onlineSchemaChanges PassThrough",
       {R"({"spec": {"onlineSchemaChanges": "PassThrough", "onlineSchemaChangeTables": {"ghost": "_(.*)_n"}}})"},
       {R"({"spec": {"onlineSchemaChangeTables": {"ghost": "_(.*)_n"}}})",
        R"({"spec": {"onlineSchemaChanges": "PassThrough"}})"}},
      {"podLabels must not hold labels that Kubernetes or Rowtide sets",
       {R"({"spec": {"tracker": {"podLabels": {"rowtide.dev/task": "other"}}}})",
        R"({"spec": {"tracker": {"podLabels": {"app.kubernetes.io/component": "tracker"}}}})",
        R"({"spec": {"tracker": {"podLabels": {"batch.kubernetes.io/job-name": "j"}}}})"},
       {R"({"spec": {"tracker": {"podLabels": {"app.kubernetes.io/part-of": "shop"}}}})"}},
      {"podAnnotations must not hold annotations that Rowtide sets",
       {R"({"spec": {"tracker": {"podAnnotations": {"rowtide.dev/tracker-hash": "h"}}}})"},
       {R"({"spec": {"tracker": {"podAnnotations": {"prometheus.io/scrape": "false"}}}})"}},
      {"names of variables that begin with ROWTIDE_ are reserved",
       {R"({"spec": {"tracker": {"env": [{"name": "ROWTIDE_X", "value": "1"}]}}})"},
       {R"({"spec": {"tracker": {"env": [{"name": "X_ROWTIDE_", "value": ""}]}}})"}},
      {"give value or valueFrom, not both",
       {R"({"spec": {"tracker": {"env": [{"name": "A", "value": "1", "valueFrom": {}}]}}})"},
       {R"({"spec": {"tracker": {"env": [{"name": "A"}]}}})"}},
      {"caSecretRef is only for SSL and SASL_SSL",
       {R"({"spec": {"sink": {"kafka": {"security": {"caSecretRef": {"name": "c"}}}}}})",
        R"({"spec": {"sink": {"kafka": {"security": {"protocol": "SASL_PLAINTEXT", "mechanism": "PLAIN",
            "credentialsSecretRef": {"name": "k"}, "caSecretRef": {"name": "c"}}}}}})"},
       {R"({"spec": {"sink": {"kafka": {"security": {"protocol": "SSL", "caSecretRef": {"name": "c"}}}}}})"}},
      {"source.host is required, or source.polardb, which looks it up",
       {R"({"spec": {"source": {"host": null}}})"},
       {R"({"spec": {"source": {"type": "PolarDBMySQL", "host": null, "polardb": {"regionId": "r", "dbClusterId": "c",
            "openApiSecretRef": {"name": "a"}}}, "network": {"vpc": {"vpcId": "v"}}}})"}},
      {"source.polardb is only for type PolarDBMySQL",
       {R"({"spec": {"source": {"polardb": {"regionId": "r", "dbClusterId": "c", "openApiSecretRef": {"name": "a"}}}}})"},
       {R"({"spec": {"source": {"type": "PolarDBMySQL", "polardb": {"regionId": "r", "dbClusterId": "c",
            "openApiSecretRef": {"name": "a"}}}}})"}},
      {"network.type and network.vpc are only for source.polardb without source.host",
       {R"({"spec": {"network": {"type": "Public"}}})", R"({"spec": {"network": {"vpc": {"vpcId": "v"}}}})",
        R"({"spec": {"source": {"type": "PolarDBMySQL", "polardb": {"regionId": "r", "dbClusterId": "c",
            "openApiSecretRef": {"name": "a"}}}, "network": {"type": "Public"}}})"},
       {R"({"spec": {"network": {}}})"}},
      {"network.vpc is required, or another network.type, where source.polardb looks the endpoint up",
       {R"({"spec": {"source": {"type": "PolarDBMySQL", "host": null, "polardb": {"regionId": "r", "dbClusterId": "c",
            "openApiSecretRef": {"name": "a"}}}}})",
        R"({"spec": {"source": {"type": "PolarDBMySQL", "host": null, "polardb": {"regionId": "r", "dbClusterId": "c",
            "openApiSecretRef": {"name": "a"}}}, "network": {"type": "VPC"}}})"},
       {R"({"spec": {"source": {"type": "PolarDBMySQL", "host": null, "polardb": {"regionId": "r", "dbClusterId": "c",
            "openApiSecretRef": {"name": "a"}}}, "network": {"type": "Public"}}})"}},
      {"network.vpc is only for type VPC",
       {R"({"spec": {"source": {"type": "PolarDBMySQL", "host": null, "polardb": {"regionId": "r", "dbClusterId": "c",
            "openApiSecretRef": {"name": "a"}}}, "network": {"type": "Classic", "vpc": {"vpcId": "v"}}}})"},
       {R"({"spec": {"source": {"type": "PolarDBMySQL", "host": null, "polardb": {"regionId": "r", "dbClusterId": "c",
            "openApiSecretRef": {"name": "a"}}}, "network": {"type": "VPC", "vpc": {"vpcId": "v"}}}})"}},
      {"network.whitelist.mode Manage needs source.polardb",
       {R"({"spec": {"network": {"whitelist": {"mode": "Manage"}}}})"},
       {R"({"spec": {"source": {"type": "PolarDBMySQL", "polardb": {"regionId": "r", "dbClusterId": "c",
            "openApiSecretRef": {"name": "a"}}}, "network": {"whitelist": {"mode": "Manage"}}}})"}},
      {"a whitelist that is managed (mode Manage) takes IPv4 networks only",
       {R"({"spec": {"source": {"type": "PolarDBMySQL", "polardb": {"regionId": "r", "dbClusterId": "c",
            "openApiSecretRef": {"name": "a"}}},
            "network": {"whitelist": {"mode": "Manage", "egressCIDRs": ["10.0.3.0/24", "2001:db8::/64"]}}}})"},
       {R"({"spec": {"source": {"type": "PolarDBMySQL", "polardb": {"regionId": "r", "dbClusterId": "c",
            "openApiSecretRef": {"name": "a"}}},
            "network": {"whitelist": {"mode": "Manage", "egressCIDRs": ["10.0.3.0/24"]}}}})",
        R"({"spec": {"network": {"whitelist": {"mode": "Report", "egressCIDRs": ["2001:db8::/64"]}}}})"}},
      {"each is a network in CIDR notation, such as 10.0.3.0/24 or 2001:db8::/64",
       {R"({"spec": {"network": {"whitelist": {"egressCIDRs": ["10.0.3.7"]}}}})",
        R"({"spec": {"network": {"whitelist": {"egressCIDRs": ["10.0.3.0/24", "10.0.3.7/24"]}}}})",
        R"({"spec": {"network": {"whitelist": {"egressCIDRs": ["db.example.com/32"]}}}})",
        R"({"spec": {"network": {"whitelist": {"egressCIDRs": ["2001:db8::1/64"]}}}})"},
       {R"({"spec": {"network": {"whitelist": {"egressCIDRs": ["10.0.3.7/32", "0.0.0.0/0", "2001:db8::/64"]}}}})"}},
      {"clientCertificateSecretRef is only for SSL and SASL_SSL",
       {R"({"spec": {"sink": {"kafka": {"security": {"clientCertificateSecretRef": {"name": "c"}}}}}})",
        R"({"spec": {"sink": {"kafka": {"security": {"protocol": "SASL_PLAINTEXT", "mechanism": "PLAIN",
            "credentialsSecretRef": {"name": "k"}, "clientCertificateSecretRef": {"name": "c"}}}}}})"},
       {R"({"spec": {"sink": {"kafka": {"security": {"protocol": "SSL",
            "clientCertificateSecretRef": {"name": "c"}}}}}})"}},
  };
  return cases;
}

TEST_F(CrdTest, EveryRuleRefusesAndLetsPass) {
  std::set<std::string> tested{"source.type cannot be changed; make a new task",  // these: the next tests
                               "resetNonce never becomes less",
                               "the kind of sink cannot be changed; make a new task",
                               "topic.name cannot be changed; make a new task"};
  for (const RuleCase& rule : rule_cases()) {
    tested.insert(rule.message);
    for (const char* patch : rule.refused) {
      const json document = patched(minimal(), json::parse(patch));
      const Answer answer = dry_run(document);
      EXPECT_EQ(answer.status, 422) << patch;
      EXPECT_TRUE(answer.says(rule.message)) << patch << ": " << kube::string_at(answer.body, {"message"});
      EXPECT_FALSE(task::parse_task(document.dump(), task::Mode::Kubernetes).ok())
          << patch << ": the API server refuses it, but parse_task takes it";
    }
    for (const char* patch : rule.accepted) expect_accepted(patched(minimal(), json::parse(patch)), patch);
  }
  walk(schema_, Pointer(), [&](const Pointer& at, const json& schema) {
    for (const json& rule : schema.value("x-kubernetes-validations", json::array())) {
      EXPECT_TRUE(tested.contains(rule["message"].get<std::string>()))
          << at.to_string() << ": " << rule.dump();
    }
  });
}

/// Single settings, as merge patches of the minimal document: every choice, both truths, and every other
/// field that may be left out, as the full documents have it.
std::vector<json> single_settings(const json& schema) {
  std::vector<json> settings;
  const auto add = [&](const Pointer& at, const json& value) {
    json setting = json::object();
    setting[at] = value;
    if (setting.contains(Pointer("/spec/sink/stream"))) setting["spec"]["sink"]["kafka"] = nullptr;
    settings.push_back(std::move(setting));
  };
  walk(schema, Pointer("/spec"), [&](const Pointer& at, const json& field) {
    if (at.to_string().find("/0") != std::string::npos || at == Pointer("/spec")) return;
    for (const json& value : field.value("enum", json::array())) add(at, value);
    if (field.at("type") == "boolean") {
      add(at, true);
      add(at, false);
    } else if (!field.contains("enum") && !field.contains("properties")) {
      for (const json& document : full_documents()) {
        if (document.contains(at)) add(at, document.at(at));
      }
    }
  });
  for (const char* type : {"DataUpdates", "SchemaUpdates"})
    settings.push_back({{"spec", {{"dataTypes", {type}}}}});
  return settings;
}

TEST_F(CrdTest, WhatTheProgramsRefuseOfTwoSettingsTheServerRefusesToo) {
  const std::vector<json> settings = single_settings(schema_["properties"]["spec"]);
  std::set<std::string> tried;
  int refused = 0;
  for (auto first = settings.begin(); first != settings.end(); ++first) {
    for (auto second = first + 1; second != settings.end(); ++second) {
      const json document = patched(patched(minimal(), *first), *second);
      const auto parsed = task::parse_task(document.dump(), task::Mode::Kubernetes);
      // Of the pairs with the same fault one will do.
      if (parsed.ok() || !tried.insert(task::to_string(parsed.errors)).second) continue;
      ++refused;
      EXPECT_EQ(dry_run(document).status, 422)
          << *first << " with " << *second << ": the API server takes it, but parse_task says "
          << task::to_string(parsed.errors);
    }
  }
  EXPECT_GT(refused, 50);
}

class CrdUpdateTest : public CrdTest {
 protected:
  /// What the server says to a change of a stored task.
  static Answer change(const json& from, const json& to) {
    const json document = patched(minimal(), from);
    const Answer made = send("POST", tasks_path(), "application/json", document.dump());
    EXPECT_TRUE(made.accepted()) << made.body.dump();
    const Answer answer =
        send("PATCH", tasks_path() + "/t?fieldValidation=Strict", "application/merge-patch+json", to.dump());
    EXPECT_TRUE(client_->remove(kube::kChangeTrackingTask, {space_, "t"}).ok());
    EXPECT_TRUE(eventually([] {
      return absl::IsNotFound(client_->get(kube::kChangeTrackingTask, {space_, "t"}).status());
    }));
    return answer;
  }
  static json topic(const json& value) { return {{"spec", {{"sink", {{"kafka", {{"topic", value}}}}}}}}; }
  static void expect_fixed(const json& from, const json& to) {
    const Answer answer = change(from, to);
    EXPECT_EQ(answer.status, 422) << from.dump() << " -> " << to.dump();
    EXPECT_TRUE(answer.says("cannot be changed; make a new task")) << answer.body.dump();
  }
};

TEST_F(CrdUpdateTest, TheSourcesTypeIsFixed) {
  expect_fixed(json::object(), {{"spec", {{"source", {{"type", "MariaDB"}}}}}});
  EXPECT_TRUE(change(json::object(), {{"spec", {{"source", {{"host", "other"}}}}}}).accepted());
}

TEST_F(CrdUpdateTest, TheKindOfSinkIsFixed) {
  const json kafka{{"kafka", {{"bootstrapServers", {"kafka:9092"}}}}, {"stream", nullptr}};
  const json stream{{"kafka", nullptr}, {"stream", json::object()}};
  const auto sink = [](const json& value) { return json{{"spec", {{"sink", value}}}}; };
  expect_fixed(sink(kafka), sink(stream));
  expect_fixed(sink(stream), sink(kafka));
  EXPECT_TRUE(change(sink(stream), sink({{"stream", {{"maxReaders", 8}}}})).accepted());
}

TEST_F(CrdUpdateTest, TheResetNonceOnlyGrows) {
  const auto nonce = [](const json& value) { return json{{"spec", {{"resetNonce", value}}}}; };
  EXPECT_TRUE(change(json::object(), nonce(1)).accepted());
  EXPECT_TRUE(change(nonce(2), nonce(2)).accepted());
  EXPECT_TRUE(change(nonce(2), nonce(1)).says("resetNonce never becomes less"));
  EXPECT_TRUE(change(nonce(2), nonce(nullptr)).says("resetNonce never becomes less"));
}

TEST_F(CrdUpdateTest, TheTopicsNameIsFixedAlsoWhereItWasLeftOut) {
  expect_fixed(topic({{"name", "a"}}), topic({{"name", "b"}}));
  expect_fixed(json::object(), topic({{"name", "b"}}));
  expect_fixed(topic({{"name", "a"}}), topic(nullptr));
  expect_fixed(topic({{"name", "a"}}), topic({{"name", nullptr}}));
  EXPECT_TRUE(change(topic({{"name", "a"}}), topic({{"name", "a"}, {"partitions", 3}})).accepted());
}

}  // namespace
}  // namespace rowtide::op
