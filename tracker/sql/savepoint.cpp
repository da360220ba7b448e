#include "tracker/sql/savepoint.h"

#include "tracker/sql/lexer.h"

namespace rowtide::sql {

std::optional<SavepointStatement> parse_savepoint(std::string_view sql) {
  Lexer lexer(sql);
  if (lexer.take("SAVEPOINT")) return SavepointStatement{SavepointVerb::Set, lexer.next().unquoted()};
  if (!lexer.take("ROLLBACK")) return std::nullopt;
  lexer.take("WORK");
  if (!lexer.take("TO")) return std::nullopt;
  Token name = lexer.next();
  if (name.is("SAVEPOINT") && lexer.peek().kind != TokenKind::End) name = lexer.next();
  return SavepointStatement{SavepointVerb::RollBackTo, name.unquoted()};
}

}  // namespace rowtide::sql
