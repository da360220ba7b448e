#include "tracker/sql/xa_statement.h"

#include <fmt/format.h>

#include "absl/strings/escaping.h"

namespace rowtide::sql {
namespace {

std::optional<XaVerb> take_verb(Lexer& lexer) {
  if (lexer.take("START") || lexer.take("BEGIN")) return XaVerb::Start;
  if (lexer.take("END")) return XaVerb::End;
  if (lexer.take("COMMIT")) return XaVerb::Commit;
  if (lexer.take("ROLLBACK")) return XaVerb::Rollback;
  return std::nullopt;
}

}  // namespace

std::optional<XaStatement> read_xa_statement(Lexer& lexer) {
  const std::optional<XaVerb> verb = take_verb(lexer);
  if (!verb) return std::nullopt;
  XaStatement statement{.verb = *verb, .xid = {}};
  // The server writes no blanks in an xid.
  std::string_view xid = lexer.rest();
  while (!xid.empty() && xid.front() == ' ') xid.remove_prefix(1);
  statement.xid = std::string(xid.substr(0, xid.find(' ')));
  return statement;
}

std::string xid_text(std::string_view gtrid, std::string_view bqual, std::uint32_t format_id) {
  const auto hex = [](std::string_view bytes) {
    return absl::BytesToHexString({bytes.data(), bytes.size()});
  };
  return fmt::format("X'{}',X'{}',{}", hex(gtrid), hex(bqual), format_id);
}

}  // namespace rowtide::sql
