#pragma once

#include "common/bytes/byte_reader.h"
#include "tracker/types/charset/charset.h"
#include "tracker/types/column.h"

namespace rowtide::types {

/// The bytes after a length of 1 to 4 bytes.
inline std::string_view read_counted(ByteReader& row, std::uint8_t length_width) noexcept {
  switch (length_width) {
    case 1:
      return row.text(row.u8());
    case 2:
      return row.text(row.u16());
    case 3:
      return row.text(row.u24());
    default:
      return row.text(row.u32());
  }
}

/// The decoder of text or bytes with their length in front, for a column whose width is the length's.
[[nodiscard]] DecodeFunction counted_decoder(const Column& column) noexcept;

}  // namespace rowtide::types
