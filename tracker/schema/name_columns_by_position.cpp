#include "tracker/schema/name_columns_by_position.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "tracker/schema/wire_fit.h"
#include "tracker/types/families.h"

namespace rowtide::schema {
namespace {

using types::WireType;

constexpr std::uint16_t kUtf8mb4 = 255;
constexpr std::uint16_t kBinary = 63;

/// Where TEXT and BLOB cannot be told apart, bytes are always right.
std::uint16_t guess_collation(std::uint8_t real_type) {
  const auto type = static_cast<WireType>(real_type);
  return type == WireType::Blob || type == WireType::BlobCompressed ? kBinary : kUtf8mb4;
}

/// The integer whose bytes on the wire are those of an ENUM or SET of this size.
std::uint8_t integer_of_size(unsigned size) {
  switch (size) {
    case 1:
      return static_cast<std::uint8_t>(WireType::Tiny);
    case 2:
      return static_cast<std::uint8_t>(WireType::Short);
    case 3:
      return static_cast<std::uint8_t>(WireType::Int24);
    case 4:
      return static_cast<std::uint8_t>(WireType::Long);
    default:
      return static_cast<std::uint8_t>(WireType::LongLong);
  }
}

}  // namespace

std::string name_columns_by_position(binlog::TableMap& map) {
  const std::size_t count = map.column_count();
  std::vector<std::string> guessed;
  const auto guess = [&](std::string what) {
    if (std::find(guessed.begin(), guessed.end(), what) == guessed.end()) guessed.push_back(std::move(what));
  };
  if (!map.has_names()) {
    for (std::size_t i = 0; i < count; ++i) map.column_names.push_back(fmt::format("@{}", i + 1));
  }
  const bool tells_signs = map.is_unsigned.has_value();
  if (!tells_signs) map.is_unsigned = std::vector<bool>(count, false);
  if (map.collations.empty()) map.collations.resize(count);
  if (map.members.empty()) map.members.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t type = real_wire_type(map.wire_types[i], map.wire_metadata[i]);
    if (has_members_wire(type)) {
      if (!map.members[i].empty()) continue;
      map.wire_types[i] = integer_of_size(types::string_metadata(map.wire_metadata[i]).length);
      map.wire_metadata[i] = 0;
      (*map.is_unsigned)[i] = true;
      guess("the members of ENUM and SET");
    } else if (is_numeric_wire(type)) {
      if (!tells_signs) guess("whether numbers are signed");
    } else if (is_text_wire(type) && map.collations[i] == 0) {
      map.collations[i] = guess_collation(type);
      guess("character sets");
    }
  }
  return fmt::format("{}", fmt::join(guessed, ", "));
}

}  // namespace rowtide::schema
