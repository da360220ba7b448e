#include "tracker/encode/debezium/value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>

#include "common/bytes/hex.h"
#include "tracker/encode/base64.h"
#include "tracker/encode/json_writer.h"
#include "tracker/types/geometry.h"
#include "tracker/types/temporal.h"
#include "tracker/types/vector.h"

namespace rowtide::encode {
namespace {

using types::CivilTime;
using types::Column;
using types::kMicrosPerSecond;
using types::Value;
using types::ValueKind;

constexpr std::int64_t kSecondsPerDay = 86'400;

/// Days since 1970-01-01; nullopt for what is no day.
std::optional<std::int64_t> days_of(const CivilTime& civil) noexcept {
  if (civil.year == 0) return std::nullopt;  // std::chrono knows a year 0, MySQL's is part of a zero date
  const std::chrono::year_month_day day{std::chrono::year{civil.year}, std::chrono::month{civil.month},
                                        std::chrono::day{civil.day}};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days{day}.time_since_epoch().count();
}

void append_no_date(std::string& out, const Column& column) {
  out.append(column.is_nullable ? std::string_view("null") : std::string_view("0"));
}

void append_date(std::string& out, const Column& column, const CivilTime& civil) {
  const std::optional<std::int64_t> days = days_of(civil);
  if (!days) return append_no_date(out, column);
  json::append_integer(out, *days);
}

void append_datetime(std::string& out, const Column& column, const CivilTime& civil, bool in_micros) {
  const std::optional<std::int64_t> days = days_of(civil);
  if (!days) return append_no_date(out, column);
  const std::int64_t seconds = *days * kSecondsPerDay + std::int64_t{civil.hour} * 3600 +
                               std::int64_t{civil.minute} * 60 + civil.second;
  const std::int64_t micros = seconds * kMicrosPerSecond + civil.microsecond;
  // The millisecond that has begun, before 1970 too.
  constexpr std::int64_t kMicrosPerMilli = 1000;
  const std::int64_t millis = micros / kMicrosPerMilli - (micros % kMicrosPerMilli < 0 ? 1 : 0);
  json::append_integer(out, in_micros ? micros : millis);
}

/// `width` digits, zero-padded, written in front of `end`. Returns where they begin.
char* put_digits(char* end, std::int64_t number, int width) noexcept {
  for (; width > 0; --width) {
    *--end = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  return end;
}

/// "2024-01-02T03:04:05.120Z" with the declared decimals. A TIMESTAMP lies between 1970 and 2106 in every
/// server; the zero one, which is 0 on the wire, comes as the beginning of 1970.
void append_timestamp(std::string& out, const Column& column, std::int64_t micros) {
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds{micros}};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};

