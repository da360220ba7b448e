#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace rowtide::op::kube {

/// How to reach and whom to be at one API server. Never logged.
struct ClusterConfig {
  std::string server;  // https://10.0.0.1:6443, https://[fd00::1]:443; no path, no trailing slash
  std::string ca_pem;
  std::string
      ca_file;  // where it comes from: read again for each connection, as CAs are rotated; may be empty
  std::string client_certificate_pem;  // both or none
  std::string client_key_pem;
  std::string token;              // fixed bearer token
  std::string token_file;         // wins over `token`; read again every minute and after a 401
  std::string default_namespace;  // of the pod or of the kubeconfig's context; may be empty
};

/// The service account of the pod we run in: KUBERNETES_SERVICE_HOST and _PORT, and token, ca.crt and
/// namespace in `folder`. FailedPrecondition outside a pod.
absl::StatusOr<ClusterConfig> in_cluster_config(
    const std::string& folder = "/var/run/secrets/kubernetes.io/serviceaccount");

/// The current context of one kubeconfig file. Relative file names in it are relative to its folder, as
/// kubectl has it. InvalidArgument names the field; exec, auth-provider, user names with passwords, proxies
/// and unverified TLS are refused.
absl::StatusOr<ClusterConfig> kubeconfig(const std::string& path);

/// `kubeconfig_path` if given, else $KUBECONFIG, else the service account in a pod, else ~/.kube/config.
absl::StatusOr<ClusterConfig> load_config(const std::string& kubeconfig_path);

}  // namespace rowtide::op::kube
