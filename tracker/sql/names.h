#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace rowtide::sql {

struct TableName {
  std::string database;
  std::string table;
  auto operator<=>(const TableName&) const = default;
};

/// Names of columns, keys and character sets are the same whatever their (ASCII) case.
[[nodiscard]] bool is_same_name(std::string_view a, std::string_view b) noexcept;
[[nodiscard]] std::string to_lower(std::string_view text);

}  // namespace rowtide::sql
