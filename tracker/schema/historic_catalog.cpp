#include "tracker/schema/historic_catalog.h"

#include <fmt/format.h>

#include <utility>

namespace rowtide::schema {

absl::StatusOr<const CatalogTable*> HistoricCatalog::describe(const std::string& database,
                                                              const std::string& table) {
  const TableName name = history_->canonical({database, table});
  const Definitions::Found found = history_->find(name);
  if (found.is_known && found.table == nullptr) {
    return absl::NotFoundError(fmt::format(
        "table {}.{} was not there when this was written, or the account may not see it", database, table));
  }
  held_ = found.table;
  if (!found.is_known) {
    absl::StatusOr<TablePtr> now = read_table(*session_, history_->dialect(), name);
    if (!now.ok()) return now.status();
    history_->learn(name, *now);
    held_ = *std::move(now);
  }
  return held_.get();
}

}  // namespace rowtide::schema
