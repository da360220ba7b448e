#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "operator/kube/client.h"
#include "operator/kube/resource.h"

namespace rowtide::op::lease {

inline constexpr kube::ResourceType kLease{"coordination.k8s.io", "v1", "leases", "Lease"};

struct LeaseOptions {
  kube::ObjectKey lease;
  std::string identity;  ///< no other process has it at the same time
  std::chrono::seconds duration{15};
};

/// One Lease of coordination.k8s.io, held by one process at a time, as client-go's leader election does it:
/// whoever else sees no renewal of it for its duration, by the own clock, takes it. One thread.
class LeaseHolder {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  /// The client must outlive it.
  LeaseHolder(kube::Client& client, LeaseOptions options, Clock clock = std::chrono::steady_clock::now);

  /// One round: takes the lease if it is free or run out, renews it if it is ours. False: another holds it.
  /// Aborted: somebody else wrote it in between; other errors as the client's. After an error it may be
  /// either way.
  [[nodiscard]] absl::StatusOr<bool> hold();

  /// Gives it back, so that another takes it in its next round.
  [[nodiscard]] absl::Status release();

  /// Who had it in the last round; may be empty.
  [[nodiscard]] const std::string& holder() const { return holder_; }

 private:
  [[nodiscard]] absl::StatusOr<bool> create();
  [[nodiscard]] absl::Status write(nlohmann::json spec);
  void observe(const nlohmann::json& lease);
  [[nodiscard]] bool has_run_out() const;

  kube::Client& client_;
  const LeaseOptions options_;
  const Clock clock_;
  nlohmann::json spec_;  ///< as last seen
  std::string resource_version_;
  std::string holder_;
  std::chrono::steady_clock::time_point seen_at_;  ///< when `spec_` was first seen
};

}  // namespace rowtide::op::lease
