#pragma once

#include <filesystem>
#include <memory>

#include "common/task/spec.h"
#include "tracker/checkpoint/checkpoint_store.h"

namespace rowtide::checkpoint {

/// One file, replaced as a whole: written beside it, synced, renamed, and the folder synced. For
/// `--checkpoint`.
[[nodiscard]] std::unique_ptr<CheckpointStore> make_file_checkpoint_store(std::filesystem::path file,
                                                                          const task::Task& task);

}  // namespace rowtide::checkpoint
