#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tracker/binlog/table_map.h"
#include "tracker/schema/apply_ddl.h"
#include "tracker/schema/definition.h"

namespace rowtide::schema {

/// MySQL keeps a functional index's expression in a generated column of its own. The table map lists it,
/// after the columns that the table had when the index was made; no row image holds it.
///
/// Where the table map names columns: those that are named as the server names them. Measured on 8.0.15: 32
/// hexadecimal digits; later: !hidden!index!part!number. A column of `table` (nullptr: not known) is never
/// one. Where it does not: what the table map has more than the table, taken to stand after the others. Rows
/// must prove it (TablePlan::are_hidden_assumed).
[[nodiscard]] std::vector<std::uint32_t> hidden_columns(const binlog::TableMap& map,
                                                        const CatalogTable* table);

/// MariaDB keeps the hash of a UNIQUE key that is too long for an index (hash_keys.h) in a BIGINT UNSIGNED of
/// its own, DB_ROW_HASH_1 and so on, a number that a column of the table has being left out. They stand
/// after all others, and row images hold them.
///
/// ApsaraDB RDS for MySQL and PolarDB for MySQL give a table without key a BIGINT NOT NULL, kRowId, which no
/// SELECT shows (implicit_primary_key; shown with show_ipk_info). It stands after all others, and row images
/// hold it. Source: polardb/polardbx-engine, sql/sql_implicit_common.cc; what it does to readers of the
/// binlog: alibaba/canal#136, alibaba/canal#2785, apache/flink-cdc#68.
///
/// How many of the table map's last columns (those in `hidden` aside) are such. With names: those named so
/// that are no columns of `table` (nullptr: not known). Without: what the table map has more
/// than the table, if that can be so many hashes, or one row id, as CatalogTable::hidden_columns has.
[[nodiscard]] std::uint32_t unread_columns(const binlog::TableMap& map,
                                           const std::vector<std::uint32_t>& hidden,
                                           const CatalogTable* table);

inline constexpr std::string_view kRowId = "__#alibaba_rds_row_id#__";

/// Does a column of this name call for asking whether the table has it?
[[nodiscard]] bool may_be_hidden(std::string_view name);

/// Works out CatalogTable::hidden_columns from the keys; those of versioning stay. Where the source may have
/// row ids, a table without primary key may have one.
void name_hidden_columns(CatalogTable& table, const SourceDialect& dialect);

}  // namespace rowtide::schema
