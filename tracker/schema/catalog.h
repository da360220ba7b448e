#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tracker/schema/sql_session.h"

namespace rowtide::schema {

struct CatalogColumn {
  std::string name;
  std::string column_type;  ///< as in information_schema: "int(10) unsigned", "enum('a','b')"
  std::string data_type;    ///< "int", "enum"
  bool is_nullable = true;
  bool is_unsigned = false;
  std::uint16_t collation = 0;  ///< id; 63 for binary types, 0 for types without one
  std::vector<std::string> members;
};

struct CatalogTable {
  std::vector<CatalogColumn> columns;
  std::vector<std::uint32_t>
      key_columns;  ///< primary key, else the first UNIQUE key without NULLs; empty = none
};

/// The source's tables as information_schema has them now, read when first asked for and kept until
/// forgotten. It is the schema of now: bind_table() compares it with the wire and refuses what does not fit.
/// Not thread-safe.
class Catalog {
 public:
  explicit Catalog(SqlSession& session) : session_(&session) {}

  /// NOT_FOUND when there is no such table (any more).
  [[nodiscard]] absl::StatusOr<const CatalogTable*> describe(const std::string& database,
                                                             const std::string& table);
  void forget(const std::string& database, const std::string& table);
  void forget_all();

 private:
  SqlSession* session_;
  std::map<std::pair<std::string, std::string>, CatalogTable> tables_;
  std::map<std::string, std::uint16_t> collation_ids_;
};

}  // namespace rowtide::schema
