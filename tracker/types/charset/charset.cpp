#include "tracker/types/charset/charset.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "common/bytes/utf8.h"
#include "tracker/types/charset/charset_tables.h"
#include "tracker/types/charset/multi_byte.h"
#include "tracker/types/charset/single_byte.h"

namespace rowtide::types {
namespace {

/// MariaDB's NOPAD collations are the ordinary ones with this bit set.
constexpr std::uint16_t kNoPadFirst = 1024;
constexpr std::uint16_t kNoPadLast = 2047;

constexpr char32_t kNoCodePoint = U'?';

char32_t code_unit(std::string_view text, std::size_t at, std::size_t width, bool big_endian) noexcept {
  char32_t unit = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const std::size_t index = big_endian ? at + i : at + width - 1 - i;
    unit = (unit << 8U) | static_cast<std::uint8_t>(text[index]);
  }
  return unit;
}

bool is_high_surrogate(char32_t unit) noexcept {
  return unit >= 0xd800 && unit < 0xdc00;
}
bool is_low_surrogate(char32_t unit) noexcept {
  return unit >= 0xdc00 && unit < 0xe000;
}

char32_t code_point_of(char32_t high, char32_t low) noexcept {
  return 0x10000 + ((high - 0xd800) << 10U) + (low - 0xdc00);
}

/// By hand: iconv refuses lone surrogates, for which the servers give '?'.
char* utf16_to_utf8(std::string_view text, bool big_endian, char* out) noexcept {
  for (std::size_t at = 0; at < text.size(); at += 2) {
    char32_t unit = code_unit(text, at, 2, big_endian);
    if (is_high_surrogate(unit) && at + 4 <= text.size()) {
      const char32_t low = code_unit(text, at + 2, 2, big_endian);
      if (is_low_surrogate(low)) {
        unit = code_point_of(unit, low);
        at += 2;
      }
    }
    const bool is_lone = is_high_surrogate(unit) || is_low_surrogate(unit);
    out = append_utf8(out, is_lone ? kNoCodePoint : unit);
  }
  return out;
}

char* utf32_to_utf8(std::string_view text, char* out) noexcept {
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const char32_t unit = code_unit(text, at, 4, true);
    const bool is_code_point = unit < 0x110000 && !is_high_surrogate(unit) && !is_low_surrogate(unit);
    out = append_utf8(out, is_code_point ? unit : kNoCodePoint);
  }
  return out;
}

/// The code unit that stands as three bytes at the front (CESU-8); 0 where none does.
char32_t encoded_surrogate(std::string_view text) noexcept {
  const auto byte = [text](std::size_t index) { return static_cast<char32_t>(byte_at(text, index)); };
  if (text.size() < 3 || byte(0) != 0xed || byte(1) < 0xa0 || byte(1) > 0xbf || (byte(2) & 0xc0U) != 0x80)
    return 0;
  return 0xd000U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
}

/// MariaDB takes surrogates for characters of utf8mb3 and utf8mb4 (strings/ctype-utf8.h). A pair is the
/// character that its client meant, a lone one none. nullptr: what stands there is no text of any server.
char* surrogates_to_utf8(std::string_view text, char* out) noexcept {
  while (!text.empty()) {
    if (const std::size_t length = utf8_sequence_length(text); length > 0) {
      out = std::copy_n(text.data(), length, out);
      text.remove_prefix(length);
      continue;
    }
    constexpr std::size_t kEncodedSize = 3;
    const char32_t unit = encoded_surrogate(text);
    if (unit == 0) return nullptr;
    text.remove_prefix(kEncodedSize);
    const char32_t low = is_high_surrogate(unit) ? encoded_surrogate(text) : 0;
    if (is_low_surrogate(low)) text.remove_prefix(kEncodedSize);
    out = append_utf8(out, is_low_surrogate(low) ? code_point_of(unit, low) : kNoCodePoint);
  }
  return out;
}

std::size_t unit_size(CharsetForm form) noexcept {
  switch (form) {
    case CharsetForm::Utf16Be:
    case CharsetForm::Utf16Le:
      return 2;
    case CharsetForm::Utf32Be:
      return 4;
    default:
      return 1;
  }
}

/// One byte of text becomes at most three of UTF-8: nothing beyond the BMP is shorter than two bytes in any
/// set.
constexpr std::size_t kExpansion = 3;

DecodeStatus convert(const Charset& charset, std::string_view text, Scratch& scratch,
                     std::string_view& out) noexcept {
  if (text.size() % unit_size(charset.form) != 0) return DecodeStatus::BadValue;
  const std::span<char> room = scratch.allocate(text.size() * kExpansion + kMaxUtf8Length);
  char* end = room.data();
  switch (charset.form) {
    case CharsetForm::SingleByte:
      end = single_byte_to_utf8(charset, text, end);
      break;
    case CharsetForm::Utf16Be:
    case CharsetForm::Utf16Le:
      end = utf16_to_utf8(text, charset.form == CharsetForm::Utf16Be, end);
      break;
    case CharsetForm::Utf32Be:
      end = utf32_to_utf8(text, end);
      break;
    case CharsetForm::MultiByte:
      end = multi_byte_to_utf8(charset, text, room);
      break;
    case CharsetForm::Utf8:
      end = surrogates_to_utf8(text, end);
      break;
    case CharsetForm::Binary:
      end = nullptr;
      break;
  }
  const std::size_t size = end == nullptr ? 0 : static_cast<std::size_t>(end - room.data());
  scratch.shrink_last(room, size);
  if (end == nullptr) return DecodeStatus::BadValue;
  out = {room.data(), size};
  return DecodeStatus::Ok;
}

}  // namespace

const Charset* find_charset(std::uint16_t collation) noexcept {
  if (collation >= kNoPadFirst && collation <= kNoPadLast)
    collation = static_cast<std::uint16_t>(collation - kNoPadFirst);
  const auto range =
      std::lower_bound(kCollationRanges.begin(), kCollationRanges.end(), collation,
                       [](const CollationRange& candidate, std::uint16_t id) { return candidate.last < id; });
  if (range == kCollationRanges.end() || range->first > collation) return nullptr;
  return &charset_by_id(range->charset);
}

DecodeStatus to_utf8(const Charset& charset, std::string_view text, Scratch& scratch,
                     std::string_view& out) noexcept {
  if (charset.form == CharsetForm::Utf8 && is_utf8(text)) {
    out = text;
    return DecodeStatus::Ok;
  }
  if (charset.is_ascii_compatible && is_ascii(text)) {
    out = text;
    return DecodeStatus::Ok;
  }
  return convert(charset, text, scratch, out);
}

std::string to_utf8_replacing(std::uint16_t collation, std::string_view text) {
  const Charset* charset = find_charset(collation);
  if (charset != nullptr) {
    Scratch scratch;
    std::string_view converted;
    if (to_utf8(*charset, text, scratch, converted) == DecodeStatus::Ok) return std::string(converted);
  }
  std::string replaced;
  append_replacing_invalid(replaced, text);
  return replaced;
}

}  // namespace rowtide::types
