#include "tracker/sql/script.h"

#include <algorithm>

#include "tracker/sql/lexer.h"

namespace rowtide::sql {
namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

class ScriptReader {
 public:
  explicit ScriptReader(std::string_view script) : script_(script), lexer_(script) {}

  std::vector<ScriptStatement> read() {
    while (begin_statement()) read_statement();
    return std::move(statements_);
  }

 private:
  std::size_t offset_of(std::string_view text) const {
    return static_cast<std::size_t>(text.data() - script_.data());
  }
  void go_to(std::size_t offset) { lexer_ = Lexer(script_.substr(std::min(offset, script_.size()))); }

  bool begin_statement() {
    do {
      lexer_.skip_to_statement();
    } while (take_delimiter_command());
    return !lexer_.rest().empty();
  }

  /// Of mysql itself; it ends with its line. One that names nothing leaves the delimiter as it is.
  bool take_delimiter_command() {
    const std::string_view line = lexer_.rest().substr(0, lexer_.rest().find('\n'));
    Lexer words(line);
    const Token word = words.next();
    if (!word.is("DELIMITER") || word.text.data() != line.data()) return false;  // or in /*! ... */
    if (words.rest().find_first_not_of(kBlanks) == 0) return false;
    const std::string_view delimiter = without_blanks(words.rest());
    if (!delimiter.empty()) delimiter_ = delimiter;
    go_to(offset_of(line) + line.size());
    return true;
  }

  void read_statement() {
    const std::size_t begin = offset_of(lexer_.rest());
    std::size_t end = script_.size();
    std::size_t next = script_.size();
    for (Token token = lexer_.next(); token.kind != TokenKind::End; token = lexer_.next()) {
      if (const std::optional<std::size_t> found = delimiter_in(token)) {
        end = *found;
        next = end + delimiter_.size();
        break;
      }
    }
    go_to(next);
    add(without_blanks(script_.substr(begin, end - begin)));
  }

  /// Where the delimiter begins in this token, and it can be a part of a word: END$$.
  std::optional<std::size_t> delimiter_in(const Token& token) const {
    if (token.kind == TokenKind::Quoted) return std::nullopt;
    const std::size_t begin = offset_of(token.text);
    const std::size_t found =
        script_.substr(begin, token.text.size() + delimiter_.size() - 1).find(delimiter_);
    if (found == std::string_view::npos) return std::nullopt;
    return begin + found;
  }

  void add(std::string_view sql) {
    if (sql.empty()) return;
    const auto begin = static_cast<std::ptrdiff_t>(offset_of(sql));
    line_ += static_cast<std::size_t>(
        std::count(script_.begin() + line_counted_to_, script_.begin() + begin, '\n'));
    line_counted_to_ = begin;
    statements_.push_back({sql, line_});
  }

  std::string_view script_;
  Lexer lexer_;
  std::string_view delimiter_ = ";";
  std::size_t line_ = 1;
  std::ptrdiff_t line_counted_to_ = 0;
  std::vector<ScriptStatement> statements_;
};

}  // namespace

std::vector<ScriptStatement> split_script(std::string_view script) {
  return ScriptReader(script).read();
}

std::optional<std::string> parse_use(std::string_view sql) {
  Lexer lexer(sql);
  if (!lexer.take("USE")) return std::nullopt;
  const Token name = lexer.peek();
  if (name.kind == TokenKind::End) return std::nullopt;
  if (name.kind == TokenKind::Quoted) return name.unquoted();
  // mysql takes what stands there, whatever its characters: USE my-shop.
  const std::string_view rest = sql.substr(static_cast<std::size_t>(name.text.data() - sql.data()));
  return std::string(rest.substr(0, rest.find_first_of(kBlanks)));
}

}  // namespace rowtide::sql
