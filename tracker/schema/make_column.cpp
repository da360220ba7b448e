#include "tracker/schema/make_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "tracker/schema/column_type.h"
#include "tracker/schema/enum_members.h"
#include "tracker/schema/make_default.h"
#include "tracker/types/charset/charset.h"

namespace rowtide::schema {
namespace {

constexpr std::uint32_t kFirstWithoutWidths = 80019;
constexpr std::uint64_t kMaxVarcharBytes = 65535;

bool is_one_of(std::string_view type, std::initializer_list<std::string_view> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

bool is_integer(std::string_view type) {
  return is_one_of(type, {"tinyint", "smallint", "mediumint", "int", "bigint"});
}

/// The type of the same size for bytes: CHAR CHARACTER SET binary is BINARY.
std::string binary_type(std::string_view type) {
  if (type == "char") return "binary";
  if (type == "varchar") return "varbinary";
  std::string blob(type);
  if (const std::size_t at = blob.find("text"); at != std::string::npos) blob.replace(at, 4, "blob");
  return blob;
}

/// TEXT or BLOB for so many bytes.
std::string lob_type(std::string_view suffix, std::uint64_t bytes) {
  if (bytes < 1U << 8U) return fmt::format("tiny{}", suffix);
  if (bytes < 1U << 16U) return std::string(suffix);
  if (bytes < 1U << 24U) return fmt::format("medium{}", suffix);
  return fmt::format("long{}", suffix);
}

unsigned default_width(std::string_view type, bool is_unsigned) {
  if (type == "tinyint") return is_unsigned ? 3 : 4;
  if (type == "smallint") return is_unsigned ? 5 : 6;
  if (type == "mediumint") return is_unsigned ? 8 : 9;
  if (type == "int") return is_unsigned ? 10 : 11;
  return 20;
}

std::string integer_text(const sql::ColumnSpec& spec, bool has_widths) {
  const bool is_boolean = spec.type == "tinyint" && spec.length == 1U && !spec.is_unsigned;
  if (!has_widths && !spec.is_zerofill && !is_boolean) return spec.type;
  const std::uint64_t width =
      spec.length.value_or(0) != 0 ? *spec.length : default_width(spec.type, spec.is_unsigned);
  return fmt::format("{}({})", spec.type, width);
}

/// As the servers' append_unescaped() writes it.
void append_member_character(char character, std::string& text) {
  switch (character) {
    case '\0':
      text += "\\0";
      break;
    case '\n':
      text += "\\n";
      break;
    case '\r':
      text += "\\r";
      break;
    case '\\':
      text += "\\\\";
      break;
    case '\'':
      text += "''";
      break;
    default:
      text += character;
  }
}

std::string quoted_members(const std::vector<std::string>& members) {
  std::string text;
  for (const std::string& member : members) {
    text += text.empty() ? "'" : ",'";
    for (const char character : member) {
      append_member_character(character, text);
    }
    text += '\'';
  }
  return text;
}

/// Text and its lengths in characters: what the declared type becomes.
void settle_text_type(CatalogColumn& column, const sql::ColumnSpec& spec, const Collations& collations) {
  const std::uint64_t max_bytes = collations.max_bytes(column.collation);
  std::string& type = column.data_type;
  if (column.collation == types::kBinaryCollation && !is_one_of(type, {"enum", "set"}))
    type = binary_type(type);
  if (is_one_of(type, {"text", "blob"}) && spec.length && *spec.length != 0) {
    type = lob_type(type, *spec.length * max_bytes);
  } else if (is_one_of(type, {"varchar", "varbinary"}) && spec.length &&
             *spec.length * max_bytes > kMaxVarcharBytes) {
    // sql_mode without strictness lets it pass.
    type = lob_type(type == "varchar" ? "text" : "blob", *spec.length * max_bytes);
  }
}

/// information_schema's COLUMN_TYPE.
std::string type_text(const CatalogColumn& column, const sql::ColumnSpec& spec,
                      const SourceDialect& dialect) {
  const std::string& type = column.data_type;
  const bool has_widths = dialect.is_mariadb || dialect.version < kFirstWithoutWidths;
  std::string text = type;
  if (is_integer(type)) {
    text = integer_text(spec, has_widths);
  } else if (type == "decimal") {
    const std::uint64_t precision = spec.length.value_or(0) != 0 ? *spec.length : 10;
    text = fmt::format("decimal({},{})", precision, spec.scale.value_or(0));
  } else if (is_one_of(type, {"float", "double"})) {
    if (spec.scale) text = fmt::format("{}({},{})", type, *spec.length, *spec.scale);
  } else if (type == "year") {
    if (has_widths) text = "year(4)";
  } else if (type == "bit") {
    text = fmt::format("bit({})", std::max<std::uint64_t>(spec.length.value_or(1), 1));
  } else if (is_one_of(type, {"char", "binary", "varchar", "varbinary"})) {
    text = fmt::format("{}({})", type, spec.length.value_or(1));
  } else if (is_one_of(type, {"time", "datetime", "timestamp"})) {
    if (spec.length.value_or(0) != 0) text = fmt::format("{}({})", type, *spec.length);
  } else if (is_one_of(type, {"enum", "set"})) {
    text = fmt::format("{}({})", type, quoted_members(spec.members));
  } else if (type == "vector") {
    text = fmt::format("vector({})", spec.length.value_or(2048));
  }
  if (column.is_unsigned) text += " unsigned";
  if (spec.is_zerofill) text += " zerofill";
  return text;
}

std::string declared_type(const sql::ColumnSpec& spec, const SourceDialect& dialect) {
  constexpr std::uint64_t kMaxFloatBits = 24;
  if (spec.type == "float" && spec.length && !spec.scale && *spec.length > kMaxFloatBits) return "double";
  if (spec.type == "json" && dialect.is_mariadb) return "longtext";
  // MySQL 8 renamed it.
  if (spec.type == "geometrycollection" && !dialect.is_mariadb && dialect.version >= 80000)
    return "geomcollection";
  return spec.type;
}

std::uint16_t column_collation(const sql::ColumnSpec& spec, const ColumnContext& context) {
  const Collations& collations = context.dialect.collations;
  if (spec.type == "json") {
    return context.dialect.is_mariadb ? collations.binary_of("utf8mb4") : std::uint16_t{0};
  }
  const std::uint16_t collation =
      resolve_charset(spec.charset, context.table_collation, context.dialect, context.session);
  return spec.is_binary && spec.charset.collation.empty()
             ? collations.binary_of(collations.charset_of(collation))
             : collation;
}

}  // namespace

std::uint16_t resolve_charset(const sql::CharsetSpec& spec, std::uint16_t fallback,
                              const SourceDialect& dialect, const binlog::QueryVariables& session) {
  const Collations& collations = dialect.collations;
  const bool has_charset = !spec.charset.empty() && spec.charset != "default";
  if (!spec.collation.empty() && spec.collation != "default") {
    return collations.find(spec.collation, has_charset ? spec.charset : collations.charset_of(fallback));
  }
  if (!has_charset) return fallback;
  if (spec.charset == "utf8mb4" && session.default_utf8mb4_collation != 0)
    return session.default_utf8mb4_collation;
  for (const auto& [charset, collation] : session.charset_collations) {
    if (collations.default_of(collations.charset_of(charset)) == collations.default_of(spec.charset))
      return collation;
  }
  return collations.default_of(spec.charset);
}

CatalogColumn make_column(const sql::ColumnSpec& spec, const ColumnContext& context) {
  CatalogColumn column;
  column.name = spec.name;
  column.data_type = declared_type(spec, context.dialect);
  if (is_text_type(column.data_type)) {
    column.collation = column_collation(spec, context);
  } else if (is_binary_type(column.data_type)) {
    column.collation = types::kBinaryCollation;
  }
  settle_text_type(column, spec, context.dialect.collations);
  column.is_unsigned = spec.is_unsigned;
  column.members = spec.members;
  column.column_type = type_text(column, spec, context.dialect);
  column.generated = spec.generated;
  column.is_auto_increment = spec.is_auto_increment;
  column.is_invisible = spec.is_invisible;
  column.comment = spec.comment;
  column.is_nullable = spec.is_nullable.value_or(true) && !spec.is_auto_increment && !spec.is_primary;
  if (spec.default_value) set_default(column, *spec.default_value, context.dialect);
  return column;
}

std::optional<CatalogColumn> convert_column(const CatalogColumn& column, std::uint16_t collation,
                                            const SourceDialect& dialect) {
  if (!is_text_type(column.data_type) || column.collation == collation) return column;
  CatalogColumn converted = column;
  const Collations& collations = dialect.collations;
  const std::uint64_t before = collations.max_bytes(column.collation);
  const std::uint64_t after = collations.max_bytes(collation);
  converted.collation = collation;
  std::optional<std::vector<std::string>> members =
      members_after_convert(column.members, column.collation, collation);
  if (!members) return std::nullopt;
  // Measured on MySQL 5.7.22: what is written back ends at a NUL, so that "\0a" is nothing.
  const bool ends_at_nul = !dialect.is_mariadb && dialect.version < 80000;
  if (ends_at_nul) {
    for (std::string& member : *members) member.resize(std::min(member.find('\0'), member.size()));
  }
  converted.members = *std::move(members);

  sql::ColumnSpec spec;
  spec.type = column.data_type;
  spec.members = converted.members;
  if (is_one_of(spec.type, {"char", "varchar"})) {
    spec.length = declared_length(column.column_type);
  } else if (after > before && is_one_of(spec.type, {"tinytext", "text", "mediumtext"})) {
    // As many characters as fitted before.
    const std::uint64_t bytes = spec.type == "tinytext" ? 255 : spec.type == "text" ? 65535 : 16777215;
    converted.data_type = "text";
    spec.length = bytes / before;
  }
  settle_text_type(converted, spec, collations);
  converted.column_type = type_text(converted, spec, dialect);
  return converted;
}

}  // namespace rowtide::schema
