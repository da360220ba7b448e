#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/bytes/byte_reader.h"
#include "tracker/types/scratch.h"
#include "tracker/types/value.h"

namespace rowtide::types {

/// Result of one cell's decoding. Turned once per event into an error with position, table and column.
enum class DecodeStatus : std::uint8_t {
  Ok,
  Truncated,  ///< the row ends inside the value
  BadValue,   ///< bytes that the type cannot hold (an ENUM index without a member, broken JSON, text not of
              ///< its charset)
};

struct Column;
using DecodeFunction = DecodeStatus (*)(ByteReader& row, const Column& column, Scratch& scratch,
                                        Value& out) noexcept;

/// Everything known of a column before it is compiled: the wire's view (TABLE_MAP) and, where the wire is
/// silent, the catalog's.
struct ColumnDefinition {
  std::string name;
  std::uint8_t wire_type = 0;       ///< enum_field_types as in TABLE_MAP
  std::uint16_t wire_metadata = 0;  ///< as in TABLE_MAP, first byte in the low half
  bool is_nullable = true;
  bool is_unsigned = false;
  std::uint16_t collation = 0;       ///< collation id; 63 = binary; 0 = not known (only wrong for text types)
  std::vector<std::string> members;  ///< of ENUM and SET, UTF-8
  std::uint8_t geometry_type = 0;    ///< GeometryType that the column was declared as
  std::string declared_type;         ///< information_schema's COLUMN_TYPE, where known
  std::uint8_t decimals = 0;  ///< of the old TIME, DATETIME and TIMESTAMP, whose metadata does not say them
};

/// A compiled column: how to decode it, and what an encoder wants to know of it. Immutable after
/// compile_column().
struct Column {
  DecodeFunction decode = nullptr;
  std::string name;
  ValueKind kind = ValueKind::Null;  ///< the kind of every value of it that is neither Null nor Absent
  bool is_nullable = true;
  bool is_unsigned = false;
  std::uint8_t fsp = 0;    ///< declared decimals of TIME, DATETIME, TIMESTAMP
  std::uint8_t bits = 0;   ///< of BIT
  std::uint8_t width = 0;  ///< bytes of the value or of its length prefix, as the type's decoder wants it
  std::uint8_t precision = 0, scale = 0;  ///< of DECIMAL
  std::uint8_t geometry_type = 0;         ///< of GEOMETRY: see geometry.h
  std::uint32_t length = 0;               ///< declared bytes of CHAR, VARCHAR, BINARY
  std::uint16_t collation = 0;
  const void* charset = nullptr;  ///< the type's own: how text becomes UTF-8; static storage
  std::vector<std::string> members;
  std::uint8_t wire_type = 0;  ///< enum_field_types; CHAR, ENUM and SET told apart
  std::string declared_type;   ///< information_schema's COLUMN_TYPE; empty where the catalog was not asked
};

/// Looks the wire type up in the one table of column types and prepares its decoding. Fails, naming column,
/// type and repair, for a type or character set that is not built.
[[nodiscard]] absl::StatusOr<Column> compile_column(ColumnDefinition definition);

}  // namespace rowtide::types
