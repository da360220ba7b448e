#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rowtide::op::kube {

/// A kind the operator speaks of. The strings are literals.
struct ResourceType {
  std::string_view group;  // empty: core
  std::string_view version;
  std::string_view plural;
  std::string_view kind;
  bool namespaced = true;

  bool operator==(const ResourceType&) const = default;
};

inline constexpr ResourceType kChangeTrackingTask{"rowtide.dev", "v1alpha1", "changetrackingtasks",
                                                  "ChangeTrackingTask"};
inline constexpr ResourceType kConsumerGroup{"rowtide.dev", "v1alpha1", "consumergroups", "ConsumerGroup"};
inline constexpr ResourceType kDeployment{"apps", "v1", "deployments", "Deployment"};
inline constexpr ResourceType kJob{"batch", "v1", "jobs", "Job"};
inline constexpr ResourceType kPod{"", "v1", "pods", "Pod"};
inline constexpr ResourceType kConfigMap{"", "v1", "configmaps", "ConfigMap"};
inline constexpr ResourceType kService{"", "v1", "services", "Service"};
inline constexpr ResourceType kEvent{"events.k8s.io", "v1", "events", "Event"};

inline constexpr ResourceType kMutatingWebhookConfiguration{"admissionregistration.k8s.io", "v1",
                                                            "mutatingwebhookconfigurations",
                                                            "MutatingWebhookConfiguration", false};

/// Namespace and name. Cluster-scoped objects have an empty namespace.
struct ObjectKey {
  std::string name_space;
  std::string name;

  auto operator<=>(const ObjectKey&) const = default;
};

/// "shop/orders", or "orders" without a namespace.
std::string to_string(const ObjectKey& key);

/// "rowtide.dev/v1alpha1", "v1".
std::string api_version(const ResourceType& type);

/// InvalidArgument if a namespace cannot be called so: a DNS label (RFC 1123).
absl::Status check_namespace(std::string_view name_space);

/// /apis/apps/v1/namespaces/shop/deployments; an empty namespace means all of them.
/// InvalidArgument if the namespace could not stand in a path.
absl::StatusOr<std::string> collection_path(const ResourceType& type, std::string_view name_space);

/// The collection's path and /NAME. InvalidArgument if a name could not stand in a path, or if a namespace is
/// missing or too much.
absl::StatusOr<std::string> object_path(const ResourceType& type, const ObjectKey& key);

/// Percent-encodes all but unreserved characters (RFC 3986), for values in a query.
std::string encode_query_value(std::string_view value);

}  // namespace rowtide::op::kube
