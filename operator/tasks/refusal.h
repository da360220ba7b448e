#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"

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

}  // namespace rowtide::op::tasks
