#include "tracker/schema/column_type.h"

#include <fmt/format.h>

#include <charconv>

#include "tracker/sql/lexer.h"

namespace rowtide::schema {
namespace {

/// 'a','b') of enum( and set(. The server doubles a quote inside and writes \\, \0, \n and \r with a
/// backslash, whatever the sql_mode (append_unescaped() in both servers' sql/unireg.cc). False if the list
/// does not end.
bool read_members(std::string_view list, std::vector<std::string>& members) {
  sql::Lexer lexer(list);
  while (!lexer.take_symbol(')')) {
    const sql::Token member = lexer.next();
    if (!member.text.starts_with('\'')) return false;
    members.push_back(member.string_value({}));
    lexer.take_symbol(',');
  }
  return true;
}

}  // namespace

std::uint8_t temporal_decimals(std::string_view column_type) {
  const std::size_t open = column_type.find('(');
  if (open == std::string_view::npos || open + 2 >= column_type.size()) return 0;
  const char digit = column_type[open + 1];
  return column_type[open + 2] == ')' && digit >= '0' && digit <= '6' ? static_cast<std::uint8_t>(digit - '0')
                                                                      : 0;
}

absl::StatusOr<ColumnTypeText> parse_column_type(std::string_view column_type) {
  ColumnTypeText parsed;
  if (!column_type.starts_with("enum(") && !column_type.starts_with("set(")) {
    // ZEROFILL makes a column unsigned, whether the text says so or not.
    parsed.is_unsigned = column_type.find(" unsigned") != std::string_view::npos ||
                         column_type.find(" zerofill") != std::string_view::npos;
    return parsed;
  }
  if (!read_members(column_type.substr(column_type.find('(') + 1), parsed.members)) {
    return absl::InvalidArgumentError(
        fmt::format("the member list of '{}' as information_schema gives it cannot be read", column_type));
  }
  return parsed;
}

bool is_text_type(std::string_view data_type) {
  return data_type == "char" || data_type == "varchar" || data_type == "enum" || data_type == "set" ||
         data_type.ends_with("text");
}

bool is_binary_type(std::string_view data_type) {
  return data_type == "binary" || data_type == "varbinary" || data_type.ends_with("blob") ||
         data_type == "vector";  // MariaDB's is a VARBINARY
}

std::uint64_t declared_length(std::string_view column_type) {
  std::uint64_t length = 1;
  const std::size_t bracket = column_type.find('(');
  if (bracket == std::string_view::npos) return length;
  std::from_chars(column_type.data() + bracket + 1, column_type.data() + column_type.size(), length);
  return length;
}

}  // namespace rowtide::schema
