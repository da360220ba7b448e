#include "tracker/schema/wire_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace rowtide::schema {
namespace {

// enum_field_types as on the wire. Source: MySQL include/field_types.h; 140 and 141: MariaDB sql/field.h.
enum Wire : std::uint8_t {
  Tiny = 1,
  Short = 2,
  Long = 3,
  Float = 4,
  Double = 5,
  Timestamp = 7,
  LongLong = 8,
  Int24 = 9,
  Date = 10,
  Time = 11,
  Datetime = 12,
  Year = 13,
  NewDate = 14,
  Varchar = 15,
  Bit = 16,
  Timestamp2 = 17,
  Datetime2 = 18,
  Time2 = 19,
  BlobCompressed = 140,
  VarcharCompressed = 141,
  Vector = 242,
  Json = 245,
  NewDecimal = 246,
  Enum = 247,
  Set = 248,
  Blob = 252,
  VarString = 253,
  String = 254,
  Geometry = 255,
};

constexpr std::array<std::pair<Wire, std::string_view>, 29> kNames{{
    {Tiny, "TINYINT"},
    {Short, "SMALLINT"},
    {Long, "INT"},
    {Float, "FLOAT"},
    {Double, "DOUBLE"},
    {Timestamp, "TIMESTAMP"},
    {LongLong, "BIGINT"},
    {Int24, "MEDIUMINT"},
    {Date, "DATE"},
    {Time, "TIME"},
    {Datetime, "DATETIME"},
    {Year, "YEAR"},
    {NewDate, "DATE"},
    {Varchar, "VARCHAR or VARBINARY"},
    {Bit, "BIT"},
    {Timestamp2, "TIMESTAMP"},
    {Datetime2, "DATETIME"},
    {Time2, "TIME"},
    {BlobCompressed, "compressed BLOB or TEXT"},
    {VarcharCompressed, "compressed VARCHAR or VARBINARY"},
    {Vector, "VECTOR"},
    {Json, "JSON"},
    {NewDecimal, "DECIMAL"},
    {Enum, "ENUM"},
    {Set, "SET"},
    {Blob, "BLOB or TEXT"},
    {VarString, "VARCHAR or VARBINARY"},
    {String, "CHAR or BINARY"},
    {Geometry, "GEOMETRY"},
}};

/// One line a declared type: how it may travel. `length_bytes`: of BLOB and TEXT, which share a wire type.
struct Fit {
  std::string_view data_type;
  std::initializer_list<Wire> wire_types;
  std::uint8_t length_bytes = 0;
};

const std::initializer_list<Fit> kFits{
    {"tinyint", {Tiny}},
    {"smallint", {Short}},
    {"mediumint", {Int24}},
    {"int", {Long}},
    {"bigint", {LongLong}},
    {"float", {Float}},
    {"double", {Double}},
    {"decimal", {NewDecimal}},
    {"year", {Year}},
    {"date", {Date, NewDate}},
    {"time", {Time, Time2}},
    {"datetime", {Datetime, Datetime2}},
    {"timestamp", {Timestamp, Timestamp2}},
    {"char", {String}},
    {"binary", {String}},
    {"varchar", {Varchar, VarString, VarcharCompressed}},
    {"varbinary", {Varchar, VarString, VarcharCompressed}},
    {"tinytext", {Blob, BlobCompressed}, 1},
    {"tinyblob", {Blob, BlobCompressed}, 1},
    {"text", {Blob, BlobCompressed}, 2},
    {"blob", {Blob, BlobCompressed}, 2},
    {"mediumtext", {Blob, BlobCompressed}, 3},
    {"mediumblob", {Blob, BlobCompressed}, 3},
    {"longtext", {Blob, BlobCompressed}, 4},
    {"longblob", {Blob, BlobCompressed}, 4},
    {"json", {Json}},
    {"enum", {Enum}},
    {"set", {Set}},
    {"bit", {Bit}},
    // MariaDB's fixed-size types travel as BINARY.
    {"uuid", {String}},
    {"inet4", {String}},
    {"inet6", {String}},
    {"vector", {Vector, Varchar}},
    {"geometry", {Geometry}},
    {"point", {Geometry}},
    {"linestring", {Geometry}},
    {"polygon", {Geometry}},
    {"multipoint", {Geometry}},
    {"multilinestring", {Geometry}},
    {"multipolygon", {Geometry}},
    {"geometrycollection", {Geometry}},
    {"geomcollection", {Geometry}},
};

}  // namespace

std::uint8_t real_wire_type(std::uint8_t wire_type, std::uint16_t wire_metadata) {
  if (wire_type != String) return wire_type;
  constexpr std::uint8_t kLengthBits = 0x30;
  const auto first = static_cast<std::uint8_t>(wire_metadata & 0xFFU);
  const auto real = static_cast<std::uint8_t>(first | kLengthBits);
  return real == Enum || real == Set ? real : std::uint8_t{String};
}

bool fits_wire(std::string_view data_type, std::uint8_t real_type, std::uint16_t wire_metadata) {
  for (const Fit& fit : kFits) {
    if (fit.data_type != data_type) continue;
    if (std::find(fit.wire_types.begin(), fit.wire_types.end(), real_type) == fit.wire_types.end())
      return false;
    return fit.length_bytes == 0 || fit.length_bytes == (wire_metadata & 0xFFU);
  }
  return false;
}

bool is_bigint_wire(std::uint8_t real_type) {
  return real_type == LongLong;
}

bool is_numeric_wire(std::uint8_t real_type) {
  switch (real_type) {
    case Tiny:
    case Short:
    case Int24:
    case Long:
    case LongLong:
    case Float:
    case Double:
    case NewDecimal:
      return true;
    default:
      return false;
  }
}

bool is_text_wire(std::uint8_t real_type) {
  switch (real_type) {
    case Varchar:
    case VarString:
    case String:
    case Blob:
    case BlobCompressed:
    case VarcharCompressed:
      return true;
    default:
      return false;
  }
}

bool is_timestamp_wire(std::uint8_t real_type) {
  return real_type == Timestamp2 || real_type == Timestamp;
}

bool is_binary_of_16_or_4_wire(std::uint8_t wire_type, std::uint16_t wire_metadata) {
  const unsigned length = wire_metadata >> 8U;
  return wire_type == String && (wire_metadata & 0xffU) == String && (length == 16 || length == 4);
}

bool has_members_wire(std::uint8_t real_type) {
  return real_type == Enum || real_type == Set;
}

bool is_old_temporal_wire(std::uint8_t real_type) {
  return real_type == Timestamp || real_type == Time || real_type == Datetime;
}

std::string wire_type_name(std::uint8_t real_type) {
  for (const auto& [type, name] : kNames) {
    if (type == real_type) return std::string(name);
  }
  return fmt::format("type {}", real_type);
}

}  // namespace rowtide::schema
