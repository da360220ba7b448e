#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace rowtide::source {

/// How many addresses the host's name has, one at least. UNAVAILABLE with the reason UnknownHost if it has
/// none, or Timeout if the resolver does not answer. Never takes longer than the timeout, whatever the
/// resolver does.
[[nodiscard]] absl::StatusOr<std::size_t> resolve_host(const std::string& host,
                                                       std::chrono::milliseconds timeout);

/// Opens and closes a TCP connection: 0, or the system's error (ETIMEDOUT when the name does not resolve in
/// time, too). For what the client library does not tell about a connection that failed.
[[nodiscard]] int probe_connect(const std::string& host, std::uint16_t port,
                                std::chrono::milliseconds timeout);

/// Connects and reads what a server says first, without logging in, for when there are no credentials yet.
/// Returns the server's version; errors as in server_error.h, those included with which a server turns an
/// address away. A server counts it as a broken connection: ask rarely.
[[nodiscard]] absl::StatusOr<std::string> probe_handshake(const std::string& host, std::uint16_t port,
                                                          std::chrono::milliseconds timeout);

}  // namespace rowtide::source
