#include "operator/tasks/refusal.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/status/text.h"
#include "operator/api/object_metadata.h"
#include "operator/kube/errors.h"

namespace rowtide::op::tasks {
namespace {

constexpr std::int64_t kToldAfterMs = 5'000;
constexpr std::int64_t kWordsStayMs = 60'000;

}  // namespace

bool Refusals::last(const api::ObjectMetadata& object, std::initializer_list<const absl::Status*> written,
                    std::int64_t steady_ms) {
  const bool is_there = std::any_of(written.begin(), written.end(),
                                    [](const absl::Status* one) { return kube::is_server_error(*one); });
  if (!is_there) {
    server_errors_.forget(object.key);
    return false;
  }
  return steady_ms - server_errors_.first_seen(object.key, object.uid, steady_ms) >= kToldAfterMs;
}

std::optional<Refusal> Refusals::as_told(const api::ObjectMetadata& object, const std::string& write,
                                         std::optional<Refusal> refusal, std::int64_t steady_ms) {
  const std::lock_guard lock(mutex_);
  if (!refusal) {
    if (const auto known = told_.find(object.key); known != told_.end()) known->second.erase(write);
    return refusal;
  }
  Told& told = told_[object.key][write];
  const bool is_fresh = told.uid == object.uid && told.generation == object.generation &&
                        told.refusal.reason == refusal->reason && steady_ms - told.at_ms < kWordsStayMs;
  if (!is_fresh)
    told = {.uid = object.uid, .generation = object.generation, .refusal = *refusal, .at_ms = steady_ms};
  return told.refusal;
}

void Refusals::forget(const kube::ObjectKey& object) {
  server_errors_.forget(object);
  const std::lock_guard lock(mutex_);
  told_.erase(object);
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
