#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "operator/kube/client.h"
#include "operator/kube/config.h"
#include "operator/kube/counting_transport.h"
#include "operator/kube/cpprest_transport.h"
#include "operator/lease/leader_election.h"

namespace rowtide::op::lease {

/// As the command line has them.
struct ElectionOptions {
  std::string name_space;  ///< empty: the cluster config's
  std::string name = "rowtide-operator";
  int lease_seconds = 15;
  int renew_seconds = 10;
  int retry_seconds = 2;
};

/// This process' part in an election, with a connection of its own: its requests do not wait behind others,
/// and no longer than the lease lets them.
class ProcessElection {
 public:
  /// InvalidArgument names the option and what it may be. `on_lost` as LeaderElection has it.
  static absl::StatusOr<std::unique_ptr<ProcessElection>> make(const ElectionOptions& options,
                                                               const kube::ClusterConfig& config,
                                                               std::function<void()> on_lost);

  LeaderElection& operator*() { return election_; }
  LeaderElection* operator->() { return &election_; }
  [[nodiscard]] kube::RequestCounts request_counts() const { return counted_.counts(); }

 private:
  ProcessElection(std::unique_ptr<kube::CpprestTransport> transport, LeaseOptions options,
                  ElectionTiming timing, std::function<void()> on_lost);

  std::unique_ptr<kube::CpprestTransport> transport_;
  kube::CountingTransport counted_;
  kube::Client client_;
  LeaderElection election_;
};

}  // namespace rowtide::op::lease
