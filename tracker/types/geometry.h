#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tracker/types/value.h"

namespace rowtide::types {

/// What a geometry column was declared as. Source: MySQL Field::geometry_type (sql/field.h), as in
/// TABLE_MAP's optional metadata; the numbers are those of WKB.
enum class GeometryType : std::uint8_t {
  Any = 0,
  Point = 1,
  LineString = 2,
  Polygon = 3,
  MultiPoint = 4,
  MultiLineString = 5,
  MultiPolygon = 6,
  Collection = 7,
};

/// The declared type by its name in information_schema ("multipoint"); Any for all other names.
[[nodiscard]] GeometryType geometry_type(std::string_view data_type) noexcept;

struct PlanePoint {
  double x = 0;
  double y = 0;
};

/// Of a POINT's WKB, which decoding has checked.
[[nodiscard]] PlanePoint point_of(std::string_view wkb) noexcept;

/// Of a geometry, in four bytes in front of its WKB; nothing where none is stored.
void append_stored_srid(std::string& out, const Value& value);

}  // namespace rowtide::types
