#pragma once

#include <functional>
#include <string>
#include <utility>

#include "tracker/schema/catalog.h"
#include "tracker/schema/schema_history.h"
#include "tracker/sql/names.h"

namespace rowtide::schema {

/// The tables as they were where the stream is. Only a table of which the history does not know how it was
/// (a statement was not understood, made it of one that is not kept, or came before the first position) is
/// read from the source, as it is now, if nothing has changed it since; bind_table() also compares it with
/// the event then. One thread.
class HistoricCatalog final : public Catalog {
 public:
  /// Does a statement between the stream's place and now say anything of the table? Asked after the table was
  /// read.
  using IsChangedAhead = std::function<absl::StatusOr<bool>(const sql::TableName&)>;

  /// Session and history must outlive the catalog.
  HistoricCatalog(sql::Session& session, SchemaHistory& history, IsChangedAhead is_changed_ahead)
      : session_(&session), history_(&history), is_changed_ahead_(std::move(is_changed_ahead)) {}

  /// Also UNIMPLEMENTED for a table of which it is not known how it was.
  [[nodiscard]] absl::StatusOr<const CatalogTable*> describe(const std::string& database,
                                                             const std::string& table) override;
  /// The history follows the changes itself.
  void forget(const std::string& /*database*/, const std::string& /*table*/) override {}
  void forget_all() override {}

 private:
  sql::Session* session_;
  SchemaHistory* history_;
  IsChangedAhead is_changed_ahead_;
  TablePtr held_;  ///< what was returned last
};

}  // namespace rowtide::schema
