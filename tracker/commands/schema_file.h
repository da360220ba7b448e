#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tracker/schema/schema_history.h"

namespace rowtide::commands {

struct SqlText {
  std::string_view sql;
  std::size_t line = 0;  ///< of its first character, from 1
};

/// The statements of a script as mysql reads it: separated by ";" or what DELIMITER says, without the
/// comments between them. Views into `script`.
[[nodiscard]] std::vector<SqlText> split_script(std::string_view script);

/// Has `history` know the tables that a script makes (mysqldump --no-data --databases). Statements that
/// change no table are passed over. Errors name file, line and statement.
[[nodiscard]] absl::Status load_schema_file(const std::string& path, schema::SchemaHistory& history);

}  // namespace rowtide::commands
