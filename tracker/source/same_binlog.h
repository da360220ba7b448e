#pragma once

#include "absl/status/statusor.h"
#include "tracker/binlog/position.h"
#include "tracker/source/server_info.h"
#include "tracker/source/start_position.h"
#include "tracker/sql/session.h"

namespace rowtide::source {

/// Is the file of the position still at the source, as it was read? Then file and offset say where to go on.
/// False: it cannot be known (another server answers, or the position does not say when its file was begun),
/// or the file is purged; GTIDs must decide. OUT_OF_RANGE: the server is the same one and its binlog another,
/// as after RESET MASTER; the same GTIDs, files and offsets then stand for other changes. Needs what lists
/// the binlog's files; opens a source beside the task's own.
[[nodiscard]] absl::StatusOr<bool> is_in_same_file(const binlog::Position& from, const ServerInfo& facts,
                                                   sql::Session& session, const OpenSource& open_source);

}  // namespace rowtide::source
