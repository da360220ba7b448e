#pragma once

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "common/time/backoff.h"

namespace rowtide::run {

/// Faults that pass: the source or the sink is away, or refuses us until somebody mends the account, its
/// Secret or a whitelist.
[[nodiscard]] bool is_retryable(const absl::Status& status);

/// A CamelCase word for a final or passing failure, for conditions and alerts: the failure's own, else one
/// for its code. Empty for OK.
[[nodiscard]] std::string condition_reason(const absl::Status& status);

[[nodiscard]] inline Backoff retry_backoff() {
  return {std::chrono::milliseconds(500), std::chrono::seconds(30)};
}

}  // namespace rowtide::run
