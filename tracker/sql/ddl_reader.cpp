#include "tracker/sql/ddl_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/bytes/utf8.h"

namespace rowtide::sql {

void DdlReader::fail(std::string_view expected) {
  if (failed()) return;
  constexpr std::size_t kShown = 40;
  const Lexer at = lexer_;
  const Token token = lexer_.peek();
  const std::string_view rest = at.rest();
  error_ = fmt::format("{} expected at '{}'", expected,
                       token.kind == TokenKind::End ? "the end" : cut(rest, kShown));
}

bool DdlReader::is_any(std::initializer_list<std::string_view> words) const {
  return peek().is_any(words);
}

bool DdlReader::are(std::initializer_list<std::string_view> words) const {
  Lexer copy = lexer_;
  return !failed() &&
         std::all_of(words.begin(), words.end(), [&](std::string_view word) { return copy.next().is(word); });
}

bool DdlReader::is_assignment() const {
  Lexer copy = lexer_;
  return !failed() && copy.next().is_name() && copy.next().is_symbol('=');
}

bool DdlReader::take(std::initializer_list<std::string_view> words) {
  if (!are(words)) return false;
  for (std::size_t i = 0; i < words.size(); ++i) lexer_.next();
  return true;
}

bool DdlReader::take_any(std::initializer_list<std::string_view> words) {
  if (!is_any(words)) return false;
  lexer_.next();
  return true;
}

void DdlReader::expect(std::string_view word) {
  if (!take(word)) fail(word);
}

void DdlReader::expect_symbol(char symbol) {
  if (!take_symbol(symbol)) fail(std::string_view(&symbol, 1));
}

bool DdlReader::is_text() const {
  const Token token = peek();
  return token.kind == TokenKind::Quoted &&
         (token.text.front() == '\'' || (token.text.front() == '"' && !dialect_.has_ansi_quotes));
}

std::string DdlReader::name() {
  if (!peek().is_name() || is_text()) {
    fail("a name");
    return {};
  }
  return next().unquoted();
}

TableName DdlReader::table_name() {
  if (take_symbol('.')) return {{}, name()};
  std::string first = name();
  if (!take_symbol('.')) return {{}, std::move(first)};
  return {std::move(first), name()};
}

std::string DdlReader::column_name() {
  take_symbol('.');
  std::string column = name();
  while (take_symbol('.')) column = name();
  return column;
}

std::string DdlReader::text() {
  if (!is_text()) {
    fail("a text");
    return {};
  }
  std::string value;
  while (is_text()) value += next().string_value(dialect_);
  return value;
}

std::uint64_t DdlReader::number() {
  const Token token = peek();
  std::uint64_t value = 0;
  const char* const end = token.text.data() + token.text.size();
  if (token.kind != TokenKind::Word || std::from_chars(token.text.data(), end, value).ptr != end) {
    fail("a number");
    return 0;
  }
  next();
  return value;
}

std::string_view DdlReader::skip_brackets() {
  expect_symbol('(');
  const char* const begin = mark();
  for (int depth = 1;;) {
    if (at_end()) {
      fail(")");
      return {};
    }
    const char* const end = mark();
    const Token token = next();
    if (token.is_symbol('(')) ++depth;
    if (token.is_symbol(')') && --depth == 0) return {begin, static_cast<std::size_t>(end - begin)};
  }
}

std::string_view DdlReader::read_since(const char* begin) const {
  // The blanks in front of the next token are not yet taken off the rest.
  const std::string_view rest = lexer_.rest();
  return failed() ? std::string_view()
                  : std::string_view(begin, static_cast<std::size_t>(rest.data() - begin));
}

}  // namespace rowtide::sql
