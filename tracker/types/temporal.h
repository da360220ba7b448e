#pragma once

#include <cstdint>

#include "common/bytes/byte_reader.h"
#include "tracker/types/column.h"
#include "tracker/types/value.h"

namespace rowtide::types {

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;

// Bit fields shared by row images and JSON. Source: MySQL my_time.cc (TIME_to_longlong_datetime_packed and
// friends).

/// year * 13 + month, day, hour, minute, second in 17, 5, 5, 6, 6 bits. False for what no server writes.
[[nodiscard]] bool unpack_datetime(std::uint64_t packed, std::uint32_t microsecond, CivilTime& out) noexcept;

/// hour, minute, second in 10, 6, 6 bits, and the microseconds, as microseconds. Negative for what no server
/// writes.
[[nodiscard]] std::int64_t unpack_time(std::uint64_t packed, std::uint32_t microsecond) noexcept;

// MariaDB 5.3's forms with decimals (temporal_hires.cpp); the column's fsp is 1 to 6.
DecodeStatus decode_hires_time(ByteReader& row, const Column& column, Scratch& scratch, Value& out) noexcept;
DecodeStatus decode_hires_datetime(ByteReader& row, const Column& column, Scratch& scratch,
                                   Value& out) noexcept;
DecodeStatus decode_hires_timestamp(ByteReader& row, const Column& column, Scratch& scratch,
                                    Value& out) noexcept;

}  // namespace rowtide::types
