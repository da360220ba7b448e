#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/integration/oracle_columns.h"

namespace rowtide::test {

// SQL expressions for random values; what does not fit a column is cut to size by the server (sql_mode
// without STRICT).

std::string signed_literal(OracleRandom& random, unsigned bits);
std::string unsigned_literal(OracleRandom& random, unsigned bits);
std::vector<std::string> signed_extremes(unsigned bits);
std::vector<std::string> unsigned_extremes(unsigned bits);
std::string decimal_literal(OracleRandom& random, unsigned precision, unsigned scale);
std::string float_literal(OracleRandom& random);
std::string double_literal(OracleRandom& random);

/// Any day of the years 1 to 9999; now and then one that is none.
std::string date_literal(OracleRandom& random);
std::string datetime_literal(OracleRandom& random);
std::string time_literal(OracleRandom& random);
std::string timestamp_literal(OracleRandom& random);

/// Up to as many characters of several scripts.
std::string text_literal(OracleRandom& random, std::uint64_t max_characters);
std::string bytes_literal(OracleRandom& random, std::uint64_t max_size);

inline constexpr int kGeometryKinds = 8;
std::string geometry_type(int kind);
/// Kind 0 is any of them.
std::string geometry_literal(OracleRandom& random, int kind, bool is_mysql);

std::vector<std::string> document_extremes();
std::vector<std::string> mysql_document_extremes();
/// On MySQL an expression of JSON functions, with opaque values; on MariaDB a text.
std::string document_literal(OracleRandom& random, bool is_mysql);

}  // namespace rowtide::test
