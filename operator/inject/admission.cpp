#include "operator/inject/admission.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "operator/api/change_tracking_task.h"
#include "operator/api/conditions.h"
#include "operator/inject/pod_injection.h"
#include "operator/kube/json_access.h"

namespace rowtide::op::inject {
namespace {

using nlohmann::json;

absl::Status refusal(const std::string& task, const std::string& why) {
  return absl::InvalidArgumentError(fmt::format("annotation {}: {}: {}", kInject, task, why));
}

/// As it was when its precheck passed last: no other spec runs.
std::optional<json> as_it_runs(const json& object) {
  const json& last_good = kube::value_at(object, "/status/lastGoodSpec");
  if (!last_good.is_object()) return std::nullopt;
  json task = object;
  task["spec"] = last_good;
  return task;
}

std::string why_not_yet(const json& object) {
  const json& ready = api::find_condition(kube::value_at(object, "/status/conditions"), "Ready");
  const std::string message = kube::text_at(ready, "/message");
  return "no spec of this ChangeTrackingTask has passed its precheck yet; this is tried again by what makes the pod" +
         (message.empty() ? "" : ": " + message);
}

absl::StatusOr<json> injected(const json& pod, const std::string& name_space, const FindTask& find_task,
                              const std::string& default_image) {
  const std::string name = annotation(pod, kInject);
  const absl::StatusOr<json> object = find_task({.name_space = name_space, .name = name});
  if (absl::IsNotFound(object.status()) || absl::IsInvalidArgument(object.status()))
    return refusal(name,
                   fmt::format("there is no ChangeTrackingTask of this name in namespace {}", name_space));
  RETURN_IF_ERROR(object.status());
  if (kube::value_at(*object, "/metadata").contains("deletionTimestamp"))
    return refusal(name, "this ChangeTrackingTask is being deleted");
  if (kube::value_at(*object, "/spec/sink/stream").is_null()) {
    return refusal(
        name,
        "this ChangeTrackingTask has no sink.stream; only one that has is read in the pod, so make another");
  }
  const std::optional<json> running = as_it_runs(*object);
  if (!running) return refusal(name, why_not_yet(*object));
  const api::TaskObject task = api::read_task_object(*running);
  if (!task.parsed->ok()) {
    return refusal(
        name,
        "the spec of this ChangeTrackingTask that passed its precheck last was made by an operator of "
        "another version; apply it again");
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

/// Null where it is none, or nested deeper than any pod: to copy and compare it would go as deep.
json parse_review(const std::string& text) {
  constexpr int kMaxDepth = 64;
  bool is_too_deep = false;
  json review = json::parse(
      text,
      [&is_too_deep](int depth, json::parse_event_t, json&) {
        is_too_deep = is_too_deep || depth > kMaxDepth;
        return !is_too_deep;
      },
      false);
  return is_too_deep || review.is_discarded() ? json() : review;
}

}  // namespace

absl::StatusOr<json> admit(const std::string& review, const FindTask& find_task,
                           const std::string& default_image) {
  const json read = parse_review(review);
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
  if (!with.ok()) {
    spdlog::warn("{}/{} cannot be given a tracker now: {}", name_space, name_of(pod), text(with.status()));
    return with.status();
  }
  spdlog::info("{}/{} gets the tracker of {}", name_space, name_of(pod), annotation(pod, kInject));
  const std::string patch = json::diff(pod, *with).dump();
  answer["response"]["patchType"] = "JSONPatch";
  answer["response"]["patch"] = absl::Base64Escape(patch);
  return answer;
}

}  // namespace rowtide::op::inject
