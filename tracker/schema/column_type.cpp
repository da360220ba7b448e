#include "tracker/schema/column_type.h"

#include <fmt/format.h>

#include <charconv>

namespace rowtide::schema {
namespace {

char unescaped(char character) {
  switch (character) {
    case '0':
      return '\0';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    default:
      return character;
  }
}

/// One quoted member from `text`, which begins behind its opening quote; takes it and its closing quote off.
/// The server doubles a quote inside and writes \\, \0, \n and \r with a backslash (append_unescaped() in
/// both servers' sql/unireg.cc). False if the closing quote is missing.
bool take_member(std::string_view& text, std::string& member) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      member += unescaped(text[++i]);
    } else if (text[i] != '\'') {
      member += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\'') {
      member += '\'';
      ++i;
    } else {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
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
  const absl::Status damaged = absl::InvalidArgumentError(
      fmt::format("the member list of '{}' as information_schema gives it cannot be read", column_type));
  std::string_view rest = column_type.substr(column_type.find('(') + 1);
  while (rest.starts_with('\'')) {
    rest.remove_prefix(1);
    if (!take_member(rest, parsed.members.emplace_back())) return damaged;
    if (rest.starts_with(',')) rest.remove_prefix(1);
  }
  if (!rest.starts_with(')')) return damaged;
  return parsed;
}

bool is_binary_type(std::string_view data_type) {
  return data_type == "binary" || data_type == "varbinary" || data_type.ends_with("blob");
}

std::uint64_t declared_length(std::string_view column_type) {
  std::uint64_t length = 1;
  const std::size_t bracket = column_type.find('(');
  if (bracket == std::string_view::npos) return length;
  std::from_chars(column_type.data() + bracket + 1, column_type.data() + column_type.size(), length);
  return length;
}

}  // namespace rowtide::schema
