#pragma once

#include <cstdint>

namespace rowtide::sql {

// Bits of a session's sql_mode that change what a statement means. Source: MySQL sql/query_options.h,
// MariaDB sql/sql_class.h.

inline constexpr std::uint64_t kSqlModeRealAsFloat = 1;
inline constexpr std::uint64_t kSqlModeAnsiQuotes = 4;
inline constexpr std::uint64_t kSqlModeOracle = 512;  ///< MariaDB
inline constexpr std::uint64_t kSqlModeMaxdb = 4096;  ///< MariaDB, MySQL 5.7
inline constexpr std::uint64_t kSqlModeNoBackslashEscapes = 0x100000;

}  // namespace rowtide::sql
