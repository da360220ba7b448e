#include "operator/inject/admission.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "operator/api/change_tracking_task.h"
#include "operator/inject/pod_injection.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::inject {
namespace {

using nlohmann::json;

absl::Status refusal(const std::string& task, const std::string& why) {
  return absl::InvalidArgumentError(fmt::format("annotation {}: {}: {}", kInject, task, why));
}

/// As it was when its precheck passed last: of that spec the tracker's document is.
json as_it_runs(const json& object) {
  const json& last_good = kube::value_at(object, "/status/lastGoodSpec");
  json task = object;
  if (last_good.is_object()) task["spec"] = last_good;
  return task;
}

absl::StatusOr<json> injected(const json& pod, const std::string& name_space, const FindTask& find_task,
                              const std::string& default_image) {
  const std::string name = annotation(pod, kInject);
  const absl::StatusOr<json> object = find_task({.name_space = name_space, .name = name});
  if (absl::IsNotFound(object.status()) || absl::IsInvalidArgument(object.status()))
    return refusal(name,
                   fmt::format("there is no ChangeTrackingTask of this name in namespace {}", name_space));
  RETURN_IF_ERROR(object.status());
  const api::TaskObject task = api::read_task_object(as_it_runs(*object));
  if (task.is_deleting) return refusal(name, "this ChangeTrackingTask is being deleted");
  if (kube::value_at(*task.spec, "/sink/stream").is_null()) {
    return refusal(
        name,
        "this ChangeTrackingTask has no sink.stream; only one that has is read in the pod, so make another");
  }
  if (!task.parsed->ok()) {
    return refusal(name, "this ChangeTrackingTask's spec is not valid: kubectl get changetrackingtask " +
                             name + " -o yaml says why, in the condition Accepted");
  }
  return with_tracker(pod, task, default_image);
}

json answer_to(const std::string& uid, bool is_allowed) {
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"response", {{"uid", uid}, {"allowed", is_allowed}}}};
}

std::string name_of(const json& pod) {
  const std::string name = kube::text_at(pod, "/metadata/name");
  return name.empty() ? kube::text_at(pod, "/metadata/generateName") + "..." : name;
}

}  // namespace

absl::StatusOr<json> admit(const std::string& review, const FindTask& find_task,
                           const std::string& default_image) {
  const json read = json::parse(review, nullptr, false);
  const std::string uid = kube::text_at(read, "/request/uid");
  const json& pod = kube::value_at(read, "/request/object");
  if (uid.empty() || kube::text_at(read, "/request/kind/kind") != "Pod" || !pod.is_object()) {
    return absl::InvalidArgumentError("not an AdmissionReview (admission.k8s.io/v1) of a pod that is made");
  }
  json answer = answer_to(uid, true);
  if (!wants_tracker(pod)) return answer;
  const std::string name_space = kube::text_at(read, "/request/namespace");
  const absl::StatusOr<json> with = injected(pod, name_space, find_task, default_image);
  if (absl::IsInvalidArgument(with.status())) {
    spdlog::info("{}/{} is refused: {}", name_space, name_of(pod), text(with.status()));
    answer = answer_to(uid, false);
    answer["response"]["status"] = {{"code", 422}, {"message", text(with.status())}};
    return answer;
  }
  // As failurePolicy Ignore has it: the pod is not to wait for us. It is told, and so are we.
  if (!with.ok()) {
    spdlog::warn("{}/{} gets no tracker: {}", name_space, name_of(pod), text(with.status()));
    answer["response"]["warnings"] = json::array(
        {fmt::format("rowtide.dev/inject: the pod gets no tracker: {}; make it anew", text(with.status()))});
    return answer;
  }
  spdlog::info("{}/{} gets the tracker of {}", name_space, name_of(pod), annotation(pod, kInject));
  const std::string patch = json::diff(pod, *with).dump();
  answer["response"]["patchType"] = "JSONPatch";
  answer["response"]["patch"] = absl::Base64Escape(patch);
  return answer;
}

}  // namespace rowtide::op::inject
