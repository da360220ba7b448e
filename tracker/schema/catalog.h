#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "tracker/schema/definition.h"

namespace rowtide::schema {

/// What tables are made of, for the events that do not say so themselves. One thread.
class Catalog {
 public:
  virtual ~Catalog() = default;

  /// NOT_FOUND when there is no such table (any more). Valid until the next call.
  [[nodiscard]] virtual absl::StatusOr<const CatalogTable*> describe(const std::string& database,
                                                                     const std::string& table) = 0;
  virtual void forget(const std::string& database, const std::string& table) = 0;
  virtual void forget_all() = 0;
};

}  // namespace rowtide::schema
