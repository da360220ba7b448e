// GEOMETRY and its subtypes: a length of as many bytes as the metadata says, the SRID in four bytes
// (little-endian), and WKB. Source: MySQL sql/spatial.h (SRID_SIZE, WKB_HEADER_SIZE), MariaDB the same.
#include "tracker/types/geometry.h"

#include <array>
#include <bit>
#include <utility>

#include "tracker/types/families.h"
#include "tracker/types/text_value.h"

namespace rowtide::types {
namespace {

constexpr std::size_t kWkbHeaderSize = 5;  ///< byte order, type
constexpr std::size_t kWkbPointSize = kWkbHeaderSize + 16;
constexpr std::uint8_t kLittleEndian = 1;  ///< the only byte order that the servers store

bool is_wkb(std::string_view wkb, std::uint8_t declared) noexcept {
  ByteReader reader(as_bytes(wkb));
  const std::uint8_t byte_order = reader.u8();
  const std::uint32_t type = reader.u32();
  if (!reader.ok() || byte_order != kLittleEndian) return false;
  if (type < static_cast<std::uint32_t>(GeometryType::Point) ||
      type > static_cast<std::uint32_t>(GeometryType::Collection))
    return false;
  if (type == static_cast<std::uint32_t>(GeometryType::Point) && wkb.size() != kWkbPointSize) return false;
  // MariaDB takes any geometry in a GEOMETRYCOLLECTION, MySQL any that has several parts.
  return declared == static_cast<std::uint8_t>(GeometryType::Any) ||
         declared == static_cast<std::uint8_t>(GeometryType::Collection) || declared == type;
}

DecodeStatus decode_geometry(ByteReader& row, const Column& column, Scratch&, Value& out) noexcept {
  ByteReader stored(as_bytes(read_counted(row, column.width)));
  if (!row.ok()) return DecodeStatus::Truncated;
  out.kind = ValueKind::Geometry;
  out.unsigned_integer = 0;
  out.text = {};
  if (stored.at_end()) return DecodeStatus::Ok;  // MariaDB stores '' where a geometry is missing
  out.unsigned_integer = stored.u32();
  out.text = as_text(stored.rest());
  return stored.ok() && is_wkb(out.text, column.geometry_type) ? DecodeStatus::Ok : DecodeStatus::BadValue;
}

}  // namespace

GeometryType geometry_type(std::string_view data_type) noexcept {
  constexpr std::array<std::pair<std::string_view, GeometryType>, 8> kNames{{
      {"point", GeometryType::Point},
      {"linestring", GeometryType::LineString},
      {"polygon", GeometryType::Polygon},
      {"multipoint", GeometryType::MultiPoint},
      {"multilinestring", GeometryType::MultiLineString},
      {"multipolygon", GeometryType::MultiPolygon},
      {"geometrycollection", GeometryType::Collection},
      {"geomcollection", GeometryType::Collection},
  }};
  for (const auto& [name, type] : kNames) {
    if (name == data_type) return type;
  }
  return GeometryType::Any;
}

PlanePoint point_of(std::string_view wkb) noexcept {
  ByteReader reader(as_bytes(wkb));
  reader.skip(kWkbHeaderSize);
  PlanePoint point;
  point.x = std::bit_cast<double>(reader.u64());
  point.y = std::bit_cast<double>(reader.u64());
  return point;
}

void append_stored_srid(std::string& out, const Value& value) {
  if (value.text.empty()) return;
  for (unsigned shift = 0; shift < 32; shift += 8)
    out += static_cast<char>((value.unsigned_integer >> shift) & 0xffU);
}

absl::Status compile_geometry(const ColumnDefinition& definition, Column& column) {
  if (definition.wire_metadata < 1 || definition.wire_metadata > 4) return metadata_error(definition);
  if (definition.geometry_type > static_cast<std::uint8_t>(GeometryType::Collection))
    return metadata_error(definition);
  column.kind = ValueKind::Geometry;
  column.width = static_cast<std::uint8_t>(definition.wire_metadata);
  column.geometry_type = definition.geometry_type;
  column.decode = decode_geometry;
  return absl::OkStatus();
}

}  // namespace rowtide::types
