#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/task/spec.h"
#include "tracker/binlog/position.h"
#include "tracker/source/binlog_files.h"
#include "tracker/source/event_source.h"
#include "tracker/sql/session.h"

namespace rowtide::source {

/// Makes a source that is not open yet, for looking into the binlog; one is open at a time.
using OpenSource = std::function<std::unique_ptr<EventSource>()>;

/// Looks spec.startPosition up at the source. A position by GTIDs wherever the source has them, else file and
/// offset. OUT_OF_RANGE: the source no longer has it (or not yet), with what it has; INVALID_ARGUMENT: not a
/// GTID set of this kind of server, or a time to come; FAILED_PRECONDITION: no binlog, or GTIDs asked for
/// where there are none. Only mode Timestamp opens sources (timestamp_position.h).
[[nodiscard]] absl::StatusOr<binlog::Position> resolve_start_position(const task::StartPosition& start,
                                                                      sql::Session& session,
                                                                      const OpenSource& open_source);

/// As resolve_start_position(), as far as SQL and the beginnings of files tell: no file is searched. For
/// prechecks: a text that says what was found. DEADLINE_EXCEEDED: nothing against it was found until then.
[[nodiscard]] absl::StatusOr<std::string> check_start_position(
    const task::StartPosition& start, sql::Session& session, const OpenSource& open_source,
    std::chrono::steady_clock::time_point deadline);

}  // namespace rowtide::source
