#include "tracker/schema/key_length.h"

#include <array>
#include <charconv>
#include <string_view>

#include "tracker/schema/column_type.h"

namespace rowtide::schema {
namespace {

struct Fixed {
  std::string_view type;
  std::uint32_t bytes;
};
constexpr std::array kFixed{Fixed{"tinyint", 1}, Fixed{"smallint", 2}, Fixed{"mediumint", 3},
                            Fixed{"int", 4},     Fixed{"bigint", 8},   Fixed{"float", 4},
                            Fixed{"double", 8},  Fixed{"year", 1},     Fixed{"date", 3}};

std::uint32_t decimal_bytes(std::string_view column_type) {
  constexpr std::array<std::uint32_t, 10> kRest{0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
  const std::size_t comma = column_type.find(',');
  std::uint32_t scale = 0;
  if (comma != std::string_view::npos)
    std::from_chars(column_type.data() + comma + 1, column_type.data() + column_type.size(), scale);
  const auto precision = static_cast<std::uint32_t>(declared_length(column_type));
  const auto bytes = [&](std::uint32_t digits) { return digits / 9 * 4 + kRest[digits % 9]; };
  return bytes(precision - scale) + bytes(scale);
}

std::uint32_t members_bytes(const CatalogColumn& column) {
  const auto count = static_cast<std::uint32_t>(column.members.size());
  if (column.data_type == "enum") return count < 256 ? 1 : 2;
  const std::uint32_t bytes = (count + 7) / 8;
  return bytes > 4 ? 8 : bytes;
}

}  // namespace

std::uint32_t key_length(const CatalogColumn& column) {
  const std::string_view type = column.data_type;
  for (const Fixed& each : kFixed) {
    if (each.type == type) return each.bytes;
  }
  const std::uint32_t fraction = (temporal_decimals(column.column_type) + 1U) / 2;
  if (type == "time") return 3 + fraction;
  if (type == "datetime") return 5 + fraction;
  if (type == "timestamp") return 4 + fraction;
  if (type == "enum" || type == "set") return members_bytes(column);
  if (type == "decimal") return decimal_bytes(column.column_type);
  const auto length = static_cast<std::uint32_t>(declared_length(column.column_type));
  return type == "bit" ? (length + 7) / 8 : length;
}

}  // namespace rowtide::schema
