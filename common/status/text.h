#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace rowtide {

/// The status' message as the standard's string_view: the packaged abseil has a type of its own, which fmt
/// and std::string_view's users do not take. Valid as long as the status.
inline std::string_view text(const absl::Status& status) noexcept {
  return {status.message().data(), status.message().size()};
}

}  // namespace rowtide
