#pragma once

#include <string>
#include <vector>

#include "tests/support/mysql_server.h"

namespace rowtide::test {

/// One column of the table that the format tests write: its type, SQL for what a reader should get of column
/// X (text, or HEX of bytes), and SQL literals.
struct FormatCase {
  enum class Compare { Text, Hex, Real, Json };
  std::string name;
  std::string type;
  Compare compare;
  std::string expected;
  std::vector<std::string> samples;
};

/// Every type of both servers that a format must tell apart, with extremes, zero and partial dates.
[[nodiscard]] std::vector<FormatCase> format_cases(SqlFlavor flavor);

/// Makes `table` with the cases' columns and an id, and writes rows until each sample was in one, NULLs
/// included. Returns the number of rows.
int write_format_rows(SqlClient& client, const std::string& table, const std::vector<FormatCase>& cases);

/// The expected values, a row per row of the table, columns as in `cases`; after the id.
[[nodiscard]] Rows expected_format_rows(SqlClient& client, const std::string& table,
                                        const std::vector<FormatCase>& cases);

}  // namespace rowtide::test
