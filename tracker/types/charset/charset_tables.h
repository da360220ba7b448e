#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "tracker/types/charset/charset.h"

namespace rowtide::types {

enum class CharsetId : std::uint8_t {
  Armscii8,
  Ascii,
  Big5,
  Binary,
  Cp1250,
  Cp1251,
  Cp1256,
  Cp1257,
  Cp850,
  Cp852,
  Cp866,
  Cp932,
  Dec8,
  Eucjpms,
  Euckr,
  Gb18030,
  Gb2312,
  Gbk,
  Geostd8,
  Greek,
  Hebrew,
  Hp8,
  Keybcs2,
  Koi8r,
  Koi8u,
  Latin1,
  Latin2,
  Latin5,
  Latin7,
  Macce,
  Macroman,
  Sjis,
  Swe7,
  Tis620,
  Ucs2,
  Ujis,
  Utf16,
  Utf16le,
  Utf32,
  Utf8mb3,
  Utf8mb4,
};

/// The collations of `first`..`last` belong to one character set.
struct CollationRange {
  std::uint16_t first;
  std::uint16_t last;
  CharsetId charset;
};

// Read off the servers themselves (charset_tables.cpp).
extern const std::span<const CollationRange> kCollationRanges;
[[nodiscard]] const Charset& charset_by_id(CharsetId id) noexcept;

}  // namespace rowtide::types
