#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/spec.h"
#include "tracker/polardb/open_api.h"

namespace rowtide::polardb {

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};

/// The address of the cluster's primary endpoint (which alone sends the binlog) in the network that the task
/// names. FAILED_PRECONDITION: it has none there; the text says which it has.
[[nodiscard]] absl::StatusOr<Endpoint> find_endpoint(const OpenApi& api, const task::Network& network,
                                                     const Patience& patience);
/// The same of an answer to DescribeDBClusterEndpoints. Pure.
[[nodiscard]] absl::StatusOr<Endpoint> endpoint_in(const nlohmann::json& answer,
                                                   const task::Network& network);

/// The task's own whitelist group: of lower-case letters and digits.
[[nodiscard]] std::string group_name(const task::Task& task);

enum class LetIn {
  Add,      ///< beside what the group holds: a tracker may run meanwhile
  Replace,  ///< the group then holds these only
};
/// Lets the networks in, in the task's own group; other groups are left alone. True: something was changed.
[[nodiscard]] absl::StatusOr<bool> let_in(const OpenApi& api, const task::Task& task,
                                          const std::vector<std::string>& cidrs, LetIn how,
                                          const Patience& patience);
/// Takes back what the task's own group holds. False: there was nothing.
[[nodiscard]] absl::StatusOr<bool> remove_group(const OpenApi& api, const task::Task& task,
                                                const Patience& patience);

}  // namespace rowtide::polardb
