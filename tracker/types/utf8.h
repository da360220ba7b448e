#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rowtide::types {

[[nodiscard]] inline std::uint8_t byte_at(std::string_view text, std::size_t index) noexcept {
  return static_cast<std::uint8_t>(text[index]);
}

/// Well-formed UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

[[nodiscard]] bool is_ascii(std::string_view text) noexcept;

/// Length of the well-formed sequence at the front of `text`; 0 where there is none.
[[nodiscard]] std::size_t utf8_sequence_length(std::string_view text) noexcept;

inline constexpr std::size_t kMaxUtf8Length = 4;
inline constexpr char32_t kReplacementCharacter = 0xfffd;

/// Writes a code point (below 0x110000) and returns the new end. Needs kMaxUtf8Length bytes of room.
char* append_utf8(char* out, char32_t code_point) noexcept;

}  // namespace rowtide::types
