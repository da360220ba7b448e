// Layouts: GEOMETRY is SRID and WKB (MySQL sql/spatial.h); VECTOR is floats (MySQL 9.x sql/field.h,
// Field_vector). No server here makes a VECTOR: its bytes are STRING_TO_VECTOR("[3.14,2024,18]") of MySQL's
// manual.
#include "tracker/types/geometry.h"

#include "tests/unit/tracker/types/decoding.h"
#include "tracker/types/vector.h"

namespace rowtide::types {
namespace {

constexpr std::string_view kPoint = "01 01000000 000000000000f03f 00000000000000c0";  // POINT(1 -2)

ColumnDefinition geometry(GeometryType type) {
  ColumnDefinition definition = define(WireType::Geometry, 4);
  definition.geometry_type = static_cast<std::uint8_t>(type);
  return definition;
}

std::string cell(std::string_view srid, std::string_view wkb) {
  const std::size_t size = from_hex(srid).size() + from_hex(wkb).size();
  char length[16];
  std::snprintf(length, sizeof length, "%02zx000000", size);
  return std::string(length) + std::string(srid) + std::string(wkb);
}

TEST(Geometries, AreSridAndWkb) {
  const Cell point(geometry(GeometryType::Point), cell("e6100000", kPoint));
  ASSERT_EQ(point.status, DecodeStatus::Ok);
  EXPECT_EQ(point.value.unsigned_integer, 4326U);
  EXPECT_EQ(point.value.text, from_hex(kPoint));
  EXPECT_EQ(point_of(point.value.text).x, 1);
  EXPECT_EQ(point_of(point.value.text).y, -2);

  const Cell empty(geometry(GeometryType::Any), cell("00000000", "01 07000000 00000000"));
  ASSERT_EQ(empty.status, DecodeStatus::Ok);
  EXPECT_EQ(empty.value.unsigned_integer, 0U);
  EXPECT_EQ(empty.value.text, from_hex("01 07000000 00000000"));
}

TEST(Geometries, MariadbStoresAnEmptyOne) {
  const Cell none(geometry(GeometryType::Point), cell("", ""));
  ASSERT_EQ(none.status, DecodeStatus::Ok);
  EXPECT_EQ(none.value.kind, ValueKind::Geometry);
  EXPECT_EQ(none.value.text, "");
  std::string srid;
  append_stored_srid(srid, none.value);
  EXPECT_EQ(srid, "");
}

TEST(Geometries, WhatIsNoneIsRefused) {
  const auto status = [](GeometryType type, std::string_view wkb) {
    return Cell(geometry(type), cell("00000000", wkb)).status;
  };
  EXPECT_EQ(status(GeometryType::Any, kPoint), DecodeStatus::Ok);
  EXPECT_EQ(status(GeometryType::Collection, kPoint), DecodeStatus::Ok) << "of MariaDB";
  EXPECT_EQ(
      status(GeometryType::Collection, "01 04000000 01000000 01 01000000 000000000000f03f 00000000000000c0"),
      DecodeStatus::Ok);
  EXPECT_EQ(status(GeometryType::Any, ""), DecodeStatus::BadValue);
  EXPECT_EQ(status(GeometryType::Any, "01 00000000 00000000"), DecodeStatus::BadValue);
  EXPECT_EQ(status(GeometryType::Any, "01 08000000 00000000"), DecodeStatus::BadValue);
  EXPECT_EQ(status(GeometryType::Any, "00 00000007 00000000"), DecodeStatus::BadValue);
  // A point of another size, and another thing in a column of points.
  EXPECT_EQ(status(GeometryType::Point, "01 01000000 000000000000f03f"), DecodeStatus::BadValue);
  EXPECT_EQ(status(GeometryType::Point, "01 07000000 00000000"), DecodeStatus::BadValue);
  EXPECT_EQ(status(GeometryType::Polygon, kPoint), DecodeStatus::BadValue);
  EXPECT_EQ(Cell(geometry(GeometryType::Any), "02000000 0000").status, DecodeStatus::BadValue);
  EXPECT_FALSE(compile_column(define(WireType::Geometry, 5)).ok());
  ColumnDefinition unknown = define(WireType::Geometry, 4);
  unknown.geometry_type = 8;
  EXPECT_FALSE(compile_column(unknown).ok());
}

TEST(Geometries, TypesByName) {
  EXPECT_EQ(geometry_type("point"), GeometryType::Point);
  EXPECT_EQ(geometry_type("multipolygon"), GeometryType::MultiPolygon);
  EXPECT_EQ(geometry_type("geomcollection"), GeometryType::Collection);
  EXPECT_EQ(geometry_type("geometry"), GeometryType::Any);
  EXPECT_EQ(geometry_type("int"), GeometryType::Any);
}

TEST(Vectors, AreFloats) {
  const Cell vector(define(WireType::Vector, 4), "0c000000 c3f54840 0000fd44 00009041");
  ASSERT_EQ(vector.status, DecodeStatus::Ok);
  ASSERT_EQ(vector.value.text.size(), 3 * kVectorElementSize);
  EXPECT_EQ(vector_element(vector.value.text, 0), 3.14F);
  EXPECT_EQ(vector_element(vector.value.text, 1), 2024.0F);
  EXPECT_EQ(vector_element(vector.value.text, 2), 18.0F);
  EXPECT_EQ(Cell(define(WireType::Vector, 4), "03000000 c3f548").status, DecodeStatus::BadValue);
  EXPECT_FALSE(compile_column(define(WireType::Vector, 0)).ok());
}

}  // namespace
}  // namespace rowtide::types
