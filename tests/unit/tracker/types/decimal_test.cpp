// Layout: MySQL decimal2bin() (libmysql/strings/decimal.cc).
#include "tracker/types/decimal.h"

#include <random>

#include "tests/unit/tracker/types/decoding.h"

namespace rowtide::types {
namespace {

std::string decode(unsigned precision, unsigned scale, std::string_view hex) {
  const Cell cell(define(WireType::NewDecimal, metadata(precision, scale)), hex);
  EXPECT_EQ(cell.status, DecodeStatus::Ok);
  return std::string(cell.value.text);
}

TEST(Decimals, ManualExample) {
  // The example in decimal2bin()'s comment: 1234567890.1234 as DECIMAL(14,4).
  EXPECT_EQ(decode(14, 4, "81 0d fb 38 d2 04 d2"), "1234567890.1234");
  EXPECT_EQ(decode(14, 4, "7e f2 04 c7 2d fb 2d"), "-1234567890.1234");
}

TEST(Decimals, ZeroHasNoSign) {
  EXPECT_EQ(decode(10, 2, "80 00 00 00 00"), "0.00");
  EXPECT_EQ(decode(10, 2, "7f ff ff ff ff"), "0.00");
  EXPECT_EQ(decode(5, 0, "80 00 00"), "0");
}

TEST(Decimals, DigitInFrontOfThePoint) {
  EXPECT_EQ(decode(2, 2, "b2"), "0.50");
  EXPECT_EQ(decode(2, 2, "4d"), "-0.50");
  EXPECT_EQ(decode(30, 30, "80000000 00000000 00000000 0001"), "0.000000000000000000000000000001");
}

TEST(Decimals, BytesThatAreNoDigitsAreBadValues) {
  // 100 in a byte for two digits.
  EXPECT_EQ(Cell(define(WireType::NewDecimal, metadata(2, 2)), "e4").status, DecodeStatus::BadValue);
}

TEST(Decimals, ImpossibleShapesAreRefused) {
  for (const std::uint16_t bad : {metadata(0, 0), metadata(66, 0), metadata(65, 39), metadata(3, 4)})
    EXPECT_EQ(compile_column(define(WireType::NewDecimal, bad)).status().code(), absl::StatusCode::kDataLoss)
        << bad;
}

/// decimal2bin() written once more, plainly: digits to bytes.
std::string encode(std::string digits, unsigned integer_digits, unsigned scale, bool is_negative) {
  const unsigned sizes[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
  std::string bytes;
  const auto group = [&](std::size_t from, unsigned count) {
    const unsigned long value = std::stoul(digits.substr(from, count));
    for (unsigned i = sizes[count]; i > 0; --i)
      bytes.push_back(static_cast<char>(value >> (8 * (i - 1)) & 0xffU));
  };
  std::size_t at = 0;
  if (integer_digits % 9 > 0) group(at, integer_digits % 9);
  for (at = integer_digits % 9; at < integer_digits; at += 9) group(at, 9);
  for (; at + 9 <= integer_digits + scale; at += 9) group(at, 9);
  if (scale % 9 > 0) group(at, scale % 9);
  bytes[0] = static_cast<char>(bytes[0] ^ '\x80');
  if (is_negative)
    for (char& byte : bytes) byte = static_cast<char>(~byte);
  return bytes;
}

std::string expected_text(const std::string& digits, unsigned integer_digits, bool is_negative) {
  std::string front = digits.substr(0, integer_digits);
  front.erase(0, std::min(front.find_first_not_of('0'), front.size()));
  if (front.empty()) front = "0";
  const std::string back = digits.substr(integer_digits);
  const bool is_zero = digits.find_first_not_of('0') == std::string::npos;
  return (is_negative && !is_zero ? "-" : "") + front + (back.empty() ? "" : "." + back);
}

TEST(Decimals, EveryShapeWithRandomDigits) {
  std::mt19937 random(3);
  const auto below = [&random](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  for (unsigned precision = 1; precision <= 65; ++precision) {
    for (unsigned scale = 0; scale <= std::min(precision, 30U); ++scale) {
      for (int i = 0; i < 8; ++i) {
        std::string digits(precision, '0');
        const unsigned zeros = below(precision + 1);
        for (unsigned k = i == 0 ? 0 : zeros; k < precision; ++k)
          digits[k] = i == 0 ? '9' : static_cast<char>('0' + below(10));
        const bool is_negative = below(2) == 1;
        const std::string bytes = encode(digits, precision - scale, scale, is_negative);
        const DecimalShape shape{static_cast<std::uint8_t>(precision), static_cast<std::uint8_t>(scale)};
        ASSERT_EQ(decimal_size(shape), bytes.size()) << precision << ',' << scale;
        char text[kMaxDecimalText];
        const char* end = decimal_to_text(shape, as_bytes(bytes), text);
        ASSERT_NE(end, nullptr) << digits;
        ASSERT_EQ(std::string_view(text, static_cast<std::size_t>(end - text)),
                  expected_text(digits, precision - scale, is_negative))
            << precision << ',' << scale;
      }
    }
  }
}

}  // namespace
}  // namespace rowtide::types
