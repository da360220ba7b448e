#include "tracker/polardb/way_in.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "common/task/cidr.h"
#include "tracker/polardb/own_address.h"

namespace rowtide::polardb {

namespace {

absl::StatusOr<std::vector<std::string>> own_networks(const task::Source& source,
                                                      const task::Whitelist& whitelist) {
  if (!whitelist.egress_cidrs.empty()) return whitelist.egress_cidrs;
  ASSIGN_OR_RETURN(const std::string own, own_address_towards(source.host, source.port));
  if (own.find(':') != std::string::npos) {
    return failure(
        absl::StatusCode::kFailedPrecondition, "EgressIsIPv6",
        fmt::format("this pod goes to {} from {}, and the cluster's whitelist takes IPv4 only; name "
                    "the IPv4 networks of your nodes in spec.network.whitelist.egressCIDRs",
                    source.host, own));
  }
  return std::vector{task::cidr_of_address(own)};
}

/// The RAM user of a task that manages no whitelist may not be allowed to read one.
void empty_former_group(const OpenApi& api, const task::Task& task, Patience patience) {
  constexpr std::chrono::seconds kTime{3};
  patience.deadline = std::min(patience.deadline, std::chrono::steady_clock::now() + kTime);
  const absl::StatusOr<bool> emptied = remove_group(api, task, patience);
  if (!emptied.ok()) {
    spdlog::info("Whether the whitelist group {} is left from mode Manage is not known: {}", group_name(task),
                 text(emptied.status()));
  } else if (*emptied) {
    spdlog::info("The whitelist group {} is emptied: spec.network.whitelist.mode is not Manage any more",
                 group_name(task));
  }
}

}  // namespace

absl::Status open_way_in(task::Task& task, const task::SecretReader& secrets, LetIn how,
                         const Patience& patience) {
  task::Source& source = task.spec.source;
  if (!source.polardb) return absl::OkStatus();
  const OpenApi api(*source.polardb, secrets);
  if (source.host.empty()) {
    ASSIGN_OR_RETURN(Endpoint found, find_endpoint(api, task.spec.network, patience));
    source.host = std::move(found.host);
    source.port = found.port;
  }
  const task::Whitelist& whitelist = task.spec.network.whitelist;
  if (whitelist.mode != task::WhitelistMode::Manage) {
    if (how == LetIn::Replace) empty_former_group(api, task, patience);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> cidrs, own_networks(source, whitelist));
  ASSIGN_OR_RETURN(const bool is_changed, let_in(api, task, cidrs, how, patience));
  if (is_changed) {
    spdlog::info("The whitelist group {} of {} lets in {}", group_name(task), source.polardb->cluster_id,
                 fmt::join(cidrs, ", "));
  }
  return absl::OkStatus();
}

absl::Status close_way_in(const task::Task& task, const task::SecretReader& secrets,
                          const Patience& patience) {
  const std::optional<task::PolarDb>& cluster = task.spec.source.polardb;
  if (!cluster || task.spec.network.whitelist.mode != task::WhitelistMode::Manage) return absl::OkStatus();
  return remove_group(OpenApi(*cluster, secrets), task, patience).status();
}

}  // namespace rowtide::polardb
