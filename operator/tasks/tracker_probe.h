#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/task/tracker_status.h"

namespace rowtide::op::tasks {

/// Asks a tracker's pod for its /status. Thread-safe.
class TrackerProbe {
 public:
  virtual ~TrackerProbe() = default;
  [[nodiscard]] virtual absl::StatusOr<task::TrackerStatus> ask(const std::string& pod_address,
                                                                std::uint16_t port) = 0;
};

/// Over HTTP, by the limits of common/http/get.h: whoever may make pods may make one that never
/// ends its answer.
class HttpTrackerProbe : public TrackerProbe {
 public:
  [[nodiscard]] absl::StatusOr<task::TrackerStatus> ask(const std::string& pod_address,
                                                        std::uint16_t port) override;
};

}  // namespace rowtide::op::tasks
