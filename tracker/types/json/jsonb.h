#pragma once

#include <string>

#include "common/bytes/byte_reader.h"

namespace rowtide::types {

/// MySQL's binary JSON to compact text, appended to `out`. Objects keep the order they are stored in (length
/// of the key, then bytes). Numbers keep their form: 1 and 1.0 differ, integers of 64 bits and decimals are
/// exact, doubles have the shortest digits that give the same double, without an exponent. Dates and times
/// are strings as the server prints them; other opaque values are base64. A document without a byte is null.
/// False for bytes that are no document; `out` is then useless. Source: MySQL sql-common/json_binary.h.
[[nodiscard]] bool jsonb_to_text(Bytes document, std::string& out) noexcept;

}  // namespace rowtide::types
