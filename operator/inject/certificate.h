#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/http/server.h"

namespace rowtide::op::inject {

/// A certificate for serving TLS that nobody but itself has signed: who trusts it names it. All times in
/// seconds since 1970.
struct SelfSigned {
  http::KeyPair pair;
  std::int64_t expires = 0;
};

/// For `host`, a DNS name or an IP address; `owner` stands in it as the subject's common name, cut to 64
/// characters. ECDSA P-256. Internal: what OpenSSL says.
[[nodiscard]] absl::StatusOr<SelfSigned> make_certificate(const std::string& host, const std::string& owner,
                                                          std::int64_t now, std::int64_t valid_seconds);

/// The certificates to trust, as PEM: those of `live` that others have and that have not expired, the 256
/// that last longest; and `own`. The order depends on nothing but the certificates.
[[nodiscard]] std::string merged_bundle(const std::string& live, const std::vector<std::string>& own,
                                        const std::string& owner, std::int64_t now);

}  // namespace rowtide::op::inject
