#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace rowtide::http {

struct GetLimits {
  std::chrono::milliseconds deadline{2'000};  ///< for all of it: connecting, asking, the whole answer
  std::size_t max_bytes = 65'536;             ///< of head and body together
};

/// The body of a 200 to one GET, of a peer that is not trusted: no redirects, no compression, no chunks.
/// `address` is an IP address. Errors: Unavailable (connection, another status), DeadlineExceeded,
/// ResourceExhausted (longer than the limit), InvalidArgument (no IP address), Internal (not HTTP).
/// Thread-safe.
[[nodiscard]] absl::StatusOr<std::string> get(const std::string& address, std::uint16_t port,
                                              const std::string& path, const GetLimits& limits = {});

}  // namespace rowtide::http
