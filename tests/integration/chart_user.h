#pragma once

#include <yaml-cpp/yaml.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "operator/kube/client.h"
#include "operator/kube/config.h"
#include "operator/kube/cpprest_transport.h"
#include "operator/kube/json_access.h"
#include "operator/kube/resource.h"
#include "tests/support/temp_dir.h"

// The account that the chart makes for the operator, and its roles.

namespace rowtide::op::tasks {

inline constexpr kube::ResourceType kServiceAccount{"", "v1", "serviceaccounts", "ServiceAccount", true};
inline constexpr kube::ResourceType kRole{"rbac.authorization.k8s.io", "v1", "roles", "Role", true};
inline constexpr kube::ResourceType kRoleBinding{"rbac.authorization.k8s.io", "v1", "rolebindings",
                                                 "RoleBinding", true};
inline constexpr kube::ResourceType kClusterRole{"rbac.authorization.k8s.io", "v1", "clusterroles",
                                                 "ClusterRole", false};
inline constexpr kube::ResourceType kClusterRoleBinding{"rbac.authorization.k8s.io", "v1",
                                                        "clusterrolebindings", "ClusterRoleBinding", false};

/// The rules of a role of helm/rowtide.yaml. Those of a release for namespaces are the same text, in a Role
/// of each.
inline nlohmann::json chart_rules(const std::string& kind = "ClusterRole",
                                  const std::string& name = "rowtide-operator") {
  std::ifstream file(test::source_root() / "helm" / "rowtide.yaml");
  for (const YAML::Node& document : YAML::LoadAll(file)) {
    if (document["kind"].as<std::string>("") != kind ||
        document["metadata"]["name"].as<std::string>("") != name)
      continue;
    nlohmann::json rules = nlohmann::json::array();
    for (const YAML::Node& rule : document["rules"]) {
      nlohmann::json& made = rules.emplace_back();
      for (const char* field : {"apiGroups", "resources", "resourceNames", "verbs"}) {
        if (rule[field]) made[field] = rule[field].as<std::vector<std::string>>();
      }
    }
    return rules;
  }
  throw std::runtime_error("helm/rowtide.yaml has no " + kind + " " + name);
}

/// A service account, connected by a token of its own. It may do nothing yet.
inline std::unique_ptr<kube::CpprestTransport> make_account(kube::Transport& admin,
                                                            const std::string& kubeconfig,
                                                            const kube::ObjectKey& account) {
  kube::Client(admin)
      .create(kServiceAccount, {{"apiVersion", "v1"},
                                {"kind", "ServiceAccount"},
                                {"metadata", {{"name", account.name}, {"namespace", account.name_space}}}})
      .value();
  const auto answer = admin.request(
      {"POST", kube::object_path(kServiceAccount, account).value() + "/token", "application/json",
       R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}})"});
  kube::ClusterConfig config = kube::load_config(kubeconfig).value();
  config.token = kube::string_at(nlohmann::json::parse(answer.value().body), {"status", "token"});
  return kube::CpprestTransport::create(config).value();
}

/// A Role and its binding in the namespace; without one, for the cluster.
inline void grant(kube::Client& admin, const kube::ObjectKey& account, const nlohmann::json& rules,
                  const std::string& name_space) {
  const bool is_cluster_wide = name_space.empty();
  const kube::ResourceType& role_type = is_cluster_wide ? kClusterRole : kRole;
  const kube::ResourceType& binding_type = is_cluster_wide ? kClusterRoleBinding : kRoleBinding;
  nlohmann::json metadata{{"name", account.name}};
  if (!is_cluster_wide) metadata["namespace"] = name_space;
  admin
      .create(role_type, {{"apiVersion", kube::api_version(kRole)},
                          {"kind", role_type.kind},
                          {"metadata", metadata},
                          {"rules", rules}})
      .value();
  admin
      .create(
          binding_type,
          {{"apiVersion", kube::api_version(kRole)},
           {"kind", binding_type.kind},
           {"metadata", metadata},
           {"roleRef", {{"apiGroup", kRole.group}, {"kind", role_type.kind}, {"name", account.name}}},
           {"subjects",
            nlohmann::json::array(
                {{{"kind", "ServiceAccount"}, {"name", account.name}, {"namespace", account.name_space}}})}})
      .value();
}

}  // namespace rowtide::op::tasks
