#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "tracker/binlog/position.h"

namespace rowtide::checkpoint {

/// Where to resume, and for whom.
struct Checkpoint {
  binlog::Position position;
  std::int64_t saved_at_ms = 0;
};

/// Where checkpoints are kept, one key (the task's identity) a store object. One thread.
class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;
  /// nullopt: there is none yet. A damaged one is an error, never a fresh start.
  [[nodiscard]] virtual absl::StatusOr<std::optional<Checkpoint>> load() = 0;
  /// OK only when it would survive a crash of everything.
  [[nodiscard]] virtual absl::Status save(const Checkpoint& checkpoint) = 0;
};

}  // namespace rowtide::checkpoint
