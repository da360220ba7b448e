#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace rowtide::polardb {

/// The address from which this machine or pod goes to the host, by its routes; nothing is sent. A network
/// that translates addresses on the way is not seen: there the task must say what comes out. UNAVAILABLE: the
/// name does not resolve, or there is no route.
[[nodiscard]] absl::StatusOr<std::string> own_address_towards(const std::string& host, std::uint16_t port);

}  // namespace rowtide::polardb
