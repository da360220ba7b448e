#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/bytes/byte_reader.h"

namespace rowtide::types {

// The leaves of a JSON document, appended to `out` as text.

/// Quoted and escaped. False where `text` is not UTF-8.
[[nodiscard]] bool append_json_string(std::string_view text, std::string& out);

void append_json_double(double value, std::string& out);

/// A value that JSON has no form for. `type`: its wire type.
[[nodiscard]] bool append_json_opaque(std::uint8_t type, Bytes value, std::string& out);

}  // namespace rowtide::types
