#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/bytes/utf8.h"

namespace rowtide::encode::avro {

// Avro's binary encoding, appended to a std::string: all that a writer of one known schema needs. libavro
// would build a tree of values for each record first. Source: Apache Avro 1.11 specification, "Binary
// encoding".

/// int, long, enum index, union branch, array and map counts: zigzag, seven bits a byte, lowest first.
inline void append_long(std::string& out, std::int64_t value) {
  auto rest = (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63U);
  while (rest >= 0x80) {
    out += static_cast<char>((rest & 0x7fU) | 0x80U);
    rest >>= 7U;
  }
  out += static_cast<char>(rest);
}

/// What was appended since `begin` becomes a string or bytes: its length is put in front.
inline void count_bytes(std::string& out, std::size_t begin) {
  std::string length;  // at most ten bytes, which need no memory
  append_long(length, static_cast<std::int64_t>(out.size() - begin));
  out.insert(begin, length);
}

inline void append_bytes(std::string& out, std::string_view bytes) {
  append_long(out, static_cast<std::int64_t>(bytes.size()));
  out += bytes;
}

/// A string is UTF-8: what is not becomes U+FFFD.
inline void append_string(std::string& out, std::string_view text) {
  if (is_utf8(text)) [[likely]] {
    return append_bytes(out, text);
  }
  const std::size_t begin = out.size();
  append_replacing_invalid(out, text);
  count_bytes(out, begin);
}

inline void append_double(std::string& out, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>((bits >> shift) & 0xffU);
}

}  // namespace rowtide::encode::avro
