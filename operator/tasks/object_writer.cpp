#include "operator/tasks/object_writer.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "common/status/text.h"
#include "common/status/try.h"
#include "common/time/clock.h"
#include "common/version.h"
#include "operator/kube/json_access.h"
#include "operator/tasks/events.h"
#include "operator/tasks/merge_patch.h"

namespace rowtide::op::tasks {

using nlohmann::json;

absl::Status ObjectWriter::write_status(const api::ObjectMetadata& object, const json& status) {
  const json patch = merge_patch_between(object.status, status);
  if (patch.empty() || pruned_.is_all_of(object.key, patch)) return absl::OkStatus();
  const absl::StatusOr<json> written =
      client_.patch_status(kind_, object.key, patch, object.resource_version);
  if (absl::IsNotFound(written.status())) return absl::OkStatus();  // deleted meanwhile
  RETURN_IF_ERROR(written.status());
  ++status_writes_;
  const json missing = merge_patch_between(kube::value_at(*written, "/status"), status);
  if (pruned_.note(object.key, missing)) {
    spdlog::warn(
        "The API server does not keep all of the status of {}, such as {}: the CustomResourceDefinition is "
        "older than this operator; apply that of version {}",
        to_string(object.key), missing.begin().key(), kVersion);
  }
  record(object, events_between(kind_, object, object.status, status, now_us()));
  return absl::OkStatus();
}

absl::Status ObjectWriter::patch_finalizer(const api::ObjectMetadata& object, bool is_wanted) {
  std::vector<std::string> finalizers = object.finalizers;
  std::erase(finalizers, api::kCleanupFinalizer);
  if (is_wanted) finalizers.emplace_back(api::kCleanupFinalizer);
  return client_
      .patch(kind_, object.key, {{"metadata", {{"finalizers", finalizers}}}}, object.resource_version)
      .status();
}

absl::Status ObjectWriter::set_finalizer(const api::ObjectMetadata& object, bool is_wanted) {
  absl::Status written = patch_finalizer(object, is_wanted);
  return absl::IsNotFound(written) ? absl::OkStatus() : written;  // deleted meanwhile
}

absl::Status ObjectWriter::let_go(const api::ObjectMetadata& object, const CleanupDecision& decision) {
  const absl::Status written = patch_finalizer(object, false);
  if (absl::IsNotFound(written))
    return absl::OkStatus();  // it was let go before, and told: the watch is late
  RETURN_IF_ERROR(written);
  spdlog::log(decision.is_warning ? spdlog::level::warn : spdlog::level::info, "{} {}: {}: {}", kind_.kind,
              to_string(object.key), decision.reason, decision.message);
  tell(object, decision.is_warning ? "Warning" : "Normal", decision.reason, "Cleanup", decision.message);
  return absl::OkStatus();
}

void ObjectWriter::tell(const api::ObjectMetadata& object, const char* type, const std::string& reason,
                        const std::string& action, const std::string& note) {
  record(object, {event_about(kind_, object, type, reason, action, note, now_us())});
}

void ObjectWriter::record(const api::ObjectMetadata& object, const std::vector<json>& events) {
  for (const json& event : events) {
    // Events are for people and may be lost; the status has it all.
    if (const absl::Status sent = client_.create(kube::kEvent, event).status(); !sent.ok()) {
      spdlog::warn("An event of {} was not recorded: {}", to_string(object.key), text(sent));
    }
  }
}

}  // namespace rowtide::op::tasks
