#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/task/tracker_status.h"

namespace rowtide::op::tasks {

/// Asks a tracker's pod for its /status. Thread-safe.
class TrackerProbe {
 public:
  virtual ~TrackerProbe() = default;
  [[nodiscard]] virtual absl::StatusOr<task::TrackerStatus> ask(const std::string& pod_address) = 0;
};

/// Over HTTP, port 8080, by the limits of common/http/get.h: whoever may make pods may make one that never
/// ends its answer.
class HttpTrackerProbe : public TrackerProbe {
 public:
  [[nodiscard]] absl::StatusOr<task::TrackerStatus> ask(const std::string& pod_address) override;
};

}  // namespace rowtide::op::tasks
