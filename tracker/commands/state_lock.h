#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace rowtide::commands {

/// A folder that one process holds at a time: two trackers in one would overwrite each other's places. Given
/// back when the process ends, however it does. Not thread-safe.
class StateLock {
 public:
  /// INVALID_ARGUMENT: it is not a folder that can be written to.
  static absl::StatusOr<std::unique_ptr<StateLock>> open(const std::string& folder);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

  /// From now on. UNAVAILABLE: another process holds it; to be tried again.
  [[nodiscard]] absl::Status hold();

 private:
  StateLock(std::string folder, int file) : folder_(std::move(folder)), file_(file) {}

  const std::string folder_;
  const int file_;
  bool is_held_ = false;
};

}  // namespace rowtide::commands
