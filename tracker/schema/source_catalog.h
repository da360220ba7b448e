#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/schema/catalog.h"
#include "tracker/schema/definition.h"
#include "tracker/sql/session.h"

namespace rowtide::schema {

/// The source's tables as information_schema has them now, read when first asked for and kept until
/// forgotten. It is the schema of now: bind_table() compares it with the wire and refuses what does not fit.
/// Not thread-safe.
class SourceCatalog final : public Catalog {
 public:
  explicit SourceCatalog(sql::Session& session) : session_(&session) {}

  [[nodiscard]] absl::StatusOr<const CatalogTable*> describe(const std::string& database,
                                                             const std::string& table) override;
  void forget(const std::string& database, const std::string& table) override;
  void forget_all() override;

 private:
  sql::Session* session_;
  std::map<std::pair<std::string, std::string>, CatalogTable> tables_;
  std::map<std::string, std::uint16_t> collation_ids_;
};

}  // namespace rowtide::schema
