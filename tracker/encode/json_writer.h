#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace rowtide::encode::json {

// JSON appended to a std::string, with nothing in between: the hot path of every text format. Escapes as
// Jackson does by default (", \, control characters), so that the text is the same as Debezium's byte for
// byte.

namespace internal {

// 0: stands for itself. 'u': \u00XX. Otherwise the letter after the backslash.
inline constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['\b'] = 'b';
  table['\t'] = 't';
  table['\n'] = 'n';
  table['\f'] = 'f';
  table['\r'] = 'r';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

}  // namespace internal

/// The escaped text without quotes. `text` is valid UTF-8.
inline void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::size_t clean_begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = internal::kEscapes[byte];
    if (escape == 0) [[likely]] {
      continue;
    }
    out.append(text.data() + clean_begin, i - clean_begin);
    clean_begin = i + 1;
    out.push_back('\\');
    out.push_back(escape);
    if (escape == 'u') {
      out.append("00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 0xf]);
    }
  }
  out.append(text.data() + clean_begin, text.size() - clean_begin);
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
