#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/polardb/signature.h"

namespace rowtide::polardb {

using Deadline = std::chrono::steady_clock::time_point;

/// The OpenAPI of PolarDB, version 2017-08-01, for one cluster. Errors carry the API's code and request id,
/// with the API's code as their reason ("Throttling.User" as OpenApiThrottlingUser): UNAVAILABLE where it is
/// away or busy, FAILED_PRECONDITION for what somebody must mend. Never holds the key's secret in a text. One
/// thread.
class OpenApi {
 public:
  /// Reads the Secret at each call: its key may change.
  OpenApi(const task::PolarDb& cluster, const task::SecretReader& secrets)
      : cluster_(cluster), secrets_(secrets) {}

  /// Asks for `action` with DBClusterId, RegionId and `parameters`; again where the API is busy, until the
  /// deadline. The answer's body.
  [[nodiscard]] absl::StatusOr<nlohmann::json> call(const std::string& action, const Parameters& parameters,
                                                    Deadline deadline) const;

 private:
  [[nodiscard]] absl::StatusOr<nlohmann::json> call_once(const std::string& action,
                                                         const Parameters& parameters,
                                                         Deadline deadline) const;
  [[nodiscard]] absl::StatusOr<Parameters> signed_parameters(const std::string& action,
                                                             Parameters parameters) const;

  const task::PolarDb& cluster_;
  const task::SecretReader& secrets_;
};

}  // namespace rowtide::polardb
