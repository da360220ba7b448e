#pragma once

#include <optional>

#include "tracker/schema/apply_ddl.h"

namespace rowtide::schema {

/// Everything that decides what a column's declaration means.
struct ColumnContext {
  const SourceDialect& dialect;
  const binlog::QueryVariables& session;
  std::uint16_t table_collation = 0;
};

/// The column as the server makes it of its declaration: lengths, character set and implied attributes filled
/// in.
[[nodiscard]] CatalogColumn make_column(const sql::ColumnSpec& spec, const ColumnContext& context);

/// A text column in another character set, as CONVERT TO makes it: TEXT types grow to hold as many
/// characters. nullopt: only the server knows what becomes of its members.
[[nodiscard]] std::optional<CatalogColumn> convert_column(const CatalogColumn& column,
                                                          std::uint16_t collation,
                                                          const SourceDialect& dialect);

/// The collation that CHARSET and COLLATE mean; `fallback` where they say nothing.
[[nodiscard]] std::uint16_t resolve_charset(const sql::CharsetSpec& spec, std::uint16_t fallback,
                                            const SourceDialect& dialect,
                                            const binlog::QueryVariables& session);

}  // namespace rowtide::schema
