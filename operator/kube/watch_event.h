#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace rowtide::op::kube {

/// One line of a watch.
struct WatchEvent {
  enum class Type : std::uint8_t { Changed, Deleted, Bookmark };
  Type type = Type::Bookmark;
  nlohmann::json object;         ///< as the server sent it
  std::string resource_version;  ///< never empty
};

/// An ERROR event is returned as the status that it tells (410 Gone: errors.h); what is no watch event is
/// INTERNAL. Never throws, whatever the line is. `what`: for the messages.
[[nodiscard]] absl::StatusOr<WatchEvent> parse_watch_event(std::string_view line, std::string_view what);

}  // namespace rowtide::op::kube
