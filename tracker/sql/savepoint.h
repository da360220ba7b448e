#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rowtide::sql {

enum class SavepointVerb : std::uint8_t { Set, RollBackTo };

/// SAVEPOINT name, or ROLLBACK [WORK] TO [SAVEPOINT] name.
struct SavepointStatement {
  SavepointVerb verb = SavepointVerb::Set;
  std::string name;  ///< without quotes, in the case in which it is written
};
/// nullopt: neither of the two.
[[nodiscard]] std::optional<SavepointStatement> parse_savepoint(std::string_view sql);

}  // namespace rowtide::sql
