#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace rowtide::schema {

/// What information_schema's COLUMN_TYPE says beyond the type's name.
struct ColumnTypeText {
  bool is_unsigned = false;
  std::vector<std::string> members;  ///< of enum(...) and set(...), quotes undone
};

/// Reads "int(10) unsigned zerofill", "enum('a','it''s')". Fails on a member list that does not end.
[[nodiscard]] absl::StatusOr<ColumnTypeText> parse_column_type(std::string_view column_type);

/// Of information_schema's DATA_TYPE: one that has a character set.
[[nodiscard]] bool is_text_type(std::string_view data_type);

/// Of information_schema's DATA_TYPE: one that holds bytes, for which no collation is named.
[[nodiscard]] bool is_binary_type(std::string_view data_type);

/// 3 of "time(3)"; 0 where there are none.
[[nodiscard]] std::uint8_t temporal_decimals(std::string_view column_type);

/// 20 of "varchar(20)"; 1 where there is none.
[[nodiscard]] std::uint64_t declared_length(std::string_view column_type);

}  // namespace rowtide::schema
