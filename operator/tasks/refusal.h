#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "operator/api/object_metadata.h"
#include "operator/tasks/first_seen.h"

namespace rowtide::op::tasks {

/// A write that the API server did not take, or a child that somebody else owns: a reason, and the server's
/// words.
struct Refusal {
  std::string reason;  ///< ChildRefused, NameTaken, FinalizerRefused
  std::string message;
};

/// What a child's write came to, if it is for somebody to mend; other errors pass by themselves.
/// `has_lasted`: errors in the server have come for a while.
[[nodiscard]] std::optional<Refusal> refusal_of(const absl::Status& written, bool has_lasted);

/// The same of the finalizer by which a deletion is heard of in time.
[[nodiscard]] std::optional<Refusal> finalizer_refusal_of(const absl::Status& written, bool has_lasted);

/// A server has its moments: what it cannot do for five seconds is told. Thread-safe.
class ServerErrors {
 public:
  /// Whether one of the object's writes failed in the server, and has so for a while.
  [[nodiscard]] bool last(const api::ObjectMetadata& object,
                          std::initializer_list<const absl::Status*> written, std::int64_t now_ms);
  void forget(const kube::ObjectKey& object) { seen_.forget(object); }

 private:
  FirstSeen seen_;
};

}  // namespace rowtide::op::tasks
