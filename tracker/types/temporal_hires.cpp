// TIME, DATETIME and TIMESTAMP with decimals as MariaDB 5.3 stored them, and still does with
// mysql56_temporal_format=OFF. The table map has the same types as for the old forms without decimals, and no
// metadata: only the catalog tells how many there are. Source: MariaDB sql/field.cc (Field_time_hires,
// Field_datetime_hires, Field_timestamp_hires).
#include <array>

#include "tracker/types/families.h"
#include "tracker/types/temporal.h"

namespace rowtide::types {
namespace {

/// By decimals. Those of TIME and DATETIME hold the whole value, those of TIMESTAMP what follows the seconds.
constexpr std::array<std::uint8_t, 7> kTimeBytes = {3, 4, 4, 5, 5, 5, 6};
constexpr std::array<std::uint8_t, 7> kDatetimeBytes = {5, 6, 6, 7, 7, 7, 8};
constexpr std::array<std::uint8_t, 7> kSecondPartBytes = {0, 1, 1, 2, 2, 3, 3};
/// Microseconds of the last decimal.
constexpr std::array<std::int64_t, 7> kUnit = {1000000, 100000, 10000, 1000, 100, 10, 1};

/// All times are stored as positive numbers: 838:59:59 and a second more is added.
constexpr std::int64_t kTimeZero = ((838 * 60 + 59) * 60 + 59 + 1) * kMicrosPerSecond;
constexpr std::int64_t kTimeLimit = kTimeZero;

}  // namespace

DecodeStatus decode_hires_time(ByteReader& row, const Column& column, Scratch&, Value& out) noexcept {
  const auto stored = static_cast<std::int64_t>(row.big_endian(kTimeBytes[column.fsp]));
  if (!row.ok()) return DecodeStatus::Truncated;
  if (stored > 2 * kTimeLimit / kUnit[column.fsp]) return DecodeStatus::BadValue;
  out.kind = ValueKind::Time;
  out.integer = stored * kUnit[column.fsp] - kTimeZero;
  return DecodeStatus::Ok;
}

DecodeStatus decode_hires_datetime(ByteReader& row, const Column& column, Scratch&, Value& out) noexcept {
  constexpr std::uint64_t kTooLarge = std::uint64_t{10000} * 13 * 32 * 86400 * kMicrosPerSecond;
  const std::uint64_t stored = row.big_endian(kDatetimeBytes[column.fsp]);
  if (!row.ok()) return DecodeStatus::Truncated;
  const auto unit = static_cast<std::uint64_t>(kUnit[column.fsp]);
  if (stored >= kTooLarge / unit) return DecodeStatus::BadValue;
  std::uint64_t rest = stored * unit;
  const auto take = [&rest](std::uint64_t count) {
    const std::uint64_t digit = rest % count;
    rest /= count;
    return digit;
  };
  out.kind = ValueKind::DateTime;
  out.civil.microsecond = static_cast<std::uint32_t>(take(kMicrosPerSecond));
  out.civil.second = static_cast<std::uint8_t>(take(60));
  out.civil.minute = static_cast<std::uint8_t>(take(60));
  out.civil.hour = static_cast<std::uint8_t>(take(24));
  out.civil.day = static_cast<std::uint8_t>(take(32));
  out.civil.month = static_cast<std::uint8_t>(take(13));
  out.civil.year = static_cast<std::uint16_t>(rest);
  return DecodeStatus::Ok;
}

DecodeStatus decode_hires_timestamp(ByteReader& row, const Column& column, Scratch&, Value& out) noexcept {
  const auto seconds = static_cast<std::int64_t>(row.big_endian(4));
  const auto part =
      static_cast<std::int64_t>(row.big_endian(kSecondPartBytes[column.fsp])) * kUnit[column.fsp];
  if (!row.ok()) return DecodeStatus::Truncated;
  if (part >= kMicrosPerSecond) return DecodeStatus::BadValue;
  out.kind = ValueKind::Timestamp;
  out.integer = seconds * kMicrosPerSecond + part;
  return DecodeStatus::Ok;
}

}  // namespace rowtide::types
