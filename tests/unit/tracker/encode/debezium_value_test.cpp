#include "tracker/encode/debezium/value.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace rowtide::encode {
namespace {

using types::CivilTime;
using types::Column;
using types::Value;
using types::ValueKind;

Value integer(ValueKind kind, std::int64_t number) {
  Value value;
  value.kind = kind;
  value.integer = number;
  return value;
}

Value unsigned_integer(ValueKind kind, std::uint64_t number) {
  Value value;
  value.kind = kind;
  value.unsigned_integer = number;
  return value;
}

Value text(ValueKind kind, std::string_view content) {
  Value value;
  value.kind = kind;
  value.text = content;
  return value;
}

Value civil(ValueKind kind, CivilTime time) {
  Value value;
  value.kind = kind;
  value.civil = time;
  return value;
}

std::string json_of(const Value& value, const Column& column = {}) {
  std::string out;
  append_debezium_value(out, column, value);
  return out;
}

CivilTime day_of(std::uint16_t year, std::uint8_t month, std::uint8_t day) {
  CivilTime time{};
  time.year = year;
  time.month = month;
  time.day = day;
  return time;
}

Column with_fsp(std::uint8_t fsp, bool is_nullable = true) {
  Column column;
  column.fsp = fsp;
  column.is_nullable = is_nullable;
  return column;
}

Column with_bits(std::uint8_t bits) {
  Column column;
  column.bits = bits;
  return column;
}

TEST(DebeziumValue, Null) {
  EXPECT_EQ(json_of(integer(ValueKind::Null, 0)), "null");
}

TEST(DebeziumValue, Integers) {
  EXPECT_EQ(json_of(integer(ValueKind::Int, std::numeric_limits<std::int64_t>::min())),
            "-9223372036854775808");
  // Debezium's default wraps around here.
  EXPECT_EQ(json_of(unsigned_integer(ValueKind::UInt, std::numeric_limits<std::uint64_t>::max())),
            "18446744073709551615");
  EXPECT_EQ(json_of(integer(ValueKind::Year, 0)), "0");
  EXPECT_EQ(json_of(integer(ValueKind::Year, 2155)), "2155");
}

TEST(DebeziumValue, FloatingPoint) {
  Value value;
  value.kind = ValueKind::Float;
  value.float32 = 0.1F;
  EXPECT_EQ(json_of(value), "0.1");
  value.kind = ValueKind::Double;
  value.float64 = -1.5e300;
  EXPECT_EQ(json_of(value), "-1.5e+300");
}

TEST(DebeziumValue, Texts) {
  EXPECT_EQ(json_of(text(ValueKind::Decimal, "-12.50")), R"("-12.50")");
  EXPECT_EQ(json_of(text(ValueKind::Text, "say \"hi\"\n")), R"("say \"hi\"\n")");
  EXPECT_EQ(json_of(text(ValueKind::Json, R"({"a":"b\n"})")), R"("{\"a\":\"b\\n\"}")");
  EXPECT_EQ(json_of(text(ValueKind::Bytes, std::string_view("\x00\x01\xff", 3))), R"("AAH/")");
}

TEST(DebeziumValue, BitsAreABooleanOrBytesLowestFirst) {
  EXPECT_EQ(json_of(unsigned_integer(ValueKind::Bits, 1), with_bits(1)), "true");
  EXPECT_EQ(json_of(unsigned_integer(ValueKind::Bits, 0), with_bits(1)), "false");
  EXPECT_EQ(json_of(unsigned_integer(ValueKind::Bits, 0x1), with_bits(8)), R"("AQ==")");
  EXPECT_EQ(json_of(unsigned_integer(ValueKind::Bits, 0x0102), with_bits(9)), R"("AgE=")");
  EXPECT_EQ(json_of(unsigned_integer(ValueKind::Bits, 0x0102030405060708), with_bits(64)),
            R"("CAcGBQQDAgE=")");
}

TEST(DebeziumValue, DatesAreDaysSinceTheEpoch) {
  EXPECT_EQ(json_of(civil(ValueKind::Date, day_of(1970, 1, 1))), "0");
  EXPECT_EQ(json_of(civil(ValueKind::Date, day_of(2024, 2, 29))), "19782");
  EXPECT_EQ(json_of(civil(ValueKind::Date, day_of(1, 1, 1))), "-719162");
  EXPECT_EQ(json_of(civil(ValueKind::Date, day_of(9999, 12, 31))), "2932896");
}

TEST(DebeziumValue, WhatIsNoDateIsNullOrZeroWhereNullCannotBe) {
  const CivilTime zero{};
  const CivilTime partial = day_of(2024, 0, 5);
  const CivilTime impossible = day_of(2021, 2, 31);
  const CivilTime without_year = day_of(0, 5, 5);
  for (const CivilTime& time : {zero, partial, impossible, without_year}) {
    for (const ValueKind kind : {ValueKind::Date, ValueKind::DateTime}) {
      EXPECT_EQ(json_of(civil(kind, time), with_fsp(0, true)), "null");
      EXPECT_EQ(json_of(civil(kind, time), with_fsp(6, false)), "0");
    }
  }
}

TEST(DebeziumValue, DateTimesAreMillisecondsOrMicrosecondsByTheirDecimals) {
  const Value value =
      civil(ValueKind::DateTime,
            {.year = 2024, .month = 1, .day = 2, .hour = 3, .minute = 4, .second = 5, .microsecond = 123456});
  EXPECT_EQ(json_of(value, with_fsp(0)), "1704164645123");
  EXPECT_EQ(json_of(value, with_fsp(3)), "1704164645123");
  EXPECT_EQ(json_of(value, with_fsp(4)), "1704164645123456");
  EXPECT_EQ(json_of(value, with_fsp(6)), "1704164645123456");
  EXPECT_EQ(json_of(civil(ValueKind::DateTime, {.year = 1969,
                                                .month = 12,
                                                .day = 31,
                                                .hour = 23,
                                                .minute = 59,
                                                .second = 59,
                                                .microsecond = 0}),
                    with_fsp(0)),
            "-1000");
}

TEST(DebeziumValue, TimesAreMicroseconds) {
  EXPECT_EQ(json_of(integer(ValueKind::Time, -3'020'399'000'000), with_fsp(6)), "-3020399000000");
}

TEST(DebeziumValue, TimestampsAreUtcTextWithTheDeclaredDecimals) {
  const Value value = integer(ValueKind::Timestamp, 1'704'164'645'120'000);
  EXPECT_EQ(json_of(value, with_fsp(0)), R"("2024-01-02T03:04:05Z")");
  EXPECT_EQ(json_of(value, with_fsp(1)), R"("2024-01-02T03:04:05.1Z")");
  EXPECT_EQ(json_of(value, with_fsp(3)), R"("2024-01-02T03:04:05.120Z")");
  EXPECT_EQ(json_of(value, with_fsp(6)), R"("2024-01-02T03:04:05.120000Z")");
  EXPECT_EQ(json_of(integer(ValueKind::Timestamp, 2'147'483'647'999'999), with_fsp(6)),
            R"("2038-01-19T03:14:07.999999Z")");
  EXPECT_EQ(json_of(integer(ValueKind::Timestamp, 0), with_fsp(0)), R"("1970-01-01T00:00:00Z")");
  EXPECT_EQ(json_of(integer(ValueKind::Timestamp, 0), with_fsp(3)), R"("1970-01-01T00:00:00.000Z")");
}

TEST(DebeziumValue, GeometriesAreWkbAndSrid) {
  constexpr std::string_view kPoint("\x01\x01\0\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\xc0", 21);
  Value value = text(ValueKind::Geometry, kPoint);
  Column point;
  point.geometry_type = 1;
  EXPECT_EQ(json_of(value), R"({"wkb":"AQEAAAAAAAAAAADwPwAAAAAAAADA","srid":null})");
  EXPECT_EQ(json_of(value, point), R"({"x":1.0,"y":-2.0,"wkb":"AQEAAAAAAAAAAADwPwAAAAAAAADA","srid":null})");
  value.unsigned_integer = 4326;
  EXPECT_EQ(json_of(value), R"({"wkb":"AQEAAAAAAAAAAADwPwAAAAAAAADA","srid":4326})");
  const Value none = text(ValueKind::Geometry, "");
  EXPECT_EQ(json_of(none), R"({"wkb":"","srid":null})");
  EXPECT_EQ(json_of(none, point), R"({"x":null,"y":null,"wkb":"","srid":null})");
  const Value elsewhere = text(ValueKind::Geometry, kPoint);
  EXPECT_FALSE(is_same_value(value, elsewhere));
  EXPECT_TRUE(is_same_value(value, value));
}

TEST(DebeziumValue, VectorsAreArraysOfFloats) {
  EXPECT_EQ(json_of(text(ValueKind::Vector, std::string_view("\xc3\xf5\x48\x40\0\0\xfd\x44", 8))),
            "[3.14,2024.0]");
  EXPECT_EQ(json_of(text(ValueKind::Vector, "")), "[]");
}

TEST(DebeziumValue, SameMeansByteForByte) {
  EXPECT_TRUE(is_same_value(text(ValueKind::Text, "a"), text(ValueKind::Text, "a")));
  EXPECT_FALSE(is_same_value(text(ValueKind::Text, "a"), text(ValueKind::Text, "A")));
  EXPECT_FALSE(is_same_value(integer(ValueKind::Int, 1), integer(ValueKind::Null, 0)));
  EXPECT_TRUE(is_same_value(integer(ValueKind::Null, 1), integer(ValueKind::Null, 0)));
  EXPECT_FALSE(is_same_value(unsigned_integer(ValueKind::UInt, 1), unsigned_integer(ValueKind::UInt, 2)));
  const CivilTime noon{
      .year = 2024, .month = 1, .day = 2, .hour = 12, .minute = 0, .second = 0, .microsecond = 0};
  CivilTime later = noon;
  later.microsecond = 1;
  EXPECT_TRUE(is_same_value(civil(ValueKind::DateTime, noon), civil(ValueKind::DateTime, noon)));
  EXPECT_FALSE(is_same_value(civil(ValueKind::DateTime, noon), civil(ValueKind::DateTime, later)));
}

}  // namespace
}  // namespace rowtide::encode
