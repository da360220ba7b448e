#include "operator/tasks/tracker_probe.h"

#include "common/http/get.h"
#include "common/status/try.h"
#include "operator/tasks/desired.h"

namespace rowtide::op::tasks {

absl::StatusOr<task::TrackerStatus> HttpTrackerProbe::ask(const std::string& pod_address) {
  ASSIGN_OR_RETURN(const std::string body, http::get(pod_address, kTrackerPort, "/status"));
  return task::tracker_status_from_json(body);
}

}  // namespace rowtide::op::tasks
