#pragma once

#include <cstdint>
#include <vector>

#include "tracker/binlog/table_map.h"
#include "tracker/schema/definition.h"

namespace rowtide::schema {

/// MySQL keeps a functional index's expression in a generated column of its own. The table map lists it,
/// behind the columns that the table had when the index was made; no row image holds it.
///
/// Where the table map names columns: those that are named as the server names them. Measured on 8.0.15: 32
/// hexadecimal digits; later: !hidden!index!part!number. A column of `table` (nullptr: not known) is never
/// one. Where it does not: what the table map has more than the table, taken to stand behind the others. Rows
/// must prove it (TablePlan::are_hidden_assumed).
[[nodiscard]] std::vector<std::uint32_t> hidden_columns(const binlog::TableMap& map,
                                                        const CatalogTable* table);

/// Does a column of this name call for asking whether the table has it?
[[nodiscard]] bool may_be_hidden(std::string_view name);

}  // namespace rowtide::schema
