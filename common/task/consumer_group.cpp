#include "common/task/consumer_group.h"

#include <fmt/format.h>
#include <re2/re2.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <set>
#include <utility>

#include "common/task/document.h"
#include "common/task/yaml_documents.h"

namespace rowtide::task {
namespace {

constexpr std::string_view kGroupKind = "ConsumerGroup";
constexpr std::size_t kMaxGroupId = 249;
constexpr std::size_t kMaxPrincipal = 256;

constexpr std::array<std::pair<std::string_view, GroupStart>, 3> kGroupStarts{
    {{"Earliest", GroupStart::Earliest},
     {"Latest", GroupStart::Latest},
     {"Timestamp", GroupStart::Timestamp}}};

void read_checkpoint(const Field& field, ConsumerGroup& group) {
  if (!field.is_map_of({"mode", "time"})) return;
  group.start = field["mode"].choice(kGroupStarts, group.start);
  if (group.start == GroupStart::Timestamp) {
    group.start_us = field["time"].time_us();
  } else if (field["time"].present()) {
    field["time"].refuse("only with mode Timestamp");
  }
}

void read_group_spec(const Field& field, ConsumerGroup& group) {
  if (!field.present()) {
    field.refuse("required: taskRef");
    return;
  }
  if (!field.is_map_of(
          {"taskRef", "groupId", "principal", "checkpoint", "checkpointNonce", "deletionPolicy"}))
    return;
  const Field task = field["taskRef"];
  if (task.is_map_of({"name"})) group.task = task["name"].required_text("the ChangeTrackingTask's name");
  group.group_id = field["groupId"].text();
  if (group.group_id.empty()) group.group_id = group.group_namespace + "." + group.name;
  static const re2::RE2 kLegalId("[a-zA-Z0-9._-]+");
  if (group.group_id.size() > kMaxGroupId || !re2::RE2::FullMatch(group.group_id, kLegalId)) {
    field["groupId"].refuse(fmt::format("at most {} letters, digits, '.', '_', '-'", kMaxGroupId));
  }
  group.principal = field["principal"].text();
  static const re2::RE2 kLegalPrincipal("[A-Za-z]+:[^\\pC]+");
  if (!group.principal.empty() &&
      (group.principal.size() > kMaxPrincipal || !re2::RE2::FullMatch(group.principal, kLegalPrincipal))) {
    field["principal"].refuse("a principal of Kafka's with its type, e.g. User:cache");
  }
  read_checkpoint(field["checkpoint"], group);
  group.checkpoint_nonce = field["checkpointNonce"].integer(0, INT64_MAX, 0);
  group.deletion = field["deletionPolicy"].choice(kDeletionPolicies, group.deletion);
}

ConsumerGroup read_group(const Field& root) {
  ConsumerGroup group;
  if (!root.is_map_of({"apiVersion", "kind", "metadata", "spec", "status"})) return group;
  if (root["apiVersion"].text() != kApiVersion) root["apiVersion"].refuse(std::string(kApiVersion));
  const Field metadata = root["metadata"];
  group.name = metadata["name"].required_text("the group's name");
  group.group_namespace = metadata["namespace"].text(group.group_namespace);
  group.uid = metadata["uid"].text();
  group.generation = metadata["generation"].integer(0, INT64_MAX, 0);
  group.is_being_deleted = metadata["deletionTimestamp"].present();
  read_group_spec(root["spec"], group);
  return group;
}

bool is_group(const YAML::Node& document) {
  return document.IsMap() && document["kind"].IsDefined() && document["kind"].IsScalar() &&
         document["kind"].Scalar() == kGroupKind;
}

/// One name, one place in Kafka.
void refuse_duplicates(ConsumerGroupsResult& result) {
  std::set<std::string> names;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < result.groups.size(); ++i) {
    const ConsumerGroup& group = result.groups[i];
    if (!names.insert(group.group_namespace + "/" + group.name).second) {
      result.errors_of[i].push_back(
          {group.name + ": metadata.name", group.name, "two groups have this name", 0});
    }
    if (!ids.insert(group.group_id).second) {
      result.errors_of[i].push_back({group.name + ": spec.groupId", group.group_id,
                                     "another group of the file has it; give each its own", 0});
    }
  }
}

}  // namespace

ConsumerGroupsResult parse_consumer_groups(std::string_view documents, Mode mode) {
  ConsumerGroupsResult result;
  try {
    for (const YAML::Node& document : load_documents(std::string(documents))) {
      if (!is_group(document)) continue;
      DocumentContext context{.mode = mode, .errors = {}, .defaults = {}, .ignored = {}};
      ConsumerGroup group = read_group(Field(document, "", context));
      for (FieldError& error : context.errors) {
        if (!group.name.empty()) error.path = group.name + ": " + error.path;
      }
      result.groups.push_back(std::move(group));
      result.errors_of.push_back(std::move(context.errors));
      result.defaults = std::move(context.defaults);
    }
    refuse_duplicates(result);
    for (const std::vector<FieldError>& errors : result.errors_of)
      result.errors.insert(result.errors.end(), errors.begin(), errors.end());
  } catch (const YAML::Exception& error) {
    result.errors.push_back({"(document)", "", "not YAML: " + error.msg, error.mark.line + 1});
  }
  return result;
}

}  // namespace rowtide::task
