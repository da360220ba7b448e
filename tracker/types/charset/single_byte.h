#pragma once

#include <string_view>

#include "tracker/types/charset/charset.h"

namespace rowtide::types {

/// Text of a SingleByte set as UTF-8 at `out`, which has room for three bytes each; the end of it. nullptr:
/// this machine's iconv does not know the set. A byte without a code point becomes '?'. Thread-safe.
[[nodiscard]] char* single_byte_to_utf8(const Charset& charset, std::string_view text, char* out) noexcept;

}  // namespace rowtide::types
