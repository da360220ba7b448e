#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rowtide {

/// Two lower-case digits at `out`; where they end.
[[nodiscard]] constexpr char* write_hex(char* out, std::uint8_t byte) noexcept {
  constexpr std::string_view kDigits = "0123456789abcdef";
  *out++ = kDigits[byte >> 4U];
  *out++ = kDigits[byte & 0xfU];
  return out;
}

/// Two lower-case digits per byte.
inline void append_hex(std::string& out, std::string_view bytes) {
  const std::size_t begin = out.size();
  out.resize(begin + 2 * bytes.size());
  char* at = out.data() + begin;
  for (const char byte : bytes) at = write_hex(at, static_cast<std::uint8_t>(byte));
}

}  // namespace rowtide
