#pragma once

#include <span>
#include <string_view>

#include "tracker/types/charset/charset.h"

namespace rowtide::types {

/// Text of a MultiByte set into `room`, which has three bytes for each of `text`. Returns the end of what was
/// written, nullptr where `text` ends inside a character or iconv does not know the set. Thread-safe: each
/// thread has its own iconv descriptors.
[[nodiscard]] char* multi_byte_to_utf8(const Charset& charset, std::string_view text,
                                       std::span<char> room) noexcept;

}  // namespace rowtide::types
