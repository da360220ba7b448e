#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/binlog/position.h"

namespace rowtide::checkpoint {

/// Where to resume, and for whom.
struct Checkpoint {
  binlog::Position position;
  std::int64_t saved_at_ms = 0;
  std::int64_t reset_nonce = 0;  ///< as loaded: of the spec it was saved under; save() has its task's own
};

/// A table's definition as the schema history saves it (schema/schema_history.h): the store does not look
/// inside.
struct SchemaEntry {
  std::string key;
  std::string value;  ///< empty: is kept no longer
};

/// Where checkpoints are kept, one key (the task's identity) a store object. One thread.
class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;
  /// nullopt: there is none yet. A damaged one is an error, never a fresh start.
  [[nodiscard]] virtual absl::StatusOr<std::optional<Checkpoint>> load() = 0;
  /// What load() did or passed over that people should know; "" for nothing.
  [[nodiscard]] virtual std::string remark() const { return {}; }
  /// OK only when it would survive a crash of everything. NOT_FOUND: all that was saved is gone; the
  /// definitions are to be saved again, and then this.
  [[nodiscard]] virtual absl::Status save(const Checkpoint& checkpoint) = 0;

  /// The newest of each key, also where there is no checkpoint. After load().
  [[nodiscard]] virtual absl::StatusOr<std::vector<SchemaEntry>> load_schemas() = 0;
  /// As save(). Before the checkpoint that needs them.
  [[nodiscard]] virtual absl::Status save_schemas(const std::vector<SchemaEntry>& entries) = 0;

  /// As save(): the task writes to these topics too. Before the checkpoint of what is written there; again
  /// does no harm. Only where the sink has topics.
  [[nodiscard]] virtual absl::Status save_topics(const std::vector<std::string>& /*topics*/) {
    return absl::OkStatus();
  }
};

}  // namespace rowtide::checkpoint
