#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
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

/// What is remembered of an object's refusals. Times are of a clock that nobody sets. Thread-safe.
class Refusals {
 public:
  /// Whether one of the object's writes failed in the server, and has so for a while: a server has its
  /// moments, and what it cannot do for five seconds is told.
  [[nodiscard]] bool last(const api::ObjectMetadata& object,
                          std::initializer_list<const absl::Status*> written, std::int64_t steady_ms);
  /// The refusal of that one of the object's writes, as it is to be told: as a minute ago, where only the
  /// words are others. Those of some differ at each try (a port, the id of a request), and each telling is a
  /// write.
  [[nodiscard]] std::optional<Refusal> as_told(const api::ObjectMetadata& object, const std::string& write,
                                               std::optional<Refusal> refusal, std::int64_t steady_ms);
  void forget(const kube::ObjectKey& object);

 private:
  struct Told {
    std::string uid;
    std::int64_t generation = 0;
    Refusal refusal;
    std::int64_t at_ms = 0;
  };
  FirstSeen server_errors_;
  std::mutex mutex_;
  std::map<kube::ObjectKey, std::map<std::string, Told>> told_;  // by write; guarded by mutex_
};

}  // namespace rowtide::op::tasks
