// DECIMAL: groups of nine digits in four bytes, big-endian, left and right of the point; the digits left over
// at the far ends take fewer bytes. The first bit is the sign, inverted; a negative number has all its bits
// inverted.
#include "tracker/types/decimal.h"

#include <array>
#include <cstring>

#include "tracker/types/families.h"

namespace rowtide::types {
namespace {

constexpr unsigned kDigitsPerGroup = 9;
constexpr std::size_t kGroupSize = 4;
constexpr std::array<std::uint8_t, 10> kLeftoverSize = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr std::array<std::uint32_t, 10> kPowersOfTen = {1,      10,      100,      1000,      10000,
                                                        100000, 1000000, 10000000, 100000000, 1000000000};
constexpr std::size_t kMaxSize = 40;  // of 81 digits, wherever the point is

std::size_t digits_size(unsigned digits) noexcept {
  return digits / kDigitsPerGroup * kGroupSize + kLeftoverSize[digits % kDigitsPerGroup];
}

/// Writes exactly `count` digits.
char* put_digits(char* out, std::uint32_t value, unsigned count) noexcept {
  for (unsigned i = count; i > 0; --i) {
    out[i - 1] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + count;
}

/// The magnitude of a decimal, with its digits read one group after the other.
class DigitReader {
 public:
  explicit DigitReader(Bytes bytes) noexcept : reader_(bytes) {}

  char* read(char* out, unsigned digits) noexcept {
    const auto value = static_cast<std::uint32_t>(reader_.big_endian(digits_size(digits)));
    if (value >= kPowersOfTen[digits]) is_valid_ = false;
    any_digit_ = any_digit_ || value != 0;
    return put_digits(out, value, digits);
  }
  [[nodiscard]] bool is_valid() const noexcept { return is_valid_; }
  [[nodiscard]] bool is_zero() const noexcept { return !any_digit_; }

 private:
  ByteReader reader_;
  bool is_valid_ = true;
  bool any_digit_ = false;
};

char* read_integer_part(DigitReader& reader, unsigned digits, char* out) noexcept {
  if (const unsigned leftover = digits % kDigitsPerGroup; leftover > 0) out = reader.read(out, leftover);
  for (unsigned group = digits / kDigitsPerGroup; group > 0; --group) out = reader.read(out, kDigitsPerGroup);
  return out;
}

char* read_fraction(DigitReader& reader, unsigned digits, char* out) noexcept {
  for (unsigned group = digits / kDigitsPerGroup; group > 0; --group) out = reader.read(out, kDigitsPerGroup);
  if (const unsigned leftover = digits % kDigitsPerGroup; leftover > 0) out = reader.read(out, leftover);
  return out;
}

DecodeStatus decode_decimal(ByteReader& row, const Column& column, Scratch& scratch, Value& out) noexcept {
  const Bytes bytes = row.bytes(column.width);
  if (!row.ok()) return DecodeStatus::Truncated;
  const std::span<char> room = scratch.allocate(kMaxDecimalText);
  const char* end = decimal_to_text({column.precision, column.scale}, bytes, room.data());
  const std::size_t size = end == nullptr ? 0 : static_cast<std::size_t>(end - room.data());
  scratch.shrink_last(room, size);
  if (end == nullptr) return DecodeStatus::BadValue;
  out.kind = ValueKind::Decimal;
  out.text = {room.data(), size};
  return DecodeStatus::Ok;
}

}  // namespace

bool is_decimal_shape(DecimalShape shape) noexcept {
  return shape.precision >= 1 && shape.precision <= kMaxDecimalPrecision && shape.scale <= kMaxDecimalScale &&
         shape.scale <= shape.precision;
}

bool is_json_decimal_shape(DecimalShape shape) noexcept {
  return shape.precision >= 1 && shape.precision <= kMaxJsonDecimalPrecision &&
         shape.scale <= shape.precision;
}

std::size_t decimal_size(DecimalShape shape) noexcept {
  return digits_size(static_cast<unsigned>(shape.precision - shape.scale)) + digits_size(shape.scale);
}

char* decimal_to_text(DecimalShape shape, Bytes bytes, char* out) noexcept {
  std::array<std::byte, kMaxSize> magnitude;
  if (bytes.empty() || bytes.size() > magnitude.size()) return nullptr;
  const bool is_negative = (bytes[0] & std::byte{0x80}) == std::byte{0};
  const std::byte flip = is_negative ? std::byte{0xff} : std::byte{0};
  for (std::size_t i = 0; i < bytes.size(); ++i) magnitude[i] = bytes[i] ^ flip;
  magnitude[0] ^= std::byte{0x80};

  std::array<char, kMaxDecimalText> digits;
  DigitReader reader({magnitude.data(), bytes.size()});
  const char* const point =
      read_integer_part(reader, static_cast<unsigned>(shape.precision - shape.scale), digits.data());
  const char* const end = read_fraction(reader, shape.scale, digits.data() + (point - digits.data()));
  if (!reader.is_valid()) return nullptr;

  if (is_negative && !reader.is_zero()) *out++ = '-';
  const char* first = digits.data();
  while (first < point && *first == '0') ++first;
  if (first == point) *out++ = '0';
  const auto copy = [&out](const char* from, const char* to) {
    std::memcpy(out, from, static_cast<std::size_t>(to - from));
    out += to - from;
  };
  copy(first, point);
  if (shape.scale > 0) {
    *out++ = '.';
    copy(point, end);
  }
  return out;
}

absl::Status compile_decimal(const ColumnDefinition& definition, Column& column) {
  const DecimalShape shape{static_cast<std::uint8_t>(definition.wire_metadata & 0xffU),
                           static_cast<std::uint8_t>(definition.wire_metadata >> 8U)};
  if (!is_decimal_shape(shape)) return metadata_error(definition);
  column.kind = ValueKind::Decimal;
  column.precision = shape.precision;
  column.scale = shape.scale;
  column.width = static_cast<std::uint8_t>(decimal_size(shape));
  column.decode = decode_decimal;
  return absl::OkStatus();
}

}  // namespace rowtide::types
