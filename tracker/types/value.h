#pragma once

#include <cstdint>
#include <string_view>

namespace rowtide::types {

/// What a cell is, whatever column type it came from: the only joint between column types and output formats.
enum class ValueKind : std::uint8_t {
  Absent,     ///< the row image does not hold this column (MINIMAL, NOBLOB); not the same as Null
  Null,       ///< SQL NULL
  Int,        ///< `integer`
  UInt,       ///< `unsigned_integer`
  Float,      ///< `float32`: print from the float, never widened
  Double,     ///< `float64`
  Decimal,    ///< `text`: exact digits, e.g. "-12.50"
  Text,       ///< `text`: valid UTF-8; CHAR, VARCHAR, TEXT, and ENUM/SET member names (these with the stored
              ///< number in `unsigned_integer`)
  Bytes,      ///< `text` holds raw bytes: BINARY (padded to its length), VARBINARY, BLOB
  Bits,       ///< `unsigned_integer`; the column's `bits` says how many
  Date,       ///< `civil`, date part only; zero and partial dates as stored
  Time,       ///< `integer`: microseconds, negative too
  DateTime,   ///< `civil`: local, never shifted
  Timestamp,  ///< `integer`: microseconds since the epoch, UTC; 0 is MySQL's zero timestamp
  Year,       ///< `integer`, 0 or 1901..2155
  Json,       ///< `text`: compact JSON, UTF-8
  Geometry,   ///< `unsigned_integer`: SRID; `text`: WKB, little-endian, x before y whatever the SRID says
  Vector,     ///< `text`: 32-bit floats, little-endian (vector.h)
};

struct CivilTime {
  std::uint16_t year;
  std::uint8_t month;
  std::uint8_t day;
  std::uint8_t hour;
  std::uint8_t minute;
  std::uint8_t second;
  std::uint32_t microsecond;
};

/// One cell. A view: `text` points into the event or into the Scratch that the decoder was given, and is
/// valid until the Scratch is reset or the event released.
struct Value {
  ValueKind kind = ValueKind::Absent;
  union {
    std::int64_t integer = 0;
    std::uint64_t unsigned_integer;
    float float32;
    double float64;
    CivilTime civil;
  };
  std::string_view text;
};

}  // namespace rowtide::types
