#include "tracker/encode/dts/value.h"

#include <array>
#include <charconv>
#include <optional>

#include "tracker/encode/dts/avro_writer.h"
#include "tracker/encode/value_text.h"
#include "tracker/types/families.h"
#include "tracker/types/temporal.h"

namespace rowtide::encode {
namespace {

using avro::append_bytes;
using avro::append_long;
using avro::append_string;
using types::CivilTime;
using types::Column;
using types::kMicrosPerSecond;
using types::Value;
using types::ValueKind;
using types::WireType;

constexpr std::string_view kCharset = "utf8";  // the SDK knows no utf8mb3, and takes this as UTF-8

// Branches of the union of values, in the schema's order.
enum class Branch : std::int64_t {
  Null = 0,
  Integer = 1,
  Character = 2,
  Decimal = 3,
  Float = 4,
  Timestamp = 5,
  DateTime = 6,
  BinaryGeometry = 8,
  BinaryObject = 10,
  TextObject = 11,
  EmptyObject = 12,
};
constexpr std::int64_t kNone = 1;  // EmptyObject: no value in this image

void append_branch(std::string& out, Branch branch) {
  append_long(out, static_cast<std::int64_t>(branch));
}

// Numbers of MySQL's field types before fractions had their own.
constexpr int kTimestampNumber = 7;
constexpr int kTimeNumber = 11;
constexpr int kDateTimeNumber = 12;
constexpr int kTextNumber = 253;
constexpr int kBlobNumber = 252;

/// A short text whose length comes first.
void append_number_text(std::string& out, const Column& column, const Value& value) {
  const std::size_t begin = out.size();
  append_value_text(out, column, value);
  avro::count_bytes(out, begin);
}

void append_integer(std::string& out, const Column& column, const Value& value) {
  append_branch(out, Branch::Integer);
  append_long(out, column.kind == ValueKind::Bits ? column.bits : column.width);
  append_number_text(out, column, value);
}

/// Its text follows.
void begin_character(std::string& out) {
  append_branch(out, Branch::Character);
  append_string(out, kCharset);
}

void append_text_object(std::string& out, std::string_view type, std::string_view text) {
  append_branch(out, Branch::TextObject);
  append_string(out, type);
  append_string(out, text);
}

void append_binary_object(std::string& out, Branch branch, std::string_view type, std::string_view bytes) {
  append_branch(out, branch);
  append_string(out, type);
  append_bytes(out, bytes);
}

/// The double that prints as the float does: 0.1, not 0.10000000149011612.
double widened(float value) {
  std::array<char, 40> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  auto wide = static_cast<double>(value);
  std::from_chars(digits.data(), end, wide);
  return wide;
}

void append_float(std::string& out, double value) {
  append_branch(out, Branch::Float);
  avro::append_double(out, value);
  append_long(out, 0);
  append_long(out, 0);
}

void append_optional(std::string& out, std::optional<std::int64_t> number) {
  append_long(out, number ? 1 : 0);
  if (number) append_long(out, *number);
}

void append_absent(std::string& out, int count) {
  out.append(static_cast<std::size_t>(count), '\0');  // branch 0: null
}

void append_day(std::string& out, const CivilTime& civil) {
  append_optional(out, civil.year);
  append_optional(out, civil.month);
  append_optional(out, civil.day);
}

/// "millis" holds microseconds.
void append_fraction(std::string& out, const Column& column, std::int64_t micros) {
  append_optional(out, column.fsp == 0 ? std::nullopt : std::optional(micros));
}

void append_datetime(std::string& out, const Column& column, const CivilTime& civil) {
  append_branch(out, Branch::DateTime);
  append_day(out, civil);
  append_optional(out, civil.hour);
  append_optional(out, civil.minute);
  append_optional(out, civil.second);
  append_fraction(out, column, civil.microsecond);
}

/// All parts of a negative time are negative.
void append_time(std::string& out, const Column& column, std::int64_t micros) {
  append_branch(out, Branch::DateTime);
  append_absent(out, 3);
  const std::int64_t seconds = micros / kMicrosPerSecond;
  append_optional(out, seconds / 3600);
  append_optional(out, seconds / 60 % 60);
  append_optional(out, seconds % 60);
  append_fraction(out, column, micros % kMicrosPerSecond);
}

void append_text(std::string& out, const Column& column, std::string_view text) {
  switch (static_cast<WireType>(column.wire_type)) {
    case WireType::Enum:
      return append_text_object(out, "enum", text);
    case WireType::Set:
      return append_text_object(out, "set", text);
    default:
      begin_character(out);
      return append_string(out, text);
  }
}

}  // namespace

int dts_type_number(const Column& column) noexcept {
  switch (column.kind) {
    case ValueKind::Timestamp:
      return kTimestampNumber;
    case ValueKind::Time:
      return kTimeNumber;
    case ValueKind::DateTime:
      return kDateTimeNumber;
    case ValueKind::Date:
      return static_cast<int>(WireType::Date);
    case ValueKind::Bytes:
      return kBlobNumber;
    case ValueKind::Vector:
      return kTextNumber;
    case ValueKind::Text: {
      const auto type = static_cast<WireType>(column.wire_type);
      const bool is_own = type == WireType::Enum || type == WireType::Set || type == WireType::Varchar ||
                          type == WireType::String;
      return is_own ? column.wire_type : kTextNumber;
    }
    default:
      return column.wire_type;
  }
}

void append_dts_value(std::string& out, const Column& column, const Value& value) {
  switch (value.kind) {
    case ValueKind::Absent:
      append_branch(out, Branch::EmptyObject);
      return append_long(out, kNone);
    case ValueKind::Null:
      return append_branch(out, Branch::Null);
    case ValueKind::Int:
    case ValueKind::UInt:
    case ValueKind::Bits:
      return append_integer(out, column, value);
    case ValueKind::Float:
      return append_float(out, widened(value.float32));
    case ValueKind::Double:
      return append_float(out, value.float64);
    case ValueKind::Decimal:
      append_branch(out, Branch::Decimal);
      append_string(out, value.text);
      append_long(out, column.precision);
      return append_long(out, column.scale);
    case ValueKind::Text:
      return append_text(out, column, value.text);
    case ValueKind::Bytes:
      return append_binary_object(out, Branch::BinaryObject, "blob", value.text);
    case ValueKind::Json:
      return append_text_object(out, "json", value.text);
    case ValueKind::Geometry:
      return append_binary_object(out, Branch::BinaryGeometry, "geometry", value.text);
    case ValueKind::Vector:
      begin_character(out);
      return append_number_text(out, column, value);
    case ValueKind::Date:
      append_branch(out, Branch::DateTime);
      append_day(out, value.civil);
      return append_absent(out, 4);
    case ValueKind::Time:
      return append_time(out, column, value.integer);
    case ValueKind::DateTime:
      return append_datetime(out, column, value.civil);
    case ValueKind::Timestamp:
      append_branch(out, Branch::Timestamp);
      append_long(out, value.integer / kMicrosPerSecond);
      return append_long(out, value.integer % kMicrosPerSecond);
    case ValueKind::Year:
      append_branch(out, Branch::DateTime);
      append_optional(out, value.integer);
      return append_absent(out, 6);
  }
}

}  // namespace rowtide::encode
