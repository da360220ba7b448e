#include "tracker/types/charset/single_byte.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "common/bytes/utf8.h"
#include "tracker/types/charset/charset_tables.h"

namespace rowtide::types {
namespace {

constexpr std::size_t kHalf = 128;

/// The code points of 0x80..0xff of a set that iconv knows, asked for when its first text comes.
struct SingleByteTable {
  std::mutex mutex;
  std::atomic<bool> is_known{false};
  std::array<char16_t, kHalf> code_points{};

  void fill(const Charset& charset) noexcept {
    const iconv_t descriptor = iconv_open("UTF-16LE", charset.iconv_name);
    if (descriptor == reinterpret_cast<iconv_t>(-1)) return;  // NOLINT(performance-no-int-to-ptr): iconv's
    for (std::size_t i = 0; i < kHalf; ++i)
      code_points[i] = convert(descriptor, static_cast<char>(kHalf + i));
    iconv_close(descriptor);
    for (const CharsetOverride& each : charset.overrides) code_points[each.code - kHalf] = each.code_point;
    is_known.store(true, std::memory_order_release);
  }

  static char16_t convert(iconv_t descriptor, char byte) noexcept {
    std::array<unsigned char, 4> unit{};
    char* in = &byte;
    char* out = reinterpret_cast<char*>(unit.data());
    std::size_t in_left = 1;
    std::size_t out_left = unit.size();
    const bool failed = iconv(descriptor, &in, &in_left, &out, &out_left) == static_cast<std::size_t>(-1);
    if (failed || out_left != 2) return u'?';
    return static_cast<char16_t>(unit[0] | (unit[1] << 8U));
  }
};

const char16_t* table_of(const Charset& charset) noexcept {
  if (charset.table != nullptr) return charset.table;
  static std::array<SingleByteTable, static_cast<std::size_t>(CharsetId::Utf8mb4) + 1> tables;
  SingleByteTable& table = tables[static_cast<std::size_t>(&charset - &charset_by_id(CharsetId{}))];
  if (!table.is_known.load(std::memory_order_acquire)) {
    // A failure (too many open files) may pass: the next text tries again.
    const std::lock_guard lock(table.mutex);
    if (!table.is_known.load(std::memory_order_relaxed)) table.fill(charset);
  }
  return table.is_known.load(std::memory_order_relaxed) ? table.code_points.data() : nullptr;
}

}  // namespace

char* single_byte_to_utf8(const Charset& charset, std::string_view text, char* out) noexcept {
  const char16_t* table = table_of(charset);
  if (table == nullptr) return nullptr;
  for (const char character : text) {
    const auto byte = static_cast<std::uint8_t>(character);
    if (!charset.is_ascii_compatible) {
      out = append_utf8(out, table[byte]);
    } else if (byte < kHalf) {
      *out++ = character;
    } else {
      out = append_utf8(out, table[byte - kHalf]);
    }
  }
  return out;
}

}  // namespace rowtide::types
