#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/task/group_status.h"
#include "common/task/reader_status.h"

namespace rowtide::task {

/// What a tracker serves under /status and the operator reads.
struct TrackerStatus {
  std::string version;
  std::string task;  ///< "<namespace>/<name>"
  std::string task_uid;
  std::string document_hash;  ///< of the task document that it read; empty from trackers before 0.2
  std::string state;   ///< Starting | Streaming | Reconnecting | Stopping | Failed; empty of the sink stream
  std::string reason;  ///< CamelCase word; of the last error while not streaming
  std::string message;
  std::uint32_t server_id = 0;
  std::string client_address;
  std::optional<double> lag_seconds;
  double rows_per_second = 0;
  std::uint64_t rows_total = 0;
  std::uint64_t transactions_total = 0;
  std::string gtid_set;  ///< delivered up to here
  std::string file;
  std::uint64_t offset = 0;
  std::int64_t checkpoint_at_ms = 0;  ///< when a checkpoint was last saved; 0 = not yet
  std::vector<std::string> topics;
  std::string start_remark;  ///< what is special about where this run began; empty: nothing
  std::vector<GroupStatus> consumer_groups;
  /// The newest new connection to the source: when it was made; 0: none yet. Empty reason: it was let in.
  std::int64_t source_verified_at_ms = 0;
  std::string source_reason;  ///< HostNotPrivileged, HostBlocked, Timeout, ...
  std::string source_message;
  std::vector<ReaderStatus> readers;  ///< of the sink stream, which writes its status itself
};

/// So many topics are told, the first by name, with the number of all: there may be one per table.
inline constexpr std::size_t kMostTopicsTold = 100;

[[nodiscard]] std::string to_json(const TrackerStatus& status);
/// Fields that are missing have their defaults, and unknown ones are passed over: tracker and operator may be
/// of different versions.
[[nodiscard]] absl::StatusOr<TrackerStatus> tracker_status_from_json(std::string_view json);

}  // namespace rowtide::task
