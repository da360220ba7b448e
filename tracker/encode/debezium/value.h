#pragma once

#include <string>

#include "common/task/spec.h"
#include "tracker/types/column.h"
#include "tracker/types/value.h"

namespace rowtide::encode {

/// Appends one cell as Debezium writes it with schemas off and these options. `value` is not Absent.
/// Dates that are none (zero, partial, 31 February) are null, or 0 in a NOT NULL column.
void append_debezium_value(std::string& out, const types::Column& column, const types::Value& value,
                           const task::DebeziumOptions& options = {});

/// Same cell of the same column, byte for byte; 'a' and 'A' differ whatever the collation says.
[[nodiscard]] bool is_same_value(const types::Value& left, const types::Value& right) noexcept;

}  // namespace rowtide::encode
