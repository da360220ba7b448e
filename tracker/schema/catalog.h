#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/schema/definition.h"
#include "tracker/sql/session.h"

namespace rowtide::schema {

/// The source's tables as information_schema has them now, read when first asked for and kept until
/// forgotten. It is the schema of now: bind_table() compares it with the wire and refuses what does not fit.
/// Not thread-safe.
class Catalog {
 public:
  explicit Catalog(sql::Session& session) : session_(&session) {}
  virtual ~Catalog() = default;

  /// NOT_FOUND when there is no such table (any more).
  [[nodiscard]] virtual absl::StatusOr<const CatalogTable*> describe(const std::string& database,
                                                                     const std::string& table);
  virtual void forget(const std::string& database, const std::string& table);
  virtual void forget_all();

 private:
  sql::Session* session_;
  std::map<std::pair<std::string, std::string>, CatalogTable> tables_;
  std::map<std::string, std::uint16_t> collation_ids_;
};

}  // namespace rowtide::schema
