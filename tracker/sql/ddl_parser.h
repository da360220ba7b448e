#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "tracker/sql/ddl.h"
#include "tracker/sql/lexer.h"

namespace rowtide::sql {

/// Reads a DDL statement, valid UTF-8, as MySQL 5.7 to 9 or MariaDB 10.5 to 12 write it into their binlogs.
/// `sql_mode`: the session's (sql_mode.h). UNIMPLEMENTED, with the place, for what it does not
/// understand; it never guesses.
[[nodiscard]] absl::StatusOr<DdlStatement> parse_ddl(std::string_view sql, Dialect dialect,
                                                     std::uint64_t sql_mode);

}  // namespace rowtide::sql
