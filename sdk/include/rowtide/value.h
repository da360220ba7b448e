#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rowtide/export.h"

namespace rowtide {
inline namespace v1 {

enum class ValueKind : std::uint8_t {
  Null,
  Bool,
  Int64,
  UInt64,  ///< an integer beyond 2^63-1, or in a format that names the type of an unsigned one
  Double,
  Decimal,  ///< digits
  Text,     ///< UTF-8
  Bytes,
  Date,       ///< 2024-02-29; zero and partial dates as stored
  Time,       ///< -838:59:59.000
  DateTime,   ///< 2024-02-29 12:34:56.789, without a time zone
  Timestamp,  ///< the same in UTC
  Json,       ///< a JSON document; debezium-json's GEOMETRY and VECTOR, written anew
};

[[nodiscard]] ROWTIDE_SDK_EXPORT std::string_view name_of(ValueKind kind) noexcept;

/// Parts of a date or time as they are stored: zero and impossible dates are not mended.
struct CivilTime {
  bool is_negative = false;
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;  ///< of a TIME up to 838
  int minute = 0;
  int second = 0;
  int microsecond = 0;
  friend bool operator==(const CivilTime&, const CivilTime&) = default;
};

/// What debezium-json writes for DATE, DATETIME(0..3), DATETIME(4..6) and TIME, which are numbers there.
[[nodiscard]] ROWTIDE_SDK_EXPORT CivilTime date_of_days(std::int64_t days_since_1970) noexcept;
[[nodiscard]] ROWTIDE_SDK_EXPORT CivilTime datetime_of_millis(std::int64_t millis_since_1970) noexcept;
[[nodiscard]] ROWTIDE_SDK_EXPORT CivilTime datetime_of_micros(std::int64_t micros_since_1970) noexcept;
[[nodiscard]] ROWTIDE_SDK_EXPORT CivilTime time_of_micros(std::int64_t micros) noexcept;

/// A column's value: a view into the Change that it came in.
class ROWTIDE_SDK_EXPORT Value {
 public:
  Value() noexcept = default;
  [[nodiscard]] static Value of_bool(bool value) noexcept;
  [[nodiscard]] static Value of_int64(std::int64_t value) noexcept;
  [[nodiscard]] static Value of_uint64(std::uint64_t value) noexcept;
  [[nodiscard]] static Value of_double(double value) noexcept;
  /// Decimal, Text, Bytes, Date, Time, DateTime, Timestamp, Json.
  [[nodiscard]] static Value of_text(ValueKind kind, std::string_view text) noexcept;

  [[nodiscard]] ValueKind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_null() const noexcept { return kind_ == ValueKind::Null; }

  /// The record's own text, exactly, of Decimal, Text, dates and times, Json; the bytes of Bytes; "" of the
  /// other kinds.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  /// The same, and numbers as digits: a Double with the fewest that read back the same. "" of Null.
  [[nodiscard]] std::string to_string() const;

  /// Nothing where the value is of another kind or does not fit; nothing is rounded. Bool, Int64 and UInt64
  /// are integers.
  [[nodiscard]] std::optional<bool> as_bool() const noexcept;
  [[nodiscard]] std::optional<std::int64_t> as_int64() const noexcept;
  [[nodiscard]] std::optional<std::uint64_t> as_uint64() const noexcept;
  /// Double, and integers and decimals as the nearest double.
  [[nodiscard]] std::optional<double> as_double() const noexcept;
  /// Date, Time, DateTime, Timestamp, and a Text of this form (debezium-json's TIMESTAMP:
  /// 2024-02-29T12:34:56Z).
  [[nodiscard]] std::optional<CivilTime> as_civil() const noexcept;
  /// The bytes of Bytes; of Text those that it is the base64 of (debezium-json's BINARY, BLOB and BIT(n)).
  [[nodiscard]] std::optional<std::string> as_bytes() const;

 private:
  ValueKind kind_ = ValueKind::Null;
  union {
    bool bool_;
    std::int64_t int64_ = 0;
    std::uint64_t uint64_;
    double double_;
  };
  std::string_view text_;
};

}  // namespace v1
}  // namespace rowtide
