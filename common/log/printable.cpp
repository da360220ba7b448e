#include "common/log/printable.h"

#include "common/bytes/hex.h"
#include "common/bytes/utf8.h"

namespace rowtide::log {
namespace {

void append_control(std::string& out, std::uint8_t character) {
  if (character == '\n') {
    out += "\\n";
  } else if (character == '\t') {
    out += "\\t";
  } else {
    out += "\\u00";
    append_hex(out, {reinterpret_cast<const char*>(&character), 1});
  }
}

/// U+0080 to U+009F, which terminals obey as they obey U+0000 to U+001F.
bool is_high_control(std::string_view character) {
  return character.size() == 2 && byte_at(character, 0) == 0xc2 && byte_at(character, 1) < 0xa0;
}

}  // namespace

std::string printable(std::string_view text, bool in_json) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    const std::string_view character = text.substr(0, length);
    text.remove_prefix(length > 0 ? length : 1);
    if (length == 0) {
      out += kReplacementCharacter;
    } else if (length == 1 && (byte_at(character, 0) < 0x20 || byte_at(character, 0) == 0x7f)) {
      append_control(out, byte_at(character, 0));
    } else if (is_high_control(character)) {
      append_control(out, byte_at(character, 1));
    } else {
      if (in_json && (character == "\"" || character == "\\")) out += '\\';
      out += character;
    }
  }
  return out;
}

}  // namespace rowtide::log
