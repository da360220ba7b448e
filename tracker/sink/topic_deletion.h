#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"

namespace rowtide::sink {

/// Deletes topics with all that is in them, each whatever becomes of the others; OK also for those that are
/// not there. The names of those that were. Errors name the topics that stay: UNAVAILABLE where the brokers
/// do not answer, worth trying again; else FAILED_PRECONDITION, with kNotAuthorized where Delete is denied.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> delete_topics(const task::KafkaSink& kafka,
                                                                     const task::SecretReader& secrets,
                                                                     const std::vector<std::string>& names,
                                                                     std::chrono::milliseconds timeout);

}  // namespace rowtide::sink
