// UUID, INET4 and INET6 of MariaDB: on the wire a BINARY of 16, 4 and 16 bytes in the order of their text,
// without trailing zeros. Source: MariaDB sql/sql_type_fixedbin.h, plugin/type_uuid, plugin/type_inet.
// Addresses are shown as that server shows them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "common/bytes/hex.h"
#include "tracker/types/families.h"
#include "tracker/types/text_value.h"

namespace rowtide::types {
namespace {

constexpr std::size_t kUuidText = 36;
constexpr std::size_t kInet4Text = 15;
constexpr std::size_t kInet6Text = 45;

std::string_view show_uuid(const unsigned char* bytes, Scratch& scratch) noexcept {
  const std::span<char> room = scratch.allocate(kUuidText);
  char* out = room.data();
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    out = write_hex(out, bytes[i]);
  }
  return {room.data(), kUuidText};
}

std::string_view show_inet4(const unsigned char* bytes, Scratch& scratch) noexcept {
  const std::span<char> room = scratch.allocate(kInet4Text);
  const auto end =
      fmt::format_to_n(room.data(), kInet4Text, "{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  scratch.shrink_last(room, end.size);
  return {room.data(), end.size};
}

struct Zeros {
  std::size_t first = 8;
  std::size_t count = 0;
};

/// The first of the longest runs of zero words; one word is a run, unlike with inet_ntop().
Zeros longest_zeros(const std::array<unsigned, 8>& words) noexcept {
  Zeros longest;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t end = i;
    while (end < words.size() && words[end] == 0) ++end;
    if (end - i > longest.count) longest = {i, end - i};
    i = std::max(i, end);
  }
  return longest;
}

std::string_view show_inet6(const unsigned char* bytes, Scratch& scratch) noexcept {
  std::array<unsigned, 8> words{};
  for (std::size_t i = 0; i < 8; ++i) words[i] = bytes[2 * i] * 256U + bytes[2 * i + 1];
  const Zeros zeros = longest_zeros(words);
  const bool ends_in_inet4 =
      zeros.first == 0 && (zeros.count == 6 || (zeros.count == 5 && words[5] == 0xffff));

  const std::span<char> room = scratch.allocate(kInet6Text);
  char* out = room.data();
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == zeros.first) {
      *out++ = ':';
      i += zeros.count - 1;
      if (i == 7) *out++ = ':';
      continue;
    }
    if (i > 0) *out++ = ':';
    if (i == 6 && ends_in_inet4) {
      out = fmt::format_to(out, "{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]);
      break;
    }
    out = fmt::format_to(out, "{:x}", words[i]);
  }
  const auto size = static_cast<std::size_t>(out - room.data());
  scratch.shrink_last(room, size);
  return {room.data(), size};
}

template <std::size_t Size, std::string_view (*Show)(const unsigned char*, Scratch&) noexcept>
DecodeStatus decode_fixed(ByteReader& row, const Column&, Scratch& scratch, Value& out) noexcept {
  const std::string_view bytes = read_counted(row, 1);
  if (!row.ok()) return DecodeStatus::Truncated;
  if (bytes.size() > Size) return DecodeStatus::BadValue;
  std::array<unsigned char, Size> padded{};
  if (!bytes.empty()) std::memcpy(padded.data(), bytes.data(), bytes.size());
  out.kind = ValueKind::Text;
  out.text = Show(padded.data(), scratch);
  return DecodeStatus::Ok;
}

}  // namespace

DecodeFunction fixed_binary_decoder(std::string_view declared_type, std::uint32_t length) noexcept {
  // "uuid /* old */": made by a MariaDB before 10.11.5, the same on the wire.
  if (declared_type.starts_with("uuid") && length == 16) return decode_fixed<16, show_uuid>;
  if (declared_type == "inet6" && length == 16) return decode_fixed<16, show_inet6>;
  if (declared_type == "inet4" && length == 4) return decode_fixed<4, show_inet4>;
  return nullptr;
}

}  // namespace rowtide::types
