#include "tracker/binlog/sql_lexer.h"

#include <algorithm>

namespace rowtide::binlog {
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
std::size_t quoted_size(std::string_view text) {
  const char quote = text.front();
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\' && quote != '`') {
      ++at;
    } else if (text[at] == quote) {
      if (at + 1 == text.size() || text[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return text.size();
}

}  // namespace

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

Token SqlLexer::take_front(TokenKind kind, std::size_t size) {
  const Token token{kind, rest_.substr(0, size)};
  rest_.remove_prefix(token.text.size());
  return token;
}

bool SqlLexer::skip_comment() {
  const auto skip_past = [this](std::string_view end) {
    const std::size_t at = rest_.find(end);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
    return true;
  };
  if (rest_.starts_with('#')) return skip_past("\n");
  if (rest_.starts_with("--") && (rest_.size() == 2 || is_blank(rest_[2]))) return skip_past("\n");
  if (rest_.starts_with("/*!") || rest_.starts_with("/*M!")) {
    rest_.remove_prefix(rest_[2] == '!' ? 3 : 4);
    while (!rest_.empty() && is_digit(rest_.front())) rest_.remove_prefix(1);
    return true;
  }
  // The end of a comment whose text counts.
  if (rest_.starts_with("*/")) {
    rest_.remove_prefix(2);
    return true;
  }
  return rest_.starts_with("/*") && skip_past("*/");
}

void SqlLexer::skip_blanks() {
  while (!rest_.empty()) {
    if (is_blank(rest_.front())) {
      rest_.remove_prefix(1);
    } else if (!skip_comment()) {
      return;
    }
  }
}

Token SqlLexer::next() {
  skip_blanks();
  if (rest_.empty()) return {};
  if (is_quote(rest_.front())) return take_front(TokenKind::Quoted, quoted_size(rest_));
  if (!is_word(rest_.front())) return take_front(TokenKind::Symbol, 1);
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_word);
  return take_front(TokenKind::Word, static_cast<std::size_t>(end - rest_.begin()));
}

bool SqlLexer::take(std::string_view upper) {
  SqlLexer copy = *this;
  if (!copy.next().is(upper)) return false;
  *this = copy;
  return true;
}

bool SqlLexer::take_symbol(char symbol) {
  SqlLexer copy = *this;
  if (!copy.next().is_symbol(symbol)) return false;
  *this = copy;
  return true;
}

}  // namespace rowtide::binlog
