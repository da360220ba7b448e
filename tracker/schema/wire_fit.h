#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rowtide::schema {

/// The type that a TABLE_MAP column really has: ENUM and SET travel as STRING and name themselves in the
/// metadata, and long CHAR columns keep two bits of their length in the type byte.
[[nodiscard]] std::uint8_t real_wire_type(std::uint8_t wire_type, std::uint16_t wire_metadata);

/// Can a column that is declared as `data_type` (information_schema's DATA_TYPE) be sent as this real wire
/// type? A declared type that is not known here fits nothing.
[[nodiscard]] bool fits_wire(std::string_view data_type, std::uint8_t real_type, std::uint16_t wire_metadata);

[[nodiscard]] bool is_bigint_wire(std::uint8_t real_type);
[[nodiscard]] bool is_numeric_wire(std::uint8_t real_type);
[[nodiscard]] bool is_text_wire(std::uint8_t real_type);  ///< has a character set; also BLOB and BINARY (63)
/// As MariaDB's UUID, INET6 and INET4 travel; a CHAR if it has a character set.
[[nodiscard]] bool is_binary_of_16_or_4_wire(std::uint8_t wire_type, std::uint16_t wire_metadata);
[[nodiscard]] bool has_members_wire(std::uint8_t real_type);

/// "VARCHAR", for messages; "type 77" for one without a name here.
[[nodiscard]] std::string wire_type_name(std::uint8_t real_type);

[[nodiscard]] bool is_timestamp_wire(std::uint8_t real_type);

/// The forms of TIME, DATETIME and TIMESTAMP that do not say how many decimals they have.
[[nodiscard]] bool is_old_temporal_wire(std::uint8_t real_type);

}  // namespace rowtide::schema
