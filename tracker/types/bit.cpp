// BIT(n): (n + 7) / 8 bytes, big-endian. Metadata: bits beyond whole bytes, whole bytes.
#include "tracker/types/families.h"

namespace rowtide::types {
namespace {

constexpr unsigned kMaxBits = 64;

DecodeStatus decode_bit(ByteReader& row, const Column& column, Scratch&, Value& out) noexcept {
  out.kind = ValueKind::Bits;
  out.unsigned_integer = row.big_endian(column.width);
  return row.ok() ? DecodeStatus::Ok : DecodeStatus::Truncated;
}

}  // namespace

absl::Status compile_bit(const ColumnDefinition& definition, Column& column) {
  const unsigned rest = definition.wire_metadata & 0xffU;
  const unsigned bits = (definition.wire_metadata >> 8U) * 8U + rest;
  if (rest > 7 || bits < 1 || bits > kMaxBits) return metadata_error(definition);
  column.kind = ValueKind::Bits;
  column.bits = static_cast<std::uint8_t>(bits);
  column.width = static_cast<std::uint8_t>((bits + 7) / 8);
  column.decode = decode_bit;
  return absl::OkStatus();
}

}  // namespace rowtide::types
