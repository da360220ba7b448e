#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "common/bytes/utf8.h"

namespace rowtide::encode::json {

// JSON appended to a std::string, with nothing in between: the hot path of every text format. Escapes as
// Jackson does by default (", \, control characters), so that the text is the same as Debezium's byte for
// byte. What is no UTF-8 (a damaged binlog's names; values are checked where they are read) becomes U+FFFD.

namespace internal {

// 0: stands for itself. 'u': \u00XX. 'x': beyond ASCII. Otherwise the letter after the backslash.
inline constexpr std::array<char, 256> kEscapes = [] {
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
    const char escape = kEscapes[byte_at(text, i)];
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

/// The escaped text without quotes.
inline void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  while (true) {
    const std::size_t plain = internal::skip_plain(text);
    out.append(text.data(), plain);
    if (plain == text.size()) return;
    const std::uint8_t byte = byte_at(text, plain);
    const char escape = internal::kEscapes[byte];
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

inline void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  append_escaped(out, text);
  out.push_back('"');
}

template <std::integral Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

/// The shortest digits that read back as the same value of the same width. A whole number gets ".0", so that
/// a column's values are all floating point for those who infer types. NaN and infinities, which JSON lacks,
/// are null.
template <std::floating_point Float>
void append_float(std::string& out, Float value) {
  if (!std::isfinite(value)) {
    out.append("null");
    return;
  }
  std::array<char, 40> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  out.append(text);
  if (text.find_first_of(".e") == std::string_view::npos) out.append(".0");
}

}  // namespace rowtide::encode::json
