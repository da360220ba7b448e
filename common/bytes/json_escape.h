#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "common/bytes/utf8.h"

namespace rowtide {
namespace internal {

// 0: stands for itself. 'u': \u00XX. 'x': beyond ASCII. Otherwise the letter after the backslash.
inline constexpr std::array<char, 256> kJsonEscapes = [] {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  for (std::size_t c = 0x80; c < table.size(); ++c) table[c] = 'x';
  table['\b'] = 'b';
  table['\t'] = 't';
  table['\n'] = 'n';
  table['\f'] = 'f';
  table['\r'] = 'r';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

/// Is none of eight bytes escaped or beyond ASCII?
[[nodiscard]] inline bool is_plain_word(const char* text) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHighBits = kOnes * 0x80U;
  std::uint64_t word = 0;
  std::memcpy(&word, text, sizeof word);
  const std::uint64_t quotes = word ^ (kOnes * '"');
  const std::uint64_t backslashes = word ^ (kOnes * '\\');
  // x - n borrows into the high bit where x < n; what borrows from the next byte is a byte to stop at itself.
  return ((word | (word - kOnes * 0x20U) | (quotes - kOnes) | (backslashes - kOnes)) & kHighBits) == 0;
}

/// How many bytes at the front stand for themselves.
[[nodiscard]] inline std::size_t skip_plain(std::string_view text) noexcept {
  std::size_t i = 0;
  while (text.size() - i >= sizeof(std::uint64_t) && is_plain_word(text.data() + i))
    i += sizeof(std::uint64_t);
  while (i < text.size()) {
    const char escape = kJsonEscapes[byte_at(text, i)];
    if (escape == 0) {
      ++i;
    } else if (escape == 'x') {
      while (i < text.size() && byte_at(text, i) >= 0x80) {
        const std::size_t length = utf8_sequence_length(text.substr(i));
        if (length == 0) return i;
        i += length;
      }
    } else {
      break;
    }
  }
  return i;
}

}  // namespace internal

/// `text` as it stands in a JSON string, without the quotes: ", \ and control characters are escaped as
/// Jackson (Debezium) and MySQL do by default, byte for byte. What is no UTF-8 becomes U+FFFD.
inline void append_json_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  while (true) {
    const std::size_t plain = internal::skip_plain(text);
    out.append(text.data(), plain);
    if (plain == text.size()) return;
    const std::uint8_t byte = byte_at(text, plain);
    const char escape = internal::kJsonEscapes[byte];
    text.remove_prefix(plain + 1);
    if (escape == 'x') {
      out.append(kReplacementCharacter);
      continue;
    }
    out.push_back('\\');
    out.push_back(escape);
    if (escape == 'u') {
      out.append("00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 0xf]);
    }
  }
}

}  // namespace rowtide
