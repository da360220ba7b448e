#include "rowtide/value.h"

#include <array>
#include <charconv>
#include <limits>

#include "sdk/src/base64.h"

namespace rowtide {
inline namespace v1 {
namespace {

/// Takes parts off the front of a date or time; once something does not fit, all that follows fails.
class CivilReader {
 public:
  explicit CivilReader(std::string_view text) : rest_(text) {}

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool number(int& out) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (error != std::errc{} || rest_.starts_with('-')) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return true;
  }
  bool date(CivilTime& out) {
    return number(out.year) && take('-') && number(out.month) && take('-') && number(out.day);
  }
  bool clock(CivilTime& out) {
    if (!number(out.hour) || !take(':') || !number(out.minute) || !take(':') || !number(out.second))
      return false;
    return !take('.') || fraction(out.microsecond);
  }
  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }

 private:
  bool fraction(int& micros) {
    int scale = 100'000;
    const std::size_t before = rest_.size();
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
         rest_.remove_prefix(1), scale /= 10)
      micros += (rest_.front() - '0') * scale;
    return rest_.size() != before && before - rest_.size() <= 6;
  }

  std::string_view rest_;
};

std::optional<CivilTime> parse_time(std::string_view text) {
  CivilReader reader(text);
  CivilTime civil;
  civil.is_negative = reader.take('-');
  if (reader.clock(civil) && reader.is_at_end()) return civil;
  return std::nullopt;
}

std::optional<CivilTime> parse_date_and_time(std::string_view text) {
  CivilReader reader(text);
  CivilTime civil;
  if (!reader.date(civil)) return std::nullopt;
  if (reader.is_at_end()) return civil;
  if (!reader.take(' ') && !reader.take('T')) return std::nullopt;
  if (!reader.clock(civil)) return std::nullopt;
  reader.take('Z');
  if (reader.is_at_end()) return civil;
  return std::nullopt;
}

}  // namespace

Value Value::of_bool(bool value) noexcept {
  Value result;
  result.kind_ = ValueKind::Bool;
  result.bool_ = value;
  return result;
}

Value Value::of_int64(std::int64_t value) noexcept {
  Value result;
  result.kind_ = ValueKind::Int64;
  result.int64_ = value;
  return result;
}

Value Value::of_uint64(std::uint64_t value) noexcept {
  Value result;
  result.kind_ = ValueKind::UInt64;
  result.uint64_ = value;
  return result;
}

Value Value::of_double(double value) noexcept {
  Value result;
  result.kind_ = ValueKind::Double;
  result.double_ = value;
  return result;
}

Value Value::of_text(ValueKind kind, std::string_view text) noexcept {
  Value result;
  result.kind_ = kind;
  result.text_ = text;
  return result;
}

std::string Value::to_string() const {
  std::array<char, 32> digits;
  char* const begin = digits.data();
  char* const end = begin + digits.size();
  switch (kind_) {
    case ValueKind::Null:
      return {};
    case ValueKind::Bool:
      return bool_ ? "true" : "false";
    case ValueKind::Int64:
      return {begin, std::to_chars(begin, end, int64_).ptr};
    case ValueKind::UInt64:
      return {begin, std::to_chars(begin, end, uint64_).ptr};
    case ValueKind::Double:
      return {begin, std::to_chars(begin, end, double_).ptr};
    default:
      return std::string(text_);
  }
}

std::optional<bool> Value::as_bool() const noexcept {
  if (kind_ == ValueKind::Bool) return bool_;
  return std::nullopt;
}

std::optional<std::int64_t> Value::as_int64() const noexcept {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (kind_ == ValueKind::Int64) return int64_;
  if (kind_ == ValueKind::Bool) return bool_ ? 1 : 0;
  if (kind_ == ValueKind::UInt64 && uint64_ <= kMax) return static_cast<std::int64_t>(uint64_);
  return std::nullopt;
}

std::optional<std::uint64_t> Value::as_uint64() const noexcept {
  if (kind_ == ValueKind::UInt64) return uint64_;
  if (kind_ == ValueKind::Bool) return bool_ ? 1 : 0;
  if (kind_ == ValueKind::Int64 && int64_ >= 0) return static_cast<std::uint64_t>(int64_);
  return std::nullopt;
}

std::optional<double> Value::as_double() const noexcept {
  if (kind_ == ValueKind::Double) return double_;
  if (kind_ == ValueKind::Int64) return static_cast<double>(int64_);
  if (kind_ == ValueKind::UInt64) return static_cast<double>(uint64_);
  if (kind_ != ValueKind::Decimal) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  if (error != std::errc{} || end != text_.data() + text_.size()) return std::nullopt;
  return value;
}

std::optional<CivilTime> Value::as_civil() const noexcept {
  switch (kind_) {
    case ValueKind::Time:
      return parse_time(text_);
    case ValueKind::Date:
    case ValueKind::DateTime:
    case ValueKind::Timestamp:
    case ValueKind::Text:
      return parse_date_and_time(text_);
    default:
      return std::nullopt;
  }
}

std::optional<std::string> Value::as_bytes() const {
  if (kind_ == ValueKind::Bytes) return std::string(text_);
  if (kind_ == ValueKind::Text) return decode_base64(text_);
  return std::nullopt;
}

}  // namespace v1
}  // namespace rowtide
