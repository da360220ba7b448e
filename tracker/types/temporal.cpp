// DATE, TIME, DATETIME, TIMESTAMP: the forms of MySQL 5.6 and later (big-endian, with fractions), and the
// older ones that tables made before still have. Source: MySQL my_time.cc.
#include "tracker/types/temporal.h"

#include <array>

#include "tracker/types/families.h"

namespace rowtide::types {
namespace {

constexpr std::uint8_t kMaxFsp = 6;

/// Bytes of a fraction with this many decimals, and the microseconds of its unit.
constexpr std::size_t fraction_size(std::uint8_t fsp) noexcept {
  return (fsp + 1U) / 2U;
}
constexpr std::array<std::uint32_t, 4> kFractionUnit = {0, 10000, 100, 1};

std::uint32_t read_fraction(ByteReader& row, std::uint8_t fsp) noexcept {
  const std::size_t size = fraction_size(fsp);
  return size == 0 ? 0 : static_cast<std::uint32_t>(row.big_endian(size)) * kFractionUnit[size];
}

bool is_civil(const CivilTime& time) noexcept {
  return time.year <= 9999 && time.month <= 12 && time.day <= 31 && time.hour <= 23 && time.minute <= 59 &&
         time.second <= 59 && time.microsecond < kMicrosPerSecond;
}

DecodeStatus checked(const ByteReader& row, bool is_valid) noexcept {
  if (!row.ok()) return DecodeStatus::Truncated;
  return is_valid ? DecodeStatus::Ok : DecodeStatus::BadValue;
}

DecodeStatus decode_date(ByteReader& row, const Column&, Scratch&, Value& out) noexcept {
  const std::uint32_t packed = row.u24();
  out.kind = ValueKind::Date;
  out.civil = {};
  out.civil.year = static_cast<std::uint16_t>(packed >> 9U);
  out.civil.month = static_cast<std::uint8_t>((packed >> 5U) & 15U);
  out.civil.day = static_cast<std::uint8_t>(packed & 31U);
  return checked(row, is_civil(out.civil));
}

/// Three bytes and the fraction, as one number with its sign bit inverted: a negative time is borrowed across
/// both.
DecodeStatus decode_time2(ByteReader& row, const Column& column, Scratch&, Value& out) noexcept {
  const std::size_t fraction = fraction_size(column.fsp);
  const std::size_t fraction_bits = 8 * fraction;
  const std::size_t size = 3 + fraction;
  const auto stored = static_cast<std::int64_t>(row.big_endian(size));
  const std::int64_t signed_value = stored - (std::int64_t{1} << (8 * size - 1));
  const auto magnitude = static_cast<std::uint64_t>(signed_value < 0 ? -signed_value : signed_value);
  const std::uint64_t fraction_mask = (std::uint64_t{1} << fraction_bits) - 1;
  const auto units = static_cast<std::uint32_t>(magnitude & fraction_mask);
  const std::int64_t micros = unpack_time(magnitude >> fraction_bits, units * kFractionUnit[fraction]);
  out.kind = ValueKind::Time;
  out.integer = signed_value < 0 ? -micros : micros;
  return checked(row, micros >= 0);
}

/// Decimal digits hhmmss in three bytes.
DecodeStatus decode_old_time(ByteReader& row, const Column&, Scratch&, Value& out) noexcept {
  const auto stored = static_cast<std::int32_t>(row.u24() << 8U) >> 8;
  const std::int64_t digits = stored < 0 ? -std::int64_t{stored} : stored;
  const std::int64_t minute = digits / 100 % 100;
  const std::int64_t second = digits % 100;
  const std::int64_t micros = ((digits / 10000 * 60 + minute) * 60 + second) * kMicrosPerSecond;
  out.kind = ValueKind::Time;
  out.integer = stored < 0 ? -micros : micros;
  return checked(row, minute <= 59 && second <= 59);
}

DecodeStatus decode_datetime2(ByteReader& row, const Column& column, Scratch&, Value& out) noexcept {
  constexpr std::uint64_t kSign = 0x8000000000U;  // set: not negative, and no server writes a negative one
  const std::uint64_t packed = row.big_endian(5);
  const std::uint32_t microsecond = read_fraction(row, column.fsp);
  out.kind = ValueKind::DateTime;
  const bool is_valid = unpack_datetime(packed & ~kSign, microsecond, out.civil);
  return checked(row, is_valid && (packed & kSign) != 0);
}

/// Decimal digits yyyymmddhhmmss in eight bytes.
DecodeStatus decode_old_datetime(ByteReader& row, const Column&, Scratch&, Value& out) noexcept {
  constexpr std::uint64_t kTooLarge = 100000000000000U;
  const std::uint64_t digits = row.u64();
  const std::uint64_t date = digits / 1000000 % 100000000;
  const std::uint64_t time = digits % 1000000;
  out.kind = ValueKind::DateTime;
  out.civil.year = static_cast<std::uint16_t>(date / 10000);
  out.civil.month = static_cast<std::uint8_t>(date / 100 % 100);
  out.civil.day = static_cast<std::uint8_t>(date % 100);
  out.civil.hour = static_cast<std::uint8_t>(time / 10000);
  out.civil.minute = static_cast<std::uint8_t>(time / 100 % 100);
  out.civil.second = static_cast<std::uint8_t>(time % 100);
  out.civil.microsecond = 0;
  return checked(row, digits < kTooLarge && is_civil(out.civil));
}

DecodeStatus decode_timestamp2(ByteReader& row, const Column& column, Scratch&, Value& out) noexcept {
  // Unsigned: MariaDB 11.5 and later count on to 2106.
  const auto seconds = static_cast<std::int64_t>(row.big_endian(4));
  const std::uint32_t microsecond = read_fraction(row, column.fsp);
  out.kind = ValueKind::Timestamp;
  out.integer = seconds * kMicrosPerSecond + microsecond;
  return checked(row, microsecond < kMicrosPerSecond);
}

DecodeStatus decode_old_timestamp(ByteReader& row, const Column&, Scratch&, Value& out) noexcept {
  out.kind = ValueKind::Timestamp;
  out.integer = std::int64_t{row.u32()} * kMicrosPerSecond;
  return checked(row, true);
}

/// The decoders of one type's three forms.
struct Forms {
  WireType old_type;
  DecodeFunction old;
  DecodeFunction hires;
  DecodeFunction current;
};

absl::Status compile_temporal(const ColumnDefinition& definition, Column& column, ValueKind kind,
                              const Forms& forms) {
  column.kind = kind;
  const bool is_old = static_cast<WireType>(definition.wire_type) == forms.old_type;
  const std::uint16_t decimals = is_old ? definition.decimals : definition.wire_metadata;
  if (decimals > kMaxFsp || (is_old && definition.wire_metadata != 0)) return metadata_error(definition);
  column.fsp = static_cast<std::uint8_t>(decimals);
  column.decode = !is_old ? forms.current : decimals == 0 ? forms.old : forms.hires;
  return absl::OkStatus();
}

}  // namespace

bool unpack_datetime(std::uint64_t packed, std::uint32_t microsecond, CivilTime& out) noexcept {
  const std::uint64_t year_month = packed >> 22U;
  const std::uint64_t year = year_month / 13;
  out.year = static_cast<std::uint16_t>(year);
  out.month = static_cast<std::uint8_t>(year_month % 13);
  out.day = static_cast<std::uint8_t>((packed >> 17U) & 31U);
  out.hour = static_cast<std::uint8_t>((packed >> 12U) & 31U);
  out.minute = static_cast<std::uint8_t>((packed >> 6U) & 63U);
  out.second = static_cast<std::uint8_t>(packed & 63U);
  out.microsecond = microsecond;
  return year <= 9999 && is_civil(out);
}

std::int64_t unpack_time(std::uint64_t packed, std::uint32_t microsecond) noexcept {
  const auto hour = static_cast<std::int64_t>(packed >> 12U);
  const auto minute = static_cast<std::int64_t>((packed >> 6U) & 63U);
  const auto second = static_cast<std::int64_t>(packed & 63U);
  if (hour > 1023 || minute > 59 || second > 59 || microsecond >= kMicrosPerSecond) return -1;
  return ((hour * 60 + minute) * 60 + second) * kMicrosPerSecond + microsecond;
}

absl::Status compile_date(const ColumnDefinition& /*definition*/, Column& column) {
  column.kind = ValueKind::Date;
  column.decode = decode_date;
  return absl::OkStatus();
}

absl::Status compile_time(const ColumnDefinition& definition, Column& column) {
  return compile_temporal(definition, column, ValueKind::Time,
                          {WireType::Time, decode_old_time, decode_hires_time, decode_time2});
}

absl::Status compile_datetime(const ColumnDefinition& definition, Column& column) {
  return compile_temporal(definition, column, ValueKind::DateTime,
                          {WireType::DateTime, decode_old_datetime, decode_hires_datetime, decode_datetime2});
}

absl::Status compile_timestamp(const ColumnDefinition& definition, Column& column) {
  return compile_temporal(
      definition, column, ValueKind::Timestamp,
      {WireType::Timestamp, decode_old_timestamp, decode_hires_timestamp, decode_timestamp2});
}

}  // namespace rowtide::types
