#include "tracker/binlog/table_metadata.h"

#include "tracker/types/charset/charset.h"
#include "tracker/types/families.h"

namespace rowtide::binlog {
namespace {

using types::WireType;

/// { type 1, length length-encoded, value }
enum class MetadataField : std::uint8_t {
  Signedness = 1,
  DefaultCharset = 2,
  ColumnCharset = 3,
  ColumnName = 4,
  SetMembers = 5,
  EnumMembers = 6,
  GeometryType = 7,
  SimplePrimaryKey = 8,
  PrimaryKeyWithPrefix = 9,
  EnumAndSetDefaultCharset = 10,
  EnumAndSetColumnCharset = 11,
};

/// CHAR, ENUM and SET all come as STRING: the one that is meant.
WireType real_type(const TableMap& map, std::size_t column) {
  const auto type = static_cast<WireType>(map.wire_types[column]);
  return type == WireType::String ? types::string_metadata(map.wire_metadata[column]).real_type : type;
}

bool is_numeric(WireType type) {
  switch (type) {
    case WireType::Tiny:
    case WireType::Short:
    case WireType::Int24:
    case WireType::Long:
    case WireType::LongLong:
    case WireType::Float:
    case WireType::Double:
    case WireType::NewDecimal:
      return true;
    default:
      return false;
  }
}

bool is_character(WireType type) {
  switch (type) {
    case WireType::String:
    case WireType::VarString:
    case WireType::Varchar:
    case WireType::VarcharCompressed:
    case WireType::TinyBlob:
    case WireType::Blob:
    case WireType::MediumBlob:
    case WireType::LongBlob:
    case WireType::BlobCompressed:
    case WireType::Vector:  // MySQL 9: is_character_type() in sql/log_event.cc
      return true;
    default:
      return false;
  }
}

/// MariaDB counts two types more: its YEAR is a number, its GEOMETRY a BLOB with the binary character set.
bool is_mariadb_numeric(WireType type) {
  return is_numeric(type) || type == WireType::Year;
}
bool is_mariadb_character(WireType type) {
  return is_character(type) || type == WireType::Geometry;
}

bool is_enum(WireType type) {
  return type == WireType::Enum;
}
bool is_set(WireType type) {
  return type == WireType::Set;
}
bool is_enum_or_set(WireType type) {
  return is_enum(type) || is_set(type);
}
bool is_geometry(WireType type) {
  return type == WireType::Geometry;
}

/// The fields count only the columns that they are about.
std::vector<std::size_t> columns_of(const TableMap& map, bool (*wanted)(WireType)) {
  std::vector<std::size_t> columns;
  for (std::size_t column = 0; column < map.column_count(); ++column)
    if (wanted(real_type(map, column))) columns.push_back(column);
  return columns;
}

bool read_signedness(ByteReader field, const std::vector<std::size_t>& numeric, TableMap& map) {
  const Bytes bits = field.bytes((numeric.size() + 7) / 8);
  if (!field.ok()) return false;
  map.is_unsigned.emplace(map.column_count(), false);
  for (std::size_t i = 0; i < numeric.size(); ++i)
    (*map.is_unsigned)[numeric[i]] = (std::to_integer<unsigned>(bits[i / 8]) >> (7 - i % 8) & 1U) != 0;
  return true;
}

bool set_collation(TableMap& map, std::size_t column, std::uint64_t collation) {
  if (collation > 0xffff) return false;
  map.collations[column] = static_cast<std::uint16_t>(collation);
  return true;
}

/// One collation for all, then { which of them, its collation } for those that differ.
bool read_default_charset(ByteReader field, const std::vector<std::size_t>& columns, TableMap& map) {
  const std::uint64_t common = field.length_encoded();
  for (const std::size_t column : columns)
    if (!set_collation(map, column, common)) return false;
  while (field.ok() && !field.at_end()) {
    const std::uint64_t which = field.length_encoded();
    const std::uint64_t collation = field.length_encoded();
    if (!field.ok() || which >= columns.size() || !set_collation(map, columns[which], collation))
      return false;
  }
  return field.ok();
}

bool read_column_charsets(ByteReader field, const std::vector<std::size_t>& columns, TableMap& map) {
  for (const std::size_t column : columns)
    if (!set_collation(map, column, field.length_encoded())) return false;
  return field.ok() && field.at_end();
}

bool read_names(ByteReader field, TableMap& map) {
  map.column_names.resize(map.column_count());
  for (std::string& name : map.column_names) name = std::string(as_text(field.length_encoded_bytes()));
  return field.ok() && field.at_end();
}

bool read_members(ByteReader field, const std::vector<std::size_t>& columns, TableMap& map) {
  for (const std::size_t column : columns) {
    std::vector<std::string>& members = map.members[column];
    const std::uint64_t count = field.length_encoded();
    // Each has a byte at least: a damaged count must not cost memory.
    if (count > field.remaining()) return false;
    members.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) members.emplace_back(as_text(field.length_encoded_bytes()));
  }
  return field.ok() && field.at_end();
}

bool read_geometry_types(ByteReader field, TableMap& map) {
  map.geometry_types.assign(map.column_count(), 0);
  for (const std::size_t column : columns_of(map, is_geometry)) {
    const std::uint64_t type = field.length_encoded();
    if (type > 0xff) return false;
    map.geometry_types[column] = static_cast<std::uint8_t>(type);
  }
  return field.ok() && field.at_end();
}

bool read_primary_key(ByteReader field, bool has_prefixes, TableMap& map) {
  map.primary_key.emplace();
  while (field.ok() && !field.at_end()) {
    const std::uint64_t column = field.length_encoded();
    if (has_prefixes) field.length_encoded();  // characters of it that the index holds; 0 = all
    if (!field.ok() || column >= map.column_count()) return false;
    map.primary_key->push_back(static_cast<std::uint32_t>(column));
  }
  return field.ok();
}

bool read_field(MetadataField type, ByteReader field, bool is_mariadb, TableMap& map) {
  const auto numeric = is_mariadb ? is_mariadb_numeric : is_numeric;
  const auto character = is_mariadb ? is_mariadb_character : is_character;
  switch (type) {
    case MetadataField::Signedness:
      return read_signedness(field, columns_of(map, numeric), map);
    case MetadataField::DefaultCharset:
      return read_default_charset(field, columns_of(map, character), map);
    case MetadataField::ColumnCharset:
      return read_column_charsets(field, columns_of(map, character), map);
    case MetadataField::ColumnName:
      return read_names(field, map);
    case MetadataField::SetMembers:
      return read_members(field, columns_of(map, is_set), map);
    case MetadataField::EnumMembers:
      return read_members(field, columns_of(map, is_enum), map);
    case MetadataField::GeometryType:
      return read_geometry_types(field, map);
    case MetadataField::SimplePrimaryKey:
      return read_primary_key(field, false, map);
    case MetadataField::PrimaryKeyWithPrefix:
      return read_primary_key(field, true, map);
    case MetadataField::EnumAndSetDefaultCharset:
      return read_default_charset(field, columns_of(map, is_enum_or_set), map);
    case MetadataField::EnumAndSetColumnCharset:
      return read_column_charsets(field, columns_of(map, is_enum_or_set), map);
  }
  return true;
}

/// Members come in their column's character set.
bool members_to_utf8(TableMap& map) {
  types::Scratch scratch;
  for (std::size_t column = 0; column < map.column_count(); ++column) {
    if (map.members[column].empty()) continue;
    const types::Charset* charset = types::find_charset(map.collations[column]);
    if (charset == nullptr || charset->form == types::CharsetForm::Binary) continue;
    for (std::string& member : map.members[column]) {
      std::string_view text;
      if (types::to_utf8(*charset, member, scratch, text) != types::DecodeStatus::Ok) return false;
      member = std::string(text);
    }
  }
  return true;
}

}  // namespace

bool read_optional_metadata(Bytes fields, bool is_mariadb, TableMap& map) {
  map.collations.assign(map.column_count(), 0);
  map.members.resize(map.column_count());
  ByteReader reader(fields);
  while (reader.ok() && !reader.at_end()) {
    const auto type = static_cast<MetadataField>(reader.u8());
    const Bytes value = reader.length_encoded_bytes();
    if (!reader.ok() || !read_field(type, ByteReader(value), is_mariadb, map)) return false;
  }
  // FULL lists the key where there is one; without the field there is none.
  if (map.has_names() && !map.primary_key) map.primary_key.emplace();
  return reader.ok() && members_to_utf8(map);
}

}  // namespace rowtide::binlog
