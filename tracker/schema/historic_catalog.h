#pragma once

#include "tracker/schema/catalog.h"
#include "tracker/schema/schema_history.h"

namespace rowtide::schema {

/// The tables as they were where the stream is. Only a table of which the history does not know how it was
/// (a statement was not understood, or came before the first position) is read from the source, as it is now:
/// bind_table() compares it with the event then. One thread.
class HistoricCatalog final : public Catalog {
 public:
  /// Both must outlive the catalog.
  HistoricCatalog(SqlSession& session, SchemaHistory& history)
      : Catalog(session), session_(&session), history_(&history) {}

  [[nodiscard]] absl::StatusOr<const CatalogTable*> describe(const std::string& database,
                                                             const std::string& table) override;
  /// The history is told of changes itself.
  void forget(const std::string& /*database*/, const std::string& /*table*/) override {}
  void forget_all() override {}

 private:
  SqlSession* session_;
  SchemaHistory* history_;
  TablePtr held_;  ///< what was returned last
};

}  // namespace rowtide::schema
