#include "tracker/polardb/way_in.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <string>
#include <vector>

#include "common/status/try.h"
#include "common/task/cidr.h"
#include "tracker/polardb/own_address.h"

namespace rowtide::polardb {

absl::Status open_way_in(task::Task& task, const task::SecretReader& secrets, LetIn how, Deadline deadline) {
  task::Source& source = task.spec.source;
  if (!source.polardb) return absl::OkStatus();
  const OpenApi api(*source.polardb, secrets);
  if (source.host.empty()) {
    ASSIGN_OR_RETURN(Endpoint found, find_endpoint(api, task.spec.network, deadline));
    source.host = std::move(found.host);
    source.port = found.port;
  }
  const task::Whitelist& whitelist = task.spec.network.whitelist;
  if (whitelist.mode != task::WhitelistMode::Manage) return absl::OkStatus();
  std::vector<std::string> cidrs = whitelist.egress_cidrs;
  if (cidrs.empty()) {
    ASSIGN_OR_RETURN(const std::string own, own_address_towards(source.host, source.port));
    cidrs.push_back(task::cidr_of_address(own));
  }
  ASSIGN_OR_RETURN(const bool is_changed, let_in(api, task, cidrs, how, deadline));
  if (is_changed) {
    spdlog::info("The whitelist group {} of {} lets in {}", group_name(task), source.polardb->cluster_id,
                 fmt::join(cidrs, ", "));
  }
  return absl::OkStatus();
}

absl::Status close_way_in(const task::Task& task, const task::SecretReader& secrets, Deadline deadline) {
  const std::optional<task::PolarDb>& cluster = task.spec.source.polardb;
  if (!cluster || task.spec.network.whitelist.mode != task::WhitelistMode::Manage) return absl::OkStatus();
  return remove_group(OpenApi(*cluster, secrets), task, deadline).status();
}

}  // namespace rowtide::polardb
