#pragma once

#include <string>

#include "tracker/types/column.h"
#include "tracker/types/value.h"

namespace rowtide::encode {

/// Appends one cell as an element of beforeImages or afterImages: the union's branch, then its record.
void append_dts_value(std::string& out, const types::Column& column, const types::Value& value);

/// The column's Field.dataTypeNumber. It also tells the branch of the union to consumers that go by it.
[[nodiscard]] int dts_type_number(const types::Column& column) noexcept;

}  // namespace rowtide::encode
