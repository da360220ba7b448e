#include "tracker/sql/database_option.h"

namespace rowtide::sql {

bool begins_database_option(Lexer lexer) {
  const Token word = lexer.next();
  if (word.is_any({"CHARACTER", "COLLATE", "DEFAULT", "READ"})) return true;  // no names
  if (!word.is_any({"CHARSET", "ENCRYPTION", "COMMENT"})) return false;
  // Databases may be called so: then an option follows, else a value.
  const Token after = lexer.next();
  return !after.is_any(
      {"CHARACTER", "CHARSET", "COLLATE", "DEFAULT", "READ", "ENCRYPTION", "COMMENT", "UPGRADE"});
}

}  // namespace rowtide::sql
