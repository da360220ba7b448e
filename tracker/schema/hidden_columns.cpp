#include "tracker/schema/hidden_columns.h"

#include <algorithm>
#include <string_view>

namespace rowtide::schema {
namespace {

constexpr std::string_view kPrefix = "!hidden!";

bool has_functional_index(const CatalogTable& table) {
  return std::any_of(table.hidden_columns.begin(), table.hidden_columns.end(),
                     [](const std::string& name) { return name.starts_with(kPrefix); });
}

}  // namespace

bool may_be_hidden(std::string_view name) {
  constexpr std::size_t kDigits = 32;
  return name.starts_with(kPrefix) ||
         (name.size() == kDigits && name.find_first_not_of("0123456789abcdef") == std::string_view::npos);
}

std::vector<std::uint32_t> hidden_columns(const binlog::TableMap& map, const CatalogTable* table) {
  std::vector<std::uint32_t> positions;
  if (map.has_names()) {
    for (std::uint32_t i = 0; i < map.column_count(); ++i) {
      const std::string& name = map.column_names[i];
      if (may_be_hidden(name) && (table == nullptr || !table->index_of(name))) positions.push_back(i);
    }
  } else if (table != nullptr && has_functional_index(*table)) {
    for (std::size_t i = table->columns.size(); i < map.column_count(); ++i) {
      positions.push_back(static_cast<std::uint32_t>(i));
    }
  }
  return positions;
}

}  // namespace rowtide::schema
