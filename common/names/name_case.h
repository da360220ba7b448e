#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rowtide::names {

// Names as MySQL and MariaDB compare them. Those of columns, keys and character sets are the same whatever
// their case, on every server; those of databases and tables unless lower_case_table_names is 0 at the
// source.

/// The name (UTF-8) in small letters as the servers write it: "Ärzte" becomes "ärzte".
[[nodiscard]] std::string to_lower(std::string_view name);
/// The same name but for its case?
[[nodiscard]] bool is_same_name(std::string_view a, std::string_view b);
[[nodiscard]] bool holds_name(const std::vector<std::string>& names, std::string_view name);

}  // namespace rowtide::names
