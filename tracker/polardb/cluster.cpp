#include "tracker/polardb/cluster.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "common/status/reason.h"
#include "common/status/try.h"
#include "common/task/stable_hash.h"

namespace rowtide::polardb {
namespace {

using nlohmann::json;

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const json& list_at(const json& object, const json::json_pointer& at) {
  static const json kNone = json::array();
  return object.contains(at) && object.at(at).is_array() ? object.at(at) : kNone;
}

bool is_wanted(const json& address, const task::Network& network) {
  const std::string type = text_at(address, "NetType");
  switch (network.type) {
    case task::NetworkType::Public:
      return type == "Public";
    case task::NetworkType::Classic:
      return type == "Inner";
    case task::NetworkType::Vpc:
      return type == "Private" && text_at(address, "VPCId") == network.vpc_id &&
             (network.v_switch_id.empty() || text_at(address, "VSwitchId") == network.v_switch_id);
  }
  return false;
}

std::string shown(const json& address) {
  const std::string vpc = text_at(address, "VPCId");
  return fmt::format("{} ({}{})", text_at(address, "ConnectionString"), text_at(address, "NetType"),
                     vpc.empty() ? "" : fmt::format(" in {} {}", vpc, text_at(address, "VSwitchId")));
}

/// "10.0.3.7" is how the API shows "10.0.3.7/32"; of an IPv6 address 32 bits are a network.
std::string without_full_prefix(std::string cidr) {
  if (cidr.ends_with("/32") && cidr.find(':') == std::string::npos) cidr.resize(cidr.size() - 3);
  return cidr;
}

std::set<std::string> networks_of(const std::string& list) {
  std::set<std::string> networks;
  std::string_view rest = list;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (comma > 0) networks.insert(without_full_prefix(std::string(rest.substr(0, comma))));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return networks;
}

absl::StatusOr<std::set<std::string>> own_group(const OpenApi& api, const std::string& name,
                                                const Patience& patience) {
  ASSIGN_OR_RETURN(const json answer, api.call("DescribeDBClusterAccessWhitelist", {}, patience));
  for (const json& group : list_at(answer, json::json_pointer("/Items/DBClusterIPArray"))) {
    if (text_at(group, "DBClusterIPArrayName") == name) return networks_of(text_at(group, "SecurityIps"));
  }
  return std::set<std::string>();
}

absl::Status modify(const OpenApi& api, const std::string& name, const char* mode,
                    const std::set<std::string>& networks, const Patience& patience) {
  return api
      .call("ModifyDBClusterAccessWhitelist",
            {{"WhiteListType", "IP"},
             {"DBClusterIPArrayName", name},
             {"ModifyMode", mode},
             {"SecurityIps", fmt::format("{}", fmt::join(networks, ","))}},
            patience)
      .status();
}

}  // namespace

absl::StatusOr<Endpoint> endpoint_in(const json& answer, const task::Network& network) {
  std::vector<std::string> others;
  for (const json& endpoint : list_at(answer, json::json_pointer("/Items"))) {
    if (text_at(endpoint, "EndpointType") != "Primary") continue;
    for (const json& address : list_at(endpoint, json::json_pointer("/AddressItems"))) {
      if (!is_wanted(address, network)) {
        others.push_back(shown(address));
        continue;
      }
      Endpoint found{.host = text_at(address, "ConnectionString")};
      const std::string port = text_at(address, "Port");
      const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), found.port);
      if (error == std::errc{} && !found.host.empty()) return found;
    }
  }
  return failure(
      absl::StatusCode::kFailedPrecondition, "EndpointMissing",
      fmt::format("the cluster's primary endpoint has no address in the network of spec.network; it has {}; "
                  "correct spec.network.type and vpc, or make one in the console (Endpoints)",
                  others.empty() ? "none" : fmt::format("{}", fmt::join(others, ", "))));
}

absl::StatusOr<Endpoint> find_endpoint(const OpenApi& api, const task::Network& network,
                                       const Patience& patience) {
  ASSIGN_OR_RETURN(const json answer, api.call("DescribeDBClusterEndpoints", {}, patience));
  return endpoint_in(answer, network);
}

std::string group_name(const task::Task& task) {
  return "rowtide" + task::stable_hash(task.identity());
}

absl::StatusOr<bool> let_in(const OpenApi& api, const task::Task& task, const std::vector<std::string>& cidrs,
                            LetIn how, const Patience& patience) {
  const std::string name = group_name(task);
  ASSIGN_OR_RETURN(const std::set<std::string> held, own_group(api, name, patience));
  std::set<std::string> wanted;
  for (const std::string& cidr : cidrs) wanted.insert(without_full_prefix(cidr));
  if (held == wanted) return false;
  if (how == LetIn::Replace || held.empty()) {
    RETURN_IF_ERROR(modify(api, name, "Cover", wanted, patience));
    return true;
  }
  for (const std::string& network : held) wanted.erase(network);  // the API refuses what is there already
  if (wanted.empty()) return false;
  RETURN_IF_ERROR(modify(api, name, "Append", wanted, patience));
  return true;
}

absl::StatusOr<bool> remove_group(const OpenApi& api, const task::Task& task, const Patience& patience) {
  const std::string name = group_name(task);
  ASSIGN_OR_RETURN(const std::set<std::string> held, own_group(api, name, patience));
  if (held.empty()) return false;
  RETURN_IF_ERROR(modify(api, name, "Delete", held, patience));
  return true;
}

}  // namespace rowtide::polardb
