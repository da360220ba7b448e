#include "tracker/schema/historic_catalog.h"
#include "common/status/reason.h"
#include "common/status/text.h"
#include "common/status/try.h"
#include "tracker/sql/names.h"
#include "tracker/sql/quote.h"

#include <fmt/format.h>

#include <utility>

namespace rowtide::schema {

namespace {

absl::Status not_known(const sql::TableName& name) {
  const std::string sql_name = sql::quote_identifier(name.database) + "." + sql::quote_identifier(name.table);
  return absl::UnimplementedError(
      fmt::format("the columns of {} cannot be told: what it was when this was written is not known (it was "
                  "made or changed by a "
                  "statement that does not say so itself, out of a table that is not tracked, or before the "
                  "task began), and since "
                  "then it was changed again, so that what it is now is not what it was. Repair: leave the "
                  "table's events out "
                  "(spec.onUnprocessable: SkipAndCount), or take the table out of spec.objects; and so that "
                  "it does not happen "
                  "again, SET GLOBAL binlog_row_metadata=FULL at the source (MySQL 8.0.1+, MariaDB 10.5+; "
                  "older servers cannot)",
                  sql_name));
}

/// That a question failed says nothing of the table, whose rows must not be left out for it.
absl::Status of_the_source(const absl::Status& status) {
  const bool is_of_the_table = absl::IsNotFound(status) || reason_of(status) != "StatementFailed";
  if (is_of_the_table) return status;
  return failure(absl::StatusCode::kUnavailable, reason_of(status), std::string(text(status)));
}

}  // namespace

absl::StatusOr<const CatalogTable*> HistoricCatalog::describe(const std::string& database,
                                                              const std::string& table) {
  const sql::TableName name = history_->canonical({database, table});
  const Definitions::Found found = history_->find(name);
  if (found.is_known && found.table == nullptr) {
    return absl::NotFoundError(fmt::format(
        "table {}.{} was not there when this was written, or the account may not see it", database, table));
  }
  held_ = found.table;
  if (!found.is_known) {
    absl::StatusOr<TablePtr> read = read_table(*session_, history_->dialect(), name);
    if (!read.ok()) return of_the_source(read.status());
    TablePtr now = *std::move(read);
    const absl::StatusOr<bool> ahead = is_changed_ahead_(name);
    if (!ahead.ok()) return of_the_source(ahead.status());
    const bool is_changed = *ahead;
    if (is_changed) return not_known(name);
    history_->learn(name, now);
    held_ = std::move(now);
  }
  return held_.get();
}

}  // namespace rowtide::schema
