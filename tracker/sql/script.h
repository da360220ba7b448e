#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rowtide::sql {

struct ScriptStatement {
  std::string_view sql;
  std::size_t line = 0;  ///< of its first character, from 1
};

/// The statements of a script as mysql reads it: separated by ";" or what DELIMITER says, without the
/// comments between them. Views into `script`.
[[nodiscard]] std::vector<ScriptStatement> split_script(std::string_view script);

/// USE name: the name. nullopt: another statement.
[[nodiscard]] std::optional<std::string> parse_use(std::string_view sql);

}  // namespace rowtide::sql
