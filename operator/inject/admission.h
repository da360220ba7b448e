#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "operator/kube/resource.h"

namespace rowtide::op::inject {

/// The task as the API server has it; NotFound: there is none of that name. Other errors: it cannot be said
/// now.
using FindTask = std::function<absl::StatusOr<nlohmann::json>(const kube::ObjectKey& key)>;

/// Answers an AdmissionReview (admission.k8s.io/v1) of a pod that is made: with a patch that puts the tracker
/// in; with no change, if it does not ask for one; or with a refusal and its reason. INVALID_ARGUMENT: it is
/// no such review. Others: it cannot be said now, so what becomes of the pod is the failurePolicy's to say.
[[nodiscard]] absl::StatusOr<nlohmann::json> admit(const std::string& review, const FindTask& find_task,
                                                   const std::string& default_image);

}  // namespace rowtide::op::inject
