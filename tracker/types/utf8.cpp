#include "tracker/types/utf8.h"

#include <cstdint>
#include <cstring>

namespace rowtide::types {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080U;

bool is_continuation(std::string_view text, std::size_t index) noexcept {
  return (byte_at(text, index) & 0xc0U) == 0x80U;
}

/// How many bytes at the front are ASCII, counted in whole words.
std::size_t ascii_words(std::string_view text) noexcept {
  std::size_t done = 0;
  while (text.size() - done >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + done, sizeof word);
    if ((word & kHighBits) != 0) break;
    done += sizeof word;
  }
  return done;
}

}  // namespace

std::size_t utf8_sequence_length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const std::uint8_t first = byte_at(text, 0);
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return text.size() >= 2 && is_continuation(text, 1) ? 2 : 0;
  if (first < 0xf0) {
    if (text.size() < 3 || !is_continuation(text, 1) || !is_continuation(text, 2)) return 0;
    const std::uint8_t second = byte_at(text, 1);
    if (first == 0xe0 && second < 0xa0) return 0;  // overlong
    if (first == 0xed && second > 0x9f) return 0;  // a surrogate
    return 3;
  }
  if (first > 0xf4 || text.size() < 4) return 0;
  if (!is_continuation(text, 1) || !is_continuation(text, 2) || !is_continuation(text, 3)) return 0;
  const std::uint8_t second = byte_at(text, 1);
  if (first == 0xf0 && second < 0x90) return 0;  // overlong
  if (first == 0xf4 && second > 0x8f) return 0;  // above U+10FFFF
  return 4;
}

bool is_utf8(std::string_view text) noexcept {
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

bool is_ascii(std::string_view text) noexcept {
  text.remove_prefix(ascii_words(text));
  // More than a word left: ascii_words() stopped at a byte beyond ASCII.
  if (text.size() >= sizeof(std::uint64_t)) return false;
  for (const char character : text)
    if (static_cast<std::uint8_t>(character) >= 0x80) return false;
  return true;
}

char* append_utf8(char* out, char32_t code_point) noexcept {
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

}  // namespace rowtide::types
