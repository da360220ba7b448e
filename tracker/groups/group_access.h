#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tracker/groups/topic_reader.h"

struct rd_kafka_s;

namespace rowtide::groups {

/// reason_of() an answer of brokers that let everybody do everything.
inline constexpr std::string_view kNoAuthorizer = "NoAuthorizer";

// Errors of both: UNAVAILABLE, worth trying again; FAILED_PRECONDITION with sink::kNotAuthorized or
// kNoAuthorizer, and what to do.

/// Lets the principal read the topics as this group; what it may already stays.
[[nodiscard]] absl::Status grant_read(rd_kafka_s& client, const std::string& principal,
                                      const std::string& group, const std::vector<std::string>& topics,
                                      Deadline deadline);
/// Takes exactly that back; the topics only where `topics` names them.
[[nodiscard]] absl::Status revoke_read(rd_kafka_s& client, const std::string& principal,
                                       const std::string& group, const std::vector<std::string>& topics,
                                       Deadline deadline);

}  // namespace rowtide::groups
