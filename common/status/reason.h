#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/types/optional.h"

namespace rowtide {

inline constexpr char kReasonPayload[] = "rowtide.dev/reason";

/// A failure that carries a CamelCase word for programs besides its text: "AccessDenied". The code says
/// whether to try again, the text what failed, on what, and what to do.
[[nodiscard]] inline absl::Status failure(absl::StatusCode code, std::string_view reason,
                                          std::string_view message) {
  absl::Status status(code, absl::string_view(message.data(), message.size()));
  status.SetPayload(kReasonPayload, absl::Cord(absl::string_view(reason.data(), reason.size())));
  return status;
}

/// "AccessDenied"; empty for a status that was made without.
[[nodiscard]] inline std::string reason_of(const absl::Status& status) {
  const auto reason = status.GetPayload(kReasonPayload);
  return reason ? std::string(*reason) : std::string();
}

}  // namespace rowtide
