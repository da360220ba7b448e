#pragma once

#include <string>

#include "absl/status/status.h"
#include "tracker/schema/schema_history.h"

namespace rowtide::commands {

/// Has `history` know the tables that a script makes (mysqldump --no-data --databases). Statements that
/// change no table are passed over. Errors name file, line and statement.
[[nodiscard]] absl::Status load_schema_file(const std::string& path, schema::SchemaHistory& history);

}  // namespace rowtide::commands
