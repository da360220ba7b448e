#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/secrets.h"
#include "common/task/spec.h"
#include "tracker/binlog/position.h"
#include "tracker/source/event_source.h"
#include "tracker/source/server_info.h"
#include "tracker/source/start_position.h"
#include "tracker/sql/session.h"

namespace rowtide::source {

// spec.startPosition.timestamp: the first transaction, in the binlog's order, that was committed at or after
// a time (binlog/transaction_begin.h). No file is read in which it cannot be: a binary search over the files
// asks each for its first event only, and only the file that holds the time is read.

/// A source that reads beside the task's own: with another server id, so that neither ends the other.
[[nodiscard]] OpenSource search_source(const task::Task& task, const task::SecretReader& secrets);

/// When the server began a file of its binlog, seconds since 1970: the time of its FORMAT_DESCRIPTION.
[[nodiscard]] absl::StatusOr<std::int64_t> file_created(const std::string& file,
                                                        const OpenSource& open_source);

/// The index in `files` of the last file that was begun before the time's second: nothing before it can be
/// wanted. OUT_OF_RANGE when the binlog of that time is purged, INVALID_ARGUMENT for a time that is still to
/// come, DEADLINE_EXCEEDED: no further file is asked after `deadline`.
[[nodiscard]] absl::StatusOr<std::size_t> find_file_of_time(std::int64_t time_us,
                                                            const std::vector<BinlogFile>& files,
                                                            sql::Session& session, const ServerInfo& facts,
                                                            const OpenSource& open_source,
                                                            std::chrono::steady_clock::time_point deadline);

/// Where the transaction begins; where the binlog ends if there is none yet.
[[nodiscard]] absl::StatusOr<binlog::Position> find_time(std::int64_t time_us, sql::Session& session,
                                                         const ServerInfo& facts,
                                                         const OpenSource& open_source);

}  // namespace rowtide::source
