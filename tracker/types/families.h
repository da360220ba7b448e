#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tracker/types/column.h"

namespace rowtide::types {

/// enum_field_types as they stand in a TABLE_MAP. Source: MySQL include/field_types.h, MariaDB
/// include/mysql_com.h.
enum class WireType : std::uint8_t {
  Decimal = 0,
  Tiny = 1,
  Short = 2,
  Long = 3,
  Float = 4,
  Double = 5,
  Null = 6,
  Timestamp = 7,
  LongLong = 8,
  Int24 = 9,
  Date = 10,
  Time = 11,
  DateTime = 12,
  Year = 13,
  NewDate = 14,
  Varchar = 15,
  Bit = 16,
  Timestamp2 = 17,
  DateTime2 = 18,
  Time2 = 19,
  TypedArray = 20,
  BlobCompressed = 140,     ///< MariaDB: BLOB or TEXT COMPRESSED
  VarcharCompressed = 141,  ///< MariaDB: VARCHAR or VARBINARY COMPRESSED
  Vector = 242,
  Json = 245,
  NewDecimal = 246,
  Enum = 247,
  Set = 248,
  TinyBlob = 249,
  MediumBlob = 250,
  LongBlob = 251,
  Blob = 252,
  VarString = 253,
  String = 254,
  Geometry = 255,
};

/// What the metadata of a STRING column hides: CHAR, BINARY, ENUM and SET all come as STRING, and lengths
/// above 255 borrow two bits of the type's byte. Source: MySQL Field_string::do_save_field_metadata().
struct StringMetadata {
  WireType real_type = WireType::String;
  std::uint32_t length = 0;  ///< bytes; of ENUM and SET the bytes of one value
};
[[nodiscard]] StringMetadata string_metadata(std::uint16_t wire_metadata) noexcept;

/// Fills in what is the type's own: `column` has the definition's name, members and flags already.
using CompileFunction = absl::Status (*)(const ColumnDefinition& definition, Column& column);

/// One line of the table of column types.
struct ColumnType {
  WireType type;
  std::string_view name;  ///< SQL's, for messages
  CompileFunction compile;
};

absl::Status compile_integer(const ColumnDefinition& definition, Column& column);
absl::Status compile_year(const ColumnDefinition& definition, Column& column);
absl::Status compile_floating(const ColumnDefinition& definition, Column& column);
absl::Status compile_decimal(const ColumnDefinition& definition, Column& column);
absl::Status compile_date(const ColumnDefinition& definition, Column& column);
absl::Status compile_time(const ColumnDefinition& definition, Column& column);
absl::Status compile_datetime(const ColumnDefinition& definition, Column& column);
absl::Status compile_timestamp(const ColumnDefinition& definition, Column& column);
absl::Status compile_bit(const ColumnDefinition& definition, Column& column);
absl::Status compile_varchar(const ColumnDefinition& definition, Column& column);
absl::Status compile_string(const ColumnDefinition& definition, Column& column);
absl::Status compile_enum(const ColumnDefinition& definition, Column& column);
absl::Status compile_set(const ColumnDefinition& definition, Column& column);
absl::Status compile_blob(const ColumnDefinition& definition, Column& column);
absl::Status compile_compressed(const ColumnDefinition& definition, Column& column);
absl::Status compile_geometry(const ColumnDefinition& definition, Column& column);
absl::Status compile_vector(const ColumnDefinition& definition, Column& column);
absl::Status compile_json(const ColumnDefinition& definition, Column& column);
absl::Status refuse_type(const ColumnDefinition& definition, Column& column);
absl::Status refuse_old_decimal(const ColumnDefinition& definition, Column& column);

/// Resolves the collation of a text column: kind Text with its charset, or Bytes for the binary one.
absl::Status compile_collation(const ColumnDefinition& definition, Column& column);

/// Metadata that no server writes: the event is damaged, or its table map was read wrongly.
absl::Status metadata_error(const ColumnDefinition& definition);

/// The one table of column types.
[[nodiscard]] std::span<const ColumnType> column_types() noexcept;

/// SQL's name of a wire type, "type 77" for one that is not in the table.
[[nodiscard]] std::string type_name(std::uint8_t wire_type);

/// Of MariaDB's UUID, INET4 and INET6, which come as BINARY of this length; nullptr: the column is none.
[[nodiscard]] DecodeFunction fixed_binary_decoder(std::string_view declared_type,
                                                  std::uint32_t length) noexcept;

}  // namespace rowtide::types
