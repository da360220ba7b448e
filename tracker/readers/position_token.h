#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tracker/binlog/position.h"

namespace rowtide::readers {

/// A reader's place, as it is given and comes back. For the reader it is a text without meaning.
struct PositionToken {
  std::string session;       ///< of the connection that gave it
  std::uint64_t commit = 0;  ///< how many commit lines that connection had given
  binlog::Position position;
};

/// Letters, digits, '-' and '_': fit for a URL, a header and a JSON string.
[[nodiscard]] std::string to_text(const PositionToken& token);
/// INVALID_ARGUMENT: it is none of ours.
[[nodiscard]] absl::StatusOr<PositionToken> token_from_text(std::string_view text);

}  // namespace rowtide::readers
