#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"

namespace rowtide::cleanup {

/// Topics of a task that was cleaned up.
struct Cleaned {
  std::vector<std::string> deleted;
  std::vector<std::string> left;  ///< called like the task's; it is not noted that it wrote to them
};

/// Deletes what the task has in Kafka: the topics that it has written to, then its checkpoint with what is
/// beside it. With delivery ExactlyOnce a tracker that still runs is fenced first; with AtLeastOnce it must
/// have been stopped. May be called again after a failure; UNAVAILABLE: worth it.
/// FAILED_PRECONDITION: what stays, and what to do. `task` must have a Kafka sink. Takes a few minutes at
/// most, whatever the brokers do.
[[nodiscard]] absl::StatusOr<Cleaned> clean_up(const task::Task& task, const task::SecretReader& secrets);

}  // namespace rowtide::cleanup
