#include "operator/kube/config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "absl/strings/escaping.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "operator/kube/file.h"

namespace rowtide::op::kube {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// One named entry of a kubeconfig, and where it stands, for messages.
struct Entry {
  YAML::Node node;
  std::string where;  // "~/.kube/config: user \"admin\""
  std::filesystem::path folder;
};

std::string scalar(const YAML::Node& node, const char* field) {
  const YAML::Node value = node[field];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

absl::StatusOr<Entry> find_entry(const YAML::Node& root, const char* list, const char* member,
                                 const std::string& name, const std::string& path) {
  const YAML::Node entries = root[list];
  if (entries && entries.IsSequence()) {
    for (const YAML::Node& entry : entries) {
      if (!entry.IsMap() || scalar(entry, "name") != name) continue;
      const YAML::Node node = entry[member];
      if (!node || !node.IsMap()) break;
      return Entry{node, fmt::format("{}: {} \"{}\"", path, member, name),
                   std::filesystem::path(path).parent_path()};
    }
  }
  return absl::InvalidArgumentError(
      fmt::format("{}: there is no {} named \"{}\" under {}", path, member, name, list));
}

absl::Status refuse(const Entry& entry, const char* field, std::string_view instead) {
  const YAML::Node value = entry.node[field];
  if (!value || (value.IsScalar() && (value.Scalar().empty() || value.Scalar() == "false")))
    return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{}: {} is not supported; use {}", entry.where, field, instead));
}

/// NAME-data (base64), else the file that NAME names, else empty.
absl::StatusOr<std::string> data_or_file(const Entry& entry, const std::string& name) {
  const std::string data_field = name + "-data";
  if (const std::string data = scalar(entry.node, data_field.c_str()); !data.empty()) {
    std::string bytes;
    if (absl::Base64Unescape(data, &bytes)) return bytes;
    return absl::InvalidArgumentError(fmt::format("{}: {} is not valid base64", entry.where, data_field));
  }
  const std::string file = scalar(entry.node, name.c_str());
  if (file.empty()) return std::string();
  auto bytes = read_file(entry.folder / file);
  if (bytes.ok()) return bytes;
  return absl::Status(bytes.status().code(),
                      fmt::format("{}: {}: {}", entry.where, name, text(bytes.status())));
}

absl::Status read_cluster(const Entry& cluster, ClusterConfig& config) {
  for (const auto& [field, instead] :
       {std::pair{"insecure-skip-tls-verify", "certificate-authority"},
        std::pair{"proxy-url", "a direct connection"},
        std::pair{"tls-server-name", "a server address that its certificate names"}}) {
    if (auto status = refuse(cluster, field, instead); !status.ok()) return status;
  }
  config.server = scalar(cluster.node, "server");
  if (config.server.ends_with('/')) config.server.pop_back();
  if (!config.server.starts_with("https://")) {
    return absl::InvalidArgumentError(
        fmt::format("{}: server is \"{}\"; it must begin with https://", cluster.where, config.server));
  }
  ASSIGN_OR_RETURN(auto ca, data_or_file(cluster, "certificate-authority"));
  config.ca_pem = std::move(ca);
  if (const std::string file = scalar(cluster.node, "certificate-authority");
      !file.empty() && scalar(cluster.node, "certificate-authority-data").empty()) {
    config.ca_file = (cluster.folder / file).string();
  }
  return absl::OkStatus();
}

absl::Status read_user(const Entry& user, ClusterConfig& config) {
  constexpr const char* kInstead = "a client certificate, token or tokenFile";
  for (const char* field : {"exec", "auth-provider", "username", "password", "as"}) {
    if (auto status = refuse(user, field, kInstead); !status.ok()) return status;
  }
  ASSIGN_OR_RETURN(auto certificate, data_or_file(user, "client-certificate"));
  ASSIGN_OR_RETURN(auto key, data_or_file(user, "client-key"));
  if (certificate.empty() != key.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: client-certificate and client-key go together; only one is given", user.where));
  }
  config.client_certificate_pem = std::move(certificate);
  config.client_key_pem = std::move(key);
  config.token = scalar(user.node, "token");
  if (const std::string file = scalar(user.node, "tokenFile"); !file.empty())
    config.token_file = user.folder / file;
  if (config.client_key_pem.empty() && config.token.empty() && config.token_file.empty()) {
    return absl::InvalidArgumentError(fmt::format("{}: no credentials; give {}", user.where, kInstead));
  }
  return absl::OkStatus();
}

absl::StatusOr<ClusterConfig> read_context(const YAML::Node& root, const std::string& path) {
  if (!root.IsMap()) return absl::InvalidArgumentError(path + ": not a kubeconfig (not a YAML map)");
  const std::string current = scalar(root, "current-context");
  if (current.empty()) {
    return absl::InvalidArgumentError(path +
                                      ": current-context is not set; see 'kubectl config use-context'");
  }
  ASSIGN_OR_RETURN(const auto context, find_entry(root, "contexts", "context", current, path));
  ASSIGN_OR_RETURN(const auto cluster,
                   find_entry(root, "clusters", "cluster", scalar(context.node, "cluster"), path));
  ASSIGN_OR_RETURN(const auto user, find_entry(root, "users", "user", scalar(context.node, "user"), path));
  ClusterConfig config;
  config.default_namespace = scalar(context.node, "namespace");
  RETURN_IF_ERROR(read_cluster(cluster, config));
  RETURN_IF_ERROR(read_user(user, config));
  return config;
}

}  // namespace

absl::StatusOr<ClusterConfig> in_cluster_config(const std::string& folder) {
  const std::string host = environment("KUBERNETES_SERVICE_HOST");
  const std::string port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return absl::FailedPreconditionError(
        "not in a pod (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set); give a kubeconfig");
  }
  ClusterConfig config;
  const bool ipv6 = host.find(':') != std::string::npos && host.front() != '[';
  config.server =
      ipv6 ? fmt::format("https://[{}]:{}", host, port) : fmt::format("https://{}:{}", host, port);
  config.ca_file = folder + "/ca.crt";
  ASSIGN_OR_RETURN(auto ca, read_file(config.ca_file));
  config.ca_pem = std::move(ca);
  config.token_file = folder + "/token";
  if (auto token = read_file(config.token_file); !token.ok()) {
    return absl::Status(
        token.status().code(),
        fmt::format("{}; does the pod set automountServiceAccountToken: false?", text(token.status())));
  }
  ASSIGN_OR_RETURN(auto name_space, read_file(folder + "/namespace"));
  config.default_namespace = std::move(name_space);
  return config;
}

