#include <utility>

#include "tracker/sql/ddl_reader.h"

namespace rowtide::sql {
namespace {

std::string hex_value(std::string_view digits) {
  std::string bytes;
  const auto value = [](char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    return (digit | 0x20) - 'a' + 10;
  };
  if (digits.size() % 2 != 0) bytes += static_cast<char>(value(digits.front()));
  for (std::size_t i = digits.size() % 2; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1]));
  }
  return bytes;
}

std::string binary_value(std::string_view digits) {
  std::string bytes((digits.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t bit = digits.size() - 1 - i;
    if (digits[i] == '1') bytes[bytes.size() - 1 - bit / 8] |= static_cast<char>(1U << (bit % 8));
  }
  return bytes;
}

bool is_word_with(const Token& token, std::string_view prefix) {
  return token.kind == TokenKind::Word && token.text.starts_with(prefix);
}

/// x'41', b'1', 0x41, 0b1
bool read_bytes(DdlReader& reader, DefaultSpec& value) {
  const Token word = reader.peek();
  if (word.is("X") || word.is("B")) {
    reader.next();
    value.text = word.is("X") ? hex_value(reader.text()) : binary_value(reader.text());
  } else if (is_word_with(word, "0x") || is_word_with(word, "0b")) {
    reader.next();
    value.text = word.text[1] == 'x' ? hex_value(word.text.substr(2)) : binary_value(word.text.substr(2));
  } else {
    return false;
  }
  return value.is_bytes = true;
}

/// A text or bytes, with or without their character set in front.
DefaultSpec read_literal(DdlReader& reader) {
  DefaultSpec value;
  if (reader.peek().is("N")) {
    reader.next();
  } else if (is_word_with(reader.peek(), "_")) {
    value.charset = to_lower(reader.next().text.substr(1));
  }
  if (!read_bytes(reader, value)) value.text = reader.text();
  return value;
}

bool is_literal(const DdlReader& reader) {
  const Token token = reader.peek();
  return reader.is_text() || reader.is_any({"B", "X", "N"}) || is_word_with(token, "_") ||
         is_word_with(token, "0x") || is_word_with(token, "0b");
}

/// DATE 'text', TIME 'text', TIMESTAMP 'text', {d 'text'}: not DATE('text'), a function.
bool read_temporal(DdlReader& reader, DefaultSpec& value) {
  DdlReader ahead = reader;
  const bool is_braced = ahead.take_symbol('{');
  if (!(is_braced ? ahead.take_any({"D", "T", "TS"}) : ahead.take_any({"DATE", "TIME", "TIMESTAMP"})) ||
      !ahead.is_text()) {
    return false;
  }
  value.text = ahead.text();
  if (is_braced) ahead.expect_symbol('}');
  reader = std::move(ahead);
  return true;
}

void skip_case(DdlReader& reader) {
  reader.expect("CASE");
  while (!reader.at_end() && !reader.is("END")) {
    if (reader.is("CASE")) {
      skip_case(reader);
    } else {
      reader.next();
    }
  }
  reader.expect("END");
}

/// 1, -1.5, .5, 1e-3
std::string read_signed_number(DdlReader& reader) {
  std::string number;
  if (reader.take_symbol('-')) {
    number = "-";
  } else {
    reader.take_symbol('+');
  }
  if (!reader.is_symbol('.')) number += reader.next().text;
  if (reader.take_symbol('.')) {
    number += '.';
    const Token fraction = reader.peek();
    if (fraction.kind == TokenKind::Word && fraction.text.front() >= '0' && fraction.text.front() <= '9')
      number += reader.next().text;
  }
  if (!number.empty() && (number.back() | 0x20) == 'e' && (reader.is_symbol('-') || reader.is_symbol('+'))) {
    number += reader.next().text;
    number += reader.next().text;
  }
  return number;
}

/// A function, CASE or a name without brackets around it, as MariaDB allows.
void read_bare_expression(DdlReader& reader, DefaultSpec& value) {
  const char* const begin = reader.mark();
  value.is_expression = true;
  if (reader.take({"NEXT", "VALUE", "FOR"}) || reader.take({"PREVIOUS", "VALUE", "FOR"})) {
    reader.table_name();
  } else if (reader.is("CASE")) {
    skip_case(reader);
  } else if (reader.peek().is_name()) {
    reader.column_name();
    if (reader.is_symbol('(')) reader.skip_brackets();
  } else {
    return reader.fail("a default");
  }
  value.text = std::string(reader.read_since(begin));
}

}  // namespace

std::string read_text_literal(DdlReader& reader) {
  return read_literal(reader).text;
}

bool read_now(DdlReader& reader, std::string& text) {
  if (!reader.take_any({"CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"})) return false;
  text = "CURRENT_TIMESTAMP";
  if (!reader.take_symbol('(')) return true;
  if (!reader.is_symbol(')')) {
    const std::uint64_t digits = reader.number();
    if (digits != 0) text += "(" + std::to_string(digits) + ")";
  }
  reader.expect_symbol(')');
  return true;
}

DefaultSpec read_default(DdlReader& reader) {
  DefaultSpec value;
  const Token token = reader.peek();
  if (token.is_symbol('(')) {
    value.is_expression = true;
    value.text = std::string(reader.skip_brackets());
  } else if (reader.take("NULL")) {
    value.is_null = true;
  } else if (reader.take("TRUE")) {
    value.text = "1";
  } else if (reader.take("FALSE")) {
    value.text = "0";
  } else if (read_now(reader, value.text)) {
    value.is_expression = true;
  } else if (is_literal(reader)) {
    value = read_literal(reader);
  } else if (token.is_symbol('-') || token.is_symbol('+') || token.is_symbol('.') ||
             (token.kind == TokenKind::Word && token.text.front() >= '0' && token.text.front() <= '9')) {
    value.text = read_signed_number(reader);
  } else if (!read_temporal(reader, value)) {
    read_bare_expression(reader, value);
  }
  return value;
}

}  // namespace rowtide::sql
