#pragma once

#include "absl/status/status.h"
#include "tracker/binlog/position.h"
#include "tracker/sql/session.h"

namespace rowtide::source {

/// Is everything from this position on still at the source? OUT_OF_RANGE with the earliest position and the
/// choices. MySQL's GTID positions only: others are the server's to refuse.
[[nodiscard]] absl::Status check_not_purged(const binlog::Position& from, sql::Session& session);

/// Has the source executed everything up to this position? UNAVAILABLE with the sets if not: a replica may
/// still catch up; to go on without would lose what it gets then. By GTIDs only; others are the server's to
/// refuse.
[[nodiscard]] absl::Status check_executed(const binlog::Position& from, sql::Session& session);

/// Both, for GTIDs that a person has written: OUT_OF_RANGE for what the source never executed or has purged.
[[nodiscard]] absl::Status check_of_source(const binlog::Position& from, sql::Session& session);

}  // namespace rowtide::source
