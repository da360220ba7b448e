#include "operator/tasks/job_state.h"

#include <nlohmann/json.hpp>

#include "operator/api/conditions.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::tasks {

/// Its failure is certain with FailureTarget: Failed waits for its pods, of which one on a node that is lost
/// may never go.
const nlohmann::json& end_condition(const nlohmann::json& job) {
  static const nlohmann::json kNull;
  for (const char* type : {"Complete", "FailureTarget", "Failed"}) {
    const nlohmann::json& condition = api::find_condition(kube::value_at(job, "/status/conditions"), type);
    if (kube::text_at(condition, "/status") == "True") return condition;
  }
  return kNull;
}

bool is_complete(const nlohmann::json& end) {
  return kube::text_at(end, "/type") == "Complete";
}

}  // namespace rowtide::op::tasks
