// TINYINT to BIGINT: little-endian two's complement of 1, 2, 3, 4 or 8 bytes; YEAR: one byte, 0 or years
// since 1900.
#include "tracker/types/families.h"

namespace rowtide::types {
namespace {

template <std::size_t kWidth>
DecodeStatus decode_unsigned(ByteReader& row, const Column&, Scratch&, Value& out) noexcept {
  out.kind = ValueKind::UInt;
  out.unsigned_integer = row.little_endian(kWidth);
  return row.ok() ? DecodeStatus::Ok : DecodeStatus::Truncated;
}

template <std::size_t kWidth>
DecodeStatus decode_signed(ByteReader& row, const Column&, Scratch&, Value& out) noexcept {
  constexpr unsigned kUnused = 64 - 8 * kWidth;
  out.kind = ValueKind::Int;
  // Up to the top and back again: the shift down repeats the sign.
  out.integer = static_cast<std::int64_t>(row.little_endian(kWidth) << kUnused) >> kUnused;
  return row.ok() ? DecodeStatus::Ok : DecodeStatus::Truncated;
}

DecodeStatus decode_year(ByteReader& row, const Column&, Scratch&, Value& out) noexcept {
  constexpr std::int64_t kFirstYear = 1900;
  const std::uint8_t stored = row.u8();
  out.kind = ValueKind::Year;
  out.integer = stored == 0 ? 0 : kFirstYear + stored;
  return row.ok() ? DecodeStatus::Ok : DecodeStatus::Truncated;
}

template <std::size_t kWidth>
void set_width(Column& column) noexcept {
  column.width = kWidth;
  column.decode = column.is_unsigned ? decode_unsigned<kWidth> : decode_signed<kWidth>;
}

}  // namespace

absl::Status compile_integer(const ColumnDefinition& definition, Column& column) {
  column.kind = definition.is_unsigned ? ValueKind::UInt : ValueKind::Int;
  switch (static_cast<WireType>(definition.wire_type)) {
    case WireType::Tiny:
      set_width<1>(column);
      break;
    case WireType::Short:
      set_width<2>(column);
      break;
    case WireType::Int24:
      set_width<3>(column);
      break;
    case WireType::Long:
      set_width<4>(column);
      break;
    default:
      set_width<8>(column);
      break;
  }
  return absl::OkStatus();
}

absl::Status compile_year(const ColumnDefinition& /*definition*/, Column& column) {
  column.kind = ValueKind::Year;
  column.width = 1;
  column.decode = decode_year;
  return absl::OkStatus();
}

}  // namespace rowtide::types
