#include "common/task/parse_sections.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>

namespace rowtide::task {
namespace {

constexpr std::size_t kMaxPodEntries = 64;

constexpr Choices<UpgradePolicy, 2> kUpgradePolicies{
    {{"Automatic", UpgradePolicy::Automatic}, {"Manual", UpgradePolicy::Manual}}};

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

/// What the operator, the Deployment's and the Job's controllers find their pods by.
bool is_reserved_label(std::string_view key) {
  static constexpr std::array<std::string_view, 7> kReserved{"app.kubernetes.io/name",
                                                             "app.kubernetes.io/instance",
                                                             "app.kubernetes.io/managed-by",
                                                             "app.kubernetes.io/component",
                                                             "pod-template-hash",
                                                             "controller-uid",
                                                             "job-name"};
  return begins_with_any(key, {"rowtide.dev/", "batch.kubernetes.io/"}) ||
         std::find(kReserved.begin(), kReserved.end(), key) != kReserved.end();
}

bool is_reserved_annotation(std::string_view key) {
  return begins_with_any(key, {"rowtide.dev/"});
}

std::map<std::string, std::string> read_pod_map(const Field& field, bool (*is_reserved)(std::string_view)) {
  std::map<std::string, std::string> values;
  for (const auto& [key, value] : field.entries(kMaxPodEntries)) {
    if (is_reserved(key)) value.refuse("is set by Kubernetes or Rowtide; choose another key");
    values[key] = value.text();
  }
  return values;
}

std::string read_env(const Field& field) {
  for (const Field& item : field.items(kMaxPodEntries)) {
    if (!item.is_map_of({"name", "value", "valueFrom"})) continue;
    const std::string name = item["name"].required_text("the variable's name");
    if (begins_with_any(name, {"ROWTIDE_"}))
      item["name"].refuse("names that begin with ROWTIDE_ are reserved");
    if (item["value"].present() && item["valueFrom"].present())
      item.refuse_without_value("takes value or valueFrom, not both");
  }
  return field.json();
}

}  // namespace

TrackerPod read_tracker_pod(const Field& field) {
  TrackerPod pod;
  if (field.mode() == Mode::Standalone) field.note_ignored();
  if (!field.is_map_of({"image", "resources", "nodeSelector", "tolerations", "affinity",
                        "topologySpreadConstraints", "priorityClassName", "imagePullSecrets",
                        "serviceAccountName", "podLabels", "podAnnotations", "env", "upgradePolicy"})) {
    return pod;
  }
  pod.image = field["image"].text();
  pod.resources_json = field["resources"].json();
  pod.node_selector_json = field["nodeSelector"].json();
  pod.tolerations_json = field["tolerations"].json();
  pod.affinity_json = field["affinity"].json();
  pod.topology_spread_constraints_json = field["topologySpreadConstraints"].json();
  pod.priority_class_name = field["priorityClassName"].text();
  pod.image_pull_secrets_json = field["imagePullSecrets"].json();
  pod.service_account_name = field["serviceAccountName"].text();
  pod.pod_labels = read_pod_map(field["podLabels"], is_reserved_label);
  pod.pod_annotations = read_pod_map(field["podAnnotations"], is_reserved_annotation);
  pod.env_json = read_env(field["env"]);
  pod.upgrade_policy = field["upgradePolicy"].choice(kUpgradePolicies, pod.upgrade_policy);
  return pod;
}

}  // namespace rowtide::task
