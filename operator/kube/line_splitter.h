#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace rowtide::op::kube {

/// Puts lines together from pieces that end anywhere. Not thread-safe.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {}

  /// Calls `on_line` for each line that `piece` completes, without its '\n'; empty lines are left out. False
  /// once on_line returned false. ResourceExhausted if a line grows longer than the limit.
  absl::Status feed(std::string_view piece, const std::function<bool(std::string_view)>& on_line,
                    bool& go_on);

  /// Whether a line has begun and not ended.
  bool in_line() const { return !partial_.empty(); }

 private:
  const std::size_t max_line_bytes_;
  std::string partial_;
};

}  // namespace rowtide::op::kube
