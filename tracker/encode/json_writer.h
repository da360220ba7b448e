#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/bytes/json_escape.h"

namespace rowtide::encode::json {

// JSON appended to a std::string, with nothing in between: the hot path of every text format. Texts are
// escaped by common/bytes/json_escape.h. What is no UTF-8 (a damaged binlog's names; values are checked where
// they are read) becomes U+FFFD.

inline void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  append_json_escaped(out, text);
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
