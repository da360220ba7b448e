#include "operator/tasks/refusal.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/status/text.h"
#include "operator/api/object_metadata.h"
#include "operator/kube/errors.h"

namespace rowtide::op::tasks {
namespace {

constexpr std::int64_t kToldAfterMs = 5'000;

}  // namespace

bool ServerErrors::last(const api::ObjectMetadata& object, std::initializer_list<const absl::Status*> written,
                        std::int64_t now_ms) {
  const bool is_there = std::any_of(written.begin(), written.end(),
                                    [](const absl::Status* one) { return kube::is_server_error(*one); });
  if (!is_there) {
    seen_.forget(object.key);
    return false;
  }
  return now_ms - seen_.first_seen(object.key, object.uid, now_ms) >= kToldAfterMs;
}

std::optional<Refusal> refusal_of(const absl::Status& written, bool has_lasted) {
  if (written.ok()) return std::nullopt;
  if (kube::is_retryable(written) && !(has_lasted && kube::is_server_error(written))) return std::nullopt;
  return Refusal{.reason = absl::IsFailedPrecondition(written) ? "NameTaken" : "ChildRefused",
                 .message = std::string(text(written))};
}

std::optional<Refusal> finalizer_refusal_of(const absl::Status& written, bool has_lasted) {
  std::optional<Refusal> refusal = refusal_of(written, has_lasted);
  if (!refusal) return std::nullopt;
  return Refusal{.reason = "FinalizerRefused",
                 .message = fmt::format("the finalizer {} could not be written: {}", api::kCleanupFinalizer,
                                        refusal->message)};
}

}  // namespace rowtide::op::tasks
