#include "tracker/types/type_text.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "tracker/types/charset/charset.h"
#include "tracker/types/families.h"

namespace rowtide::types {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 18> kCharacterSizes{{{"utf8mb4", 4},
                                                                                      {"utf8mb3", 3},
                                                                                      {"utf8", 3},
                                                                                      {"ucs2", 2},
                                                                                      {"utf16", 4},
                                                                                      {"utf16le", 4},
                                                                                      {"utf32", 4},
                                                                                      {"gb18030", 4},
                                                                                      {"gbk", 2},
                                                                                      {"gb2312", 2},
                                                                                      {"big5", 2},
                                                                                      {"sjis", 2},
                                                                                      {"cp932", 2},
                                                                                      {"euckr", 2},
                                                                                      {"ujis", 3},
                                                                                      {"eucjpms", 3},
                                                                                      {"filename", 5},
                                                                                      {"binary", 1}}};

bool is_binary(const Column& column) {
  return column.kind == ValueKind::Bytes;
}

std::string with_sign(std::string_view name, const Column& column) {
  return std::string(name) + (column.is_unsigned ? " unsigned" : "");
}

std::string with_decimals(std::string_view name, const Column& column) {
  return column.fsp == 0 ? std::string(name) : fmt::format("{}({})", name, column.fsp);
}

std::string with_length(std::string_view text, std::string_view binary, const Column& column) {
  if (is_binary(column)) return fmt::format("{}({})", binary, column.length);
  return fmt::format("{}({})", text, column.length / bytes_per_character(column));
}

/// TINY to LONG by the size of the length in front of each value.
std::string sized(const Column& column) {
  constexpr std::array<std::string_view, 5> kSizes{"", "tiny", "", "medium", "long"};
  const std::size_t width = column.width < kSizes.size() ? column.width : 0;
  return fmt::format("{}{}", kSizes[width], is_binary(column) ? "blob" : "text");
}

std::string_view geometry_name(const Column& column) {
  constexpr std::array<std::string_view, 8> kNames{"geometry",     "point",         "linestring",
                                                   "polygon",      "multipoint",    "multilinestring",
                                                   "multipolygon", "geomcollection"};
  return column.geometry_type < kNames.size() ? kNames[column.geometry_type] : kNames[0];
}

std::string with_members(std::string_view name, const Column& column) {
  std::string text(name);
  text += '(';
  for (const std::string& member : column.members) {
    if (text.back() != '(') text += ',';
    text += '\'';
    for (const char c : member) {
      if (c == '\'') text += '\'';
      text += c;
    }
    text += '\'';
  }
  return text + ')';
}

}  // namespace

std::uint32_t bytes_per_character(const Column& column) noexcept {
  if (column.charset == nullptr) return 1;
  const std::string_view name = static_cast<const Charset*>(column.charset)->name;
  for (const auto& [known, size] : kCharacterSizes) {
    if (known == name) return size;
  }
  return 1;
}

std::string type_text(const Column& column) {
  // MariaDB's VECTOR is bytes, which nobody would take a "vector" for.
  const bool is_named_otherwise = is_binary(column) && column.declared_type.starts_with("vector");
  if (!column.declared_type.empty() && !is_named_otherwise) return column.declared_type;
  switch (static_cast<WireType>(column.wire_type)) {
    case WireType::Tiny:
      return with_sign("tinyint", column);
    case WireType::Short:
      return with_sign("smallint", column);
    case WireType::Int24:
      return with_sign("mediumint", column);
    case WireType::Long:
      return with_sign("int", column);
    case WireType::LongLong:
      return with_sign("bigint", column);
    case WireType::Float:
      return with_sign("float", column);
    case WireType::Double:
      return with_sign("double", column);
    case WireType::NewDecimal:
      return with_sign(fmt::format("decimal({},{})", column.precision, column.scale), column);
    case WireType::Year:
      return "year";
    case WireType::Date:
    case WireType::NewDate:
      return "date";
    case WireType::Time:
    case WireType::Time2:
      return with_decimals("time", column);
    case WireType::DateTime:
    case WireType::DateTime2:
      return with_decimals("datetime", column);
    case WireType::Timestamp:
    case WireType::Timestamp2:
      return with_decimals("timestamp", column);
    case WireType::Bit:
      return fmt::format("bit({})", column.bits);
    case WireType::Varchar:
    case WireType::VarString:
    case WireType::VarcharCompressed:
      return with_length("varchar", "varbinary", column);
    case WireType::String:
      return with_length("char", "binary", column);
    case WireType::Enum:
      return with_members("enum", column);
    case WireType::Set:
      return with_members("set", column);
    case WireType::TinyBlob:
    case WireType::Blob:
    case WireType::MediumBlob:
    case WireType::LongBlob:
    case WireType::BlobCompressed:
      return sized(column);
    case WireType::Json:
      return "json";
    case WireType::Geometry:
      return std::string(geometry_name(column));
    case WireType::Vector:
      return "vector";
    default:
      return type_name(column.wire_type);
  }
}

}  // namespace rowtide::types
