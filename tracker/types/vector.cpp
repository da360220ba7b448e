// VECTOR of MySQL 9: a length of as many bytes as the metadata says, and 32-bit floats, little-endian.
// Source: MySQL 9.x sql/field.h (Field_vector, a Field_blob) and sql-common/vector_conversion.h. MariaDB's
// VECTOR travels as a VARBINARY of the same floats.
#include "tracker/types/vector.h"

#include "tracker/types/families.h"
#include "tracker/types/text_value.h"

namespace rowtide::types {
namespace {

DecodeStatus decode_vector(ByteReader& row, const Column& column, Scratch&, Value& out) noexcept {
  out.kind = ValueKind::Vector;
  out.text = read_counted(row, column.width);
  if (!row.ok()) return DecodeStatus::Truncated;
  return out.text.size() % kVectorElementSize == 0 ? DecodeStatus::Ok : DecodeStatus::BadValue;
}

}  // namespace

absl::Status compile_vector(const ColumnDefinition& definition, Column& column) {
  if (definition.wire_metadata < 1 || definition.wire_metadata > 4) return metadata_error(definition);
  column.kind = ValueKind::Vector;
  column.width = static_cast<std::uint8_t>(definition.wire_metadata);
  column.decode = decode_vector;
  return absl::OkStatus();
}

}  // namespace rowtide::types
