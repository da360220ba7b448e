#pragma once

#include <string>

#include "tracker/types/column.h"

namespace rowtide::types {

/// The column's type as SQL writes it: information_schema's text where the catalog was asked, else what the
/// table map tells ("int unsigned", "varchar(20)", "enum('a','b')"). Display widths, FLOAT(M,D) and ZEROFILL
/// do not stand in a binlog.
[[nodiscard]] std::string type_text(const Column& column);

/// Bytes that a character of the column's set can take; 1 for binary columns.
[[nodiscard]] std::uint32_t bytes_per_character(const Column& column) noexcept;

}  // namespace rowtide::types
