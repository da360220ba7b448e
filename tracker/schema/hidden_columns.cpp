#include "tracker/schema/hidden_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "tracker/schema/wire_fit.h"
#include "tracker/sql/names.h"

namespace rowtide::schema {
namespace {

constexpr std::string_view kPrefix = "!hidden!";
constexpr std::string_view kHash = "DB_ROW_HASH_";

bool has_functional_index(const CatalogTable& table) {
  return std::any_of(table.hidden_columns.begin(), table.hidden_columns.end(),
                     [](const std::string& name) { return name.starts_with(kPrefix); });
}

bool is_hash_name(std::string_view name) {
  return name.starts_with(kHash) && name.size() > kHash.size() &&
         name.find_first_not_of("0123456789", kHash.size()) == std::string_view::npos;
}

bool is_unread_name(std::string_view name) {
  return is_hash_name(name) || sql::is_same_name(name, kRowId);
}

bool may_be_hash(const binlog::TableMap& map, std::uint32_t position) {
  return is_bigint_wire(map.wire_types[position]) && (!map.is_unsigned || (*map.is_unsigned)[position]);
}

/// The positions of the table map that are not in `hidden`, from the last one.
std::vector<std::uint32_t> from_the_end(const binlog::TableMap& map,
                                        const std::vector<std::uint32_t>& hidden) {
  std::vector<std::uint32_t> positions;
  for (std::uint32_t i = static_cast<std::uint32_t>(map.column_count()); i-- > 0;) {
    if (!std::binary_search(hidden.begin(), hidden.end(), i)) positions.push_back(i);
  }
  return positions;
}

std::uint32_t named_unread(const binlog::TableMap& map, const std::vector<std::uint32_t>& positions,
                           const CatalogTable* table) {
  const auto is_shown = [&](std::uint32_t position) {
    const std::string& name = map.column_names[position];
    const bool is_row_id = is_bigint_wire(map.wire_types[position]) && sql::is_same_name(name, kRowId);
    const bool is_hash = may_be_hash(map, position) && is_hash_name(name);
    return !(is_row_id || is_hash) || (table != nullptr && table->index_of(name));
  };
  const auto end = std::find_if(positions.begin(), positions.end(), is_shown);
  return static_cast<std::uint32_t>(end - positions.begin());
}

/// `more`: how many of the first `positions` are not the table's.
bool may_be_hashes(const binlog::TableMap& map, const std::vector<std::uint32_t>& positions, std::size_t more,
                   const CatalogTable& table) {
  const auto hashes = std::count_if(table.hidden_columns.begin(), table.hidden_columns.end(), is_hash_name);
  return more <= static_cast<std::size_t>(hashes) &&
         std::all_of(positions.begin(), positions.begin() + static_cast<std::ptrdiff_t>(more),
                     [&map](std::uint32_t position) { return may_be_hash(map, position); });
}

bool may_be_row_id(const binlog::TableMap& map, const std::vector<std::uint32_t>& positions, std::size_t more,
                   const CatalogTable& table) {
  const std::uint32_t last = positions.front();
  return more == 1 && is_bigint_wire(map.wire_types[last]) && !map.is_nullable[last] &&
         (!map.is_unsigned || !(*map.is_unsigned)[last]) &&
         std::find(table.hidden_columns.begin(), table.hidden_columns.end(), kRowId) !=
             table.hidden_columns.end();
}

}  // namespace

bool may_be_hidden(std::string_view name) {
  constexpr std::size_t kDigits = 32;
  return name.starts_with(kPrefix) || is_unread_name(name) ||
         (name.size() == kDigits && name.find_first_not_of("0123456789abcdef") == std::string_view::npos);
}

std::vector<std::uint32_t> hidden_columns(const binlog::TableMap& map, const CatalogTable* table) {
  std::vector<std::uint32_t> positions;
  if (map.has_names()) {
    for (std::uint32_t i = 0; i < map.column_count(); ++i) {
      const std::string& name = map.column_names[i];
      if (may_be_hidden(name) && !is_unread_name(name) && (table == nullptr || !table->index_of(name)))
        positions.push_back(i);
    }
  } else if (table != nullptr && has_functional_index(*table)) {
    for (std::size_t i = table->columns.size(); i < map.column_count(); ++i) {
      positions.push_back(static_cast<std::uint32_t>(i));
    }
  }
  return positions;
}

std::uint32_t unread_columns(const binlog::TableMap& map, const std::vector<std::uint32_t>& hidden,
                             const CatalogTable* table) {
  const std::vector<std::uint32_t> positions = from_the_end(map, hidden);
  if (map.has_names()) return named_unread(map, positions, table);
  if (table == nullptr || positions.size() <= table->columns.size()) return 0;
  const std::size_t more = positions.size() - table->columns.size();
  return may_be_row_id(map, positions, more, *table) || may_be_hashes(map, positions, more, *table)
             ? static_cast<std::uint32_t>(more)
             : 0;
}

void name_hidden_columns(CatalogTable& table, const SourceDialect& dialect) {
  std::vector<std::string>& names = table.hidden_columns;
  std::erase_if(names, [](const std::string& name) {
    return name.starts_with(kPrefix) || is_hash_name(name) || name == kRowId;
  });
  unsigned hashes = 0;
  for (const CatalogKey& key : table.keys) {
    if (!dialect.is_mariadb && key.has_expression) names.push_back(fmt::format("{}{}", kPrefix, key.name));
    if (key.hash != CatalogKey::Hash::No) names.push_back(fmt::format("{}{}", kHash, ++hashes));
  }
  const bool has_primary = std::any_of(table.keys.begin(), table.keys.end(), [](const CatalogKey& key) {
    return key.kind == CatalogKey::Kind::Primary;
  });
  if (dialect.adds_row_ids && !has_primary) names.emplace_back(kRowId);
}

}  // namespace rowtide::schema
