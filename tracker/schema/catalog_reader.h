#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tracker/schema/apply_ddl.h"
#include "tracker/sql/names.h"
#include "tracker/sql/session.h"

namespace rowtide::schema {

/// Definitions of whole databases at one moment.
struct CatalogSnapshot {
  std::map<sql::TableName, TablePtr> tables;       ///< base tables only
  std::map<std::string, std::uint16_t> databases;  ///< their default collations
};

/// "8.0.15-log" is 80015.
[[nodiscard]] std::uint32_t version_number(std::string_view text);

/// What of the source's settings decides the meaning of its DDL, and its collations. Five short statements.
[[nodiscard]] absl::StatusOr<SourceDialect> read_source_dialect(sql::Session& session);

/// SourceDialect::lower_case_names alone. It changes when a server is started anew, or another one answers.
[[nodiscard]] absl::StatusOr<bool> read_lower_case_names(sql::Session& session);

/// All tables of these databases that the account may see, in four statements, and one for each
/// table of several UNIQUE keys.
[[nodiscard]] absl::StatusOr<CatalogSnapshot> read_catalog(sql::Session& session,
                                                           const SourceDialect& dialect,
                                                           std::span<const std::string> databases);
/// The names of all databases.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> read_databases(sql::Session& session);
/// One table; NOT_FOUND when there is none (any more).
[[nodiscard]] absl::StatusOr<TablePtr> read_table(sql::Session& session, const SourceDialect& dialect,
                                                  const sql::TableName& name);

}  // namespace rowtide::schema
