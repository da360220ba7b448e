#include "tracker/sql/savepoint.h"

namespace rowtide::sql {

SavepointStatement read_savepoint(SavepointVerb verb, Lexer& lexer) {
  Token name = lexer.next();
  const bool may_say_savepoint = verb == SavepointVerb::RollBackTo;
  if (may_say_savepoint && name.is("SAVEPOINT") && lexer.peek().kind != TokenKind::End) name = lexer.next();
  return {verb, name.unquoted()};
}

}  // namespace rowtide::sql
