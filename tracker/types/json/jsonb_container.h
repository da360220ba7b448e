#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/bytes/byte_reader.h"

namespace rowtide::types {

/// The first byte of a value in MySQL's binary JSON. Source: MySQL sql-common/json_binary.h.
enum class JsonbType : std::uint8_t {
  SmallObject = 0x0,
  LargeObject = 0x1,
  SmallArray = 0x2,
  LargeArray = 0x3,
  Literal = 0x4,
  Int16 = 0x5,
  UInt16 = 0x6,
  Int32 = 0x7,
  UInt32 = 0x8,
  Int64 = 0x9,
  UInt64 = 0xa,
  Double = 0xb,
  String = 0xc,
  Opaque = 0xf,
};

[[nodiscard]] constexpr bool is_jsonb_object(JsonbType type) noexcept {
  return type == JsonbType::SmallObject || type == JsonbType::LargeObject;
}
[[nodiscard]] constexpr bool is_jsonb_array(JsonbType type) noexcept {
  return type == JsonbType::SmallArray || type == JsonbType::LargeArray;
}

/// A value somewhere in a document: its type and the bytes from its content on (to the end of what encloses
/// it).
struct JsonbElement {
  JsonbType type = JsonbType::Literal;
  Bytes bytes;
};

/// An object or an array. Offsets, counts and inlined values have 2 bytes in small ones, 4 in large ones.
struct JsonbContainer {
  Bytes bytes;  ///< from the element count on: what offsets count from
  std::size_t width = 2;
  std::uint64_t count = 0;
  bool is_object = false;

  /// False where `content` cannot be what `type` says.
  [[nodiscard]] bool open(JsonbType type, Bytes content) noexcept {
    width = type == JsonbType::LargeObject || type == JsonbType::LargeArray ? 4 : 2;
    is_object = is_jsonb_object(type);
    ByteReader header(content);
    count = header.little_endian(width);
    const std::uint64_t size = header.little_endian(width);
    if (!header.ok() || size > content.size()) return false;
    bytes = content.first(size);
    return true;
  }

  [[nodiscard]] bool key(std::uint64_t index, std::string_view& out) const noexcept {
    ByteReader entry = at(2 * width + index * key_entry_size());
    const std::uint64_t offset = entry.little_endian(width);
    const std::uint16_t length = entry.u16();
    ByteReader reader = at(offset);
    out = reader.text(length);
    return entry.ok() && reader.ok();
  }

  [[nodiscard]] bool element(std::uint64_t index, JsonbElement& out) const noexcept {
    ByteReader entry = at(2 * width + count * key_entry_size() + index * (1 + width));
    out.type = static_cast<JsonbType>(entry.u8());
    if (!entry.ok()) return false;
    if (holds_inline(out.type)) {
      out.bytes = entry.bytes(width);
      return entry.ok();
    }
    const std::uint64_t offset = entry.little_endian(width);
    const ByteReader reader = at(offset);
    out.bytes = reader.rest();
    return entry.ok() && reader.ok();
  }

 private:
  [[nodiscard]] std::size_t key_entry_size() const noexcept { return is_object ? width + 2 : 0; }
  [[nodiscard]] ByteReader at(std::uint64_t offset) const noexcept {
    ByteReader reader(bytes);
    reader.skip(offset);
    return reader;
  }
  [[nodiscard]] bool holds_inline(JsonbType type) const noexcept {
    if (type == JsonbType::Int32 || type == JsonbType::UInt32) return width == 4;
    return type == JsonbType::Literal || type == JsonbType::Int16 || type == JsonbType::UInt16;
  }
};

/// A length in groups of seven bits, least first; the high bit says that another group follows. At most five.
[[nodiscard]] inline std::uint64_t read_jsonb_length(ByteReader& reader) noexcept {
  std::uint64_t length = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    const std::uint8_t byte = reader.u8();
    length |= std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80U) == 0) return length;
  }
  reader.fail();
  return 0;
}

/// As jsonb_to_text(), of a part of a document.
[[nodiscard]] bool jsonb_to_text(const JsonbElement& element, std::string& out) noexcept;

}  // namespace rowtide::types
