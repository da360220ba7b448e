#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace rowtide::commands {

/// Holds a folder for this process: two trackers in one would overwrite each other's places. Given back when
/// the process ends, however it does.
class StateLock {
 public:
  /// INVALID_ARGUMENT: it is not a folder that can be written to. FAILED_PRECONDITION: another process holds
  /// it.
  static absl::StatusOr<std::unique_ptr<StateLock>> take(const std::string& folder);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

 private:
  explicit StateLock(int file) : file_(file) {}
  const int file_;
};

}  // namespace rowtide::commands
