#include "tracker/types/json/json_scalars.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>

#include "absl/strings/escaping.h"
#include "common/bytes/json_escape.h"
#include "common/bytes/utf8.h"
#include "tracker/types/decimal.h"
#include "tracker/types/families.h"
#include "tracker/types/temporal.h"

namespace rowtide::types {
namespace {

bool append_decimal(Bytes value, std::string& out) {
  ByteReader reader(value);
  DecimalShape shape;
  shape.precision = reader.u8();
  shape.scale = reader.u8();
  if (!reader.ok() || !is_json_decimal_shape(shape) || reader.remaining() != decimal_size(shape))
    return false;
  char text[kMaxDecimalText];
  const char* end = decimal_to_text(shape, reader.rest(), text);
  if (end == nullptr) return false;
  out.append(text, static_cast<std::size_t>(end - text));
  return true;
}

/// The upper 40 bits are the time's bit fields, the lower 24 the microseconds.
constexpr unsigned kMicrosecondBits = 24;
constexpr std::uint64_t kMicrosecondMask = (std::uint64_t{1} << kMicrosecondBits) - 1;

bool append_time(std::int64_t packed, std::string& out) {
  const std::uint64_t magnitude =
      packed < 0 ? 0 - static_cast<std::uint64_t>(packed) : static_cast<std::uint64_t>(packed);
  const std::int64_t micros =
      unpack_time(magnitude >> kMicrosecondBits, static_cast<std::uint32_t>(magnitude & kMicrosecondMask));
  if (micros < 0) return false;
  const std::int64_t seconds = micros / 1000000;
  fmt::format_to(std::back_inserter(out), "\"{}{:02}:{:02}:{:02}.{:06}\"", packed < 0 ? "-" : "",
                 seconds / 3600, seconds / 60 % 60, seconds % 60, micros % 1000000);
  return true;
}

bool append_date_or_datetime(std::uint64_t packed, bool has_time, std::string& out) {
  CivilTime civil{};
  if (!unpack_datetime(packed >> kMicrosecondBits, static_cast<std::uint32_t>(packed & kMicrosecondMask),
                       civil))
    return false;
  fmt::format_to(std::back_inserter(out), "\"{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
  if (has_time) {
    fmt::format_to(std::back_inserter(out), " {:02}:{:02}:{:02}.{:06}", civil.hour, civil.minute,
                   civil.second, civil.microsecond);
  }
  out.push_back('"');
  return true;
}

bool append_temporal(WireType type, Bytes value, std::string& out) {
  ByteReader reader(value);
  const std::uint64_t packed = reader.u64();
  if (!reader.ok() || !reader.at_end()) return false;
  if (type == WireType::Time) return append_time(static_cast<std::int64_t>(packed), out);
  return append_date_or_datetime(packed, type != WireType::Date, out);
}

}  // namespace

bool append_json_string(std::string_view text, std::string& out) {
  if (!is_utf8(text)) return false;
  out.push_back('"');
  append_json_escaped(out, text);
  out.push_back('"');
  return true;
}

void append_json_double(double value, std::string& out) {
  // The longest double without an exponent: 5e-324 with its zeros; large ones stop at 309 digits.
  char text[1100];
  const auto result = std::to_chars(std::begin(text), std::end(text), value, std::chars_format::fixed);
  const std::string_view digits{text, static_cast<std::size_t>(result.ptr - text)};
  out.append(digits);
  // As Debezium has it: a point tells doubles from integers, up to the magnitude where it leaves the fraction
  // out.
  constexpr double kPlainFrom = 1e7;
  if (std::fabs(value) < kPlainFrom && digits.find('.') == std::string_view::npos) out.append(".0");
}

bool append_json_opaque(std::uint8_t type, Bytes value, std::string& out) {
  switch (static_cast<WireType>(type)) {
    case WireType::NewDecimal:
      return append_decimal(value, out);
    case WireType::Date:
    case WireType::Time:
    case WireType::DateTime:
    case WireType::Timestamp:
      return append_temporal(static_cast<WireType>(type), value, out);
    default:
      out.push_back('"');
      out.append(absl::Base64Escape({as_text(value).data(), value.size()}));
      out.push_back('"');
      return true;
  }
}

}  // namespace rowtide::types