absl::StatusOr<ClusterConfig> kubeconfig(const std::string& path) {
  ASSIGN_OR_RETURN(const auto bytes, read_file(path));
  try {
    return read_context(YAML::Load(bytes), path);
  } catch (const YAML::Exception& error) {
    // The mark, not error.what(): that could quote a key or token.
    return absl::InvalidArgumentError(fmt::format("{}: not valid YAML at line {}, column {}", path,
                                                  error.mark.line + 1, error.mark.column + 1));
  }
}

absl::StatusOr<ClusterConfig> load_config(const std::string& kubeconfig_path) {
  if (!kubeconfig_path.empty()) return kubeconfig(kubeconfig_path);
  if (const std::string path = environment("KUBECONFIG"); !path.empty()) {
    if (path.find(':') == std::string::npos) return kubeconfig(path);
    return absl::InvalidArgumentError(fmt::format(
        "KUBECONFIG names several files ({}); merging is not supported, name one ('kubectl config view "
        "--flatten' makes one of them)",
        path));
  }
  if (!environment("KUBERNETES_SERVICE_HOST").empty()) return in_cluster_config();
  const std::string home = environment("HOME");
  const std::string path = home + "/.kube/config";
  std::error_code ignored;
  if (!home.empty() && std::filesystem::exists(path, ignored)) return kubeconfig(path);
  return absl::FailedPreconditionError(
      "no API server to connect to: not in a pod, KUBECONFIG is not set and there is no ~/.kube/config; give "
      "a kubeconfig");
}

}  // namespace rowtide::op::kube
