#include "tracker/schema/definition.h"
#include "tracker/sql/names.h"

#include <algorithm>
#include <utility>

namespace rowtide::schema {
namespace {

/// The columns' indexes; nullopt for a key that does not tell every row from every other.
std::optional<std::vector<std::uint32_t>> row_identity(const CatalogTable& table, const CatalogKey& key) {
  if (key.kind == CatalogKey::Kind::Other || key.has_expression) return std::nullopt;
  std::vector<std::uint32_t> indexes;
  for (const std::string& name : key.columns) {
    const std::optional<std::uint32_t> index = table.index_of(name);
    if (!index || table.columns[*index].is_nullable) return std::nullopt;
    indexes.push_back(*index);
  }
  return indexes;
}

bool is_partial(const CatalogTable& table, const CatalogKey& key) {
  constexpr std::uint32_t kTinyBytes = 255;
  for (std::size_t i = 0; i < key.prefixes.size(); ++i) {
    const std::optional<std::uint32_t> index = table.index_of(key.columns[i]);
    const bool is_tiny = index && table.columns[*index].data_type.starts_with("tiny");
    if (key.prefixes[i] != 0 && !(is_tiny && key.prefixes[i] == kTinyBytes)) return true;
  }
  return false;
}

/// Where the servers put a key: MySQL's and MariaDB's sort_keys() (sql/sql_table.cc).
unsigned rank_of(const CatalogTable& table, const CatalogKey& key) {
  if (key.kind == CatalogKey::Kind::Primary) return 0;
  if (key.kind != CatalogKey::Kind::Unique) return 6;
  if (key.hash == CatalogKey::Hash::Yes) return 5;
  return (row_identity(table, key) ? 1U : 3U) + (is_partial(table, key) ? 1U : 0U);
}

}  // namespace

std::optional<std::uint32_t> CatalogTable::index_of(std::string_view column) const {
  for (std::uint32_t i = 0; i < columns.size(); ++i) {
    if (sql::is_same_name(columns[i].name, column)) return i;
  }
  return std::nullopt;
}

void CatalogTable::settle_keys(bool sorts) {
  std::vector<std::pair<unsigned, CatalogKey>> ranked;
  for (CatalogKey& key : keys) {
    // As the servers do it: only for keys that stand after it are the primary key's columns NOT NULL.
    for (const std::string& name : key.columns) {
      const std::optional<std::uint32_t> index = index_of(name);
      if (index && key.kind == CatalogKey::Kind::Primary) columns[*index].is_nullable = false;
    }
    const unsigned rank = sorts ? rank_of(*this, key) : 0;
    ranked.emplace_back(rank, std::move(key));
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::transform(ranked.begin(), ranked.end(), keys.begin(),
                 [](auto& each) { return std::move(each.second); });
}

void CatalogTable::choose_key() {
  key_columns.clear();
  std::optional<unsigned> best;
  for (const CatalogKey& key : keys) {
    std::optional<std::vector<std::uint32_t>> indexes = row_identity(*this, key);
    if (!indexes || (best && *best <= rank_of(*this, key))) continue;
    best = rank_of(*this, key);
    key_columns = *std::move(indexes);
  }
}

}  // namespace rowtide::schema
