#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tracker/types/column.h"
#include "tracker/types/scratch.h"

namespace rowtide::types {

/// The collation id of BINARY, VARBINARY and BLOB: bytes, not text.
inline constexpr std::uint16_t kBinaryCollation = 63;

/// How a character set's bytes become code points.
enum class CharsetForm : std::uint8_t {
  Utf8,        ///< verbatim, checked
  SingleByte,  ///< iconv's table, but for the bytes that the server sees differently; or the server's own
  Utf16Be,     ///< utf16; ucs2 without surrogate pairs is the same
  Utf16Le,
  Utf32Be,
  MultiByte,  ///< iconv, but for the characters that the server sees differently
  Binary,
};

/// How long a character of a MultiByte set is, told by its first bytes.
enum class MultiByteScheme : std::uint8_t {
  Double,    ///< two bytes beyond ASCII
  ShiftJis,  ///< two, one for half-width katakana
  Euc,       ///< two, three after 0x8f
  Gb18030,   ///< two, four where the second byte is a digit
};

/// A character that the server maps differently from iconv. `code`: its bytes, big-endian.
struct CharsetOverride {
  std::uint32_t code;
  char16_t code_point;
};

/// A character set of MySQL or MariaDB. Static storage, immutable.
struct Charset {
  std::string_view name;
  CharsetForm form = CharsetForm::Binary;
  bool is_ascii_compatible = true;   ///< bytes below 0x80 are ASCII wherever they stand alone
  const char16_t* table = nullptr;   ///< SingleByte without iconv: 0x80..0xff, or all bytes (swe7)
  const char* iconv_name = nullptr;  ///< MultiByte, SingleByte
  std::span<const CharsetOverride> overrides = {};  ///< of iconv's; sorted by code
  MultiByteScheme scheme = MultiByteScheme::Double;
};

/// nullptr: a collation id that neither MySQL 8 and 9 nor MariaDB 10.5 to 12 have.
[[nodiscard]] const Charset* find_charset(std::uint16_t collation) noexcept;

/// Text as the server's own conversion to utf8mb4 gives it. `out` is `text` itself where nothing is to
/// convert, else in `scratch`. A character without a code point becomes '?', as in a SELECT; bytes that are
/// no character of the set are BadValue. Thread-safe.
[[nodiscard]] DecodeStatus to_utf8(const Charset& charset, std::string_view text, Scratch& scratch,
                                   std::string_view& out) noexcept;

/// For messages and statements, never for values: always valid UTF-8, U+FFFD for what cannot be converted.
[[nodiscard]] std::string to_utf8_replacing(std::uint16_t collation, std::string_view text);

}  // namespace rowtide::types
