#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tracker/types/charset/charset.h"
#include "tracker/types/column.h"
#include "tracker/types/families.h"
#include "tracker/types/scratch.h"

namespace rowtide::types {

/// "01 ff" -> two bytes; blanks do not count.
inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  std::string digits;
  for (const char character : hex) {
    if (character == ' ') continue;
    digits.push_back(character);
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<char>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  EXPECT_TRUE(digits.empty()) << hex;
  return bytes;
}

inline ColumnDefinition define(WireType type, std::uint16_t metadata = 0) {
  ColumnDefinition definition;
  definition.name = "c";
  definition.wire_type = static_cast<std::uint8_t>(type);
  definition.wire_metadata = metadata;
  definition.collation = 255;  // utf8mb4_0900_ai_ci
  return definition;
}

/// Metadata as it stands in a TABLE_MAP: first byte in the low half.
constexpr std::uint16_t metadata(unsigned first, unsigned second) {
  return static_cast<std::uint16_t>(first | second << 8U);
}

/// One cell decoded from bytes of its own: reads past them are AddressSanitizer's to find. Also checks that
/// every shorter prefix is Truncated, which holds for all types.
class Cell {
 public:
  Cell(const ColumnDefinition& definition, std::string_view hex) : bytes_(from_hex(hex)) {
    absl::StatusOr<Column> compiled = compile_column(definition);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    if (!compiled.ok()) return;
    column_ = *std::move(compiled);
    status = decode(bytes_, value);
    if (status != DecodeStatus::Ok) return;
    EXPECT_EQ(value.kind, column_.kind);
    for (std::size_t size = 0; size < bytes_.size(); ++size) {
      Value ignored;
      const std::vector<char> prefix(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(decode({prefix.data(), size}, ignored), DecodeStatus::Truncated) << "of " << size << " bytes";
    }
  }

  DecodeStatus status = DecodeStatus::Truncated;
  Value value;

 private:
  DecodeStatus decode(std::string_view bytes, Value& out) {
    ByteReader reader(as_bytes(bytes));
    const DecodeStatus decoded = column_.decode(reader, column_, scratch_, out);
    EXPECT_TRUE(decoded != DecodeStatus::Ok || reader.at_end()) << reader.remaining() << " bytes left";
    return decoded;
  }

  std::string bytes_;
  Column column_;
  Scratch scratch_;
};

}  // namespace rowtide::types
