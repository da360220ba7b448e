#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tracker/types/column.h"
#include "tracker/types/value.h"

namespace rowtide::encode {

/// Appends a cell as SELECT prints it: "-838:59:59.500", "0000-00-00", digits, text; TIMESTAMP in UTC; bytes
/// as they are, of GEOMETRY the SRID's four and WKB; BIT as a number; VECTOR as "[1.5,2.0]". Nothing for Null
/// and Absent.
void append_value_text(std::string& out, const types::Column& column, const types::Value& value);

/// Dates and times, as append_value_text() has them.
void append_date_text(std::string& out, const types::CivilTime& civil);
void append_datetime_text(std::string& out, const types::CivilTime& civil, std::uint8_t decimals);
void append_time_text(std::string& out, std::int64_t micros, std::uint8_t decimals);
void append_timestamp_text(std::string& out, std::int64_t micros, std::uint8_t decimals);

/// Floating point as Java's Float.toString and Double.toString: "1.0", "1.0E10", "1.0E-5", with the shortest
/// digits that read back the same.
void append_java_float(std::string& out, float value);
void append_java_double(std::string& out, double value);

}  // namespace rowtide::encode
