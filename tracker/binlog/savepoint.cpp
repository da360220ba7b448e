#include "tracker/binlog/savepoint.h"

#include "tracker/binlog/sql_lexer.h"

namespace rowtide::binlog {

std::optional<SavepointStatement> parse_savepoint(std::string_view sql) {
  SqlLexer lexer(sql);
  if (lexer.take("SAVEPOINT")) return SavepointStatement{SavepointVerb::Set, lexer.next().unquoted()};
  if (!lexer.take("ROLLBACK")) return std::nullopt;
  lexer.take("WORK");
  if (!lexer.take("TO")) return std::nullopt;
  Token name = lexer.next();
  if (name.is("SAVEPOINT") && lexer.peek().kind != TokenKind::End) name = lexer.next();
  return SavepointStatement{SavepointVerb::RollBackTo, name.unquoted()};
}

}  // namespace rowtide::binlog
