#include "tests/integration/format_cases.h"

#include <algorithm>
#include <cctype>

#include "tests/integration/tracker_process.h"

namespace rowtide::test {
namespace {

using Compare = FormatCase::Compare;

/// X as a word of its own: not the one of HEX.
std::string replace_x(const std::string& expression, const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const bool is_word = expression[i] == 'X' && (i == 0 || std::isalpha(expression[i - 1]) == 0);
    out += is_word ? name : std::string(1, expression[i]);
  }
  return out;
}

}  // namespace

std::vector<FormatCase> format_cases(SqlFlavor flavor) {
  std::vector<FormatCase> cases{
      {"i8", "TINYINT", Compare::Text, "X", {"-128", "127", "0"}},
      {"u8", "TINYINT UNSIGNED", Compare::Text, "X", {"0", "127", "255"}},
      {"i16", "SMALLINT", Compare::Text, "X", {"-32768", "32767"}},
      {"u16", "SMALLINT UNSIGNED", Compare::Text, "X", {"0", "65535"}},
      {"i24", "MEDIUMINT", Compare::Text, "X", {"-8388608", "8388607"}},
      {"u24", "MEDIUMINT UNSIGNED", Compare::Text, "X", {"0", "16777215"}},
      {"i32", "INT", Compare::Text, "X", {"-2147483648", "2147483647"}},
      {"u32", "INT UNSIGNED", Compare::Text, "X", {"0", "4294967295"}},
      {"i64", "BIGINT", Compare::Text, "X", {"-9223372036854775808", "9223372036854775807"}},
      {"u64", "BIGINT UNSIGNED", Compare::Text, "X", {"0", "18446744073709551615"}},
      {"de", "DECIMAL(20,6)", Compare::Text, "X", {"-99999999999999.999999", "0", "1.5"}},
      {"d0",
       "DECIMAL(65,30)",
       Compare::Text,
       "X",
       {"-99999999999999999999999999999999999.999999999999999999999999999999", "0.1"}},
      {"fl", "FLOAT", Compare::Real, "X+0e0", {"0", "-1.5", "3.25e38", "1.17549e-38"}},
      {"db",
       "DOUBLE",
       Compare::Real,
       "X",
       {"0", "-1.7976931348623157e308", "2.2250738585072014e-308", "12345678.9", "0.1"}},
      {"ch", "CHAR(20) CHARACTER SET utf8mb4", Compare::Text, "X", {"''", "'Zoë 🌊'", "'  left'"}},
      {"vc",
       "VARCHAR(300) CHARACTER SET utf8mb4",
       Compare::Text,
       "X",
       {"''", "'\\'\"\\\\ \\t\\n tab'", "REPEAT('ü',300)"}},
      {"tx", "TEXT CHARACTER SET utf8mb4", Compare::Text, "X", {"''", "'日本語'", "REPEAT('abc',5000)"}},
      {"l1", "VARCHAR(60) CHARACTER SET latin1", Compare::Text, "X", {"''", "'Café €'", "'ÿ'"}},
      {"gb", "VARCHAR(60) CHARACTER SET gbk", Compare::Text, "X", {"''", "'中文'"}},
      {"bi", "BINARY(5)", Compare::Hex, "HEX(X)", {"''", "X'00FF000000'", "X'0102030405'"}},
      {"vb", "VARBINARY(300)", Compare::Hex, "HEX(X)", {"''", "X'00'", "REPEAT(X'FE00',150)"}},
      {"tb", "TINYBLOB", Compare::Hex, "HEX(X)", {"''", "X'80'"}},
      {"bl", "BLOB", Compare::Hex, "HEX(X)", {"''", "X'C0FFEE'", "REPEAT(X'8000',2000)"}},
      {"da",
       "DATE",
       Compare::Text,
       "X",
       {"'1000-01-01'", "'9999-12-31'", "'0000-00-00'", "'2021-00-00'", "'2024-02-29'"}},
      {"t0", "TIME", Compare::Text, "X", {"'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"}},
      {"t3", "TIME(3)", Compare::Text, "X", {"'-00:00:00.001'", "'23:59:59.999'", "'-101:02:03.250'"}},
      {"t6", "TIME(6)", Compare::Text, "X", {"'-01:02:03.000004'", "'12:34:56.654321'"}},
      {"dt",
       "DATETIME",
       Compare::Text,
       "X",
       {"'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'", "'0000-00-00 00:00:00'"}},
      {"dt3", "DATETIME(3)", Compare::Text, "X", {"'2024-02-29 12:34:56.789'", "'2021-00-00 00:00:00'"}},
      {"dt6", "DATETIME(6)", Compare::Text, "X", {"'9999-12-31 23:59:59.999999'"}},
      {"ts",
       "TIMESTAMP NULL",
       Compare::Text,
       "X",
       {"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'0000-00-00 00:00:00'"}},
      {"ts3", "TIMESTAMP(3) NULL", Compare::Text, "X", {"'2024-02-29 12:34:56.789'", "0"}},
      {"ts6", "TIMESTAMP(6) NULL", Compare::Text, "X", {"'2024-02-29 12:34:56.000001'"}},
      {"ye", "YEAR", Compare::Text, "X", {"1901", "2155", "0"}},
      {"en", "ENUM('small','mid size','größe')", Compare::Text, "X", {"'small'", "'größe'", "2"}},
      {"se", "SET('a','b','ç')", Compare::Text, "X", {"''", "'a,ç'", "7"}},
      {"po", "POINT", Compare::Hex, "HEX(X)", {"ST_GeomFromText('POINT(1.5 -2)')"}},
      {"ge", "GEOMETRY", Compare::Hex, "HEX(X)", {"ST_GeomFromText('LINESTRING(0 0,1 1)', 3857)"}},
      {"b1", "BIT(1)", Compare::Text, "X+0", {"b'0'", "b'1'"}},
      {"b64", "BIT(64)", Compare::Text, "X+0", {"b'0'", "0xFFFFFFFFFFFFFFFF"}},
  };
  if (flavor == SqlFlavor::Mysql8) {
    cases.push_back(
        {"js",
         "JSON",
         Compare::Json,
         "X",
         {"'{\"a\": [1, -2.5, null, true, \"x\\\\u00e4\"], \"b\": {}}'", "'[]'", "'9007199254740993'"}});
  }
  return cases;
}

int write_format_rows(SqlClient& client, const std::string& table, const std::vector<FormatCase>& cases) {
  client.exec("SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'");
  std::string columns = "id INT PRIMARY KEY";
  std::size_t most = 0;
  for (const FormatCase& column : cases) {
    columns.append(", ").append(column.name).append(" ").append(column.type);
    most = std::max(most, column.samples.size());
  }
  client.exec("CREATE TABLE " + table + " (" + columns + ")");
  const int rows = static_cast<int>(most) + 1;
  for (int row = 0; row < rows; ++row) {
    std::string values = std::to_string(row);
    for (const FormatCase& column : cases) {
      values += ", ";
      // The last row is NULL in all columns.
      values +=
          row + 1 == rows ? "NULL" : column.samples[static_cast<std::size_t>(row) % column.samples.size()];
    }
    client.exec("INSERT INTO " + table + " VALUES (" + values + ")");
  }
  return rows;
}

Rows expected_format_rows(SqlClient& client, const std::string& table, const std::vector<FormatCase>& cases) {
  std::string select = "SELECT id";
  for (const FormatCase& column : cases) select += ", " + replace_x(column.expected, column.name);
  return client.query(select + " FROM " + table + " ORDER BY id");
}

}  // namespace rowtide::test
