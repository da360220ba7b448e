#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/binlog/position.h"

namespace rowtide::source {

/// Does the source send its binlog from here on? Asks as a tracker does, beside the task's own reader, and
/// reads as far as the event with which every stream begins (FORMAT_DESCRIPTION). Errors as those of
/// EventSource; DEADLINE_EXCEEDED where it does not begin within `time`. A connection that is just being made
/// is not cut short.
[[nodiscard]] absl::Status probe_stream(const task::Task& task, const task::SecretReader& secrets,
                                        const binlog::Position& from, std::chrono::milliseconds time);

}  // namespace rowtide::source
