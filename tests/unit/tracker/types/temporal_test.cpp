// Layouts: MySQL my_time.cc.
#include "tests/unit/tracker/types/decoding.h"

namespace rowtide::types {
namespace {

constexpr std::int64_t kSecond = 1000000;

std::string civil(const Value& value) {
  char text[64];
  const CivilTime& time = value.civil;
  std::snprintf(text, sizeof text, "%04u-%02u-%02u %02u:%02u:%02u.%06u", unsigned{time.year},
                unsigned{time.month}, unsigned{time.day}, unsigned{time.hour}, unsigned{time.minute},
                unsigned{time.second}, unsigned{time.microsecond});
  return text;
}

std::int64_t time_of(unsigned fsp, std::string_view hex) {
  const Cell cell(define(WireType::Time2, static_cast<std::uint16_t>(fsp)), hex);
  EXPECT_EQ(cell.status, DecodeStatus::Ok);
  return cell.value.integer;
}

std::string datetime_of(unsigned fsp, std::string_view hex) {
  const Cell cell(define(WireType::DateTime2, static_cast<std::uint16_t>(fsp)), hex);
  EXPECT_EQ(cell.status, DecodeStatus::Ok);
  return civil(cell.value);
}

TEST(Dates, PackedInThreeBytes) {
  // 2021 << 9 | 2 << 5 | 31: MySQL keeps days that do not exist if told so.
  EXPECT_EQ(civil(Cell(define(WireType::Date), "5f ca 0f").value), "2021-02-31 00:00:00.000000");
  EXPECT_EQ(civil(Cell(define(WireType::Date), "00 00 00").value), "0000-00-00 00:00:00.000000");
  EXPECT_EQ(civil(Cell(define(WireType::NewDate), "9f 1f 4e").value), "9999-12-31 00:00:00.000000");
  EXPECT_EQ(Cell(define(WireType::Date), "00 00 00").value.kind, ValueKind::Date);
}

TEST(Times, WithoutFraction) {
  EXPECT_EQ(time_of(0, "80 00 00"), 0);
  EXPECT_EQ(time_of(0, "80 00 01"), kSecond);
  EXPECT_EQ(time_of(0, "7f ff ff"), -kSecond);
  EXPECT_EQ(time_of(0, "b4 6e fb"), ((838 * 60 + 59) * 60 + 59) * kSecond);
  EXPECT_EQ(time_of(0, "4b 91 05"), -((838 * 60 + 59) * 60 + 59) * kSecond);
}

TEST(Times, NegativeFractionsAreBorrowed) {
  // The table in my_time_packed_to_binary()'s comment, fsp 1 and 2.
  EXPECT_EQ(time_of(2, "7f ff ff ff"), -kSecond / 100);
  EXPECT_EQ(time_of(2, "7f ff ff 9d"), -99 * kSecond / 100);
  EXPECT_EQ(time_of(2, "7f ff ff 00"), -kSecond);
  EXPECT_EQ(time_of(2, "7f ff fe ff"), -101 * kSecond / 100);
  EXPECT_EQ(time_of(2, "7f ff fe f6"), -110 * kSecond / 100);
  EXPECT_EQ(time_of(1, "7f ff fe f6"), -110 * kSecond / 100);
  EXPECT_EQ(time_of(4, "7f ff ff ff ff"), -100);
  EXPECT_EQ(time_of(3, "7f ff ff ff f6"), -1000);
  EXPECT_EQ(time_of(6, "7f ff ff ff ff ff"), -1);
  EXPECT_EQ(time_of(6, "80 00 00 00 00 01"), 1);
  EXPECT_EQ(time_of(6, "b4 6e fa 0f 42 3f"), ((838 * 60 + 59) * 60 + 58) * kSecond + 999999);
}

TEST(Times, OldFormIsDecimalDigits) {
  EXPECT_EQ(Cell(define(WireType::Time), "40 e2 01").value.integer, ((12 * 60 + 34) * 60 + 56) * kSecond);
  EXPECT_EQ(Cell(define(WireType::Time), "c0 1d fe").value.integer, -((12 * 60 + 34) * 60 + 56) * kSecond);
  EXPECT_EQ(Cell(define(WireType::Time), "60 00 00").status, DecodeStatus::BadValue);  // 00:00:96
}

TEST(DateTimes, AllPrecisions) {
  // 2019-06-15 12:30:45: (2019 * 13 + 6) << 22 | 15 << 17 | 12 << 12 | 30 << 6 | 45, sign bit set.
  EXPECT_EQ(datetime_of(0, "99 a3 5e c7 ad"), "2019-06-15 12:30:45.000000");
  EXPECT_EQ(datetime_of(1, "99 a3 5e c7 ad 0a"), "2019-06-15 12:30:45.100000");
  EXPECT_EQ(datetime_of(2, "99 a3 5e c7 ad 63"), "2019-06-15 12:30:45.990000");
  EXPECT_EQ(datetime_of(3, "99 a3 5e c7 ad 00 0a"), "2019-06-15 12:30:45.001000");
  EXPECT_EQ(datetime_of(4, "99 a3 5e c7 ad 27 0f"), "2019-06-15 12:30:45.999900");
  EXPECT_EQ(datetime_of(6, "99 a3 5e c7 ad 0f 42 3f"), "2019-06-15 12:30:45.999999");
}

TEST(DateTimes, ZeroAndPartialDatesStayAsStored) {
  EXPECT_EQ(datetime_of(0, "80 00 00 00 00"), "0000-00-00 00:00:00.000000");
  EXPECT_EQ(datetime_of(0, "99 a2 14 00 00"), "2019-01-10 00:00:00.000000");
  EXPECT_EQ(datetime_of(0, "99 a1 c0 00 00"), "2019-00-00 00:00:00.000000");
}

TEST(DateTimes, WhatNoServerWritesIsABadValue) {
  for (const std::string_view hex : {"19 a3 5e c7 ad", "99 a3 5f f7 ad", "ff ff ff ff ff"})
    EXPECT_EQ(Cell(define(WireType::DateTime2, 0), hex).status, DecodeStatus::BadValue) << hex;
  EXPECT_EQ(Cell(define(WireType::DateTime2, 6), "99 a3 5e c7 ad 0f 42 40").status, DecodeStatus::BadValue);
}

TEST(DateTimes, OldFormIsDecimalDigits) {
  // 20210203040506
  EXPECT_EQ(civil(Cell(define(WireType::DateTime), "fa 1a f9 8d 61 12 00 00").value),
            "2021-02-03 04:05:06.000000");
  EXPECT_EQ(civil(Cell(define(WireType::DateTime), "00 00 00 00 00 00 00 00").value),
            "0000-00-00 00:00:00.000000");
}

TEST(Timestamps, BigEndianSecondsAndFraction) {
  const Cell cell(define(WireType::Timestamp2, 6), "7f ff ff ff 0f 42 3f");
  EXPECT_EQ(cell.value.kind, ValueKind::Timestamp);
  EXPECT_EQ(cell.value.integer, 2147483647 * kSecond + 999999);
  EXPECT_EQ(Cell(define(WireType::Timestamp2, 0), "00 00 00 00").value.integer, 0);
  EXPECT_EQ(Cell(define(WireType::Timestamp2, 2), "00 00 00 01 63").value.integer, kSecond + 990000);
  // MariaDB 11.5 and later: up to 2106.
  EXPECT_EQ(Cell(define(WireType::Timestamp2, 0), "ff ff ff ff").value.integer, 4294967295 * kSecond);
  EXPECT_EQ(Cell(define(WireType::Timestamp), "ff ff ff 7f").value.integer, 2147483647 * kSecond);
}

Cell hires(WireType type, std::uint8_t decimals, std::string_view hex) {
  ColumnDefinition definition = define(type);
  definition.decimals = decimals;
  return {definition, hex};
}

TEST(Temporal, MariadbsOldFormsWithDecimals) {
  // As MariaDB 10.11 writes them with mysql56_temporal_format=OFF.
  EXPECT_EQ(hires(WireType::Time, 3, "00 b1 54 78 eb").value.integer, -(45296 * kSecond + 789000));
  EXPECT_EQ(hires(WireType::Time, 6, "00 00 00 1c a2 40").value.integer, -(3020398 * kSecond + 123456));
  EXPECT_EQ(civil(hires(WireType::DateTime, 3, "00 42 2b b5 9e 98 95").value), "2024-02-29 12:34:56.789000");
  EXPECT_EQ(civil(hires(WireType::DateTime, 6, "04 fc ee 39 43 bf ff ff").value),
            "9999-12-31 23:59:59.999999");
  EXPECT_EQ(hires(WireType::Timestamp, 3, "65 e0 79 f0 03 15").value.integer, 1709210096 * kSecond + 789000);
  EXPECT_EQ(hires(WireType::Timestamp, 6, "65 e0 79 f0 01 e2 40").value.integer,
            1709210096 * kSecond + 123456);
  // And without: the forms of MySQL before 5.6.
  EXPECT_EQ(hires(WireType::Time, 0, "c0 1d fe").value.integer, -45296 * kSecond);
  EXPECT_EQ(civil(hires(WireType::DateTime, 0, "80 c5 aa 8b 68 12 00 00").value),
            "2024-02-29 12:34:56.000000");

  EXPECT_EQ(hires(WireType::Time, 6, "ff ff ff ff ff ff").status, DecodeStatus::BadValue);
  EXPECT_EQ(hires(WireType::DateTime, 6, "ff ff ff ff ff ff ff ff").status, DecodeStatus::BadValue);
  EXPECT_EQ(hires(WireType::Timestamp, 2, "00 00 00 01 64").status, DecodeStatus::BadValue);
  ColumnDefinition too_many = define(WireType::Time);
  too_many.decimals = 7;
  EXPECT_FALSE(compile_column(too_many).ok());
}

TEST(Temporal, PrecisionIsKeptAndLimited) {
  EXPECT_EQ(compile_column(define(WireType::Time2, 3))->fsp, 3);
  EXPECT_FALSE(compile_column(define(WireType::Time2, 7)).ok());
  EXPECT_FALSE(compile_column(define(WireType::Timestamp, 1)).ok());
}

}  // namespace
}  // namespace rowtide::types
