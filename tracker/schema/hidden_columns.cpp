#include "tracker/schema/hidden_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "tracker/schema/wire_fit.h"

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

bool may_be_hash(const binlog::TableMap& map, std::uint32_t position) {
  return is_bigint_wire(map.wire_types[position]) && (!map.is_unsigned || (*map.is_unsigned)[position]);
}

/// The positions of the table map that are not in `hidden`, from the last one.
std::vector<std::uint32_t> from_behind(const binlog::TableMap& map,
                                       const std::vector<std::uint32_t>& hidden) {
  std::vector<std::uint32_t> positions;
  for (std::uint32_t i = static_cast<std::uint32_t>(map.column_count()); i-- > 0;) {
    if (!std::binary_search(hidden.begin(), hidden.end(), i)) positions.push_back(i);
  }
  return positions;
}

}  // namespace

bool may_be_hidden(std::string_view name) {
  constexpr std::size_t kDigits = 32;
  return name.starts_with(kPrefix) || is_hash_name(name) ||
         (name.size() == kDigits && name.find_first_not_of("0123456789abcdef") == std::string_view::npos);
}

std::vector<std::uint32_t> hidden_columns(const binlog::TableMap& map, const CatalogTable* table) {
  std::vector<std::uint32_t> positions;
  if (map.has_names()) {
    for (std::uint32_t i = 0; i < map.column_count(); ++i) {
      const std::string& name = map.column_names[i];
      if (may_be_hidden(name) && !is_hash_name(name) && (table == nullptr || !table->index_of(name)))
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
  const auto is_such = [&](std::uint32_t position) {
    if (!may_be_hash(map, position)) return false;
    if (!map.has_names()) return true;
    const std::string& name = map.column_names[position];
    return is_hash_name(name) && (table == nullptr || !table->index_of(name));
  };
  const std::vector<std::uint32_t> positions = from_behind(map, hidden);
  const auto end = std::find_if_not(positions.begin(), positions.end(), is_such);
  const auto count = static_cast<std::uint32_t>(end - positions.begin());
  if (map.has_names()) return count;
  if (table == nullptr || positions.size() <= table->columns.size()) return 0;
  const std::size_t more = positions.size() - table->columns.size();
  const auto hashes = std::count_if(table->hidden_columns.begin(), table->hidden_columns.end(), is_hash_name);
  return more <= count && more <= static_cast<std::size_t>(hashes) ? static_cast<std::uint32_t>(more) : 0;
}

void name_hidden_columns(CatalogTable& table, const SourceDialect& dialect) {
  std::vector<std::string>& names = table.hidden_columns;
  std::erase_if(names,
                [](const std::string& name) { return name.starts_with(kPrefix) || is_hash_name(name); });
  unsigned hashes = 0;
  for (const CatalogKey& key : table.keys) {
    if (!dialect.is_mariadb && key.has_expression) names.push_back(fmt::format("{}{}", kPrefix, key.name));
    if (key.hash != CatalogKey::Hash::No) names.push_back(fmt::format("{}{}", kHash, ++hashes));
  }
}

}  // namespace rowtide::schema
