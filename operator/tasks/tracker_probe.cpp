#include "operator/tasks/tracker_probe.h"

#include "common/http/get.h"
#include "common/status/try.h"

namespace rowtide::op::tasks {
namespace {

/// A thousand groups of the longest names, with what keeps each; the longest set of GTIDs beside them.
constexpr std::size_t kMostBytes = 2UL * 1024 * 1024;

}  // namespace

absl::StatusOr<task::TrackerStatus> HttpTrackerProbe::ask(const std::string& pod_address,
                                                          std::uint16_t port) {
  ASSIGN_OR_RETURN(const std::string body,
                   http::get(pod_address, port, "/status", {.max_bytes = kMostBytes}));
  return task::tracker_status_from_json(body);
}

}  // namespace rowtide::op::tasks
