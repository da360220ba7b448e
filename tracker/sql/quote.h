#pragma once

#include <string>
#include <string_view>

namespace rowtide::sql {

/// 'text' with quotes and backslashes escaped, for use in a statement.
[[nodiscard]] std::string quote_literal(std::string_view text);
[[nodiscard]] std::string quote_identifier(std::string_view name);

}  // namespace rowtide::sql
