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
  kTiny = 1,
  kShort = 2,
  kLong = 3,
  kFloat = 4,
  kDouble = 5,
  kTimestamp = 7,
  kLongLong = 8,
  kInt24 = 9,
  kDate = 10,
  kTime = 11,
  kDatetime = 12,
  kYear = 13,
  kNewDate = 14,
  kVarchar = 15,
  kBit = 16,
  kTimestamp2 = 17,
  kDatetime2 = 18,
  kTime2 = 19,
  kBlobCompressed = 140,
  kVarcharCompressed = 141,
  kVector = 242,
  kJson = 245,
  kNewDecimal = 246,
  kEnum = 247,
  kSet = 248,
  kBlob = 252,
  kVarString = 253,
  kString = 254,
  kGeometry = 255,
};

constexpr std::array<std::pair<Wire, std::string_view>, 29> kNames{{
    {kTiny, "TINYINT"},
    {kShort, "SMALLINT"},
    {kLong, "INT"},
    {kFloat, "FLOAT"},
    {kDouble, "DOUBLE"},
    {kTimestamp, "TIMESTAMP"},
    {kLongLong, "BIGINT"},
    {kInt24, "MEDIUMINT"},
    {kDate, "DATE"},
    {kTime, "TIME"},
    {kDatetime, "DATETIME"},
    {kYear, "YEAR"},
    {kNewDate, "DATE"},
    {kVarchar, "VARCHAR or VARBINARY"},
    {kBit, "BIT"},
    {kTimestamp2, "TIMESTAMP"},
    {kDatetime2, "DATETIME"},
    {kTime2, "TIME"},
    {kBlobCompressed, "compressed BLOB or TEXT"},
    {kVarcharCompressed, "compressed VARCHAR or VARBINARY"},
    {kVector, "VECTOR"},
    {kJson, "JSON"},
    {kNewDecimal, "DECIMAL"},
    {kEnum, "ENUM"},
    {kSet, "SET"},
    {kBlob, "BLOB or TEXT"},
    {kVarString, "VARCHAR or VARBINARY"},
    {kString, "CHAR or BINARY"},
    {kGeometry, "GEOMETRY"},
}};

/// One line a declared type: how it may travel. `length_bytes`: of BLOB and TEXT, which share a wire type.
struct Fit {
  std::string_view data_type;
  std::initializer_list<Wire> wire_types;
  std::uint8_t length_bytes = 0;
};

const std::initializer_list<Fit> kFits{
    {"tinyint", {kTiny}},
    {"smallint", {kShort}},
    {"mediumint", {kInt24}},
    {"int", {kLong}},
    {"bigint", {kLongLong}},
    {"float", {kFloat}},
    {"double", {kDouble}},
    {"decimal", {kNewDecimal}},
    {"year", {kYear}},
    {"date", {kDate, kNewDate}},
    {"time", {kTime, kTime2}},
    {"datetime", {kDatetime, kDatetime2}},
    {"timestamp", {kTimestamp, kTimestamp2}},
    {"char", {kString}},
    {"binary", {kString}},
    {"varchar", {kVarchar, kVarString, kVarcharCompressed}},
    {"varbinary", {kVarchar, kVarString, kVarcharCompressed}},
    {"tinytext", {kBlob, kBlobCompressed}, 1},
    {"tinyblob", {kBlob, kBlobCompressed}, 1},
    {"text", {kBlob, kBlobCompressed}, 2},
    {"blob", {kBlob, kBlobCompressed}, 2},
    {"mediumtext", {kBlob, kBlobCompressed}, 3},
    {"mediumblob", {kBlob, kBlobCompressed}, 3},
    {"longtext", {kBlob, kBlobCompressed}, 4},
    {"longblob", {kBlob, kBlobCompressed}, 4},
    {"json", {kJson}},
    {"enum", {kEnum}},
    {"set", {kSet}},
    {"bit", {kBit}},
    // MariaDB's fixed-size types travel as BINARY.
    {"uuid", {kString}},
    {"inet4", {kString}},
    {"inet6", {kString}},
    {"vector", {kVector, kVarchar}},
    {"geometry", {kGeometry}},
    {"point", {kGeometry}},
    {"linestring", {kGeometry}},
    {"polygon", {kGeometry}},
    {"multipoint", {kGeometry}},
    {"multilinestring", {kGeometry}},
    {"multipolygon", {kGeometry}},
    {"geometrycollection", {kGeometry}},
    {"geomcollection", {kGeometry}},
};

}  // namespace

std::uint8_t real_wire_type(std::uint8_t wire_type, std::uint16_t wire_metadata) {
  if (wire_type != kString) return wire_type;
  constexpr std::uint8_t kLengthBits = 0x30;
  const auto first = static_cast<std::uint8_t>(wire_metadata & 0xFFU);
  const auto real = static_cast<std::uint8_t>(first | kLengthBits);
  return real == kEnum || real == kSet ? real : std::uint8_t{kString};
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

bool is_numeric_wire(std::uint8_t real_type) {
  switch (real_type) {
    case kTiny:
    case kShort:
    case kInt24:
    case kLong:
    case kLongLong:
    case kFloat:
    case kDouble:
    case kNewDecimal:
      return true;
    default:
      return false;
  }
}

bool is_text_wire(std::uint8_t real_type) {
  switch (real_type) {
    case kVarchar:
    case kVarString:
    case kString:
    case kBlob:
    case kBlobCompressed:
    case kVarcharCompressed:
      return true;
    default:
      return false;
  }
}

bool has_members_wire(std::uint8_t real_type) {
  return real_type == kEnum || real_type == kSet;
}

bool is_old_temporal_wire(std::uint8_t real_type) {
  return real_type == kTimestamp || real_type == kTime || real_type == kDatetime;
}

std::string wire_type_name(std::uint8_t real_type) {
  for (const auto& [type, name] : kNames) {
    if (type == real_type) return std::string(name);
  }
  return fmt::format("type {}", real_type);
}

}  // namespace rowtide::schema
