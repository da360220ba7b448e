#include "tracker/schema/definition.h"

#include <algorithm>

namespace rowtide::schema {
namespace {

char lower(char character) noexcept {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}

bool is_less_name(std::string_view a, std::string_view b) noexcept {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return lower(x) < lower(y); });
}

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

}  // namespace

bool is_same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string to_lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

std::optional<std::uint32_t> CatalogTable::index_of(std::string_view column) const {
  for (std::uint32_t i = 0; i < columns.size(); ++i) {
    if (is_same_name(columns[i].name, column)) return i;
  }
  return std::nullopt;
}

void CatalogTable::choose_key() {
  key_columns.clear();
  const CatalogKey* best = nullptr;
  for (const CatalogKey& key : keys) {
    std::optional<std::vector<std::uint32_t>> indexes = row_identity(*this, key);
    if (!indexes) continue;
    if (key.kind != CatalogKey::Kind::Primary && best != nullptr &&
        (best->kind == CatalogKey::Kind::Primary || !is_less_name(key.name, best->name))) {
      continue;
    }
    best = &key;
    key_columns = *std::move(indexes);
  }
}

}  // namespace rowtide::schema
