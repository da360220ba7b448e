#include "common/task/parse.h"

#include <fmt/format.h>
#include <re2/re2.h>
#include <yaml-cpp/yaml.h>

#include <utility>

#include "common/task/document.h"
#include "common/task/parse_sections.h"
#include "common/task/stable_hash.h"
#include "common/task/yaml_documents.h"

namespace rowtide::task {
namespace {

constexpr std::string_view kKind = "ChangeTrackingTask";
constexpr std::size_t kMaxNameLength = 48;  // leaves room for "-precheck" and a pod's suffix within 63
constexpr std::int64_t kMaxAlertSeconds = 604'800;  // a week

constexpr Choices<StartMode, 5> kStartModes{{{"Latest", StartMode::Latest},
                                             {"Earliest", StartMode::Earliest},
                                             {"Timestamp", StartMode::Timestamp},
                                             {"GTIDSet", StartMode::GtidSet},
                                             {"BinlogFile", StartMode::BinlogFile}}};
constexpr Choices<Unprocessable, 2> kUnprocessable{
    {{"Stop", Unprocessable::Stop}, {"SkipAndCount", Unprocessable::SkipAndCount}}};
constexpr Choices<RowImages, 2> kRowImages{{{"Full", RowImages::Full}, {"AsLogged", RowImages::AsLogged}}};
constexpr Choices<OnlineSchemaChangeMode, 2> kOnlineSchemaChanges{
    {{"Translate", OnlineSchemaChangeMode::Translate}, {"PassThrough", OnlineSchemaChangeMode::PassThrough}}};

DataTypes read_data_types(const Field& field) {
  if (!field.present()) return {};
  DataTypes types{.data_updates = false, .schema_updates = false};
  for (const Field& item : field.items(2)) {
    constexpr Choices<bool DataTypes::*, 2> kTypes{
        {{"DataUpdates", &DataTypes::data_updates}, {"SchemaUpdates", &DataTypes::schema_updates}}};
    types.*item.choice(kTypes, &DataTypes::data_updates) = true;
  }
  if (!types.data_updates && !types.schema_updates)
    field.refuse("at least one of DataUpdates, SchemaUpdates");
  if (types.data_updates && types.schema_updates) field.note_default();
  return types;
}

StartPosition read_start_position(const Field& field) {
  StartPosition start;
  if (!field.is_map_of({"mode", "timestamp", "gtidSet", "file", "offset"})) return start;
  start.mode = field["mode"].choice(kStartModes, start.mode);
  start.gtid_set = field["gtidSet"].text();
  start.file = field["file"].text();
  start.offset = static_cast<std::uint64_t>(field["offset"].integer(4, INT64_MAX, 4));
  if (start.mode == StartMode::Timestamp) {
    start.timestamp_us = field["timestamp"].time_us();
  } else if (field["timestamp"].present()) {
    field["timestamp"].refuse("only with mode Timestamp");
  }
  if (start.mode == StartMode::GtidSet && start.gtid_set.empty()) {
    field["gtidSet"].refuse("required with mode GTIDSet");
  }
  if (start.mode == StartMode::BinlogFile && start.file.empty()) {
    field["file"].refuse("required with mode BinlogFile, e.g. mysql-bin.000012");
  }
  if (start.mode != StartMode::GtidSet && field["gtidSet"].present()) {
    field["gtidSet"].refuse("only with mode GTIDSet");
  }
  for (const std::string_view key : {"file", "offset"}) {
    if (start.mode != StartMode::BinlogFile && field[key].present())
      field[key].refuse("only with mode BinlogFile");
  }
  return start;
}

bool has_schemas(const Sink& sink) {
  return (sink.kafka && sink.kafka->debezium.schemas) ||
         (sink.stdout_sink && sink.stdout_sink->debezium.schemas) ||
         (sink.stream && sink.stream->debezium.schemas);
}

Precheck read_precheck(const Field& field) {
  Precheck precheck;
  if (!field.is_map_of({"skip", "runNonce"})) return precheck;
  precheck.skip = field["skip"].texts(64);
  precheck.run_nonce = field["runNonce"].integer(0, INT64_MAX, 0);
  return precheck;
}

OnlineSchemaChanges read_online_schema_changes(const Field& spec) {
  OnlineSchemaChanges changes;
  changes.mode = spec["onlineSchemaChanges"].choice(kOnlineSchemaChanges, changes.mode);
  const Field tables = spec["onlineSchemaChangeTables"];
  if (!tables.present() || !tables.is_map_of({"ghost", "other"})) return changes;
  if (changes.mode == OnlineSchemaChangeMode::PassThrough) {
    tables.refuse("has no meaning with onlineSchemaChanges: PassThrough; leave it out");
  }
  for (const auto& [name, value] : {std::pair{"ghost", &changes.ghost}, {"other", &changes.other}}) {
    *value = tables[name].text();
    const re2::RE2 expression(*value, re2::RE2::Quiet);
    if (!value->empty() && (!expression.ok() || expression.NumberOfCapturingGroups() != 1)) {
      tables[name].refuse(
          "a regular expression in RE2 syntax with one group, which is the name of the table that is "
          "changed, such as "
          "_(.+)_shadow");
    }
  }
  return changes;
}

std::optional<Alerts> read_alerts(const Field& field) {
  if (!field.present()) return std::nullopt;
  Alerts alerts;
  if (field.mode() == Mode::Standalone) field.note_ignored();
  if (!field.is_map_of({"lagSeconds", "forSeconds"})) return alerts;
  alerts.lag_seconds = field["lagSeconds"].integer(1, kMaxAlertSeconds, alerts.lag_seconds);
  alerts.for_seconds = field["forSeconds"].integer(0, kMaxAlertSeconds, alerts.for_seconds);
  return alerts;
}

/// On Kubernetes the trackers of a stream run in the pods of applications, as many as there are: what speaks
/// of the one tracker that the operator runs has no meaning.
void check_sidecars(const Field& field, const Spec& spec) {
  if (!spec.sink.stream || field.mode() != Mode::Kubernetes) return;
  if (spec.suspend) {
    field["suspend"].refuse(
        "false with sink.stream, whose trackers run in the pods of applications: run those without it instead");
  }
  if (spec.source.server_id != 0) {
    field["source"]["serverId"].refuse(
        "0 with sink.stream, whose trackers have server ids of their own, each derived from its pod's uid");
  }
  if (spec.network.whitelist.mode == WhitelistMode::Manage) {
    field["network"]["whitelist"]["mode"].refuse(
        "Report or Ignore with sink.stream, whose trackers are many: let the network of their pods in yourself");
  }
  if (spec.tracker.upgrade_policy == UpgradePolicy::Manual) {
    field["tracker"]["upgradePolicy"].refuse(
        "Automatic with sink.stream, whose trackers are upgraded when their pods are made anew");
  }
  if (field["alerts"].present()) {
    field["alerts"].refuse_without_value(
        "not with sink.stream, each of whose readers is late by itself: status.sidecars samples the lag of some, the "
        "metric rowtide_reader_lag_seconds of a pod has that of all of its readers");
  }
  if (spec.deletion_policy == DeletionPolicy::Delete) {
    field["deletionPolicy"].refuse("Retain with sink.stream, which leaves nothing outside of the pods");
  }
}

Spec read_spec(const Field& field) {
  Spec spec;
  if (!field.present()) {
    field.refuse("required: source, objects, sink");
    return spec;
  }
  if (!field.is_map_of({"description", "suspend", "source", "dataTypes", "objects", "rowImages",
                        "onUnprocessable", "onlineSchemaChanges", "onlineSchemaChangeTables", "startPosition",
                        "resetNonce", "precheck", "sink", "network", "tracker", "alerts",
                        "deletionPolicy"})) {
    return spec;
  }
  spec.description = field["description"].text();
  spec.suspend = field["suspend"].boolean(false);
  spec.source = read_source(field["source"]);
  spec.data_types = read_data_types(field["dataTypes"]);
  spec.objects = read_objects(field["objects"]);
  spec.row_images = field["rowImages"].choice(kRowImages, spec.row_images);
  spec.on_unprocessable = field["onUnprocessable"].choice(kUnprocessable, spec.on_unprocessable);
  spec.online_schema_changes = read_online_schema_changes(field);
  spec.start_position = read_start_position(field["startPosition"]);
  spec.reset_nonce = field["resetNonce"].integer(0, INT64_MAX, 0);
  spec.precheck = read_precheck(field["precheck"]);
  spec.sink = read_sink(field["sink"], spec.data_types.schema_updates);
  if (spec.sink.stream && spec.source.server_id > UINT32_MAX - (spec.sink.stream->max_readers - 1)) {
    field["source"]["serverId"].refuse(
        "so far below 4294967295 that each reader of sink.stream (maxReaders) has one from there on");
  }
  if (spec.row_images == RowImages::AsLogged && has_schemas(spec.sink))
    field["rowImages"].refuse("Full with debezium.schemas, by which a record holds all columns");
  spec.network = read_network(field["network"], spec.source);
  spec.tracker = read_tracker_pod(field["tracker"]);
  spec.alerts = read_alerts(field["alerts"]);
  const Field deletion_policy = field["deletionPolicy"];
  if (field.mode() == Mode::Standalone && deletion_policy.present()) deletion_policy.note_ignored();
  spec.deletion_policy = deletion_policy.choice(kDeletionPolicies, spec.deletion_policy);
  check_sidecars(field, spec);
  return spec;
}

Task read_task(const Field& root) {
  Task task;
  if (!root.is_map_of({"apiVersion", "kind", "metadata", "spec", "status"})) return task;
  if (root["apiVersion"].text() != kApiVersion) root["apiVersion"].refuse(std::string(kApiVersion));
  const Field metadata = root["metadata"];
  task.name = metadata["name"].required_text("the task's name");
  static const re2::RE2 kName("[a-z]([-a-z0-9]*[a-z0-9])?");
  if (!task.name.empty() && (task.name.size() > kMaxNameLength || !re2::RE2::FullMatch(task.name, kName))) {
    metadata["name"].refuse(fmt::format(
        "a lower-case letter, then lower-case letters, digits and '-', at most {} in all", kMaxNameLength));
  }
  task.task_namespace = metadata["namespace"].text(task.task_namespace);
  task.uid = metadata["uid"].text();
  task.spec = read_spec(root["spec"]);
  return task;
}

/// The one ChangeTrackingTask among the file's documents: a file for kubectl may hold a Secret beside it.
YAML::Node find_task(const std::vector<YAML::Node>& documents, DocumentContext& context) {
  YAML::Node found(YAML::NodeType::Undefined);
  std::vector<std::string> kinds;
  int count = 0;
  for (const YAML::Node& document : documents) {
    if (document.IsNull()) continue;
    const bool has_kind = document.IsMap() && document["kind"].IsDefined() && document["kind"].IsScalar();
    kinds.push_back(has_kind ? "one of kind " + document["kind"].Scalar() : "one without a kind");
    if (!has_kind || document["kind"].Scalar() != kKind) continue;
    found.reset(document);
    ++count;
  }
  if (count != 1) {
    context.errors.push_back(
        {"(document)", "",
         fmt::format(
             "exactly one document with apiVersion: {} and kind: {} is needed; {}", kApiVersion, kKind,
             kinds.empty() ? "the file is empty" : fmt::format("there is {}", fmt::join(kinds, ", "))),
         0});
  }
  return found;
}

}  // namespace

std::string to_string(const std::vector<FieldError>& errors) {
  std::string text;
  for (const FieldError& error : errors) {
    text += error.path;
    if (!error.value.empty()) text += fmt::format(": {} is not allowed", error.value);
    text += ": " + error.message;
    if (error.line > 0) text += fmt::format(" (line {})", error.line);
    text += '\n';
  }
  return text;
}

ParseResult parse_task(std::string_view document, Mode mode) {
  ParseResult result;
  DocumentContext context{.mode = mode, .errors = {}, .defaults = {}, .ignored = {}};
  try {
    const YAML::Node node = find_task(load_documents(std::string(document)), context);
    if (context.errors.empty()) result.task = read_task(Field(node, "", context));
    result.task.document_hash = stable_hash(document);
  } catch (const YAML::Exception& error) {
    context.errors.push_back({"(document)", "", "not YAML: " + error.msg, error.mark.line + 1});
  }
  result.errors = std::move(context.errors);
  result.defaults = std::move(context.defaults);
  result.ignored = std::move(context.ignored);
  return result;
}

}  // namespace rowtide::task
