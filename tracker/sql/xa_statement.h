#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tracker/sql/lexer.h"

namespace rowtide::sql {

// XA transactions: their rows stand in one group of the binlog, which ends with XA_PREPARE, and their outcome
// in a later one, a statement. Xids are compared as the servers print them: X'616263',X'62',1.

enum class XaVerb : std::uint8_t { Start, End, Commit, Rollback };

struct XaStatement {
  XaVerb verb = XaVerb::Start;
  std::string xid;
};
/// The lexer stands behind XA. nullopt: not one of these four. Further words (ONE PHASE) are not part of the
/// xid.
[[nodiscard]] std::optional<XaStatement> read_xa_statement(Lexer& lexer);

[[nodiscard]] std::string xid_text(std::string_view gtrid, std::string_view bqual, std::uint32_t format_id);

}  // namespace rowtide::sql
