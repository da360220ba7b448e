#pragma once

#include <string>
#include <string_view>

namespace rowtide::log {

/// `text` as one line of UTF-8 that a terminal takes for nothing else, whatever a damaged binlog put in:
/// control characters as \n, \t or \u00XX, bytes that are no UTF-8 as U+FFFD. Inside a JSON string as well,
/// where `in_json` also escapes quotes and backslashes.
[[nodiscard]] std::string printable(std::string_view text, bool in_json = false);

}  // namespace rowtide::log
