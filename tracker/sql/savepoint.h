#pragma once

#include <cstdint>
#include <string>

#include "tracker/sql/lexer.h"

namespace rowtide::sql {

enum class SavepointVerb : std::uint8_t { Set, RollBackTo };

/// SAVEPOINT name, or ROLLBACK [WORK] TO [SAVEPOINT] name.
struct SavepointStatement {
  SavepointVerb verb = SavepointVerb::Set;
  std::string name;  ///< without quotes, in the case in which it is written
};
/// The lexer stands behind SAVEPOINT, or behind TO.
[[nodiscard]] SavepointStatement read_savepoint(SavepointVerb verb, Lexer& lexer);

}  // namespace rowtide::sql
