// FLOAT and DOUBLE: IEEE 754, little-endian. The metadata is the size in bytes.
#include <bit>

#include "tracker/types/families.h"

namespace rowtide::types {
namespace {

DecodeStatus decode_float(ByteReader& row, const Column&, Scratch&, Value& out) noexcept {
  out.kind = ValueKind::Float;
  out.float32 = std::bit_cast<float>(row.u32());
  return row.ok() ? DecodeStatus::Ok : DecodeStatus::Truncated;
}

DecodeStatus decode_double(ByteReader& row, const Column&, Scratch&, Value& out) noexcept {
  out.kind = ValueKind::Double;
  out.float64 = std::bit_cast<double>(row.u64());
  return row.ok() ? DecodeStatus::Ok : DecodeStatus::Truncated;
}

}  // namespace

absl::Status compile_floating(const ColumnDefinition& definition, Column& column) {
  const bool is_float = static_cast<WireType>(definition.wire_type) == WireType::Float;
  const std::uint16_t size = is_float ? sizeof(float) : sizeof(double);
  if (definition.wire_metadata != size) return metadata_error(definition);
  column.kind = is_float ? ValueKind::Float : ValueKind::Double;
  column.width = static_cast<std::uint8_t>(size);
  column.decode = is_float ? decode_float : decode_double;
  return absl::OkStatus();
}

}  // namespace rowtide::types
