#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace rowtide::sql {

/// How the server that wrote a statement reads it.
struct Dialect {
  bool is_mariadb = false;
  /// 80015, 101106: says which /*!NNNNN ... */ count. 0: all of them.
  std::uint32_t version = 0;
  bool has_ansi_quotes = false;       ///< sql_mode: "name" is a name, not a text
  bool has_backslash_escapes = true;  ///< unless sql_mode has NO_BACKSLASH_ESCAPES
};

enum class TokenKind : std::uint8_t {
  End,
  Word,    ///< keyword, name or number as written
  Quoted,  ///< `name`, "name" or 'text', with its quotes
  Symbol,  ///< any other character
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string_view text;

  /// An unquoted word; `upper` is upper case.
  [[nodiscard]] bool is(std::string_view upper) const noexcept;
  /// One of these words.
  [[nodiscard]] bool is_any(std::initializer_list<std::string_view> upper) const noexcept;
  [[nodiscard]] bool is_symbol(char symbol) const noexcept {
    return kind == TokenKind::Symbol && text.front() == symbol;
  }
  [[nodiscard]] bool is_name() const noexcept { return kind == TokenKind::Word || kind == TokenKind::Quoted; }
  /// Without quotes, doubled ones made single.
  [[nodiscard]] std::string unquoted() const;
  /// 'text' or "text": quotes and escapes undone.
  [[nodiscard]] std::string string_value(const Dialect& dialect) const;
};

/// Tokens of a statement. Comments are skipped; what stands in /*! ... */ and /*M! ... */ counts as it did
/// for the server that wrote the statement into its log. The text must outlive the tokens.
class Lexer {
 public:
  explicit Lexer(std::string_view sql, Dialect dialect = {}) : rest_(sql), dialect_(dialect) {}

  [[nodiscard]] Token peek() const {
    Lexer copy = *this;
    return copy.next();
  }
  Token next();
  /// Takes the next token if it is this word.
  bool take(std::string_view upper);
  bool take_symbol(char symbol);
  /// Goes to what is neither a blank nor a comment; to /*! and /*M!, too.
  void skip_to_statement();
  /// What is not yet read.
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] const Dialect& dialect() const { return dialect_; }

 private:
  void skip_past(std::string_view end);
  bool skip_plain_comment();
  bool skip_comment_mark();
  bool skip_versioned_comment();
  Token take_front(TokenKind kind, std::size_t size);

  std::string_view rest_;
  Dialect dialect_;
};

}  // namespace rowtide::sql
