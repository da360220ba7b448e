#include "tracker/types/charset/multi_byte.h"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "common/bytes/utf8.h"

namespace rowtide::types {
namespace {

/// The descriptors of one thread: made at first use, closed when the thread ends.
class Descriptors {
 public:
  Descriptors() = default;
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;
  ~Descriptors() {
    for (const Entry& entry : entries_)
      if (entry.descriptor != kNone) iconv_close(entry.descriptor);
  }

  /// kNone where iconv does not know the set.
  iconv_t get(const Charset& charset) noexcept {
    for (const Entry& entry : entries_)
      if (entry.charset == &charset) return entry.descriptor;
    entries_.push_back({&charset, iconv_open("UTF-8", charset.iconv_name)});
    return entries_.back().descriptor;
  }

  // iconv's own mark for "no descriptor" is the integer -1 as a pointer.
  inline static const iconv_t kNone =
      reinterpret_cast<iconv_t>(-1);  // NOLINT(performance-no-int-to-ptr): iconv's API

 private:
  struct Entry {
    const Charset* charset;
    iconv_t descriptor;
  };
  std::vector<Entry> entries_;
};

bool is_half_width_katakana(std::uint8_t byte) noexcept {
  return byte >= 0xa1 && byte <= 0xdf;
}

/// Of the character at the front of `text`, which is not empty. May be longer than `text`.
std::size_t character_length(MultiByteScheme scheme, std::string_view text) noexcept {
  const std::uint8_t first = byte_at(text, 0);
  if (first < 0x80) return 1;
  switch (scheme) {
    case MultiByteScheme::ShiftJis:
      return is_half_width_katakana(first) ? 1 : 2;
    case MultiByteScheme::Euc:
      return first == 0x8f ? 3 : 2;
    case MultiByteScheme::Gb18030:
      return text.size() > 1 && byte_at(text, 1) >= '0' && byte_at(text, 1) <= '9' ? 4 : 2;
    case MultiByteScheme::Double:
      break;
  }
  return 2;
}

const CharsetOverride* find_override(const Charset& charset, std::string_view character) noexcept {
  std::uint32_t code = 0;
  for (const char byte : character) code = (code << 8U) | static_cast<std::uint8_t>(byte);
  const auto found = std::lower_bound(
      charset.overrides.begin(), charset.overrides.end(), code,
      [](const CharsetOverride& candidate, std::uint32_t wanted) { return candidate.code < wanted; });
  return found != charset.overrides.end() && found->code == code ? &*found : nullptr;
}

/// One text's conversion: runs go through iconv, what the server sees differently goes around it.
class Conversion {
 public:
  Conversion(const Charset& charset, iconv_t descriptor, std::span<char> room) noexcept
      : charset_(charset), descriptor_(descriptor), out_(room.data()), room_(room.size()) {
    iconv(descriptor_, nullptr, nullptr, nullptr, nullptr);
  }

  [[nodiscard]] bool run(std::string_view text) noexcept {
    while (!text.empty()) {
      // iconv's parameter is not const, but it only reads.
      char* in = const_cast<char*>(text.data());
      std::size_t left = text.size();
      const bool failed = iconv(descriptor_, &in, &left, &out_, &room_) == static_cast<std::size_t>(-1);
      text.remove_prefix(text.size() - left);
      if (!failed) continue;
      if (errno != EILSEQ || !skip_character(text)) return false;
    }
    return true;
  }

  void put(char32_t code_point) noexcept {
    char* end = append_utf8(out_, code_point);
    room_ -= static_cast<std::size_t>(end - out_);
    out_ = end;
  }

  [[nodiscard]] char* end() const noexcept { return out_; }

 private:
  [[nodiscard]] bool skip_character(std::string_view& text) noexcept {
    const std::size_t length = character_length(charset_.scheme, text);
    if (length > text.size()) return false;
    put(U'?');
    text.remove_prefix(length);
    return true;
  }

  const Charset& charset_;
  iconv_t descriptor_;
  char* out_;
  std::size_t room_;
};

}  // namespace

char* multi_byte_to_utf8(const Charset& charset, std::string_view text, std::span<char> room) noexcept {
  thread_local Descriptors descriptors;
  const iconv_t descriptor = descriptors.get(charset);
  if (descriptor == Descriptors::kNone) return nullptr;
  Conversion conversion(charset, descriptor, room);
  std::string_view run = text;
  std::size_t run_length = 0;
  while (run_length < run.size()) {
    const std::string_view rest = run.substr(run_length);
    const std::size_t length = character_length(charset.scheme, rest);
    if (length > rest.size()) return nullptr;
    const CharsetOverride* found = length == 1 ? nullptr : find_override(charset, rest.substr(0, length));
    if (found == nullptr) {
      run_length += length;
      continue;
    }
    if (!conversion.run(run.substr(0, run_length))) return nullptr;
    conversion.put(found->code_point);
    run.remove_prefix(run_length + length);
    run_length = 0;
  }
  if (!conversion.run(run)) return nullptr;
  return conversion.end();
}

}  // namespace rowtide::types
