#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace rowtide {

[[nodiscard]] inline std::uint8_t byte_at(std::string_view text, std::size_t index) noexcept {
  return static_cast<std::uint8_t>(text[index]);
}

/// Length of the well-formed sequence at the front of `text`; 0 where there is none. Well-formed as RFC 3629
/// has it: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] inline std::size_t utf8_sequence_length(std::string_view text) noexcept {
  const auto is_continuation = [text](std::size_t index) { return (byte_at(text, index) & 0xc0U) == 0x80U; };
  if (text.empty()) return 0;
  const std::uint8_t first = byte_at(text, 0);
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return text.size() >= 2 && is_continuation(1) ? 2 : 0;
  if (first < 0xf0) {
    if (text.size() < 3 || !is_continuation(1) || !is_continuation(2)) return 0;
    const std::uint8_t second = byte_at(text, 1);
    if (first == 0xe0 && second < 0xa0) return 0;  // overlong
    if (first == 0xed && second > 0x9f) return 0;  // a surrogate
    return 3;
  }
  if (first > 0xf4 || text.size() < 4) return 0;
  if (!is_continuation(1) || !is_continuation(2) || !is_continuation(3)) return 0;
  const std::uint8_t second = byte_at(text, 1);
  if (first == 0xf0 && second < 0x90) return 0;  // overlong
  if (first == 0xf4 && second > 0x8f) return 0;  // above U+10FFFF
  return 4;
}

/// How many bytes at the front are ASCII, counted in whole words of eight.
[[nodiscard]] inline std::size_t ascii_words(std::string_view text) noexcept {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::size_t done = 0;
  while (text.size() - done >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + done, sizeof word);
    if ((word & kHighBits) != 0) break;
    done += sizeof word;
  }
  return done;
}

[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  while (true) {
    text.remove_prefix(ascii_words(text));
    // What follows is either the tail or the neighbourhood of a character beyond ASCII.
    for (int i = 0; i < 8; ++i) {
      if (text.empty()) return true;
      const std::size_t length = utf8_sequence_length(text);
      if (length == 0) return false;
      text.remove_prefix(length);
    }
  }
}

[[nodiscard]] inline bool is_ascii(std::string_view text) noexcept {
  text.remove_prefix(ascii_words(text));
  // More than a word left: ascii_words() stopped at a byte beyond ASCII.
  if (text.size() >= sizeof(std::uint64_t)) return false;
  for (const char character : text)
    if (static_cast<std::uint8_t>(character) >= 0x80) return false;
  return true;
}

inline constexpr std::size_t kMaxUtf8Length = 4;
inline constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";  // U+FFFD

/// Writes a code point (below 0x110000) and returns the new end. Needs kMaxUtf8Length bytes of room.
inline char* append_utf8(char* out, char32_t code_point) noexcept {
  const auto put = [&out](char32_t byte) { *out++ = static_cast<char>(static_cast<std::uint8_t>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0U | (code_point >> 6U));
    put(0x80U | (code_point & 0x3fU));
  } else if (code_point < 0x10000) {
    put(0xe0U | (code_point >> 12U));
    put(0x80U | ((code_point >> 6U) & 0x3fU));
    put(0x80U | (code_point & 0x3fU));
  } else {
    put(0xf0U | (code_point >> 18U));
    put(0x80U | ((code_point >> 12U) & 0x3fU));
    put(0x80U | ((code_point >> 6U) & 0x3fU));
    put(0x80U | (code_point & 0x3fU));
  }
  return out;
}

/// At most so many bytes of a text, and "..." where there were more. UTF-8 stays UTF-8, as JSON wants it.
[[nodiscard]] inline std::string cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (byte_at(text, most) & 0xc0U) == 0x80U) --most;
  return std::string(text.substr(0, most)) + "...";
}

/// `text` with U+FFFD for every byte that belongs to no well-formed sequence.
inline void append_replacing_invalid(std::string& out, std::string_view text) {
  if (is_utf8(text)) [[likely]] {
    out += text;
    return;
  }
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    out += length > 0 ? text.substr(0, length) : kReplacementCharacter;
    text.remove_prefix(length > 0 ? length : 1);
  }
}

}  // namespace rowtide
