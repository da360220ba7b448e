#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "rowtide/export.h"

namespace rowtide {
inline namespace v1 {

struct PartitionOffset {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;  ///< of the record to be read next
  std::string origin{};     ///< what tells this topic from a later one of the same name; "" while it is empty
};

/// Where the application resumes. To store the offset with the data in one transaction, let load() read what
/// that transaction wrote (Change::offset + 1) and save() do nothing.
///
/// Called by the thread that uses the Consumer. What load() or save() throws becomes an Error of code
/// Checkpoint.
class ROWTIDE_SDK_EXPORT CheckpointStore {
 public:
  CheckpointStore() = default;
  CheckpointStore(const CheckpointStore&) = delete;
  CheckpointStore& operator=(const CheckpointStore&) = delete;
  virtual ~CheckpointStore();

  /// Nothing: this partition was never saved. Options::start decides, or, where other partitions of the topic
  /// were saved, it begins at its first record. Also asked of partitions that other consumers have.
  virtual std::optional<std::int64_t> load(const std::string& topic, std::int32_t partition) = 0;
  /// Durable when it returns. Only of partitions that this consumer has.
  virtual void save(std::span<const PartitionOffset> offsets) = 0;
  /// PartitionOffset::origin as it was saved with that offset; "" where it is not kept. With it, a checkpoint
  /// of a topic that was deleted and made anew since is an Error of code PositionLost.
  virtual std::string load_origin(const std::string& topic, std::int32_t partition);
};

/// In one file, for one consumer that has all partitions: written beside it, fsynced and renamed over it.
/// Throws Error when the file is there and cannot be read or is not one of these.
[[nodiscard]] ROWTIDE_SDK_EXPORT std::shared_ptr<CheckpointStore> file_checkpoint_store(
    std::filesystem::path path);

}  // namespace v1
}  // namespace rowtide
