#pragma once

#include <cstddef>
#include <cstdint>

#include "common/bytes/byte_reader.h"

namespace rowtide::types {

/// DECIMAL(precision, scale) as in rows and in JSON. Source: MySQL decimal2bin()
/// (libmysql/strings/decimal.cc).
struct DecimalShape {
  std::uint8_t precision = 0;
  std::uint8_t scale = 0;
};

inline constexpr std::uint8_t kMaxDecimalPrecision = 65;
inline constexpr std::uint8_t kMaxDecimalScale = 38;  ///< MariaDB's; MySQL stops at 30
/// In JSON the digits left of the point can come with zeros in front, up to whole groups: DECIMAL_BUFF_LENGTH
/// of them in all (MySQL sql/my_decimal.h).
inline constexpr std::uint8_t kMaxJsonDecimalPrecision = 81;
/// Sign, a zero in front of the point, the point.
inline constexpr std::size_t kMaxDecimalText = kMaxJsonDecimalPrecision + 3U;

[[nodiscard]] bool is_decimal_shape(DecimalShape shape) noexcept;       ///< of a column
[[nodiscard]] bool is_json_decimal_shape(DecimalShape shape) noexcept;  ///< of a value in a document
[[nodiscard]] std::size_t decimal_size(DecimalShape shape) noexcept;

/// Exact digits: "-12.50", "0.5", never "-0.00". `bytes` has decimal_size(), `out` kMaxDecimalText. Returns
/// the end, nullptr for bytes that are no decimal.
[[nodiscard]] char* decimal_to_text(DecimalShape shape, Bytes bytes, char* out) noexcept;

}  // namespace rowtide::types
