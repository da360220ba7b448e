#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/polardb/signature.h"

namespace rowtide::polardb {

/// How long to try.
struct Patience {
  std::chrono::steady_clock::time_point deadline;
  std::stop_token stop = {};  ///< then CANCELLED, at once but for a connection that is being made
};

/// The OpenAPI of PolarDB, version 2017-08-01, for one cluster. Errors carry the API's code and request id,
/// with the API's code as their reason ("Throttling.User" as OpenApiThrottlingUser): UNAVAILABLE where it is
/// away or busy, FAILED_PRECONDITION for what somebody must mend. A text never
/// holds anything of the key. One thread.
class OpenApi {
 public:
  /// Reads the Secret at each call: its key may change.
  OpenApi(const task::PolarDb& cluster, const task::SecretReader& secrets)
      : cluster_(cluster), secrets_(secrets) {}

  /// Asks for `action` with DBClusterId, RegionId and `parameters`; again where the API is busy, until the
  /// patience ends. The answer's body.
  [[nodiscard]] absl::StatusOr<nlohmann::json> call(const std::string& action, const Parameters& parameters,
                                                    const Patience& patience) const;

 private:
  [[nodiscard]] absl::StatusOr<nlohmann::json> call_once(const std::string& action,
                                                         const Parameters& parameters,
                                                         const Patience& patience) const;
  [[nodiscard]] absl::StatusOr<Parameters> signed_parameters(const std::string& action,
                                                             Parameters parameters) const;

  const task::PolarDb& cluster_;
  const task::SecretReader& secrets_;
};

}  // namespace rowtide::polardb
