#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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

/// string and bytes
inline void append_bytes(std::string& out, std::string_view bytes) {
  append_long(out, static_cast<std::int64_t>(bytes.size()));
  out += bytes;
}

inline void append_double(std::string& out, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>((bits >> shift) & 0xffU);
}

}  // namespace rowtide::encode::avro
