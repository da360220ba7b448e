#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/status/try.h"
#include "tracker/types/column.h"
#include "tracker/types/families.h"

namespace rowtide::types {
namespace {

/// Every column type there is. A new type is a file and a line here.
constexpr ColumnType kColumnTypes[] = {
    {WireType::Tiny, "TINYINT", compile_integer},
    {WireType::Short, "SMALLINT", compile_integer},
    {WireType::Int24, "MEDIUMINT", compile_integer},
    {WireType::Long, "INT", compile_integer},
    {WireType::LongLong, "BIGINT", compile_integer},
    {WireType::Year, "YEAR", compile_year},
    {WireType::Float, "FLOAT", compile_floating},
    {WireType::Double, "DOUBLE", compile_floating},
    {WireType::NewDecimal, "DECIMAL", compile_decimal},
    {WireType::Date, "DATE", compile_date},
    {WireType::NewDate, "DATE", compile_date},
    {WireType::Time, "TIME", compile_time},
    {WireType::Time2, "TIME", compile_time},
    {WireType::DateTime, "DATETIME", compile_datetime},
    {WireType::DateTime2, "DATETIME", compile_datetime},
    {WireType::Timestamp, "TIMESTAMP", compile_timestamp},
    {WireType::Timestamp2, "TIMESTAMP", compile_timestamp},
    {WireType::Bit, "BIT", compile_bit},
    {WireType::Varchar, "VARCHAR", compile_varchar},
    {WireType::VarString, "VARCHAR", compile_varchar},
    {WireType::String, "CHAR", compile_string},
    {WireType::Enum, "ENUM", compile_enum},
    {WireType::Set, "SET", compile_set},
    {WireType::TinyBlob, "TINYBLOB", compile_blob},
    {WireType::Blob, "BLOB", compile_blob},
    {WireType::MediumBlob, "MEDIUMBLOB", compile_blob},
    {WireType::LongBlob, "LONGBLOB", compile_blob},
    {WireType::VarcharCompressed, "VARCHAR COMPRESSED", compile_compressed},
    {WireType::BlobCompressed, "BLOB COMPRESSED", compile_compressed},
    {WireType::Json, "JSON", compile_json},
    {WireType::Geometry, "GEOMETRY", compile_geometry},
    {WireType::Vector, "VECTOR", compile_vector},
    {WireType::TypedArray, "multi-valued index", refuse_type},
    {WireType::Decimal, "DECIMAL of MySQL 4", refuse_old_decimal},
};

const ColumnType* find_type(std::uint8_t wire_type) noexcept {
  const auto* const found = std::find_if(
      std::begin(kColumnTypes), std::end(kColumnTypes),
      [wire_type](const ColumnType& type) { return static_cast<std::uint8_t>(type.type) == wire_type; });
  return found == std::end(kColumnTypes) ? nullptr : found;
}

}  // namespace

std::span<const ColumnType> column_types() noexcept {
  return kColumnTypes;
}

std::string type_name(std::uint8_t wire_type) {
  const ColumnType* type = find_type(wire_type);
  return type == nullptr ? fmt::format("type {}", wire_type) : std::string(type->name);
}

absl::Status refuse_type(const ColumnDefinition& definition, Column& /*column*/) {
  return absl::UnimplementedError(
      fmt::format("column `{}` has the type {} (wire type {}), which this version cannot decode. Exclude its "
                  "table from the task's "
                  "objects",
                  definition.name, type_name(definition.wire_type), definition.wire_type));
}

absl::Status refuse_old_decimal(const ColumnDefinition& definition, Column& /*column*/) {
  return absl::UnimplementedError(
      fmt::format("column `{}` has the type {}, which this version cannot decode. Rebuild its table at the "
                  "source (ALTER TABLE ... "
                  "FORCE), or exclude it from the task's objects",
                  definition.name, type_name(definition.wire_type)));
}

absl::Status metadata_error(const ColumnDefinition& definition) {
  return absl::DataLossError(
      fmt::format("column `{}` of type {} has metadata {:#06x}, which no server writes: the table map is "
                  "damaged or was read "
                  "wrongly. Check the binlog file with mysqlbinlog --verify-binlog-checksum",
                  definition.name, type_name(definition.wire_type), definition.wire_metadata));
}

absl::StatusOr<Column> compile_column(ColumnDefinition definition) {
  Column column;
  const ColumnType* type = find_type(definition.wire_type);
  if (type == nullptr) return refuse_type(definition, column);
  column.name = definition.name;
  column.is_nullable = definition.is_nullable;
  column.is_unsigned = definition.is_unsigned;
  column.collation = definition.collation;
  column.members = std::move(definition.members);
  column.declared_type = definition.declared_type;
  column.wire_type = type->type == WireType::String
                         ? static_cast<std::uint8_t>(string_metadata(definition.wire_metadata).real_type)
                         : definition.wire_type;
  RETURN_IF_ERROR(type->compile(definition, column));
  return column;
}

}  // namespace rowtide::types
