#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "tracker/sql/database_option.h"
#include "tracker/sql/ddl.h"
#include "tracker/sql/lexer.h"

namespace rowtide::sql {

/// What the parts of the DDL parser share: tokens, names and texts, and one failure that sticks. After a
/// failure everything reads as the end of the statement. For ddl_*.cpp only.
class DdlReader {
 public:
  DdlReader(std::string_view sql, Dialect dialect, std::uint64_t sql_mode)
      : lexer_(sql, dialect), dialect_(dialect), sql_mode_(sql_mode) {}

  [[nodiscard]] bool failed() const { return !error_.empty(); }
  [[nodiscard]] const std::string& error() const { return error_; }
  /// Not understood, with what follows in the statement.
  void fail(std::string_view expected);

  [[nodiscard]] Token peek() const { return failed() ? Token{} : lexer_.peek(); }
  Token next() { return failed() ? Token{} : lexer_.next(); }
  [[nodiscard]] bool at_end() const { return peek().kind == TokenKind::End; }
  [[nodiscard]] bool is(std::string_view word) const { return peek().is(word); }
  /// One of the words follows.
  [[nodiscard]] bool is_any(std::initializer_list<std::string_view> words) const;
  [[nodiscard]] bool is_symbol(char symbol) const { return peek().is_symbol(symbol); }
  /// The words follow one after the other.
  [[nodiscard]] bool are(std::initializer_list<std::string_view> words) const;

  [[nodiscard]] bool is_database_option() const { return !failed() && begins_database_option(lexer_); }
  /// A name and '=' follow.
  [[nodiscard]] bool is_assignment() const;

  bool take(std::string_view word) { return !failed() && lexer_.take(word); }
  /// All words or none.
  bool take(std::initializer_list<std::string_view> words);
  bool take_any(std::initializer_list<std::string_view> words);
  bool take_symbol(char symbol) { return !failed() && lexer_.take_symbol(symbol); }
  void expect(std::string_view word);
  void expect_symbol(char symbol);

  [[nodiscard]] bool is_text() const;  ///< 'text', or "text" where that is no name
  std::string name();
  TableName table_name();
  /// Of `c`, `t.c` and `d.t.c`: MariaDB and MySQL 5.7 check that t is the statement's table.
  std::string column_name();
  std::string text();  ///< also several in a row
  std::uint64_t number();
  bool if_exists() { return take({"IF", "EXISTS"}); }
  bool if_not_exists() { return take({"IF", "NOT", "EXISTS"}); }

  /// From an opening bracket to after its closing one; the text between.
  std::string_view skip_brackets();
  /// Characters of the statement read since `begin` (an earlier mark()).
  [[nodiscard]] const char* mark() const { return peek().text.data(); }
  [[nodiscard]] std::string_view read_since(const char* begin) const;

  [[nodiscard]] const Dialect& dialect() const { return dialect_; }
  [[nodiscard]] bool has_mode(std::uint64_t mode) const { return (sql_mode_ & mode) != 0; }

 private:
  Lexer lexer_;
  Dialect dialect_;
  std::uint64_t sql_mode_;
  std::string error_;
};

/// `name type attributes`, and FIRST or AFTER where `has_placement`. (ddl_column.cpp)
ColumnSpec read_column(DdlReader& reader, bool has_placement);
/// What follows DEFAULT. (ddl_default.cpp)
DefaultSpec read_default(DdlReader& reader);
/// 'text', _latin1'text', N'text', x'61', 0x61.
std::string read_text_literal(DdlReader& reader);
/// CURRENT_TIMESTAMP, NOW(3) and so on, as CURRENT_TIMESTAMP(3); false if no such thing follows.
bool read_now(DdlReader& reader, std::string& text);
/// CHARACTER SET x, CHARSET x, COLLATE x, each with or without DEFAULT in front and = after; false if no
/// such thing follows.
bool read_charset(DdlReader& reader, CharsetSpec& charset);

/// [CONSTRAINT [name]] PRIMARY KEY | UNIQUE | INDEX | KEY | FULLTEXT | SPATIAL | FOREIGN KEY | CHECK ...
/// Nothing for a CHECK. (ddl_key.cpp)
std::optional<KeySpec> read_key(DdlReader& reader);
/// Does one of these follow?
[[nodiscard]] bool is_key(const DdlReader& reader);
/// (part, part ...) and the options after it.
void read_key_parts(DdlReader& reader, KeySpec& key);
void read_key_options(DdlReader& reader, KeySpec& key);
/// USING x or TYPE x, if it follows.
void read_index_type(DdlReader& reader, KeySpec& key);
/// REFERENCES t (c) ON DELETE ...
void skip_references(DdlReader& reader);

}  // namespace rowtide::sql
