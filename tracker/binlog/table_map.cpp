#include "tracker/binlog/table_map.h"

#include <fmt/format.h>

#include "tracker/binlog/table_metadata.h"
#include "tracker/types/families.h"

namespace rowtide::binlog {
namespace {

using types::WireType;

absl::Status damaged(std::string_view database, std::string_view table, std::string_view what) {
  return absl::DataLossError(
      fmt::format("table map of `{}`.`{}`: {}: the stream is damaged; check the binlog file with mysqlbinlog "
                  "--verify-binlog-checksum",
                  database, table, what));
}

TableMapHead read_head(ByteReader& reader) {
  TableMapHead head;
  head.table_id = reader.u48();
  reader.skip(2);  // flags
  head.database = reader.text(reader.u8());
  reader.skip(1);  // NUL
  head.table = reader.text(reader.u8());
  reader.skip(1);
  return head;
}

/// Bytes of a column's metadata. Source: MySQL read_field_metadata() (sql/rpl_utility.cc).
std::size_t metadata_size(WireType type) {
  switch (type) {
    case WireType::Float:
    case WireType::Double:
    case WireType::TinyBlob:
    case WireType::Blob:
    case WireType::MediumBlob:
    case WireType::LongBlob:
    case WireType::BlobCompressed:
    case WireType::Json:
    case WireType::Geometry:
    case WireType::Vector:
    case WireType::Timestamp2:
    case WireType::DateTime2:
    case WireType::Time2:
      return 1;
    case WireType::Varchar:
    case WireType::VarcharCompressed:
    case WireType::VarString:
    case WireType::String:
    case WireType::Enum:
    case WireType::Set:
    case WireType::Bit:
    case WireType::NewDecimal:
      return 2;
    default:
      return 0;
  }
}

/// The hidden column of a multi-valued index: its element's type, and that type's metadata (VARCHAR's is a
/// byte longer).
void skip_array_metadata(ByteReader& reader) {
  const auto element = static_cast<WireType>(reader.u8());
  reader.skip(metadata_size(element) + (element == WireType::Varchar ? 1 : 0));
}

std::vector<std::uint16_t> read_metadata(const std::vector<std::uint8_t>& wire_types, ByteReader& reader) {
  std::vector<std::uint16_t> metadata(wire_types.size());
  for (std::size_t column = 0; column < wire_types.size(); ++column) {
    const auto type = static_cast<WireType>(wire_types[column]);
    if (type == WireType::TypedArray) {
      skip_array_metadata(reader);
    } else if (const std::size_t size = metadata_size(type); size > 0) {
      metadata[column] = static_cast<std::uint16_t>(reader.little_endian(size));
    }
  }
  return metadata;
}

std::vector<bool> read_bits(ByteReader& reader, std::size_t count) {
  const Bytes bytes = reader.bytes((count + 7) / 8);
  std::vector<bool> bits(count);
  if (!reader.ok()) return bits;
  for (std::size_t i = 0; i < count; ++i)
    bits[i] = (std::to_integer<unsigned>(bytes[i / 8]) >> (i % 8) & 1U) != 0;
  return bits;
}

}  // namespace

absl::StatusOr<TableMapHead> parse_table_map_head(Bytes body) {
  ByteReader reader(body);
  const TableMapHead head = read_head(reader);
  if (!reader.ok()) return damaged(head.database, head.table, "it ends inside its names");
  return head;
}

absl::StatusOr<TableMap> parse_table_map(Bytes body, bool is_mariadb) {
  ByteReader reader(body);
  const TableMapHead head = read_head(reader);
  TableMap map;
  map.table_id = head.table_id;
  map.is_mariadb = is_mariadb;
  map.database = std::string(head.database);
  map.table = std::string(head.table);

  const Bytes wire_types = reader.length_encoded_bytes();
  for (const std::byte type : wire_types) map.wire_types.push_back(std::to_integer<std::uint8_t>(type));
  ByteReader metadata(reader.length_encoded_bytes());
  map.wire_metadata = read_metadata(map.wire_types, metadata);
  map.is_nullable = read_bits(reader, map.wire_types.size());
  if (!reader.ok()) return damaged(map.database, map.table, "it ends inside its columns");
  if (!metadata.ok() || !metadata.at_end()) {
    return damaged(map.database, map.table,
                   "its columns' metadata does not have the length that their types have");
  }
  if (!read_optional_metadata(reader.rest(), is_mariadb, map))
    return damaged(map.database, map.table, "its optional metadata does not fit its columns");
  return map;
}

}  // namespace rowtide::binlog
