#include "tracker/encode/value_text.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>

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

/// At least `width` digits.
void append_digits(std::string& out, std::uint64_t number, int width) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const auto size = static_cast<int>(end - digits.data());
  if (size < width) out.append(static_cast<std::size_t>(width - size), '0');
  out.append(digits.data(), static_cast<std::size_t>(size));
}

void append_fraction(std::string& out, std::uint64_t micros, std::uint8_t decimals) {
  if (decimals == 0) return;
  for (int dropped = decimals; dropped < 6; ++dropped) micros /= 10;
  out += '.';
  append_digits(out, micros, decimals);
}

void append_clock(std::string& out, std::uint64_t hour, std::uint64_t minute, std::uint64_t second) {
  append_digits(out, hour, 2);
  out += ':';
  append_digits(out, minute, 2);
  out += ':';
  append_digits(out, second, 2);
}

template <std::floating_point Float>
void append_shortest(std::string& out, Float value) {
  std::array<char, 40> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

/// Takes "d.ddde[+-]xx" apart: the first digit, those after the point, and the exponent.
template <std::floating_point Float>
void append_java(std::string& out, Float value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::signbit(value)) out += '-';
  if (std::isinf(value)) {
    out += "Infinity";
    return;
  }
  if (value == 0) {
    out += "0.0";
    return;
  }
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value),
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t mark = text.find('e');
  int exponent = 0;
  const char* exponent_begin = text.data() + mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(exponent_begin, text.data() + text.size(), exponent);
  const std::string_view fraction = mark > 2 ? text.substr(2, mark - 2) : std::string_view();
  const auto append_digits_or_zero = [&out](std::string_view digits) {
    out += digits.empty() ? std::string_view("0") : digits;
  };

  constexpr int kMinPlain = -3;
  constexpr int kMaxPlain = 6;
  if (exponent < kMinPlain || exponent > kMaxPlain) {
    out += text[0];
    out += '.';
    append_digits_or_zero(fraction);
    out += 'E';
    json::append_integer(out, exponent);
  } else if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out += text[0];
    out += fraction;
  } else {
    const auto shift = static_cast<std::size_t>(exponent);
    out += text[0];
    out += fraction.substr(0, shift);
    if (fraction.size() < shift) out.append(shift - fraction.size(), '0');
    out += '.';
    append_digits_or_zero(fraction.size() > shift ? fraction.substr(shift) : std::string_view());
  }
}

void append_vector_text(std::string& out, std::string_view elements) {
  out += '[';
  for (std::size_t i = 0; i < elements.size() / types::kVectorElementSize; ++i) {
    if (i > 0) out += ',';
    json::append_float(out, types::vector_element(elements, i));
  }
  out += ']';
}

}  // namespace

void append_date_text(std::string& out, const CivilTime& civil) {
  append_digits(out, civil.year, 4);
  out += '-';
  append_digits(out, civil.month, 2);
  out += '-';
  append_digits(out, civil.day, 2);
}

void append_datetime_text(std::string& out, const CivilTime& civil, std::uint8_t decimals) {
  append_date_text(out, civil);
  out += ' ';
  append_clock(out, civil.hour, civil.minute, civil.second);
  append_fraction(out, civil.microsecond, decimals);
}

void append_time_text(std::string& out, std::int64_t micros, std::uint8_t decimals) {
  if (micros < 0) out += '-';
  const auto magnitude = static_cast<std::uint64_t>(micros < 0 ? -micros : micros);
  const std::uint64_t seconds = magnitude / kMicrosPerSecond;
  append_clock(out, seconds / 3600, seconds / 60 % 60, seconds % 60);
  append_fraction(out, magnitude % kMicrosPerSecond, decimals);
}

void append_timestamp_text(std::string& out, std::int64_t micros, std::uint8_t decimals) {
  CivilTime civil{};
  if (micros != 0) {  // 0 is MySQL's zero timestamp
    const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds{micros}};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    civil.year = static_cast<std::uint16_t>(static_cast<int>(date.year()));
    civil.month = static_cast<std::uint8_t>(static_cast<unsigned>(date.month()));
    civil.day = static_cast<std::uint8_t>(static_cast<unsigned>(date.day()));
    civil.hour = static_cast<std::uint8_t>(clock.hours().count());
    civil.minute = static_cast<std::uint8_t>(clock.minutes().count());
    civil.second = static_cast<std::uint8_t>(clock.seconds().count());
  }
  civil.microsecond = static_cast<std::uint32_t>(micros % kMicrosPerSecond);
  append_datetime_text(out, civil, decimals);
}

void append_java_float(std::string& out, float value) {
  append_java(out, value);
}

void append_java_double(std::string& out, double value) {
  append_java(out, value);
}

void append_value_text(std::string& out, const Column& column, const Value& value) {
  switch (value.kind) {
    case ValueKind::Absent:
    case ValueKind::Null:
      return;
    case ValueKind::Int:
      return json::append_integer(out, value.integer);
    case ValueKind::UInt:
    case ValueKind::Bits:
      return json::append_integer(out, value.unsigned_integer);
    case ValueKind::Year:
      return append_digits(out, static_cast<std::uint64_t>(value.integer), 4);
    case ValueKind::Float:
      return append_shortest(out, value.float32);
    case ValueKind::Double:
      return append_shortest(out, value.float64);
    case ValueKind::Decimal:
    case ValueKind::Text:
    case ValueKind::Bytes:
    case ValueKind::Json:
      out += value.text;
      return;
    case ValueKind::Date:
      return append_date_text(out, value.civil);
    case ValueKind::Time:
      return append_time_text(out, value.integer, column.fsp);
    case ValueKind::DateTime:
      return append_datetime_text(out, value.civil, column.fsp);
    case ValueKind::Timestamp:
      return append_timestamp_text(out, value.integer, column.fsp);
    case ValueKind::Geometry:
      types::append_stored_srid(out, value);
      out += value.text;
      return;
    case ValueKind::Vector:
      return append_vector_text(out, value.text);
  }
}

}  // namespace rowtide::encode
