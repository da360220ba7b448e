#include "tracker/sql/database_option.h"

#include <algorithm>
#include <initializer_list>

namespace rowtide::sql {
namespace {

bool is_one_of(const Token& token, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&token](std::string_view word) { return token.is(word); });
}

}  // namespace

bool begins_database_option(Lexer lexer) {
  const Token word = lexer.next();
  if (is_one_of(word, {"CHARACTER", "COLLATE", "DEFAULT", "READ"})) return true;  // no names
  if (!is_one_of(word, {"CHARSET", "ENCRYPTION", "COMMENT"})) return false;
  // Databases may be called so: then an option follows, else a value.
  const Token after = lexer.next();
  return !is_one_of(
      after, {"CHARACTER", "CHARSET", "COLLATE", "DEFAULT", "READ", "ENCRYPTION", "COMMENT", "UPGRADE"});
}

}  // namespace rowtide::sql
