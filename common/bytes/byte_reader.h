#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace rowtide {

using Bytes = std::span<const std::byte>;

inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// A bounds-checked cursor over borrowed bytes. A read past the end returns zero (or an empty span), moves to
/// the end and makes ok() false for good, so a caller may read a whole structure and ask once. Never
/// allocates, never throws. The bytes must outlive the reader and every view taken from it. Not thread-safe.
class ByteReader {
 public:
  ByteReader() = default;
  explicit ByteReader(Bytes bytes) noexcept : position_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - position_); }
  [[nodiscard]] bool at_end() const noexcept { return position_ == end_; }
  [[nodiscard]] Bytes rest() const noexcept { return {position_, remaining()}; }

  std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(little_endian(1)); }
  std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(little_endian(2)); }
  std::uint32_t u24() noexcept { return static_cast<std::uint32_t>(little_endian(3)); }
  std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(little_endian(4)); }
  std::uint64_t u48() noexcept { return little_endian(6); }
  std::uint64_t u64() noexcept { return little_endian(8); }

  /// An unsigned little-endian integer of 1 to 8 bytes.
  std::uint64_t little_endian(std::size_t width) noexcept {
    if (!require(width)) return 0;
    std::uint64_t value = 0;
    std::memcpy(&value, position_, width);  // the targets (x86-64, arm64) are little-endian
    position_ += width;
    return value;
  }

  /// An unsigned big-endian integer of 1 to 8 bytes.
  std::uint64_t big_endian(std::size_t width) noexcept {
    if (!require(width)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i)
      value = (value << 8U) | std::to_integer<std::uint64_t>(position_[i]);
    position_ += width;
    return value;
  }

  /// MySQL's length-encoded integer: one byte below 251, else 0xfc, 0xfd, 0xfe and 2, 3, 8 bytes.
  std::uint64_t length_encoded() noexcept {
    const std::uint8_t first = u8();
    switch (first) {
      case 0xfc:
        return u16();
      case 0xfd:
        return u24();
      case 0xfe:
        return u64();
      case 0xfb:
      case 0xff:
        fail();
        return 0;
      default:
        return first;
    }
  }

  Bytes bytes(std::uint64_t count) noexcept {
    if (!require(count)) return {};
    const Bytes taken{position_, static_cast<std::size_t>(count)};
    position_ += count;
    return taken;
  }
  std::string_view text(std::uint64_t count) noexcept { return as_text(bytes(count)); }
  Bytes length_encoded_bytes() noexcept { return bytes(length_encoded()); }

  void skip(std::uint64_t count) noexcept { bytes(count); }
  void fail() noexcept {
    ok_ = false;
    position_ = end_;
  }

 private:
  [[nodiscard]] bool require(std::uint64_t count) noexcept {
    if (count <= remaining()) [[likely]]
      return true;
    fail();
    return false;
  }

  const std::byte* position_ = nullptr;
  const std::byte* end_ = nullptr;
  bool ok_ = true;
};

}  // namespace rowtide
