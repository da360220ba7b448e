#include "tracker/schema/enum_members.h"

#include <algorithm>
#include <string_view>

#include "tracker/types/charset/charset.h"

namespace rowtide::schema {
namespace {

using types::Charset;
using types::CharsetForm;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char character) { return static_cast<unsigned char>(character) < 0x80; });
}

/// One ASCII character in a set of wide ones.
void append_wide(char character, CharsetForm form, std::string& bytes) {
  if (form == CharsetForm::Utf32Be) bytes.append(3, '\0');
  if (form == CharsetForm::Utf16Be) bytes += '\0';
  bytes += character;
  if (form == CharsetForm::Utf16Le) bytes += '\0';
}

/// nullopt: it would take the way back from Unicode, which only the server has.
std::optional<std::string> bytes_in(const Charset& charset, const std::string& text) {
  if (charset.form == CharsetForm::Utf8) return text;
  if (!is_ascii(text)) return std::nullopt;
  const bool is_wide = charset.form == CharsetForm::Utf16Be || charset.form == CharsetForm::Utf16Le ||
                       charset.form == CharsetForm::Utf32Be;
  if (!is_wide) return charset.is_ascii_compatible ? std::optional(text) : std::nullopt;
  std::string bytes;
  for (const char character : text) append_wide(character, charset.form, bytes);
  return bytes;
}

}  // namespace

std::optional<std::vector<std::string>> members_after_convert(const std::vector<std::string>& members,
                                                              std::uint16_t from, std::uint16_t to) {
  const Charset* before = types::find_charset(from);
  const Charset* after = types::find_charset(to);
  if (before == nullptr || after == nullptr) return std::nullopt;
  if (before->name == after->name) return members;
  std::vector<std::string> reread;
  types::Scratch scratch;
  for (const std::string& member : members) {
    const std::optional<std::string> bytes = bytes_in(*before, member);
    std::string_view text;
    if (!bytes || types::to_utf8(*after, *bytes, scratch, text) != types::DecodeStatus::Ok) {
      return std::nullopt;
    }
    reread.emplace_back(text);
  }
  return reread;
}

}  // namespace rowtide::schema
