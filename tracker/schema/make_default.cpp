#include "tracker/schema/make_default.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <initializer_list>

#include "tracker/schema/column_type.h"
#include "tracker/types/charset/charset.h"

namespace rowtide::schema {
namespace {

bool is_among(std::string_view type, std::initializer_list<std::string_view> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

/// Of the form, where 9 stands for any digit.
bool looks_like(std::string_view text, std::string_view form) {
  return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char character, char wanted) {
    return wanted == '9' ? character >= '0' && character <= '9' : character == wanted;
  });
}

/// With so many digits after the point; as it is if it has more.
void fill_fraction(std::string& text, std::size_t digits) {
  const std::size_t point = text.find('.');
  if (digits == 0 || (point != std::string::npos && text.size() - point - 1 >= digits)) return;
  if (point == std::string::npos) text += '.';
  text.append(digits - (point == std::string::npos ? 0 : text.size() - point - 1), '0');
}

void spell_time(std::string_view type, std::string_view column_type, std::string& text) {
  if (type != "time" && text == "0") text = "0000-00-00";
  if (is_among(type, {"datetime", "timestamp"}) && looks_like(text, "9999-99-99")) text += " 00:00:00";
  const std::string_view whole = std::string_view(text).substr(0, text.find('.'));
  if (looks_like(whole, "9999-99-99 99:99:99") || (type == "time" && looks_like(whole, "99:99:99")))
    fill_fraction(text, temporal_decimals(column_type));
}

/// decimal(10,2), float(7,3)
void spell_number(std::string_view column_type, std::string& text) {
  const std::size_t comma = column_type.find(',');
  if (comma == std::string_view::npos || text.find_first_not_of("0123456789.-") != std::string::npos) return;
  std::size_t scale = 0;
  std::from_chars(column_type.data() + comma + 1, column_type.data() + column_type.size(), scale);
  if (text.starts_with('.') || text.starts_with("-.")) text.insert(text.find('.'), "0");
  fill_fraction(text, scale);
}

std::string spell_bits(std::uint64_t bits) {
  const std::string text = std::bitset<64>(bits).to_string();
  return fmt::format("b'{}'", text.substr(std::min(text.find('1'), text.size() - 1)));
}

std::uint64_t number_of_bytes(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8U | static_cast<unsigned char>(byte);
  return number;
}

/// MySQL 8 keeps the defaults of bytes in hex.
std::string spell_hex(std::string_view bytes) {
  std::string text = "0x";
  for (const char byte : bytes) text += fmt::format("{:02X}", static_cast<unsigned char>(byte));
  return text;
}

std::string spell_bytes(const CatalogColumn& column, const sql::DefaultSpec& spec,
                        const SourceDialect& dialect) {
  if (column.collation == 0) return std::to_string(number_of_bytes(spec.text));
  const std::uint16_t collation =
      spec.charset.empty() ? column.collation : dialect.collations.default_of(spec.charset);
  return types::to_utf8_replacing(collation, spec.text);
}

}  // namespace

void set_default(CatalogColumn& column, const sql::DefaultSpec& spec, const SourceDialect& dialect) {
  column.default_value.reset();
  column.is_default_expression = spec.is_expression;
  if (spec.is_null) return;
  std::string& text = column.default_value.emplace(spec.text);
  if (spec.is_expression) return;
  const std::string_view type = column.data_type;
  if (is_binary_type(type)) {
    if (!dialect.is_mariadb && dialect.version >= 80000) text = spell_hex(spec.text);
  } else if (type == "bit") {
    std::uint64_t bits = 0;
    std::from_chars(text.data(), text.data() + text.size(), bits);
    text = spell_bits(spec.is_bytes ? number_of_bytes(spec.text) : bits);
  } else if (spec.is_bytes) {
    text = spell_bytes(column, spec, dialect);
  } else if (is_among(type, {"date", "time", "datetime", "timestamp"})) {
    spell_time(type, column.column_type, text);
  } else if (is_among(type, {"decimal", "float", "double"})) {
    spell_number(column.column_type, text);
  }
}

}  // namespace rowtide::schema
