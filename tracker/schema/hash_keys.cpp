#include "tracker/schema/hash_keys.h"

#include <algorithm>

#include "tracker/schema/column_type.h"

namespace rowtide::schema {
namespace {

constexpr std::uint64_t kMinLimit = 767;
constexpr std::uint64_t kMaxLimit = 3072;

bool has_no_length(std::string_view data_type) {
  return data_type.ends_with("text") || data_type.ends_with("blob") || data_type == "json" ||
         data_type == "geometry";
}

/// Bytes that the column takes in the index, at most; 0 for small ones.
std::uint64_t indexed_bytes(const CatalogColumn& column, std::uint32_t prefix, const Collations& collations) {
  const std::uint64_t length = prefix != 0 ? prefix : declared_length(column.column_type);
  if (column.data_type == "varchar" || column.data_type == "char")
    return length * collations.max_bytes(column.collation);
  if (column.data_type == "varbinary" || column.data_type == "binary") return length;
  if (prefix == 0 && has_no_length(column.data_type)) return kMaxLimit + 1;
  return prefix == 0 ? 0 : length * collations.max_bytes(column.collation);
}

std::uint64_t indexed_bytes(const CatalogTable& table, const CatalogKey& key, const Collations& collations) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < key.columns.size(); ++i) {
    const std::optional<std::uint32_t> index = table.index_of(key.columns[i]);
    const std::uint32_t prefix = key.prefixes.empty() ? 0 : key.prefixes[i];
    if (index) bytes += indexed_bytes(table.columns[*index], prefix, collations);
  }
  return bytes;
}

}  // namespace

void mark_hashed_keys(CatalogTable& table, const SourceDialect& dialect) {
  for (CatalogKey& key : table.keys) {
    if (!dialect.is_mariadb || key.kind != CatalogKey::Kind::Unique) {
      key.hash = CatalogKey::Hash::No;
      continue;
    }
    const std::uint64_t bytes = indexed_bytes(table, key, dialect.collations);
    if (bytes > kMaxLimit) key.hash = CatalogKey::Hash::Yes;
    if (bytes > kMinLimit) key.hash = std::max(key.hash, CatalogKey::Hash::May);
  }
}

}  // namespace rowtide::schema
