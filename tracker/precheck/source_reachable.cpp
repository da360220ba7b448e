#include <fmt/format.h>

#include "common/status/reason.h"
#include "tracker/precheck/check_list.h"
#include "tracker/precheck/connect_fault.h"
#include "tracker/source/handshake_probe.h"
#include "tracker/source/server_error.h"

namespace rowtide::precheck {
namespace {

/// Repairs that depend on the task; the others stand in the status' text already.
std::string repair_of_connection(const absl::Status& status, const CheckContext& context) {
  const std::string reason = reason_of(status);
  const std::string& ours = context.client_address();
  if (reason == "HostNotPrivileged") {
    const std::string create = fmt::format(
        "CREATE USER with the host part '{}' (or one that covers it, such as '%'), or RENAME USER to it",
        ours);
    if (context.source().type != task::SourceType::PolarDbMySql) return create;
    return fmt::format("add {} to the cluster's whitelist; if it is there: {}", ours, create);
  }
  if (reason == "HostBlocked") {
    return "FLUSH HOSTS; -- from MySQL 8.4 on: TRUNCATE TABLE performance_schema.host_cache;";
  }
  if (reason.starts_with("OpenApi") || reason == "EndpointMissing") {
    return "see the message; what the RAM user must be allowed stands in docs/sources.md (PolarDB)";
  }
  if (is_secret_missing(status)) return repair_of_missing_secret(status, context.source());
  if (reason == "EgressIsIPv6") {
    return "name the IPv4 networks of your nodes in spec.network.whitelist.egressCIDRs";
  }
  if (reason == "UnknownHost") {
    return fmt::format("set spec.source.host to a name that resolves here: '{}' does not",
                       context.source().host);
  }
  if (reason == "ConnectionRefused") {
    return fmt::format("start the server at {}:{}, or set spec.source.host and port to where it listens",
                       context.source().host, context.source().port);
  }
  if (reason == "ConnectionLost") {
    return fmt::format(
        "let {} in where the connection is accepted and then closed: a whitelist, a proxy or a load "
        "balancer in front of {}:{}",
        ours.empty() ? "this network" : ours, context.source().host, context.source().port);
  }
  if (const std::string_view repair = source::repair_of(source::error_number_of(status)); !repair.empty())
    return std::string(repair);
  return fmt::format("let TCP connections from this network through to {}:{}", context.source().host,
                     context.source().port);
}

}  // namespace

CheckItem check_source_reachable(CheckContext& context) {
  constexpr std::chrono::seconds kProbeTime{8};
  const task::Source& source = context.source();
  absl::Status status = context.connected();
  const std::string expected = source.host.empty()
                                   ? "the cluster's endpoint, from PolarDB's API"
                                   : fmt::format("a server that answers at {}:{}", source.host, source.port);
  if (connect_fault(status) != ConnectFault::Reach) {
    // Without credentials the library cannot begin; what the server says first is enough here.
    status = is_secret_missing(status)
                 ? source::probe_handshake(source.host, source.port, kProbeTime).status()
                 : absl::OkStatus();
  }
  if (status.ok()) {
    const std::string& ours = context.client_address();
    return passed(ours.empty() ? expected
                               : fmt::format("{}:{}, seen from {}", source.host, source.port, ours));
  }
  CheckItem item = failed(status, expected, repair_of_connection(status, context));
  item.observed =
      source.host.empty() ? item.reason : fmt::format("{} at {}:{}", item.reason, source.host, source.port);
  return item;
}

}  // namespace rowtide::precheck
