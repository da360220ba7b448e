#include "tracker/sql/lexer.h"

#include <algorithm>

namespace rowtide::sql {
namespace {

bool is_blank(char character) {
  return character == ' ' || (character >= '\t' && character <= '\r');
}

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

/// Characters beyond ASCII are part of names.
bool is_word(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte >= 0x80 || is_digit(character) || character == '_' || character == '$' ||
         (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

bool is_quote(char character) {
  return character == '`' || character == '"' || character == '\'';
}

char to_upper(char character) {
  return character >= 'a' && character <= 'z' ? static_cast<char>(character - 'a' + 'A') : character;
}

/// Of the quoted text at the front, both quotes included; to the end where it is not closed.
std::size_t quoted_size(std::string_view text, const Dialect& dialect) {
  const char quote = text.front();
  const bool is_escaped =
      dialect.has_backslash_escapes && quote != '`' && !(quote == '"' && dialect.has_ansi_quotes);
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\' && is_escaped) {
      ++at;
    } else if (text[at] == quote) {
      if (at + 1 == text.size() || text[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return text.size();
}

/// What a backslash and this character stand for.
void append_escaped(char character, std::string& out) {
  switch (character) {
    case 'n':
      out += '\n';
      break;
    case 't':
      out += '\t';
      break;
    case 'r':
      out += '\r';
      break;
    case 'b':
      out += '\b';
      break;
    case '0':
      out += '\0';
      break;
    case 'Z':
      out += '\x1a';
      break;
    case '%':
    case '_':
      out += '\\';
      [[fallthrough]];
    default:
      out += character;
  }
}

bool begins_versioned_comment(std::string_view text) {
  return text.starts_with("/*!") || text.starts_with("/*M!");
}

}  // namespace

bool Token::is_any(std::initializer_list<std::string_view> upper) const noexcept {
  return std::any_of(upper.begin(), upper.end(), [this](std::string_view word) { return is(word); });
}

bool Token::is(std::string_view upper) const noexcept {
  return kind == TokenKind::Word && std::equal(text.begin(), text.end(), upper.begin(), upper.end(),
                                               [](char left, char right) { return to_upper(left) == right; });
}

std::string Token::unquoted() const {
  if (kind != TokenKind::Quoted) return std::string(text);
  const char quote = text.front();
  std::string name;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == quote && (++at == text.size() || text[at] != quote)) break;
    name.push_back(text[at]);
  }
  return name;
}

std::string Token::string_value(const Dialect& dialect) const {
  if (!dialect.has_backslash_escapes) return unquoted();
  const char quote = text.front();
  std::string value;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) {
      append_escaped(text[++at], value);
      continue;
    }
    if (text[at] == quote && (++at == text.size() || text[at] != quote)) break;
    value.push_back(text[at]);
  }
  return value;
}

Token Lexer::take_front(TokenKind kind, std::size_t size) {
  const Token token{kind, rest_.substr(0, size)};
  rest_.remove_prefix(token.text.size());
  return token;
}

void Lexer::skip_past(std::string_view end) {
  const std::size_t at = rest_.find(end);
  rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
}

bool Lexer::skip_plain_comment() {
  if (rest_.starts_with('#') || (rest_.starts_with("--") && (rest_.size() == 2 || is_blank(rest_[2])))) {
    skip_past("\n");
    return true;
  }
  if (!rest_.starts_with("/*") || begins_versioned_comment(rest_)) return false;
  skip_past("*/");
  return true;
}

/// Of a comment whose text may count: its head and its end, or all of it.
bool Lexer::skip_comment_mark() {
  if (begins_versioned_comment(rest_)) {
    if (!skip_versioned_comment()) skip_past("*/");
    return true;
  }
  if (!rest_.starts_with("*/")) return false;
  rest_.remove_prefix(2);
  return true;
}

/// Takes the head off and leaves the text to be read; false where the server passed the text over too.
bool Lexer::skip_versioned_comment() {
  constexpr std::uint32_t kFirstOfMysqlOnly = 50700;  // MariaDB leaves MySQL's newer ones alone
  constexpr std::uint32_t kLastOfMysqlOnly = 99999;
  constexpr std::size_t kMaxDigits = 6;
  const bool is_for_mariadb = rest_[2] == 'M';
  std::string_view text = rest_.substr(is_for_mariadb ? 4 : 3);
  std::uint32_t version = 0;
  for (std::size_t digits = 0; digits < kMaxDigits && !text.empty() && is_digit(text.front()); ++digits) {
    version = version * 10 + static_cast<std::uint32_t>(text.front() - '0');
    text.remove_prefix(1);
  }
  if (dialect_.version != 0) {
    if (version > dialect_.version || (is_for_mariadb && !dialect_.is_mariadb)) return false;
    if (dialect_.is_mariadb && !is_for_mariadb && version >= kFirstOfMysqlOnly && version <= kLastOfMysqlOnly)
      return false;
  }
  rest_ = text;
  return true;
}

void Lexer::skip_to_statement() {
  while (!rest_.empty()) {
    if (is_blank(rest_.front())) {
      rest_.remove_prefix(1);
    } else if (!skip_plain_comment()) {
      return;
    }
  }
}

Token Lexer::next() {
  do {
    skip_to_statement();
  } while (skip_comment_mark());
  if (rest_.empty()) return {};
  if (is_quote(rest_.front())) return take_front(TokenKind::Quoted, quoted_size(rest_, dialect_));
  if (!is_word(rest_.front())) return take_front(TokenKind::Symbol, 1);
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_word);
  return take_front(TokenKind::Word, static_cast<std::size_t>(end - rest_.begin()));
}

bool Lexer::take(std::string_view upper) {
  Lexer copy = *this;
  if (!copy.next().is(upper)) return false;
  *this = copy;
  return true;
}

bool Lexer::take_symbol(char symbol) {
  Lexer copy = *this;
  if (!copy.next().is_symbol(symbol)) return false;
  *this = copy;
  return true;
}

}  // namespace rowtide::sql