  std::array<char, 32> text;
  char* at = text.data() + text.size();
  *--at = '"';
  *--at = 'Z';
  if (column.fsp > 0) {
    std::int64_t fraction = clock.subseconds().count();
    for (int dropped = column.fsp; dropped < 6; ++dropped) fraction /= 10;
    at = put_digits(at, fraction, column.fsp);
    *--at = '.';
  }
  at = put_digits(at, clock.seconds().count(), 2);
  *--at = ':';
  at = put_digits(at, clock.minutes().count(), 2);
  *--at = ':';
  at = put_digits(at, clock.hours().count(), 2);
  *--at = 'T';
  at = put_digits(at, static_cast<unsigned>(date.day()), 2);
  *--at = '-';
  at = put_digits(at, static_cast<unsigned>(date.month()), 2);
  *--at = '-';
  at = put_digits(at, static_cast<int>(date.year()), 4);
  *--at = '"';
  out.append(at, static_cast<std::size_t>(text.data() + text.size() - at));
}

void append_base64_string(std::string& out, std::string_view bytes) {
  out.push_back('"');
  append_base64(out, bytes);
  out.push_back('"');
}

/// What two's complement needs for the longest DECIMAL, 65 digits, and for a BIGINT.
constexpr std::size_t kMaxUnscaledBytes = 28;

/// The whole number that `digits` (with sign and point) are without their point, as Java's BigInteger has its
/// bytes: two's complement, big-endian, no longer than needed. Connect's Decimal.
void append_unscaled(std::string& out, std::string_view digits) {
  std::array<std::uint8_t, kMaxUnscaledBytes> bytes{};  // the lowest first, until the end
  std::size_t size = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') continue;
    auto carry = static_cast<unsigned>(c - '0');
    for (std::size_t i = 0; i < size; ++i) {
      carry += bytes[i] * 10U;
      bytes[i] = static_cast<std::uint8_t>(carry);
      carry >>= 8U;
    }
    if (carry != 0) bytes[size++] = static_cast<std::uint8_t>(carry);
  }
  if (size == 0 || (bytes[size - 1] & 0x80U) != 0) bytes[size++] = 0;
  if (digits.starts_with('-')) {
    unsigned carry = 1;
    for (std::size_t i = 0; i < size; ++i) {
      carry += static_cast<std::uint8_t>(~bytes[i]);
      bytes[i] = static_cast<std::uint8_t>(carry);
      carry >>= 8U;
    }
    if (size > 1 && bytes[size - 1] == 0xff && (bytes[size - 2] & 0x80U) != 0) --size;
  }
  std::reverse(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
  append_base64_string(out, {reinterpret_cast<const char*>(bytes.data()), size});
}

void append_decimal(std::string& out, std::string_view digits, task::DebeziumDecimals mode) {
  switch (mode) {
    case task::DebeziumDecimals::String:
      out.push_back('"');
      out.append(digits);
      out.push_back('"');
      return;
    case task::DebeziumDecimals::Precise:
      return append_unscaled(out, digits);
    case task::DebeziumDecimals::Double: {
      double number = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
      return json::append_float(out, number);
    }
  }
}

void append_unsigned(std::string& out, const Column& column, std::uint64_t number,
                     task::DebeziumUnsignedBigint mode) {
  constexpr std::uint8_t kBigintWidth = 8;
  if (column.width != kBigintWidth || mode == task::DebeziumUnsignedBigint::Number) {
    return json::append_integer(out, number);
  }
  if (mode == task::DebeziumUnsignedBigint::Long) {
    return json::append_integer(out, static_cast<std::int64_t>(number));
  }
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  append_unscaled(out, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void append_binary(std::string& out, std::string_view bytes, task::DebeziumBinary mode) {
  if (mode == task::DebeziumBinary::Hex) {
    out.push_back('"');
    append_hex(out, bytes);
    out.push_back('"');
    return;
  }
  const std::size_t begin = out.size();
  append_base64_string(out, bytes);
  if (mode == task::DebeziumBinary::Base64) return;
  for (std::size_t i = begin; i < out.size(); ++i) {
    if (out[i] == '+') out[i] = '-';
    if (out[i] == '/') out[i] = '_';
  }
}

/// BIT(1) is a boolean; wider ones are their bytes, the lowest first.
void append_bits(std::string& out, const Column& column, std::uint64_t bits) {
  if (column.bits <= 1) {
    out.append(bits != 0 ? std::string_view("true") : std::string_view("false"));
    return;
  }
  std::array<char, 8> bytes;
  const std::size_t size = (column.bits + 7U) / 8U;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>((bits >> (8 * i)) & 0xff);
  append_base64_string(out, {bytes.data(), size});
}

/// x and y are there for a column declared as POINT only; null where MariaDB has stored none.
void append_geometry(std::string& out, const Column& column, const Value& value) {
  out.push_back('{');
  const bool is_point = column.geometry_type == static_cast<std::uint8_t>(types::GeometryType::Point);
  if (is_point && value.text.empty()) {
    out.append(R"("x":null,"y":null,)");
  } else if (is_point) {
    const types::PlanePoint point = types::point_of(value.text);
    out.append(R"("x":)");
    json::append_float(out, point.x);
    out.append(R"(,"y":)");
    json::append_float(out, point.y);
    out.push_back(',');
  }
  out.append(R"("wkb":)");
  append_base64_string(out, value.text);
  out.append(R"(,"srid":)");
  if (value.unsigned_integer == 0) {
    out.append("null");
  } else {
    json::append_integer(out, value.unsigned_integer);
  }
  out.push_back('}');
}

void append_vector(std::string& out, std::string_view elements) {
  out.push_back('[');
  for (std::size_t i = 0; i < elements.size() / types::kVectorElementSize; ++i) {
    if (i > 0) out.push_back(',');
    json::append_float(out, types::vector_element(elements, i));
  }
  out.push_back(']');
}

}  // namespace

void append_debezium_value(std::string& out, const Column& column, const Value& value,
                           const task::DebeziumOptions& options) {
  const bool is_adaptive = options.time == task::DebeziumTime::AdaptiveMicroseconds;
  switch (value.kind) {
    case ValueKind::Absent:
    case ValueKind::Null:
      out.append("null");
      return;
    case ValueKind::Int:
    case ValueKind::Year:
      return json::append_integer(out, value.integer);
    case ValueKind::Time:
      return json::append_integer(out, is_adaptive ? value.integer : value.integer / 1000);
    case ValueKind::UInt:
      return append_unsigned(out, column, value.unsigned_integer, options.unsigned_bigint);
    case ValueKind::Float:
      return json::append_float(out, value.float32);
    case ValueKind::Double:
      return json::append_float(out, value.float64);
    case ValueKind::Decimal:
      return append_decimal(out, value.text, options.decimals);
    case ValueKind::Text:
    case ValueKind::Json:
      return json::append_string(out, value.text);
    case ValueKind::Bytes:
      return append_binary(out, value.text, options.binary);
    case ValueKind::Bits:
      return append_bits(out, column, value.unsigned_integer);
    case ValueKind::Date:
      return append_date(out, column, value.civil);
    case ValueKind::DateTime:
      return append_datetime(out, column, value.civil, is_adaptive && column.fsp > 3);
    case ValueKind::Timestamp:
      return append_timestamp(out, column, value.integer);
    case ValueKind::Geometry:
      return append_geometry(out, column, value);
    case ValueKind::Vector:
      return append_vector(out, value.text);
  }
}

bool is_same_value(const Value& left, const Value& right) noexcept {
  if (left.kind != right.kind) return false;
  switch (left.kind) {
    case ValueKind::Absent:
    case ValueKind::Null:
      return true;
    case ValueKind::Int:
    case ValueKind::Time:
    case ValueKind::Year:
    case ValueKind::Timestamp:
      return left.integer == right.integer;
    case ValueKind::UInt:
    case ValueKind::Bits:
      return left.unsigned_integer == right.unsigned_integer;
    case ValueKind::Float:
      return std::bit_cast<std::uint32_t>(left.float32) == std::bit_cast<std::uint32_t>(right.float32);
    case ValueKind::Double:
      return std::bit_cast<std::uint64_t>(left.float64) == std::bit_cast<std::uint64_t>(right.float64);
    case ValueKind::Decimal:
    case ValueKind::Text:
    case ValueKind::Bytes:
    case ValueKind::Json:
    case ValueKind::Vector:
      return left.text == right.text;
    case ValueKind::Geometry:
      return left.unsigned_integer == right.unsigned_integer && left.text == right.text;
    case ValueKind::Date:
    case ValueKind::DateTime: {
      const CivilTime& a = left.civil;
      const CivilTime& b = right.civil;
      return a.year == b.year && a.month == b.month && a.day == b.day && a.hour == b.hour &&
             a.minute == b.minute && a.second == b.second && a.microsecond == b.microsecond;
    }
  }
  return false;
}

}  // namespace rowtide::encode
