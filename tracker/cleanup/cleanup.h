#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"

namespace rowtide::cleanup {

/// Deletes what the task has in Kafka: its checkpoint with the definitions beside it, then the topics that it
/// writes to. With delivery ExactlyOnce a tracker that still runs is fenced first; with AtLeastOnce it must
/// have been stopped. With {database} or {table} in the topic's name, those of the tables that the source has
/// now, where it answers, and those that are there and can be read as such a name of a selected table. The
/// names of the topics that were deleted. May be called again after a failure; UNAVAILABLE: worth it.
/// FAILED_PRECONDITION: what stays, and what to do. `task` must have a Kafka sink. Takes a few minutes at
/// most, whatever the brokers and the source do.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> clean_up(const task::Task& task,
                                                                const task::SecretReader& secrets);

}  // namespace rowtide::cleanup
