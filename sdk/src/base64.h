#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rowtide {
inline namespace v1 {

/// Of the standard alphabet or the one for URLs, padded or not; nothing if it is neither.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace v1
}  // namespace rowtide
