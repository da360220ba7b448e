#include "operator/lease/process_election.h"

#include <fmt/format.h>

#include <utility>

#include "common/status/try.h"
#include "operator/kube/process_identity.h"

namespace rowtide::op::lease {
namespace {

constexpr std::chrono::seconds kRequestTimeout{3};

absl::Status check_times(const ElectionOptions& options) {
  if (options.retry_seconds < options.renew_seconds && options.renew_seconds < options.lease_seconds)
    return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "--leader-elect-renew-deadline {}: it must be longer than --leader-elect-retry-period ({}) and shorter than "
      "--leader-elect-lease-duration ({}), so that who cannot renew has ended before another begins",
      options.renew_seconds, options.retry_seconds, options.lease_seconds));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessElection>> ProcessElection::make(const ElectionOptions& options,
                                                                       const kube::ClusterConfig& config,
                                                                       std::function<void()> on_lost) {
  RETURN_IF_ERROR(check_times(options));
  const std::string name_space = options.name_space.empty() ? config.default_namespace : options.name_space;
  if (name_space.empty()) {
    return absl::InvalidArgumentError(
        "--leader-elect: neither a pod nor the kubeconfig's context says in which namespace the Lease stands; "
        "give --leader-elect-namespace");
  }
  ASSIGN_OR_RETURN(auto transport,
                   kube::CpprestTransport::create(config, {.request_timeout = kRequestTimeout}));
  return std::unique_ptr<ProcessElection>(
      new ProcessElection(std::move(transport),
                          {.lease = {name_space, options.name},
                           .identity = kube::process_identity(),
                           .duration = std::chrono::seconds(options.lease_seconds)},
                          {.renew_deadline = std::chrono::seconds(options.renew_seconds),
                           .retry_period = std::chrono::seconds(options.retry_seconds)},
                          std::move(on_lost)));
}

ProcessElection::ProcessElection(std::unique_ptr<kube::CpprestTransport> transport, LeaseOptions options,
                                 ElectionTiming timing, std::function<void()> on_lost)
    : transport_(std::move(transport)),
      counted_(*transport_),
      client_(counted_),
      election_(client_, std::move(options), timing, std::move(on_lost)) {}

}  // namespace rowtide::op::lease
