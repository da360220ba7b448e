#pragma once

#include <span>
#include <string>

#include "tracker/schema/make_column.h"

namespace rowtide::schema {

/// What a CREATE TABLE or an ALTER TABLE needs to know beside the statement. `table_collation`: until now, or
/// the database's.
using TableContext = ColumnContext;

/// A table of its declaration (not of LIKE).
[[nodiscard]] CatalogTable create_table(const sql::CreateTable& create, const TableContext& context);

/// The table after the actions (renames of the table left out). On failure `doubt` says what in the statement
/// does not fit the table, and the result is of no use.
[[nodiscard]] CatalogTable alter_table(const CatalogTable& before, std::span<const sql::AlterAction> actions,
                                       const TableContext& context, std::string& doubt);

}  // namespace rowtide::schema
